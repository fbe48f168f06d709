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

    /// <summary>The addresses of those nodes.</summary>
    public IReadOnlyList<string> MissingNodes { get; init; } = [];

    /// <summary>Of <c>FetchSocketsAsync</c>: the sockets of this node and of those that did answer.</summary>
    public IReadOnlyList<RemoteSocket> Sockets { get; init; } = [];

    /// <summary>Of <c>CountAsync</c>: how many sockets there are on this node and on those that did answer.</summary>
    public int Count { get; init; }

    internal static ClusterTimeoutException Of(IReadOnlyList<string> missing, IReadOnlyList<RemoteSocket>? sockets = null, int count = 0) =>
        new($"timeout reached: missing {missing.Count} responses")
        {
            Missing = missing.Count,
            MissingNodes = missing,
            Sockets = sockets ?? [],
            Count = count,
        };
}
