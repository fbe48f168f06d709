using Akka.Actor;

namespace ActorSocket.Entities;

/// <summary>The entities of one node alone.</summary>
/// <param name="system">Where they live.</param>
/// <param name="serverName">Their server's.</param>
internal sealed class OneNodePlacement(ActorSystem system, string serverName) : IEntityPlacement
{
    public IActorRef Start(EntityKind kind)
    {
        var name = $"actorsocket-entities-{serverName}-{kind.Type}";
        var parent = system.ActorOf(EntityParent.Props(kind), name);
        if (!kind.IsStateful)
            return parent;
        // Where a cluster's shards leave their node: what is not saved yet is saved then.
        CoordinatedShutdown.Get(system).AddTask(
            CoordinatedShutdown.PhaseClusterShardingShutdownRegion,
            name,
            async () =>
            {
                await parent.Ask(EntityParent.StopAll.Instance).ConfigureAwait(false); // the phase has a limit
                return Akka.Done.Instance;
            }
        );
        return parent;
    }

    public object Passivation(object stop) => new EntityParent.Passivate(stop);
}
