using Akka.Actor;

namespace ActorSocket.Entities;

/// <summary>
/// Where the entities of a class live. The cluster spreads them over the nodes; on one node alone they are children of an
/// <see cref="EntityParent"/>.
/// </summary>
internal interface IEntityPlacement
{
    /// <summary>
    /// Starts what takes the <see cref="EntityCall"/>s of a class, and makes its entities (<see cref="EntityActor.Props"/>).
    /// </summary>
    IActorRef Start(EntityKind kind);

    /// <summary>
    /// What an entity tells its parent when it ends: what comes from then on is for the one after it, and <paramref name="stop"/> comes
    /// back.
    /// </summary>
    object Passivation(object stop);
}
