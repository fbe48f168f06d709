using System.Buffers;
using ActorSocket.Sessions;
using Akka.Actor;
using Akka.Cluster.Sharding;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>Sessions live in the shards of a region, and their clients' requests may come to any node.</summary>
internal sealed class ShardedSessions(NodeServices node, SessionHome home) : ISessionPlacement
{
    /// <summary>The shard region of the sessions.</summary>
    public IActorRef Region { get; set; } = ActorRefs.Nobody;

    /// <summary>Whether this node's shards are there.</summary>
    public bool HasShards { get; set; }

    /// <summary>
    /// Whether this node may open sessions: it is a full member, its peers know it, and it is not cut off from most of them.
    /// </summary>
    public bool IsReady { get; set; }

    public void StartRegion(ActorSystem system) => Region = SessionSharding.Start(system, node.Server, node.Peers);

    /// <summary>
    /// Lets the region find out where a node's shards are while the coordinator is there to tell: the first request must not wait for a new
    /// one.
    /// </summary>
    public void Locate(string tag)
    {
        foreach (var id in SessionSharding.AnIdOfEachShard(tag))
            Region.Tell(new OtherRequest(id, 0, RequestQuery.None), ActorRefs.NoSender);
    }

    public string NewSid(string? own) => node.Server.Engine.Ids.NextSigned(own);

    public IActorRef Start(IActorRefFactory parent, string name) => Region;

    /// <summary>
    /// The shard is asked to let it go: it then holds back the requests that still come for it and gives them to a new actor, which says
    /// that it knows no such session. One that reached an actor that has stopped would not be answered at all.
    /// </summary>
    public bool MayStop(IActorContext session)
    {
        session.Parent.Tell(new Passivate(PoisonPill.Instance), session.Self);
        return false;
    }

    public bool TryServe(EngineConnection? connection, object message, IActorRef sender) => home.TryServe(connection, message, sender);

    public ValueTask BeforeTakingAsync(EngineConnection connection, ReadOnlySequence<byte> body) =>
        home.BeforeTakingAsync(connection, body);
}
