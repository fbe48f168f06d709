using System.Globalization;
using Akka.Actor;
using Akka.Cluster.Sharding;
using ActorSocket.Entities;

namespace ActorSocket.Clustering;

/// <summary>Entities live in shards, which the cluster spreads over its nodes.</summary>
internal sealed class ClusterEntityPlacement(ActorSystem system, string serverName, ClusterNode node) : IEntityPlacement
{
    public IActorRef Start(EntityKind kind)
    {
        var region = EntitySharding.Start(system, serverName, kind);
        node.Regions[region] = kind.Type;
        return region;
    }

    public object Passivation(object stop) => new Passivate(stop);
}

/// <summary>What entities want remembered, the node's <see cref="EntityKeeper"/> keeps.</summary>
internal sealed class ClusterEntityMemory(IActorRef keeper) : IEntityMemory
{
    public void Claim(EntityKey key, IActorRef entity) => keeper.Tell(new EntityKeeper.Claim(key), entity);

    public void Lives(EntityClaim claim, IActorRef entity) => keeper.Tell(new EntityKeeper.Lives(claim), entity);

    public void Declined(EntityClaim claim) => keeper.Tell(new EntityKeeper.Declined(claim), ActorRefs.NoSender);

    public void IsAwake(EntityKey key, string keeperTag) => keeper.Tell(new EntityKeeper.Woken(key, keeperTag), ActorRefs.NoSender);

    public void HandOver(EntityKey key, byte[]? state, IActorRef entity) => keeper.Tell(new EntityKeeper.HandOver(key, state), entity);

    public void Ended(EntityKey key, IActorRef entity) => keeper.Tell(new EntityKeeper.Ended(key), entity);
}

/// <summary>The shard region of one kind of entities: spread evenly over the nodes, and moved when a node leaves or comes.</summary>
internal static class EntitySharding
{
    private const int Shards = 128;

    public static IActorRef Start(ActorSystem system, string serverName, EntityKind kind) => ClusterSharding.Get(system).Start(
        $"entity-{serverName}-{kind.Type}",
        id => EntityActor.Props(kind, Uri.UnescapeDataString(id)),
        ClusterShardingSettings.Create(system).WithPassivateIdleAfter(TimeSpan.Zero).WithRememberEntities(false).WithStateStoreMode(StateStoreMode.DData),
        new Extractor(),
        ShardAllocationStrategy.LeastShardAllocationStrategy(absoluteLimit: 0, relativeLimit: 0.1),
        EntityMoves.Instance);

    private sealed class Extractor : IMessageExtractor
    {
        public string? EntityId(object message) => message switch
        {
            EntityCall m => Uri.EscapeDataString(m.Id),
            ClusterProtocol.WakeEntity m => Uri.EscapeDataString(m.Id),
            _ => null,
        };

        public object EntityMessage(object message) => message is ClusterProtocol.WakeEntity m ? new EntityWake(m.Keeper) : message;

        public string? ShardId(object message) => EntityId(message) is { } id ? ShardId(id) : null;

        public string ShardId(string entityId, object? messageHint = null) => (Hash(entityId) % Shards).ToString(CultureInfo.InvariantCulture);

        // FNV-1a: the same on every node, which string.GetHashCode is not.
        private static uint Hash(string text)
        {
            var hash = 2166136261u;
            foreach (var c in text)
                hash = (hash ^ c) * 16777619u;
            return hash;
        }
    }
}
