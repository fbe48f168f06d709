using System.Collections.Concurrent;
using ActorSocket.Entities;
using Akka.Actor;
using Akka.Cluster.Sharding;

namespace ActorSocket.Clustering;

/// <summary>
/// The entities of a server with many nodes: they live in shards, which the cluster spreads over them, and an <see cref="EntityKeeper"/>
/// remembers what is to be remembered.
/// </summary>
internal sealed class ClusterEntities(ActorSystem system, NodeServices node) : IEntityPlacement, IEntityMemory
{
    /// <summary>The shard regions of this node, each by the name of its class.</summary>
    public ConcurrentDictionary<IActorRef, string> Regions { get; } = new();

    public IActorRef Keeper { get; private set; } = ActorRefs.Nobody;

    /// <summary>What the keeper knows; for its figures only.</summary>
    public EntityLedger? Ledger { get; private set; }

    /// <summary>From now on entities live on.</summary>
    public void StartKeeper(IActorContext root)
    {
        Keeper = root.ActorOf(EntityKeeper.Props(node, ledger => Ledger = ledger), "entities");
        node.Server.Entities.Memory = this;
    }

    public IActorRef Start(EntityKind kind)
    {
        var region = EntitySharding.Start(system, node.Server.Name, kind);
        Regions[region] = kind.Type;
        return region;
    }

    public object Passivation(object stop) => new Passivate(stop);

    public void Claim(EntityKey key, IActorRef entity) => Keeper.Tell(new EntityKeeper.Claim(key), entity);

    public void Lives(EntityClaim claim, IActorRef entity) => Keeper.Tell(new EntityKeeper.Lives(claim), entity);

    public void Declined(EntityClaim claim) => Keeper.Tell(new EntityKeeper.Declined(claim), ActorRefs.NoSender);

    public void IsAwake(EntityKey key, string keeperTag) => Keeper.Tell(new EntityKeeper.Woken(key, keeperTag), ActorRefs.NoSender);

    public void HandOver(EntityKey key, byte[]? state, IActorRef entity) => Keeper.Tell(new EntityKeeper.HandOver(key, state), entity);

    public void Ended(EntityKey key, IActorRef entity) => Keeper.Tell(new EntityKeeper.Ended(key), entity);
}
