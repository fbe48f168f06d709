using ActorSocket.Sockets;
using System.Buffers;
using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding;
using ActorSocket.Hosting;
using ActorSocket.Sessions;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>
/// The shard region of a server's sessions. A session id begins with the tag of the node that the handshake came to, and its shard is placed there: the connection's
/// actor lives where its connection is, and the region finds it for requests that came in elsewhere.
/// </summary>
internal static class SessionSharding
{
    /// <summary>Shards of one node: few, and more than one, so that starting sessions is not one actor's work.</summary>
    public const int ShardsPerNode = 4;

    public static IActorRef Start(ActorSystem system, ServerServices server, PeerTable peers) => ClusterSharding.Get(system).Start(
        server.Name.Length == 0 ? "engine-session" : "engine-session-" + server.Name,
        LeanMailbox.With(system, EngineSession.Props(server.Engine)),
        // As in hocon/cluster.conf, but for an application's own cluster too: a session lives as long as its client.
        ClusterShardingSettings.Create(system).WithPassivateIdleAfter(TimeSpan.Zero).WithRememberEntities(false).WithStateStoreMode(StateStoreMode.DData),
        new SessionExtractor(),
        new HomeAllocation(server.Engine.Ids.NodeTag, peers),
        SessionProtocol.HandOff.Instance);

    /// <summary>An id, of no session, in each shard that a node has: a message to it starts or finds the shard.</summary>
    public static IEnumerable<string> AnIdOfEachShard(string tag) =>
        Enumerable.Range(0, ShardsPerNode).Select(shard => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{tag}-shard-{shard}"));
}

/// <summary>Sessions live in the shards of a region, and their clients' requests may come to any node.</summary>
internal sealed class ShardedSessions(NodeServices node, SessionHome home) : ISessionPlacement
{
    /// <summary>The shard region of the sessions.</summary>
    public IActorRef Region { get; private set; } = ActorRefs.Nobody;

    /// <summary>Whether this node's shards are there.</summary>
    public bool HasShards { get; set; }

    /// <summary>Whether this node may open sessions: it is a full member, its peers know it, and it is not cut off from most of them.</summary>
    public bool IsReady { get; set; }

    public void StartRegion(ActorSystem system) => Region = SessionSharding.Start(system, node.Server, node.Peers);

    /// <summary>Lets the region find out where a node's shards are while the coordinator is there to tell: the first request must not wait for a new one.</summary>
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

    public ValueTask BeforeTakingAsync(EngineConnection connection, ReadOnlySequence<byte> body) => home.BeforeTakingAsync(connection, body);
}

/// <summary>Shard = node tag and a part of the id; entity = session id.</summary>
internal sealed class SessionExtractor : IMessageExtractor
{
    public static string ShardOf(string sid)
    {
        var tag = sid.AsSpan(0, Math.Min(IdGenerator.TagLength, sid.Length));
        return string.Concat(tag, "-", (sid[^1] % SessionSharding.ShardsPerNode).ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    public string? EntityId(object message) => message switch
    {
        SessionProtocol.Open m => m.Connection.Sid,
        Packed { Entity.Length: > 0 } m => m.Entity,
        ISessionRequest m => m.Sid,
        _ => null,
    };

    public object EntityMessage(object message) => message is Packed packed ? packed.Unpack() : message;

    public string? ShardId(object message) => EntityId(message) is { Length: > 0 } sid ? ShardOf(sid) : null;

    public string ShardId(string entityId, object? messageHint = null) => ShardOf(entityId);
}

/// <summary>A shard lives on the node whose tag it bears, and is never moved. One that nobody bears goes to whoever asked: its sessions are gone, which it will find out.</summary>
internal sealed class HomeAllocation(string ownTag, PeerTable peers) : IShardAllocationStrategy
{
    private static readonly Task<IImmutableSet<string>> Nothing = Task.FromResult<IImmutableSet<string>>(ImmutableHashSet<string>.Empty);

    public Task<IActorRef> AllocateShard(IActorRef requester, string shardId, IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations)
    {
        var tag = shardId[..Math.Min(IdGenerator.TagLength, shardId.Length)];
        // A region's address has no host on its own node.
        var home = tag == ownTag
            ? currentShardAllocations.Keys.FirstOrDefault(static region => region.Path.Address.HasLocalScope)
            : peers.TryGet(tag, out var peer) ? currentShardAllocations.Keys.FirstOrDefault(region => region.Path.Address.Equals(peer.Address)) : null;
        return Task.FromResult(home ?? requester);
    }

    public Task<IImmutableSet<string>> Rebalance(IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations, IImmutableSet<string> rebalanceInProgress) => Nothing;
}
