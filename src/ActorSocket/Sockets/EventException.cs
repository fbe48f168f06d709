using ActorSocket.Sockets;

namespace ActorSocket;

#pragma warning disable CA1032 // made with a message on purpose: no serialisation-style constructors

/// <summary>
/// Thrown by a handler, a hub's method, a filter, a middleware of <see cref="Socket.Use"/> or an entity's method to refuse an event: who
/// asked for an acknowledgement gets <c>{ error: { message, code, data } }</c> as its one argument. It is what an application has to say
/// to a client, and so no error in the log; of other exceptions clients learn nothing, unless
/// <see cref="ActorSocketOptions.EnableDetailedErrors"/> is on. For a namespace's middleware there is
/// <see cref="ConnectErrorException"/>.
/// </summary>
/// <param name="message">What the client gets as <c>error.message</c>.</param>
/// <param name="data">Serialised as <c>error.data</c>, binary included; left out when null.</param>
/// <param name="innerException">What it comes from; the client does not see it.</param>
/// <example><code>
/// socket.On("buy", (int count) => shop.TryBuy(count) ? shop.Left : throw new EventException("sold out", new { shop.Left }));
/// </code></example>
public sealed class EventException(string message, object? data = null, Exception? innerException = null)
    : Exception(message, innerException),
        IRefusal
{
    /// <summary>
    /// What the client gets as <c>error.data</c>. Of an entity's method it has travelled, and is a <see cref="SocketArgument"/>, in which
    /// binary is base64 text.
    /// </summary>
    public new object? Data { get; } = data;

    /// <summary>
    /// What the client gets as <c>error.code</c>, for programs to tell errors apart; null, the default, is left out. The library's own are
    /// <c>BAD_ARGUMENT</c>, <c>INVALID_ARGUMENT</c>, <c>RATE_LIMITED</c>, <c>STREAM_ABORTED</c>,
    /// <c>TOO_MANY_STREAMS</c>, <c>UNAUTHORIZED</c>, <c>UNKNOWN_EVENT</c> and <c>INTERNAL_ERROR</c>.
    /// </summary>
    public string? Code { get; init; }

    EventException IRefusal.Refusal => this;
}
