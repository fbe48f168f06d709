namespace ActorSocket;

/// <summary>
/// Some nodes of the cluster did not confirm in time what was asked of their sockets (fetch, count, join, leave, disconnect), or are out of
/// reach, which is told as soon as all others have answered.
/// </summary>
public sealed class ClusterTimeoutException : TimeoutException
{
    /// <summary>Without a text of its own.</summary>
    public ClusterTimeoutException()
    {
    }

    /// <summary>With a text.</summary>
    public ClusterTimeoutException(string message)
        : base(message)
    {
    }

    /// <summary>With a text, and what it comes from.</summary>
    public ClusterTimeoutException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>How many nodes did not answer.</summary>
    public int Missing { get; init; }

    /// <summary>Of <c>FetchSocketsAsync</c>: the sockets of this node and of those that did answer.</summary>
    public IReadOnlyList<RemoteSocket> Sockets { get; init; } = [];

    /// <summary>Of <c>CountAsync</c>: how many sockets there are on this node and on those that did answer.</summary>
    public int Count { get; init; }

    internal static ClusterTimeoutException OfCount(int missing, int count) =>
        new($"timeout reached: missing {missing} responses") { Missing = missing, Count = count };

    internal static ClusterTimeoutException Of(int missing, IReadOnlyList<RemoteSocket> sockets) =>
        new($"timeout reached: missing {missing} responses") { Missing = missing, Sockets = sockets };
}
