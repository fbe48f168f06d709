using ActorSocket.Sockets;

namespace ActorSocket;

/// <summary>
/// Some of the sockets that were to join, leave or go did not, on whichever node they are: they are in as many rooms as
/// <see cref="ActorSocketOptions.MaxRoomsPerSocket"/> allows, or their node failed. All others did.
/// </summary>
public sealed class SocketsFailedException : InvalidOperationException
{
    /// <summary>Without a text of its own.</summary>
    public SocketsFailedException()
    {
    }

    /// <summary>With a text.</summary>
    public SocketsFailedException(string message)
        : base(message)
    {
    }

    /// <summary>With a text, and what it comes from.</summary>
    public SocketsFailedException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>How many sockets did not do it. 0 where a node failed before it had looked at each.</summary>
    public int Failed { get; init; }

    /// <summary>The ids of these sockets; of each node the first hundred.</summary>
    public IReadOnlyList<string> Sockets { get; init; } = [];

    /// <summary>The addresses of the nodes that, besides, did not answer in time: what their sockets did is not known.</summary>
    public IReadOnlyList<string> MissingNodes { get; init; } = [];

    internal static SocketsFailedException Of(FailedSockets failed, IReadOnlyList<string> missing)
    {
        var sockets = failed.Count == 1 ? "One socket" : $"{failed.Count} sockets";
        var nodes = missing.Count == 0 ? "" : $" And timeout reached: missing {missing.Count} responses.";
        return new($"{(failed.Count == 0 ? "A node" : sockets)} failed. {failed.Reason}{nodes}")
        {
            Failed = failed.Count,
            Sockets = failed.Ids,
            MissingNodes = missing,
        };
    }
}
