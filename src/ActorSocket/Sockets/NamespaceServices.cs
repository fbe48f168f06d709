using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Text;
using ActorSocket.Configuration;
using ActorSocket.Diagnostics;
using ActorSocket.Emitting;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Recovery;
using ActorSocket.Rooms;
using Akka.Actor;

namespace ActorSocket.Sockets;

/// <summary>
/// What one namespace publishes: its handlers, its sockets and its rooms, for emitters on any thread. Changed by its actor.
/// </summary>
internal sealed partial class NamespaceServices
{
    private readonly ConcurrentDictionary<string, RoomMembers<Socket>> _rooms = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Socket> _byId = new(StringComparer.Ordinal);
    private readonly CallbackList<Socket> _onConnection = new();
    private readonly TaskCompletionSource<bool> _prepared = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private PresenceOptions? _presence;
    private long _ackId = -1;

    public NamespaceServices(ServerServices server, string name, NamespaceServices? parent = null, bool isTemplate = false)
    {
        Server = server;
        Name = name;
        Parent = parent;
        MetricsName = parent is null ? name : "dynamic";
        RoomEvents = new RoomEvents(this);
        Children = isTemplate ? new ConcurrentDictionary<string, NamespaceServices>(StringComparer.Ordinal) : null;
        if (parent is not null)
            CopyHandlersOf(parent);
        Face = new Namespace(this);
        ServerEvents = new ServerEvents(this);
        if (server.Options.ConnectionStateRecovery is { } recovery)
            Recovery = new RecoveryLog(recovery, server.Engine.Ids.NodeTag, server.Time);
        if (parent is null) // else a client chose it
            server.Names.Register(name);
    }

    public ServerServices Server { get; }

    public string Name { get; }

    /// <summary>
    /// What metrics are tagged with and log lines speak of: a name that a client chose must not make another series, nor be logged.
    /// </summary>
    public string MetricsName { get; }

    /// <summary>What applications hold of it: of <c>/</c> it is the server itself, which takes the place as soon as it is made.</summary>
    public Namespace Face { get; set; }

    public ServerEvents ServerEvents { get; }

    /// <summary>
    /// What its handlers with an idempotency key remember. Those of a template and of all that were made from it are one, whose bounds hold
    /// for them together: clients name the namespaces.
    /// </summary>
    public IdempotencyTable Idempotency => Parent is { } template
        ? template.Idempotency
        : LazyInitializer.EnsureInitialized(ref field, () => new IdempotencyTable(Server.Options.Idempotency, Server.Json, Server.Time));

    /// <summary>What is better not started on an event loop; of a template and what was made from it one together, likewise.</summary>
    public SlowEvents SlowEvents => Parent is { } template
        ? template.SlowEvents
        : field ?? LazyInitializer.EnsureInitialized(ref field, () => new SlowEvents(MetricsName));

    public RoomMembers<Socket> All { get; } = new();

    /// <summary>The template that this namespace was made from.</summary>
    public NamespaceServices? Parent { get; }

    /// <summary>
    /// Whether a client's CONNECT made it, and not the application: such are counted, and those that are empty give way to others.
    /// </summary>
    public bool IsMadeForClient { get; init; }

    /// <summary>Of a template: the namespaces that were made from it. What is emitted to it goes to all of them .</summary>
    public ConcurrentDictionary<string, NamespaceServices>? Children { get; }

    /// <summary>Null when recovery is off.</summary>
    public RecoveryLog? Recovery { get; }

    public MiddlewarePipeline<Socket> Middleware { get; } = new();

    /// <summary>What applications hear of the rooms of this node.</summary>
    public RoomEvents RoomEvents { get; }

    /// <summary>Whose sockets come and go; null when nobody wants to know.</summary>
    public UserTracker? Users { get; private set; }

    /// <summary>How clients sign in; null: as their requests did.</summary>
    public NamespaceAuthentication? Authentication { get; set; }

    /// <summary>What its clients' events pass first; null: nothing.</summary>
    public IEventGate? Gate { get; set; }

    /// <exception cref="InvalidOperationException">It is kept already.</exception>
    public void UsePresence(PresenceOptions options)
    {
        if (Interlocked.CompareExchange(ref _presence, options, null) is not null)
            throw new InvalidOperationException($"UsePresence() was called on {Name} before: call it once, with all options.");
        if (Children is not null)
            return; // it is for those that are made from it
        Users = new UserTracker(this, options);
        Users.CountThoseHere();
    }

    /// <exception cref="NotSupportedException">It is the template of dynamic namespaces, which has no clients of its own.</exception>
    public void ThrowIfTemplate(string member)
    {
        if (Children is not null)
            throw new NotSupportedException($"{member} is not supported on the template of dynamic namespaces: ask each namespace.");
    }

    /// <summary>The limits that its hubs' methods ask for, by event: the name of a policy, or null for none. Null: none ask.</summary>
    public FrozenDictionary<string, string?>? EventPolicies { get; private set; }

