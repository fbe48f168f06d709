using System.Collections.Concurrent;
using ActorSocket.Connections;
using ActorSocket.Diagnostics;
using ActorSocket.Presence;
using ActorSocket.Sessions;
using ActorSocket.Transports;
using Akka.Actor;
using Microsoft.Extensions.Logging;

namespace ActorSocket.Sockets;

/// <summary>What the namespaces and sockets of one server share.</summary>
internal sealed class ServerServices(
    string name,
    ActorSocketOptions options,
    ActorSocketMetrics metrics,
    ILoggerFactory loggers,
    TimeProvider time,
    IServiceProvider provider
) : ServerContext(name, options, metrics, loggers, time, provider), INamespaceFinder
{
    public const int MaxRoomNameBytes = 256;

    private const int MaxTypesReported = 1000;

    private readonly ConcurrentDictionary<Type, bool> _staysBehind = new(); // those that were told of
    private EngineHttp? _http;
    private UserTables? _users;
    private int _liveSockets;
    private volatile IServerObserver? _observer;

    public HandlerBinder Binder => field ??= new HandlerBinder(Json, Options.ValidateArguments ? new ArgumentShapes(Json) : null);

    /// <summary>The HTTP side of the engine.</summary>
    public EngineHttp Http => _http ?? LazyInitializer.EnsureInitialized(ref _http, () => new EngineHttp(Engine));

    public NamespaceTable Namespaces { get; } = new();

    /// <summary>Whether the HTTP API is mapped, by which other programs call entities.</summary>
    public bool IsApiMapped { get; set; }

    public WatchedSockets WatchedSockets => field ?? LazyInitializer.EnsureInitialized(ref field, () => new WatchedSockets(Namespaces));

    /// <summary>The users of those namespaces that keep them, on all nodes.</summary>
    public UserTables Users => _users ?? LazyInitializer.EnsureInitialized(ref _users, NewUserTables);

    /// <summary>The other nodes, as namespaces see them.</summary>
    public IClusterAdapter Adapter { get; set; } = SingleNodeAdapter.Instance;

    /// <summary>Sees what is emitted to many: a test's. Null, as a rule.</summary>
    public IEmitObserver? EmitObserver { get; set; }

    /// <summary>Who watches the sockets; null, as almost always: nobody.</summary>
    public IServerObserver? Observer
    {
        get => _observer;
        set => _observer = value;
    }

    /// <summary>The root actor; nobody before the actor system has started.</summary>
    public IActorRef Root { get; set; } = ActorRefs.Nobody;

    /// <summary>
    /// Sockets whose actors or last handlers run: those that connect, too, and those whose <c>disconnect</c> is not handled yet.
    /// </summary>
    public int LiveSockets => Volatile.Read(ref _liveSockets);

    public void SocketStarted() => Interlocked.Increment(ref _liveSockets);

    /// <summary>A socket's actor has stopped, and its last handlers run.</summary>
    public async Task StoppedAfterAsync(Task lastHandlers)
    {
        await lastHandlers.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Interlocked.Decrement(ref _liveSockets);
    }

    /// <summary>Data of this type does not travel to other nodes, which is said once.</summary>
    public void OnStaysBehind(Type type)
    {
        if (_staysBehind.Count < MaxTypesReported && _staysBehind.TryAdd(type, true))
            Log.DataStaysBehind(type.ToString());
    }

    IActorRef? INamespaceFinder.Find(string name) => Namespaces.TryGet(name, out var known)
        ? known.Actor.IsNobody() ? Root : known.Actor
        : Namespaces.HasDynamic ? Root : null;

    private UserTables NewUserTables() =>
        new(Time, (ns, user, devices) => Adapter.TellDevices(ns, user, devices), ReportUserEvents);

    private void ReportUserEvents(string ns, Exception? error, long dropped)
    {
        var place = Namespaces.TryGet(ns, out var known) ? known.MetricsName : "dynamic";
        if (error is not null)
            Log.HandlerFailed(error, place);
        if (dropped > 0)
            Log.PresenceEventsDropped(dropped, place);
    }

    protected override IConnectionConsumer NewConsumer(EngineConnection connection) => new ClientConnection(connection, this, this);
}
