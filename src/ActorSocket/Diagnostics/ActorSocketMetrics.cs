using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using ActorSocket.Clustering;

namespace ActorSocket.Diagnostics;

/// <summary>The meter "ActorSocket". Tags are from closed sets: never a sid, a room, an event or a client's text.</summary>
internal sealed class ActorSocketMetrics
{
    public const string MeterName = "ActorSocket";

    private readonly UpDownCounter<long> _sessions;
    private readonly Counter<long> _sessionsClosed;
    private readonly UpDownCounter<long> _sockets;
    private readonly Counter<long> _disconnects;
    private readonly UpDownCounter<long> _rooms;
    private readonly Counter<long> _packetsIn;
    private readonly Counter<long> _bytesIn;
    private readonly Counter<long> _packetsOut;
    private readonly Counter<long> _bytesOut;
    private readonly Counter<long> _eventsIn;
    private readonly Counter<long> _eventBytesIn;
    private readonly Counter<long> _eventsOut;
    private readonly Counter<long> _eventBytesOut;
    private readonly Counter<long> _volatileDropped;
    private readonly Counter<long> _upgrades;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _eventsDropped;
    private readonly Counter<long> _handlerErrors;
    private readonly Counter<long> _refusedEvents;
    private readonly Histogram<double> _handlerDuration;
    private readonly Counter<long> _forwarded;
    private readonly Counter<long> _lost;
    private readonly Counter<long> _ignored;
    private readonly Counter<long> _lostMessages;
    private readonly Counter<long> _forwardedRequests;
    private readonly UpDownCounter<long> _entities;
    private readonly Counter<long> _statesRefused;
    private readonly Counter<long> _statesLost;
    private readonly ObservableGauge<long> _shards;
    private readonly ConcurrentBag<(string Server, ClusterNode Node)> _nodes = [];