    public void SetEventPolicies(IEnumerable<KeyValuePair<string, string?>> policies)
    {
        var all = new Dictionary<string, string?>(EventPolicies ?? FrozenDictionary<string, string?>.Empty, StringComparer.Ordinal);
        foreach (var (name, policy) in policies)
            all[name] = policy;
        EventPolicies = all.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>Hubs, and interfaces that say which events are handled: for its contract, and looked at when that is asked for.</summary>
    public Type[] Handled { get; private set; } = [];

    /// <summary>Interfaces that say which events are emitted.</summary>
    public Type[] Emitted { get; private set; } = [];

    public void AddHandled(Type type) => Handled = [.. Handled, type];

    public void AddEmitted(Type type) => Emitted = [.. Emitted, type];

    /// <summary>The namespace's actor: started by the root for the first client that asks for the namespace, nobody before.</summary>
    public IActorRef Actor { get; set; } = ActorRefs.Nobody;

    /// <summary>
    /// Completes when the handlers of <c>OnNewNamespace</c> have: true, unless one threw, which may be what guards the namespace.
    /// </summary>
    public Task<bool> Prepared => _prepared.Task;

    public async Task PrepareAsync(CallbackList<Namespace>.Entry[] handlers)
    {
        try
        {
            foreach (var handler in handlers)
                await handler.Callback(Face).ConfigureAwait(false);
            _prepared.SetResult(true);
        }
        catch (Exception error)
        {
            Server.Log.NewNamespaceFailed(error);
            _prepared.SetResult(false);
        }
    }

    public long NextAckId() => Interlocked.Increment(ref _ackId);

    /// <returns>Dispose it to take the handler off: of a template also where namespaces have been made from it.</returns>
    public IDisposable OnConnection(Func<Socket, Task> handler)
    {
        var own = new CallbackList<Socket>.Entry(handler);
        _onConnection.Add(own);
        return new Subscription(() =>
        {
            own.End();
            _onConnection.Remove(own);
            foreach (var child in Children?.Values ?? [])
                child._onConnection.Remove(own);
        });
    }

    /// <summary>
    /// Takes its place among those of its template. What was taken off the template before is not always known to have been copied: from
    /// here on who takes something off finds it here.
    /// </summary>
    public void TakePlace()
    {
        if (Parent is null)
            return;
        Parent.Children![Name] = this; // one of this name that goes takes off itself only
        foreach (var handler in _onConnection.Current)
        {
            if (handler.IsOver)
                _onConnection.Remove(handler);
        }
    }

    /// <summary>A child of a dynamic namespace starts with its parent's middleware and handlers as they are now .</summary>
    private void CopyHandlersOf(NamespaceServices parent)
    {
        Authentication = parent.Authentication;
        Gate = parent.Gate;
        EventPolicies = parent.EventPolicies;
        Middleware.AddAll(parent.Middleware);
        if ((_presence = parent._presence) is { } presence)
            Users = new UserTracker(this, presence);
        foreach (var handler in parent._onConnection.Current)
            _onConnection.Add(handler);
    }

    public ValueTask RaiseConnectionAsync(Socket socket)
    {
        var handlers = _onConnection.Current;
        for (var i = 0; i < handlers.Length; i++)
        {
            var running = handlers[i].Callback(socket);
            if (!running.IsCompletedSuccessfully)
                return new ValueTask(RestAsync(running, handlers, i + 1, socket));
        }
        return default;
    }

    private static async Task RestAsync(Task running, CallbackList<Socket>.Entry[] handlers, int next, Socket socket)
    {
        await running.ConfigureAwait(false);
        for (; next < handlers.Length; next++)
            await handlers[next].Callback(socket).ConfigureAwait(false);
    }

    public void Add(Socket socket)
    {
        _byId[socket.Id] = socket;
        All.Add(socket);
        Server.WatchedSockets.Changed(socket, isHere: true);
        if (RoomEvents.HasHandlers && socket.IsIn(socket.Id))
            OwnRoomOpened(socket);
    }

    public void Remove(Socket socket)
    {
        if (_byId.TryRemove(KeyValuePair.Create(socket.Id, socket)) && RoomEvents.HasHandlers && socket.IsIn(socket.Id))
            OwnRoomClosed(socket);
        All.Remove(socket);
        Server.WatchedSockets.Changed(socket, isHere: false);
        Users?.Gone(socket);
    }

    /// <summary>Whether a socket of this id is connected here, or in one of the namespaces that were made from this one.</summary>
    public bool HasSocket(string socketId) =>
        _byId.ContainsKey(socketId) || (Children is not null && Children.Values.Any(child => child.HasSocket(socketId)));

    /// <summary>A socket's own room is one for applications, though nothing but the table of sockets has it.</summary>
    public void OwnRoomOpened(Socket socket)
    {
        if (!_rooms.ContainsKey(socket.Id))
            RoomEvents.Created(socket.Id);
        RoomEvents.Joined(socket.Id, socket);
    }

    public void OwnRoomClosed(Socket socket)
    {
        RoomEvents.Left(socket.Id, socket);
        if (!_rooms.ContainsKey(socket.Id))
            RoomEvents.Deleted(socket.Id);
    }

    public RoomMembers<Socket> PublishRoom(string room)
    {
        if (RoomEvents.HasHandlers && !IsOwnRoom(room))
            RoomEvents.Created(room);
        return _rooms[room] = new RoomMembers<Socket> { Announced = Server.Adapter.AnnounceAsync(Name, room) };
    }

    public void RemoveRoom(string room)
    {
        _rooms.TryRemove(room, out _);
        Server.Adapter.Withdraw(Name, room);
        if (RoomEvents.HasHandlers && !IsOwnRoom(room))
            RoomEvents.Deleted(room);
    }

    /// <summary>The socket of this id; null where it is not here.</summary>
    public Socket? Find(string id) => _byId.GetValueOrDefault(id);

    private bool IsOwnRoom(string room) => _byId.TryGetValue(room, out var own) && own.IsIn(room);

    /// <summary>How many sockets of this node match. One room, or everyone, is not looked through.</summary>
    public int Count(RoomSelection selection)
    {
        if (selection.Excluded.Length == 0 && selection.ExcludedSocket is null)
        {
            if (selection.Rooms is null)
                return All.Count;
            if (selection.Rooms is [var room])
                return (_rooms.TryGetValue(room, out var members) ? members.Count : 0) + (IsOwnRoom(room) ? 1 : 0);
        }
        return Select(selection).Count;
    }

    /// <summary>A page of the names of rooms with members here.</summary>
    public List<string> ListRooms(string prefix, string? after, int limit) =>
        NamePage.Of(_rooms.Select(static room => room.Key), prefix, after, limit);

    public int RoomCount => _rooms.Count;

    /// <summary>The rooms that have members here, with those.</summary>
    public IEnumerable<KeyValuePair<string, RoomMembers<Socket>>> Rooms => _rooms;

    /// <summary>Lets the sockets of this node that match join or leave rooms, or go.</summary>
    /// <returns>Those that did not.</returns>
    public async Task<FailedSockets> ChangeAsync(
        RoomSelection selection, SocketChange change, string[] rooms, CancellationToken cancellationToken = default)
    {
        if (change is SocketChange.Disconnect or SocketChange.Close) // all are told at once: what is emitted next reaches none of them
        {
            var scope = change == SocketChange.Close ? DisconnectScope.Connection : DisconnectScope.Namespace;
            await Task.WhenAll(Select(selection).Select(socket => socket.DisconnectAsync(scope, cancellationToken).AsTask()))
                .ConfigureAwait(false);
            return FailedSockets.None;
        }
        var (failed, ids, reason) = (0, new List<string>(), "");
        foreach (var socket in Select(selection))
        {
            switch (change)
            {
                case SocketChange.Join:
                    try
                    {
                        await socket.JoinAsync(rooms, cancellationToken).ConfigureAwait(false);
                    }
                    catch (InvalidOperationException full) // in too many rooms: the others join nevertheless
                    {
                        if (failed++ == 0)
                            reason = full.Message;
                        if (ids.Count < FailedSockets.MostIds)
                            ids.Add(socket.Id);
                    }
                    break;
                case SocketChange.Leave: await socket.LeaveAsync(rooms, cancellationToken).ConfigureAwait(false); break;
            }
        }
        return failed == 0 ? FailedSockets.None : new FailedSockets(failed, ids, reason);
    }

    public ValueTask JoinAsync(Socket socket, string room, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(room);
        ThrowIfTooLong(room, nameof(room));
        if (socket.IsOver)
            return default;
        room = LoneSurrogates.Mend(room); // as the other nodes will know it
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Actor.Tell(new NamespaceProtocol.JoinRoom(socket, room, done));
        return JoinedAsync(socket, done, room, cancellationToken);
    }

    /// <exception cref="ArgumentException">It is no name of a room.</exception>
    public static void ThrowIfTooLong(string room, string parameter)
    {
        if (Encoding.UTF8.GetByteCount(room) > ServerServices.MaxRoomNameBytes)
            throw new ArgumentException($"A room name has at most {ServerServices.MaxRoomNameBytes} bytes.", parameter);
    }

    /// <summary>A join is done when the other nodes know of the room, too: what they emit from then on reaches it.</summary>
    private async ValueTask JoinedAsync(Socket socket, TaskCompletionSource joined, string room, CancellationToken cancellationToken)
    {
        await socket.DoneOrGoneAsync(joined, cancellationToken).ConfigureAwait(false);
        if (!_rooms.TryGetValue(room, out var members) || members.Announced.IsCompleted)
            return;
        try
        {
            await members.Announced.WaitAsync(socket.Over).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (socket.IsOver && !cancellationToken.IsCancellationRequested)
        {
            // It is in no room any more.
        }
    }

    public ValueTask LeaveAsync(Socket socket, string room, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(room);
        if (socket.IsOver)
            return default; // it is in none any more
        room = LoneSurrogates.Mend(room);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Actor.Tell(new NamespaceProtocol.LeaveRoom(socket, room, done));
        return socket.DoneOrGoneAsync(done, cancellationToken);
    }
}
