namespace ActorSocket.Entities;

/// <summary>
/// Where entities that outlive their processes have their state: <c>AddPersistence</c> registers one. Of one entity at most one save is
/// under way at a time.
/// </summary>
/// <remarks>Any thread.</remarks>
internal interface IEntityStore
{
    /// <summary>The state of the highest number; null where there is none.</summary>
    Task<StoredState?> LoadAsync(EntityKey key);

    /// <summary>Done when it is durable: it is then what <see cref="LoadAsync"/> gives, unless there is one with a higher number.</summary>
    Task SaveAsync(EntityKey key, StoredState state);

    /// <summary>Deletes all that was saved up to that number; done when that is durable.</summary>
    Task DeleteAsync(EntityKey key, long number);
}

/// <summary>What an entity has saved.</summary>
/// <param name="Number">
/// Of the life that saved it, which overwrites what it saved before; higher than that of any life before, so that a node that has lost its
/// entity without knowing overwrites nothing newer. After a save that failed the life has the next one: a store that did not answer in time
/// may take it yet.
/// </param>
/// <param name="Bytes">A <see cref="KeptState"/>.</param>
internal sealed record StoredState(long Number, byte[] Bytes);
