using ActorSocket.Protocol.Records;

namespace ActorSocket.Entities;

/// <summary>How far one life of an entity has come, in this order.</summary>
internal enum EntityPhase
{
    /// <summary>It lives on its owner; when that is gone, what it had is lost.</summary>
    Active,

    /// <summary>It ended without having handed anything over, or nobody had room for it.</summary>
    Lost,

    /// <summary>It has handed its state over, and nobody has taken it yet.</summary>
    HandedOver,

    /// <summary>It has retired: nothing is to live on.</summary>
    Ended,
}

/// <summary>
/// What a node knows of an entity. Each life has a generation, higher than all before it, so of two records it is always known which one is
/// void.
/// </summary>
/// <param name="Generation">Which life; made from the clock, so that it grows even where nobody remembers the one before.</param>
/// <param name="Phase">How far it has come.</param>
/// <param name="Owner">The tag of the node that it lives, or lived, on.</param>
/// <param name="State">What was handed over, as JSON; empty for nothing.</param>
internal sealed record EntityRecord(long Generation, EntityPhase Phase, string Owner, byte[] State)
{
    public static readonly EntityRecord None = new(0, EntityPhase.Active, "", []);

    public static void Write(WireWriter wire, EntityRecord record) =>
        wire.Number(record.Generation).Number((int)record.Phase).Text(record.Owner).Bytes(record.State);

    public static EntityRecord Read(ref WireReader wire) => new(wire.Number(), (EntityPhase)wire.Number(), wire.Text(), wire.Bytes());

    public bool IsOlderThan(EntityRecord other) => (Generation, Phase).CompareTo((other.Generation, other.Phase)) < 0;
}