    public ActorSocketMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _sessions = meter.CreateUpDownCounter<long>("actorsocket.server.active_sessions", "{session}", "Open Engine.IO connections.");
        _sessionsClosed = meter.CreateCounter<long>("actorsocket.server.closed_sessions", "{session}", "Closed Engine.IO connections, by transport and reason.");
        _sockets = meter.CreateUpDownCounter<long>("actorsocket.server.active_sockets", "{socket}", "Connected sockets, by namespace.");
        _disconnects = meter.CreateCounter<long>("actorsocket.server.disconnects", "{socket}", "Disconnected sockets, by namespace and reason.");
        _rooms = meter.CreateUpDownCounter<long>("actorsocket.server.active_rooms", "{room}", "Rooms with members, by namespace.");
        _packetsIn = meter.CreateCounter<long>("actorsocket.server.received_packets", "{packet}", "Engine.IO packets received, by transport.");
        _bytesIn = meter.CreateCounter<long>("actorsocket.server.received_bytes", "By", "Bytes received, by transport.");
        _packetsOut = meter.CreateCounter<long>("actorsocket.server.sent_packets", "{packet}", "Engine.IO packets sent, by transport.");
        _bytesOut = meter.CreateCounter<long>("actorsocket.server.sent_bytes", "By", "Bytes sent, by transport.");
        _eventsIn = meter.CreateCounter<long>("actorsocket.server.received_events", "{event}", "Socket.IO events and acknowledgements received, by namespace.");
        _eventBytesIn = meter.CreateCounter<long>("actorsocket.server.received_event_bytes", "By", "Bytes of their arguments, attachments included, by namespace.");
        _eventsOut = meter.CreateCounter<long>("actorsocket.server.sent_events", "{event}", "Socket.IO events and acknowledgements queued for a client, by namespace: a broadcast counts for each of its receivers.");
        _eventBytesOut = meter.CreateCounter<long>("actorsocket.server.sent_event_bytes", "By", "Their bytes on a WebSocket, by namespace.");
        _volatileDropped = meter.CreateCounter<long>("actorsocket.server.dropped_packets", "{packet}", "Volatile packets dropped because the client was not ready.");
        _upgrades = meter.CreateCounter<long>("actorsocket.server.upgrades", "{upgrade}", "Upgrades to WebSocket, by outcome.");
        _refused = meter.CreateCounter<long>("actorsocket.server.refused_requests", "{request}", "Refused requests, by Engine.IO error code.");
        _eventsDropped = meter.CreateCounter<long>("actorsocket.server.dropped_events", "{event}", "Events that were received and not handled, since their socket ended first, by namespace and reason.");
        _handlerErrors = meter.CreateCounter<long>("actorsocket.server.handler_errors", "{event}", "Handlers that threw, by namespace.");
        _refusedEvents = meter.CreateCounter<long>("actorsocket.server.refused_events", "{event}", "What clients sent and handlers did not take, by namespace and reason: not of the type asked for, or not allowed to the user.");
        _handlerDuration = meter.CreateHistogram(
            "actorsocket.server.handler.duration", "s", "Time from an event's start to its handlers' end, by namespace.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] });
        _forwarded = meter.CreateCounter<long>("actorsocket.cluster.forwarded_broadcasts", "{message}", "Broadcasts sent to other nodes: one for each node that is interested.");
        _lost = meter.CreateCounter<long>("actorsocket.cluster.lost_broadcasts", "{message}", "Broadcasts that another node sent and this one did not get, since the connection between them broke.");
        _lostMessages = meter.CreateCounter<long>("actorsocket.cluster.lost_messages", "{message}", "Long messages of other nodes of which a part was lost, or for which there was no room: who waits for one is told.");
        _ignored = meter.CreateCounter<long>("actorsocket.cluster.ignored_messages", "{message}", "Messages of other nodes that this version does not know.");
        _forwardedRequests = meter.CreateCounter<long>("actorsocket.cluster.forwarded_requests", "{request}", "Requests that came to this node for a session of another one, by kind.");
        _entities = meter.CreateUpDownCounter<long>("actorsocket.server.active_entities", "{entity}", "Entities that live on this node, by class.");
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

    public void EntityStarted(string type) => _entities.Add(1, new KeyValuePair<string, object?>("actorsocket.entity", type));

    public void EntityStopped(string type) => _entities.Add(-1, new KeyValuePair<string, object?>("actorsocket.entity", type));

    public void EntityStateRefused(string type) => _statesRefused.Add(1, new KeyValuePair<string, object?>("actorsocket.entity", type));

    public void EntityStateLost(string type) => _statesLost.Add(1, new KeyValuePair<string, object?>("actorsocket.entity", type));

    public void BroadcastsForwarded(int nodes) => _forwarded.Add(nodes);

    public void BroadcastsLost(long messages) => _lost.Add(messages);

    public void MessageIgnored() => _ignored.Add(1);

    public void MessageLost() => _lostMessages.Add(1);

    public bool TimesHandlers => _handlerDuration.Enabled;

    public void SessionOpened() => _sessions.Add(1);

    public void SessionClosed(string transport, DisconnectReason reason)
    {
        _sessions.Add(-1);
        _sessionsClosed.Add(1, Transport(transport), new("actorsocket.reason", reason.ToString()));
    }

    public void SocketConnected(string ns) => _sockets.Add(1, Namespace(ns));

    public void SocketDisconnected(string ns, DisconnectReason reason)
    {
        _sockets.Add(-1, Namespace(ns));
        _disconnects.Add(1, Namespace(ns), new("actorsocket.reason", reason.ToString()));
    }

    public void RoomOpened(string ns) => _rooms.Add(1, Namespace(ns));

    public void RoomClosed(string ns) => _rooms.Add(-1, Namespace(ns));

    public void PacketsReceived(string transport, int packets, long bytes)
    {
        if (!_packetsIn.Enabled)
            return;
        _packetsIn.Add(packets, Transport(transport));
        _bytesIn.Add(bytes, Transport(transport));
    }

    public void PacketsSent(string transport, int packets, long bytes)
    {
        if (!_packetsOut.Enabled)
            return;
        _packetsOut.Add(packets, Transport(transport));
        _bytesOut.Add(bytes, Transport(transport));
    }

    public void EventsReceived(string ns, int events, long bytes)
    {
        if (!_eventsIn.Enabled)
            return;
        _eventsIn.Add(events, Namespace(ns));
        _eventBytesIn.Add(bytes, Namespace(ns));
    }

    public void EventsSent(string ns, int events, long bytesEach)
    {
        if (!_eventsOut.Enabled)
            return;
        _eventsOut.Add(events, Namespace(ns));
        _eventBytesOut.Add(events * bytesEach, Namespace(ns));
    }

    public void VolatileDropped(int count) => _volatileDropped.Add(count);

    public void UpgradeEnded(string outcome) => _upgrades.Add(1, new KeyValuePair<string, object?>("actorsocket.outcome", outcome));

    public void RequestRefused(int code) => _refused.Add(1, new KeyValuePair<string, object?>("actorsocket.code", code));

    public void EventsDropped(string ns, int events, DisconnectReason reason) => _eventsDropped.Add(events, Namespace(ns), new("actorsocket.reason", reason.ToString()));

    public void HandlerFailed(string ns) => _handlerErrors.Add(1, Namespace(ns));

    public void EventRefused(string ns, string reason) => _refusedEvents.Add(1, Namespace(ns), new KeyValuePair<string, object?>("actorsocket.reason", reason));

    public void HandlerRan(string ns, long startedAt) => _handlerDuration.Record(Stopwatch.GetElapsedTime(startedAt).TotalSeconds, Namespace(ns));

    private static KeyValuePair<string, object?> Transport(string name) => new("actorsocket.transport", name);

    private static KeyValuePair<string, object?> Namespace(string name) => new("actorsocket.namespace", name);
}
