using Akka.Actor;

namespace ActorSocket.Entities;

/// <summary>The entities of one node alone.</summary>
/// <param name="system">Where they live.</param>
/// <param name="serverName">Their server's.</param>
internal sealed class OneNodePlacement(ActorSystem system, string serverName) : IEntityPlacement
{
    public IActorRef Start(EntityKind kind) => system.ActorOf(EntityParent.Props(kind), $"actorsocket-entities-{serverName}-{kind.Type}");

    public object Passivation(object stop) => new EntityParent.Passivate(stop);
}
