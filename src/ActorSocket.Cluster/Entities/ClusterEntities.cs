using System.Collections.Concurrent;
using ActorSocket.Entities;
using Akka.Actor;
using Akka.Cluster.Sharding;

namespace ActorSocket.Clustering;

/// <summary>
/// The entities of a server with many nodes: they live in shards, which the cluster spreads over them, and an <see
/// cref="EntityLedgerActor"/> remembers what is to be remembered. What becomes of the sockets that have seats in them, a <see
/// cref="SocketWatchActor"/> finds out.
/// </summary>
internal sealed class ClusterEntities(ActorSystem system, NodeServices node) : IEntityPlacement, IEntityMemory, ISocketWatcher
{
    /// <summary>The shard regions of this node, each by the name of its class.</summary>
    public ConcurrentDictionary<IActorRef, string> Regions { get; } = new();

    public IActorRef LedgerActor { get; private set; } = ActorRefs.Nobody;

    public IActorRef WatchActor { get; private set; } = ActorRefs.Nobody;

    /// <summary>What the ledger's actor knows; for its figures only.</summary>
    public EntityLedger? Ledger { get; private set; }

    /// <summary>From now on entities live on.</summary>
    public void StartLedger(IActorContext root)
    {
        LedgerActor = root.ActorOf(EntityLedgerActor.Props(node, ledger => Ledger = ledger), "entities");
        WatchActor = root.ActorOf(SocketWatchActor.Props(node), "watches");
        node.Server.Entities.Memory = this;
    }

    public IActorRef Start(EntityKind kind)
    {
        var region = EntitySharding.Start(system, node.Server.Name, kind);
        Regions[region] = kind.Type;
        return region;
    }

    public object Passivation(object stop) => new Passivate(stop);

    public void QueryHistory(EntityKey key, IActorRef entity) => LedgerActor.Tell(new EntityLedgerActor.HistoryQuery(key), entity);

    public void Register(EntityHistory history, IActorRef entity) => LedgerActor.Tell(new EntityLedgerActor.Started(history), entity);

    public void StartDeclined(EntityHistory history) =>
        LedgerActor.Tell(new EntityLedgerActor.StartDeclined(history), ActorRefs.NoSender);

    public void AnswerWake(EntityKey key, string waker) =>
        LedgerActor.Tell(new EntityLedgerActor.WakeAnswered(key, waker), ActorRefs.NoSender);

    public void HandOver(EntityKey key, byte[]? state, IActorRef entity) =>
        LedgerActor.Tell(new EntityLedgerActor.HandOver(key, state), entity);

    public void Ended(EntityKey key, IActorRef entity) => LedgerActor.Tell(new EntityLedgerActor.Ended(key), entity);

    public void Watch(string ns, string socketId, IActorRef entity) =>
        WatchActor.Tell(new SocketWatchActor.Watch(ns, socketId, entity), ActorRefs.NoSender);

    public void Unwatch(string socketId, IActorRef entity) =>
        WatchActor.Tell(new SocketWatchActor.Unwatch(socketId, entity), ActorRefs.NoSender);

    public void UnwatchAll(IActorRef entity) => WatchActor.Tell(new SocketWatchActor.UnwatchAll(entity), ActorRefs.NoSender);
}
