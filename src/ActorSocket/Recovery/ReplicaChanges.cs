namespace ActorSocket.Recovery;

/// <summary>What has happened to a namespace's log since a position.</summary>
/// <param name="Begins">Whether the replica begins with this.</param>
/// <param name="Position">The position before the first of the events.</param>
/// <param name="Events">What was logged.</param>
/// <param name="Sockets">Sockets that connected, changed their rooms or their data, or were lost: connected ones as they would be lost
/// now.</param>
/// <param name="Gone">Secrets of sockets that nobody can recover any more.</param>
/// <param name="Versions">The log's version vector: how far it has got of each node's events.</param>
internal sealed record ReplicaChanges(
    bool Begins,
    long Position,
    IReadOnlyList<LoggedEvent> Events,
    IReadOnlyCollection<LostSocket> Sockets,
    string[] Gone,
    IReadOnlyDictionary<string, long> Versions
)
{
    /// <summary>Whether there was nothing more: with these the replica has everything.</summary>
    public bool IsWhole { get; init; }

    /// <summary>For a replica that begins: what came to every node by itself before these, as it travels (<see cref="OriginLog"/>).
    /// </summary>
    public byte[] Origins { get; init; } = [];
}
