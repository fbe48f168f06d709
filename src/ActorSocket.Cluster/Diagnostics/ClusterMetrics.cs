using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using ActorSocket.Diagnostics;

namespace ActorSocket.Clustering;

/// <summary>What the meter "ActorSocket" has of the cluster, beside <see cref="ActorSocketMetrics"/>: likewise without anything that a client names.</summary>
internal sealed class ClusterMetrics
{
    private readonly Counter<long> _forwarded;
    private readonly Counter<long> _lost;
    private readonly Counter<long> _ignored;
    private readonly Counter<long> _lostMessages;
    private readonly Counter<long> _forwardedRequests;
    private readonly Counter<long> _statesRefused;
    private readonly Counter<long> _statesLost;
    private readonly ObservableGauge<long> _shards;
    private readonly ConcurrentBag<(string Server, ClusterNode Node)> _nodes = [];

    public ClusterMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(ActorSocketMetrics.MeterName);
        _forwarded = meter.CreateCounter<long>("actorsocket.cluster.forwarded_broadcasts", "{message}", "Broadcasts sent to other nodes: one for each node that is interested.");
        _lost = meter.CreateCounter<long>("actorsocket.cluster.lost_broadcasts", "{message}", "Broadcasts that another node sent and this one did not get, since the connection between them broke.");
        _ignored = meter.CreateCounter<long>("actorsocket.cluster.ignored_messages", "{message}", "Messages of other nodes that this version does not know.");
        _lostMessages = meter.CreateCounter<long>("actorsocket.cluster.lost_messages", "{message}", "Long messages of other nodes of which a part was lost, or for which there was no room: who waits for one is told.");
        _forwardedRequests = meter.CreateCounter<long>("actorsocket.cluster.forwarded_requests", "{request}", "Requests that came to this node for a session of another one, by kind.");
        _statesRefused = meter.CreateCounter<long>("actorsocket.cluster.refused_entity_states", "{entity}", "States of entities that this node had no room to keep (MaxEntityStateBytes), by class: another one was asked.");
        _statesLost = meter.CreateCounter<long>("actorsocket.cluster.lost_entity_states", "{entity}", "States of entities that no node had room for when this one left, by class.");
        // What follows is as this node sees it: not to be added up over the nodes, but for links, sessions' shards and own rooms.
        ObserveEach("actorsocket.cluster.members", "{node}", "Members of the cluster, by status.", static node => node.MembersByStatus.Select(static status => (status.Value, Tag("status", status.Key))));
        Observe("actorsocket.cluster.unreachable_members", "{node}", "Members of the cluster that cannot be reached.", static node => node.UnreachableMembers);
        Observe("actorsocket.cluster.ready", "{node}", "1 while this node takes new connections, else 0.", static node => node.IsReady ? 1 : 0);
        Observe("actorsocket.cluster.peers", "{node}", "Other nodes that this one has met.", static node => node.Peers.All.Length);
        Observe("actorsocket.cluster.unsynchronised_peers", "{node}", "Those of them whose rooms are not all known: they get every broadcast.", static node => node.Peers.Unsynchronised.Length);
        Observe("actorsocket.cluster.own_rooms", "{room}", "Rooms that this node has announced to the others.", static node => node.OwnRooms);
        Observe("actorsocket.cluster.remote_rooms", "{room}", "Rooms with members on other nodes, as far as this one knows.", static node => node.Peers.RoomCount);
        Observe("actorsocket.cluster.kept_entity_bytes", "By", "States of entities that this node keeps until they have been taken.", static node => node.Ledger?.Bytes ?? 0);
        Observe("actorsocket.cluster.unconfirmed_rounds", "{message}", "Announcements of rooms that another node has not confirmed yet.", static node => node.Peers.All.Sum(static peer => peer.UnconfirmedRounds));
        ObserveEach(
            "actorsocket.cluster.links", "{link}", "WebSockets that end here while their session lives on another node (gateway), and the other way round (home).",
            static node => [(node.Peers.All.Sum(static peer => peer.Links.CountOf(isGateway: true)), Tag("role", "gateway")), (node.Peers.All.Sum(static peer => peer.Links.CountOf(isGateway: false)), Tag("role", "home"))]);
        _shards = ObserveEach("actorsocket.cluster.shards", "{shard}", "Shards that live on this node, by region; a few seconds old.", static node => node.ShardsByRegion.Select(static region => ((long)region.Value, Tag("region", region.Key))));

        ObservableGauge<long> ObserveEach(string name, string unit, string description, Func<ClusterNode, IEnumerable<(long Value, KeyValuePair<string, object?> Tag)>> read) =>
            meter.CreateObservableGauge(name, () => _nodes.SelectMany(entry => read(entry.Node).Select(value => new Measurement<long>(value.Value, entry.Server.Length == 0 ? [value.Tag] : [value.Tag, Tag("server", entry.Server)]))), unit, description);

        void Observe(string name, string unit, string description, Func<ClusterNode, long> read) =>
            meter.CreateObservableGauge(name, () => _nodes.Select(entry => new Measurement<long>(read(entry.Node), entry.Server.Length == 0 ? [] : [Tag("server", entry.Server)])), unit, description);

        static KeyValuePair<string, object?> Tag(string name, string value) => new("actorsocket." + name, value);
    }

    /// <summary>Whether anybody wants to know how many shards there are: counting them is a round of messages.</summary>
    public bool CountsShards => _shards.Enabled;

    /// <summary>A server of this process is a node of a cluster from now on.</summary>
    public void Observe(string server, ClusterNode node) => _nodes.Add((server, node));

    public void RequestForwarded(string kind) => _forwardedRequests.Add(1, new KeyValuePair<string, object?>("actorsocket.kind", kind));

    public void EntityStateRefused(string type) => _statesRefused.Add(1, new KeyValuePair<string, object?>("actorsocket.entity", type));

    public void EntityStateLost(string type) => _statesLost.Add(1, new KeyValuePair<string, object?>("actorsocket.entity", type));

    public void BroadcastsForwarded(int nodes) => _forwarded.Add(nodes);

    public void BroadcastsLost(long messages) => _lost.Add(messages);

    public void MessageIgnored() => _ignored.Add(1);

    public void MessageLost() => _lostMessages.Add(1);
}
