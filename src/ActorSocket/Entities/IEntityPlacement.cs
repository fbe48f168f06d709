using Akka.Actor;

namespace ActorSocket.Entities;

/// <summary>Where the entities of a class live. The cluster spreads them over the nodes; on one node alone they are children of an <see cref="EntityParent"/>.</summary>
internal interface IEntityPlacement
{
    /// <summary>Starts what takes the <see cref="EntityCall"/>s of a class, and makes its entities (<see cref="EntityActor.Props"/>).</summary>
    IActorRef Start(EntityKind kind);

    /// <summary>What an entity tells its parent when it ends: what comes from then on is for the one after it, and <paramref name="stop"/> comes back.</summary>
    object Passivation(object stop);
}

/// <summary>Who remembers entities, so that what lived lives on. On one node alone nobody does: with the node the entities end.</summary>
/// <remarks>Answers go to the entity's actor, later.</remarks>
internal interface IEntityMemory
{
    /// <summary>An entity starts: answered with an <see cref="EntityClaim"/>, what there was before.</summary>
    void Claim(EntityKey key, IActorRef entity);

    /// <summary>It has started: answered with <see cref="EntityRemembered"/> when others know.</summary>
    void Lives(EntityClaim claim, IActorRef entity);

    /// <summary>It was only woken, and need not live.</summary>
    void Declined(EntityClaim claim);

    /// <summary>It lives, and was woken all the same: who did so is told.</summary>
    void IsAwake(EntityKey key, string keeper);

    /// <summary>It leaves with a state, null for one that could not be had: answered with <see cref="EntityRemembered"/> when others keep it.</summary>
    void HandOver(EntityKey key, byte[]? state, IActorRef entity);

    /// <summary>It has retired: answered with <see cref="EntityRemembered"/> when others know.</summary>
    void Ended(EntityKey key, IActorRef entity);
}

/// <summary>The entities of one node alone.</summary>
/// <param name="system">Where they live.</param>
/// <param name="serverName">Their server's.</param>
internal sealed class OneNodePlacement(ActorSystem system, string serverName) : IEntityPlacement
{
    public IActorRef Start(EntityKind kind) => system.ActorOf(EntityParent.Props(kind), $"actorsocket-entities-{serverName}-{kind.Type}");

    public object Passivation(object stop) => new EntityParent.Passivate(stop);
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
