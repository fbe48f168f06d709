using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using ActorSocket.Diagnostics;
using Akka.Cluster;

namespace ActorSocket.Clustering;

/// <summary>
/// How the cluster stands, as each of this process's nodes sees it: not to be added up over the nodes, but for links, sessions' shards and
/// own rooms. What happens is counted by <see cref="ClusterMetrics"/>.
/// </summary>
internal sealed class ClusterGauges
{
    private readonly ObservableGauge<long> _shards;
    private readonly ConcurrentBag<(string Server, ClusterAdapter Node)> _nodes = [];

    public ClusterGauges(IMeterFactory meters)
    {
        var meter = meters.Create(ActorSocketMetrics.MeterName);
        ObserveEach(
            "actorsocket.cluster.members",
            "{node}",
            "Members of the cluster, by status.",
            static node => MembersByStatus(node.State)
        );
        Observe(
            "actorsocket.cluster.unreachable_members",
            "{node}",
            "Members of the cluster that cannot be reached.",
            static node => node.State.Unreachable.Count
        );
        Observe(
            "actorsocket.cluster.ready",
            "{node}",
            "1 while this node takes new connections, else 0.",
            static node => node.Sessions.IsReady ? 1 : 0
        );
        Observe("actorsocket.cluster.peers", "{node}", "Other nodes that this one has met.", static node => node.Peers.All.Length);
        Observe(
            "actorsocket.cluster.unsynchronised_peers",
            "{node}",
            "Those of them whose rooms are not all known: they get every broadcast.",
            static node => node.Peers.Unsynchronised.Length
        );
        Observe(
            "actorsocket.cluster.own_rooms",
            "{room}",
            "Rooms that this node has announced to the others.",
            static node => node.OwnRooms
        );
        Observe(
            "actorsocket.cluster.remote_rooms",
            "{room}",
            "Rooms with members on other nodes, as far as this one knows.",
            static node => node.Peers.RoomCount
        );
        Observe(
            "actorsocket.cluster.kept_entity_bytes",
            "By",
            "States of entities that this node keeps until they have been taken.",
            static node => node.Entities.Ledger?.Bytes ?? 0
        );
        meter.CreateObservableGauge(
            "actorsocket.cluster.replica_age",
            () =>
                _nodes.Select(static entry => new Measurement<double>(
                    entry.Node.Recovery.ReplicaAge.TotalSeconds,
                    entry.Server.Length == 0 ? [] : [Tag("server", entry.Server)]
                )),
            "s",
            "Time since another node had all of this one's recovery logs: what a crash would lose; 0.2 and less is usual."
        );
        Observe(
            "actorsocket.cluster.unconfirmed_rounds",
            "{message}",
            "Announcements of rooms that another node has not confirmed yet.",
            static node => node.Peers.All.Sum(static peer => peer.UnconfirmedAnnouncements)
        );
        ObserveEach(
            "actorsocket.cluster.links",
            "{link}",
            "WebSockets that end here while their session lives on another node (gateway), and the other way round (home).",
            static node =>
                [
                    (node.Peers.All.Sum(static peer => peer.Links.CountOf(isGateway: true)), Tag("role", "gateway")),
                    (node.Peers.All.Sum(static peer => peer.Links.CountOf(isGateway: false)), Tag("role", "home")),
                ]
        );
        _shards = ObserveEach(
            "actorsocket.cluster.shards",
            "{shard}",
            "Shards that live on this node, by region; a few seconds old.",
            static node => node.ShardsByRegion.Select(static region => ((long)region.Value, Tag("region", region.Key)))
        );

        ObservableGauge<long> ObserveEach(
            string name,
            string unit,
            string description,
            Func<ClusterAdapter, IEnumerable<(long Value, KeyValuePair<string, object?> Tag)>> read
        ) =>
            meter.CreateObservableGauge(
                name,
                () =>
                    _nodes.SelectMany(entry =>
                        read(entry.Node)
                            .Select(value => new Measurement<long>(
                                value.Value,
                                entry.Server.Length == 0 ? [value.Tag] : [value.Tag, Tag("server", entry.Server)]
                            ))
                    ),
                unit,
                description
            );

        void Observe(string name, string unit, string description, Func<ClusterAdapter, long> read) =>
            meter.CreateObservableGauge(
                name,
                () =>
                    _nodes.Select(entry => new Measurement<long>(
                        read(entry.Node),
                        entry.Server.Length == 0 ? [] : [Tag("server", entry.Server)]
                    )),
                unit,
                description
            );
    }

    /// <summary>Whether anybody wants to know how many shards there are: counting them is a round of messages.</summary>
    public bool CountsShards => _shards.Enabled;

    /// <summary>A server of this process is a node of a cluster from now on.</summary>
    public void Observe(string server, ClusterAdapter node) => _nodes.Add((server, node));

    /// <summary>Every status, so that one that nobody has any more reads 0.</summary>
    private static IEnumerable<(long Value, KeyValuePair<string, object?> Tag)> MembersByStatus(ClusterEvent.CurrentClusterState state) =>
        Enum.GetValues<MemberStatus>().Where(static status => status != MemberStatus.Removed)
            .Select(status => ((long)state.Members.Count(member => member.Status == status), Tag("status", status.ToString())));

    private static KeyValuePair<string, object?> Tag(string name, string value) => new("actorsocket." + name, value);
}
