using ActorSocket.Sessions;
using ActorSocket.Sockets;
using Akka.Actor;
using Akka.Cluster.Sharding;

namespace ActorSocket.Clustering;

/// <summary>
/// The shard region of a server's sessions. A session id begins with the tag of the node that the handshake came to, and its shard is
/// placed there: the connection's actor lives where its connection is, and the region finds it for requests that came in elsewhere.
/// </summary>
internal static class SessionSharding
{
    /// <summary>Shards of one node: few, and more than one, so that starting sessions is not one actor's work.</summary>
    public const int ShardsPerNode = 4;

    public static IActorRef Start(ActorSystem system, ServerServices server, PeerTable peers) =>
        ClusterSharding
            .Get(system)
            .Start(
                server.Name.Length == 0 ? "engine-session" : "engine-session-" + server.Name,
                LeanMailbox.With(system, EngineSession.Props(server.Engine)),
                // As in hocon/cluster.conf, but for an application's own cluster too: a session lives as long as its client.
                ClusterShardingSettings
                    .Create(system)
                    .WithPassivateIdleAfter(TimeSpan.Zero)
                    .WithRememberEntities(false)
                    .WithStateStoreMode(StateStoreMode.DData),
                new SessionExtractor(),
                new HomeAllocation(server.Engine.Ids.NodeTag, peers),
                SessionProtocol.HandOff.Instance
            );

    /// <summary>An id, of no session, in each shard that a node has: a message to it starts or finds the shard.</summary>
    public static IEnumerable<string> AnIdOfEachShard(string tag) =>
        Enumerable
            .Range(0, ShardsPerNode)
            .Select(shard => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{tag}-shard-{shard}"));
}
