namespace ActorSocket.Recovery;

/// <summary>
/// Where in its node's log a socket begins, for a client that has seen nothing of it since. Every event that a client takes an offset from
/// bears one of ours; but a copy of the socket may be old, and the client may have been on other nodes since. So another node's offset
/// counts only if it is the very one that the client came with.
/// </summary>
/// <param name="OffsetTag">With <paramref name="Offset"/>, the offset that the client came with, or of the last event that it was told when
/// it came.</param>
/// <param name="Offset">The number in that offset; <paramref name="OffsetTag"/> is the tag of the node that counted it.</param>
/// <param name="Position">The position in the log up to which the client needs to be told nothing.</param>
internal readonly record struct RecoveryStart(string OffsetTag, long Offset, long Position)
{
    /// <summary>
    /// Whether the socket began in this log: an offset of this log's before the position then says that its client has seen nothing of it.
    /// </summary>
    public bool IsNew { get; init; }

    /// <summary>
    /// Of a socket that came from another node: the version vector of what its client had by then. Some of these events may not have come
    /// here yet; null for none.
    /// </summary>
    public IReadOnlyDictionary<string, long>? Versions { get; init; }

    /// <summary>A new socket, and what its client came with: it may well have the offset that its last socket left it with.</summary>
    public static RecoveryStart New(long position, RecoveryClaim? cameWith) =>
        new(cameWith?.OffsetTag ?? "", cameWith?.Offset ?? -1, position) { IsNew = true };

    /// <summary>
    /// The client is told of events, the first with the offset of this position or a later one, and only then that it is recovered: until
    /// it has that, nobody can say which of them it has. The official client keeps them, hands them on when it is connected the next time,
    /// and says an offset from before them all the while.
    /// </summary>
    public RecoveryStart Telling(long position) => new("", 0, position) { Versions = Versions };

    /// <summary>From where on the client has to be told; null when that cannot be said.</summary>
    public long? LastSeenPosition(in RecoveryClaim claim, string nodeTag)
    {
        if (string.Equals(claim.OffsetTag, nodeTag, StringComparison.Ordinal))
        {
            if (claim.Offset >= Position)
                return claim.Offset;
            if (IsNew)
                return Position;
        }
        return string.Equals(claim.OffsetTag, OffsetTag, StringComparison.Ordinal) && claim.Offset == Offset ? Position : null;
    }
}
