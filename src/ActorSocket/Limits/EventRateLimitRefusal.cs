namespace ActorSocket;

/// <summary>What happens to an event that exceeds a limit of <c>UseEventRateLimiter</c>. It is not handled in any case.</summary>
public enum EventRateLimitRefusal
{
    /// <summary>
    /// Who asked for an acknowledgement gets the error <c>RATE_LIMITED</c>: <c>{ error: { message, code, data: { retryAfter } } }</c>, the
    /// seconds after which it may try again, where the limiter knows them. The default.
    /// </summary>
    Error,

    /// <summary>Nothing: nobody is answered.</summary>
    Drop,

    /// <summary>As <see cref="Error"/>, and then the client is disconnected from the namespace; it does not reconnect by itself.</summary>
    Disconnect,
}
