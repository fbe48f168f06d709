namespace ActorSocket.Entities;

/// <summary>What an entity that starts is told of the one before.</summary>
/// <param name="Key">The entity.</param>
/// <param name="Generation">Its new life's.</param>
/// <param name="Found">The newest record that any node has; null for none.</param>
/// <param name="Holders">The nodes that keep one, this or an older one.</param>
/// <param name="Error">Set when a node did not answer, so that nobody knows.</param>
internal sealed record EntityHistory(
    EntityKey Key, long Generation, EntityRecord? Found, IReadOnlyList<string> Holders, string? Error = null)
    : Sessions.ILocalMessage
{
    /// <summary>Of an entity that nobody knows anything of.</summary>
    public static EntityHistory OfNothing(EntityKey key) => new(key, 0, null, []);

    public EntityOrigin Origin => Found?.Phase switch
    {
        EntityPhase.HandedOver => EntityOrigin.HandedOver,
        EntityPhase.Active or EntityPhase.Lost => EntityOrigin.Lost,
        _ => EntityOrigin.New,
    };
}
