using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ActorSocket.Diagnostics;

/// <summary>The meter "ActorSocket". Tags are from closed sets: never a sid, a room, an event or a client's text.</summary>
internal sealed class ActorSocketMetrics
{
    public const string MeterName = EngineMetrics.MeterName;

    private readonly UpDownCounter<long> _sockets;
    private readonly Counter<long> _disconnects;
    private readonly UpDownCounter<long> _rooms;
    private readonly Counter<long> _eventsIn;
    private readonly Counter<long> _eventBytesIn;
    private readonly Counter<long> _eventsOut;
    private readonly Counter<long> _eventBytesOut;
    private readonly Counter<long> _eventsDropped;
    private readonly Counter<long> _handlerErrors;
    private readonly Counter<long> _refusedEvents;
    private readonly Histogram<double> _handlerDuration;
    private readonly UpDownCounter<long> _entities;
    private readonly Counter<long> _entityStoreFailures;

    public ActorSocketMetrics(IMeterFactory meters)
    {
        Engine = new EngineMetrics(meters);
        var meter = meters.Create(MeterName);
        _sockets = meter.CreateUpDownCounter<long>("actorsocket.server.active_sockets", "{socket}", "Connected sockets, by namespace.");
        _disconnects = meter.CreateCounter<long>(
            "actorsocket.server.disconnects",
            "{socket}",
            "Disconnected sockets, by namespace and reason."
        );
        _rooms = meter.CreateUpDownCounter<long>("actorsocket.server.active_rooms", "{room}", "Rooms with members, by namespace.");
        _eventsIn = meter.CreateCounter<long>(
            "actorsocket.server.received_events",
            "{event}",
            "Socket.IO events and acknowledgements received, by namespace."
        );
        _eventBytesIn = meter.CreateCounter<long>(
            "actorsocket.server.received_event_bytes",
            "By",
            "Bytes of their arguments, attachments included, by namespace."
        );
        _eventsOut = meter.CreateCounter<long>(
            "actorsocket.server.sent_events",
            "{event}",
            "Socket.IO events and acknowledgements queued for a client, by namespace: a broadcast counts for each of its receivers."
        );
        _eventBytesOut = meter.CreateCounter<long>(
            "actorsocket.server.sent_event_bytes",
            "By",
            "Their bytes on a WebSocket, by namespace."
        );
        _eventsDropped = meter.CreateCounter<long>(
            "actorsocket.server.dropped_events",
            "{event}",
            "Events that were received and not handled, since their socket ended first, by namespace and reason."
        );
        _handlerErrors = meter.CreateCounter<long>("actorsocket.server.handler_errors", "{event}", "Handlers that threw, by namespace.");
        _refusedEvents = meter.CreateCounter<long>(
            "actorsocket.server.refused_events",
            "{event}",
            "What clients sent and handlers did not take, by namespace and reason: not of the type asked for, not allowed to the user, "
            + "not valid, more than a limit allows, or refused by an EventException."
        );
        _handlerDuration = meter.CreateHistogram(
            "actorsocket.server.handler.duration",
            "s",
            "Time from an event's start to its handlers' end, by namespace.",
            advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
            }
        );
        _entities = meter.CreateUpDownCounter<long>(
            "actorsocket.server.active_entities",
            "{entity}",
            "Entities that live on this node, by class."
        );
        _entityStoreFailures = meter.CreateCounter<long>(
            "actorsocket.server.entity_store_failures",
            "{failure}",
            "Times that the state of an entity could not be loaded, saved or deleted, by class."
        );
    }

    /// <summary>What the engine counts.</summary>
    public EngineMetrics Engine { get; }

    public void EntityStarted(string type) => _entities.Add(1, new KeyValuePair<string, object?>("actorsocket.entity", type));

    public void EntityStoreFailed(string type) =>
        _entityStoreFailures.Add(1, new KeyValuePair<string, object?>("actorsocket.entity", type));

    public void EntityStopped(string type) => _entities.Add(-1, new KeyValuePair<string, object?>("actorsocket.entity", type));

    public bool TimesHandlers => _handlerDuration.Enabled;

    public void SocketConnected(string ns) => _sockets.Add(1, Namespace(ns));

    public void SocketDisconnected(string ns, DisconnectReason reason)
    {
        _sockets.Add(-1, Namespace(ns));
        _disconnects.Add(1, Namespace(ns), new("actorsocket.reason", reason.ToString()));
    }

    public void RoomOpened(string ns) => _rooms.Add(1, Namespace(ns));

    public void RoomClosed(string ns) => _rooms.Add(-1, Namespace(ns));

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

    public void EventsDropped(string ns, int events, DisconnectReason reason) =>
        _eventsDropped.Add(events, Namespace(ns), new("actorsocket.reason", reason.ToString()));

    public void HandlerFailed(string ns) => _handlerErrors.Add(1, Namespace(ns));

    public void EventRefused(string ns, string reason) =>
        _refusedEvents.Add(1, Namespace(ns), new KeyValuePair<string, object?>("actorsocket.reason", reason));

    public void HandlerRan(string ns, long startedAt) =>
        _handlerDuration.Record(Stopwatch.GetElapsedTime(startedAt).TotalSeconds, Namespace(ns));

    private static KeyValuePair<string, object?> Namespace(string name) => new("actorsocket.namespace", name);
}
