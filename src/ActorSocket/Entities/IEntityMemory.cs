using Akka.Actor;

namespace ActorSocket.Entities;

/// <summary>Who remembers entities, so that what lived lives on. On one node alone nobody does: with the node the entities end.</summary>
/// <remarks>Answers go to the entity's actor, later.</remarks>
internal interface IEntityMemory
{
    /// <summary>An entity starts: answered with an <see cref="EntityHistory"/>, what there was before.</summary>
    void QueryHistory(EntityKey key, IActorRef entity);

    /// <summary>
    /// Registers an entity that has started: answered with <see cref="EntityRemembered"/> once the nodes that keep a record of it have
    /// confirmed, or their time is over.
    /// </summary>
    void Register(EntityHistory history, IActorRef entity);

    /// <summary>It was woken, but has ended before and nobody calls it: it does not start.</summary>
    void StartDeclined(EntityHistory history);

    /// <summary>It was woken by a node, and lives already: that node is told so.</summary>
    void AnswerWake(EntityKey key, string waker);

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

    public void QueryHistory(EntityKey key, IActorRef entity) => entity.Tell(EntityHistory.OfNothing(key), ActorRefs.NoSender);

    public void Register(EntityHistory history, IActorRef entity) => entity.Tell(EntityRemembered.Instance, ActorRefs.NoSender);

    public void StartDeclined(EntityHistory history)
    {
    }

    public void AnswerWake(EntityKey key, string waker)
    {
    }

    public void HandOver(EntityKey key, byte[]? state, IActorRef entity) => entity.Tell(EntityRemembered.Instance, ActorRefs.NoSender);

    public void Ended(EntityKey key, IActorRef entity) => entity.Tell(EntityRemembered.Instance, ActorRefs.NoSender);
}
