namespace ActorSocket;

#pragma warning disable CA1032 // the library alone makes it: no serialisation-style constructors

/// <summary>Some nodes did not answer a server-side event in time.</summary>
/// <param name="missing">How many.</param>
/// <param name="responses">What the others answered.</param>
public sealed class ServerEventTimeoutException(int missing, IReadOnlyList<SocketArguments> responses) : TimeoutException($"timeout reached: missing {missing} responses")
{
    /// <summary>How many nodes did not answer.</summary>
    public int Missing { get; } = missing;

    /// <summary>The answers that did arrive; each is the list of its arguments.</summary>
    public IReadOnlyList<SocketArguments> Responses { get; } = responses;
}
