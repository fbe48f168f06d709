namespace ActorSocket;

#pragma warning disable CA1032 // the library alone makes it: no serialisation-style constructors

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
