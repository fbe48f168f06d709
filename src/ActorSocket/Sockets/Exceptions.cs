namespace ActorSocket;

#pragma warning disable CA1032 // these are made by the library (or, ConnectErrorException, with a message on purpose): no serialisation-style constructors

/// <summary>Thrown by a namespace's middleware to refuse a client: it gets a <c>connect_error</c> with this message and data.</summary>
/// <param name="message">What the client's <c>err.message</c> will be.</param>
/// <param name="data">Serialised as the client's <c>err.data</c>; left out when null.</param>
public sealed class ConnectErrorException(string message, object? data = null) : Exception(message)
{
    /// <summary>What the client gets as <c>err.data</c>.</summary>
    public new object? Data { get; } = data;
}

/// <summary>The client went away while its acknowledgement was awaited.</summary>
/// <param name="reason">Why the socket was disconnected.</param>
public sealed class SocketDisconnectedException(DisconnectReason reason) : Exception($"The socket was disconnected ({reason}) before the client acknowledged.")
{
    /// <summary>Why the socket was disconnected.</summary>
    public DisconnectReason Reason { get; } = reason;
}

/// <summary>Some nodes of the cluster did not answer in time, or are out of reach, which is told as soon as all others have answered.</summary>
/// <param name="missing">How many.</param>
/// <param name="sockets">What the others answered.</param>
public sealed class ClusterTimeoutException(int missing, IReadOnlyList<RemoteSocket> sockets) : TimeoutException($"timeout reached: missing {missing} responses")
{
    /// <summary>How many nodes did not answer.</summary>
    public int Missing { get; } = missing;

    /// <summary>Of <c>FetchSocketsAsync</c>: the sockets of this node and of those that did.</summary>
    public IReadOnlyList<RemoteSocket> Sockets { get; } = sockets;
}

/// <summary>Some clients did not acknowledge a broadcast in time, or not with what was asked for.</summary>
/// <param name="responses">What the others answered.</param>
/// <param name="errors">What was wrong with answers of another type; none when nothing but time was the matter.</param>
public sealed class AckTimeoutException(IReadOnlyList<SocketArguments> responses, IReadOnlyList<Exception>? errors = null)
    : TimeoutException(errors is { Count: > 0 } ? $"operation has timed out, or {errors.Count} clients answered with something else than was asked for" : "operation has timed out")
{
    /// <summary>The acknowledgements that did arrive and are of the type that was asked for, in that order; each is the list of its arguments.</summary>
    public IReadOnlyList<SocketArguments> Responses { get; } = responses;

    /// <summary>For each client that answered with something else, what cannot be read in it: one client's rubbish costs nobody the answers of the others.</summary>
    public IReadOnlyList<Exception> Errors { get; } = errors ?? [];
}

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
