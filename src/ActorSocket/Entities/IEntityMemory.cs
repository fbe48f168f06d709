using Akka.Actor;

namespace ActorSocket.Entities;

/// <summary>Who remembers entities, so that what lived lives on. On one node alone nobody does: with the node the entities end.</summary>
/// <remarks>Answers go to the entity's actor, later.</remarks>
internal interface IEntityMemory
{
    /// <summary>An entity starts: answered with an <see cref="EntityClaim"/>, what there was before.</summary>
    void Claim(EntityKey key, IActorRef entity);

    /// <summary>
    /// Registers an entity that has started: answered with <see cref="EntityRemembered"/> once the nodes that keep a note of it have
    /// confirmed, or their time is over.
    /// </summary>
    void Lives(EntityClaim claim, IActorRef entity);

    /// <summary>It was only woken, and need not live.</summary>
    void Declined(EntityClaim claim);

    /// <summary>It lives, and was woken all the same: who did so is told.</summary>
    void IsAwake(EntityKey key, string keeper);

    /// <summary>
    /// It leaves with a state, null for one that could not be had: answered with <see cref="EntityRemembered"/> when others keep it.
    /// </summary>
    void HandOver(EntityKey key, byte[]? state, IActorRef entity);

    /// <summary>It has retired: answered with <see cref="EntityRemembered"/> when others know.</summary>
    void Ended(EntityKey key, IActorRef entity);
}

/// <summary>Nobody remembers anything.</summary>
internal sealed class NoEntityMemory : IEntityMemory
{
    public static readonly NoEntityMemory Instance = new();

    public void Claim(EntityKey key, IActorRef entity) => entity.Tell(EntityClaim.OfNothing(key), ActorRefs.NoSender);

    public void Lives(EntityClaim claim, IActorRef entity) => entity.Tell(EntityRemembered.Instance, ActorRefs.NoSender);

    public void Declined(EntityClaim claim)
    {
    }

    public void IsAwake(EntityKey key, string keeper)
    {
    }

    public void HandOver(EntityKey key, byte[]? state, IActorRef entity) => entity.Tell(EntityRemembered.Instance, ActorRefs.NoSender);

    public void Ended(EntityKey key, IActorRef entity) => entity.Tell(EntityRemembered.Instance, ActorRefs.NoSender);
}
