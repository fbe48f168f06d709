namespace ActorSocket.Sockets;

/// <summary>The sockets that did not do what was asked of all that matched.</summary>
/// <param name="Count">How many.</param>
/// <param name="Ids">Which: the first <see cref="MostIds"/> of a node.</param>
/// <param name="Reason">Why the first did not; empty where none failed.</param>
internal sealed record FailedSockets(int Count, IReadOnlyList<string> Ids, string Reason)
{
    public const int MostIds = 100;

    public static readonly FailedSockets None = new(0, [], "");

    public bool IsNone => Reason.Length == 0;

    /// <summary>Of this node and of others.</summary>
    public FailedSockets And(FailedSockets more) =>
        more.IsNone ? this
        : IsNone ? more
        : new FailedSockets(Count + more.Count, [.. Ids, .. more.Ids], Reason);
}
