using System.Globalization;
using ActorSocket.Entities;
using Akka.Actor;
using Akka.Cluster.Sharding;

namespace ActorSocket.Clustering;

/// <summary>The shard region of one kind of entities: spread evenly over the nodes, and moved when a node leaves or comes.</summary>
internal static class EntitySharding
{
    private const int Shards = 128;

    public static IActorRef Start(ActorSystem system, string serverName, EntityKind kind) =>
        ClusterSharding
            .Get(system)
            .Start(
                $"entity-{serverName}-{kind.Type}",
                id => EntityActor.Props(kind, Uri.UnescapeDataString(id)),
                ClusterShardingSettings
                    .Create(system)
                    .WithPassivateIdleAfter(TimeSpan.Zero)
                    .WithRememberEntities(false)
                    .WithStateStoreMode(StateStoreMode.DData),
                new Extractor(),
                ShardAllocationStrategy.LeastShardAllocationStrategy(absoluteLimit: 0, relativeLimit: 0.1),
                EntityMoves.Instance
            );

    private sealed class Extractor : IMessageExtractor
    {
        public string? EntityId(object message) => message switch
        {
            EntityCall m => Uri.EscapeDataString(m.Id),
            ClusterProtocol.WakeEntity m => Uri.EscapeDataString(m.Id),
            _ => null,
        };

        public object EntityMessage(object message) => message is ClusterProtocol.WakeEntity m ? new EntityWake(m.Waker) : message;

        public string? ShardId(object message) => EntityId(message) is { } id ? ShardId(id) : null;

        public string ShardId(string entityId, object? messageHint = null) =>
            (Hash(entityId) % Shards).ToString(CultureInfo.InvariantCulture);

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
