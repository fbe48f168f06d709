using System.Text.Json;
using ActorSocket.Connections;
using ActorSocket.Diagnostics;
using ActorSocket.EventLoops;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Recovery;
using ActorSocket.Rooms;
using ActorSocket.Sessions;
using ActorSocket.Sockets;
using Akka.Actor;
using static ActorSocket.Connections.ConnectionEvents;
using static ActorSocket.Sockets.NamespaceProtocol;

namespace ActorSocket.Actors;

/// <summary>
/// One namespace: the parent of its sockets and of its rooms. It alone starts and stops rooms, and knows which socket is in which.
/// </summary>
internal sealed class NamespaceActor(NamespaceServices ns) : UntypedActor, IWithTimers
{
    // Stop, never restart: a socket's rooms, acks and handler queue died with it. OnSocketCrashed tells the client; its siblings notice
    // nothing.
    private static readonly OneForOneStrategy StopTheSocket = new(static _ => Directive.Stop);

    private static readonly JsonElement NoAuth = JsonElement.Parse("{}"u8);

    private readonly Dictionary<string, Room> _rooms = new(StringComparer.Ordinal);
    private readonly Dictionary<IActorRef, Socket> _sockets = [];
    private readonly Dictionary<string, Socket> _bySecret = new(StringComparer.Ordinal); // with recovery only
    // what to do once it is gone: a connect of its client's here, or a claim by way of another node
    private readonly Dictionary<Socket, ILocalMessage> _successors = [];

    private Props? _socketProps;
    private int _searches; // for the sockets of clients that are let in afterwards
    private bool _isListedAsEmpty;

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(NamespaceServices ns) => Akka.Actor.Props.Create(() => new NamespaceActor(ns));

    protected override SupervisorStrategy SupervisorStrategy() => StopTheSocket;

    protected override void PreStart()
    {
        if (ns.Recovery is not null)
            Timers.StartPeriodicTimer(nameof(SweepDue), SweepDue.Instance, TimeSpan.FromSeconds(60));
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case JoinRoom m: OnJoinRoom(m); break;
            case LeaveRoom m: OnLeaveRoom(m); break;
            case RoomProtocol.Emptied m: OnEmptied(m); break;
            case ConnectSocket m: OnConnectSocket(m); break;
            case SocketGone m: OnSocketGone(m); break;
            case ClaimedElsewhere m: OnClaimedElsewhere(m); break;
            case ClaimAnswered m: OnClaimAnswered(m); break;
            case SocketCrashed m: OnSocketCrashed(m.Actor); break;
            case MakeRoom m: OnMakeRoom(m); break;
            case EmptyDue: GoIfEmpty(); break;
            case SweepDue: ns.Recovery?.Sweep(); break;
            default: Unhandled(message); break;
        }
    }

    private void OnConnectSocket(ConnectSocket m)
    {
        var auth = NoAuth;
        if (!m.Auth.IsEmpty)
        {
            try
            {
                var reader = new Utf8JsonReader(m.Auth.Span, new JsonReaderOptions { MaxDepth = ns.Server.Options.MaxJsonDepth });
                auth = JsonElement.ParseValue(ref reader);
            }
            catch (JsonException)
            {
                // The decoder has validated it; this is for what only a full parse rejects.
            }
        }
        if (ns.Recovery is not { } recovery || !RecoveryClaim.TryRead(auth, out var claim))
            Start(m.Connection, m.Attempt, auth, null);
        else if (!EndsFirst(claim.Secret, m, m.Connection))
            Continue(m, auth, recovery, claim);
    }

    private void Continue(ConnectSocket m, JsonElement auth, RecoveryLog recovery, RecoveryClaim claim)
    {
        var lost = recovery.Take(claim, out var found);
        var search = found
            ? Task.FromResult<SocketRestore?>(lost is null ? null : new LocalRestore(recovery, lost, ns.Server.Adapter.TakenAsync))
            : ns.Server.Adapter.FindAsync(ns, claim);
        if (search is { IsCompletedSuccessfully: true, Result: var continuation })
        {
            Start(m.Connection, m.Attempt, auth, continuation);
            return;
        }
        _searches++;
        _ = AwaitClaimAsync(ns, search, m, auth, Self);
    }

    private void OnClaimAnswered(ClaimAnswered m)
    {
        _searches--;
        Start(m.Connect.Connection, m.Connect.Attempt, m.Auth, m.SocketRestore);
    }

    /// <summary>
    /// Whether the client noticed the end of its old connection before we did: that one ends now, and its socket is given back then
    ///
    /// </summary>
    private bool EndsFirst(string secret, ILocalMessage successor, ClientConnection? connection = null)
    {
        if (!_bySecret.TryGetValue(secret, out var predecessor) || !_successors.TryAdd(predecessor, successor))
            return false;
        // else it left the namespace before it asked for it again, and its socket is about to end
        if (!ReferenceEquals(predecessor.Connection, connection))
            predecessor.Connection.Session.Tell(SessionProtocol.Superseded.Instance);
        return true;
    }

    private void OnClaimedElsewhere(ClaimedElsewhere m)
    {
        if (EndsFirst(m.Claim.Secret, m))
            return;
        m.Give(ns.Recovery!.Take(m.Claim, out _));
    }

    /// <summary>The socket was lost on another node.</summary>
    private static async Task AwaitClaimAsync(
        NamespaceServices ns,
        Task<SocketRestore?> search,
        ConnectSocket m,
        JsonElement auth,
        IActorRef self
    )
    {
        SocketRestore? continuation = null;
        try
        {
            continuation = await search.ConfigureAwait(false);
        }
        catch (Exception error)
        {
            ns.Server.Log.RecoveryFailed(error, ns.MetricsName); // the client gets a new socket
        }
        self.Tell(new ClaimAnswered(m, auth, continuation));
    }

    private void Start(ClientConnection connection, int attempt, JsonElement auth, SocketRestore? continuation)
    {
        if (ns.Parent is null)
            ns.Server.Names.Register(ns.Name); // others may have taken its place
        if (continuation?.Lost.IsNotOf(connection.Handshake.KnownUser) == true)
        {
            continuation.GiveBack(); // the secret alone does not make one user another
            continuation = null;
        }
        var lost = continuation?.Lost;
        var passesBy = lost?.PassesBy(ns.Recovery!.Options) == true;
        var socket = new Socket(
            ns.Face,
            connection,
            lost?.Id ?? NewId(connection),
            new Handshake(connection.Handshake, auth, ns.Server.Json.Options)
        )
        {
            RecoverySecret = ns.Recovery is null ? null : lost?.Secret ?? ns.Server.Engine.Ids.Next(),
            RestoredFrom = continuation,
            Attempt = attempt,
            RecoveredUser = passesBy && connection.Handshake.KnownUser?.Identity is not { IsAuthenticated: true } ? lost!.User : null,
        };
        if (lost is not null)
        {
            if (!lost.Id.Contains(ns.Server.Engine.Ids.NodeTag, StringComparison.Ordinal))
                continuation!.Announced = ns.Server.Adapter.AnnounceAsync(ns.Name, lost.Id);
            socket.TakeOver(lost.Data);
        }
        var actor = Context.ActorOf(_socketProps ??= SocketProps());
        ns.Server.SocketStarted();
        socket.Actor = actor;
        _sockets[actor] = socket;
        actor.Tell(new SocketProtocol.Begin(socket));
        if (socket.RecoverySecret is not null)
            _bySecret[socket.RecoverySecret] = socket;
    }

    private Props SocketProps()
    {
        var props = LeanMailbox.With(Context.System, SocketActor.Props(ns));
        return Turn.Exist && Context.System.Dispatchers.HasDispatcher(TurnExecutor.Dispatcher)
            ? props.WithDispatcher(TurnExecutor.Dispatcher)
            : props;
    }

    /// <summary>A Socket.IO 2 client takes its connection's id for its socket's (E-115).</summary>
    private string NewId(ClientConnection connection) =>
        !connection.IsRevision3 ? ns.Server.Engine.Ids.Next() : ns.Name == "/" ? connection.Sid : $"{ns.Name}#{connection.Sid}";

    private void OnSocketGone(SocketGone m)
    {
        LeaveAll(m.Socket);
        _sockets.Remove(m.Socket.Actor);
        m.Socket.Actor.Tell(SocketProtocol.Departed.Instance);
        if (m.IsReplaced)
            Start(m.Socket.Connection, m.Socket.Attempt, m.Socket.Handshake.Auth, null);
        LetSuccessorIn(m.Socket);
    }

    private void LetSuccessorIn(Socket socket)
    {
        if (socket.RecoverySecret is not null)
            _bySecret.Remove(socket.RecoverySecret);
        if (socket.RestoredFrom is { Announced: not null })
            ns.Server.Adapter.Withdraw(ns.Name, socket.Id);
        if (_successors.Remove(socket, out var successor))
            OnReceive(successor);
        if (successor is ClaimedElsewhere) // the other node is about to ask this one's log what was missed
            Timers.StartSingleTimer(nameof(EmptyDue), EmptyDue.Instance, TimeSpan.FromSeconds(10));
        else
            GoIfEmpty();
    }

    /// <summary>Nobody is in it, nor about to be.</summary>
    private bool IsEmpty => _sockets.Count == 0 && _searches == 0;

    private void GoIfEmpty()
    {
        if (!IsEmpty || ns.Parent is null)
            return;
        if (ns.Server.Options.CleanupEmptyChildNamespaces)
        {
            Retire();
        }
        else if (ns.IsMadeForClient && !_isListedAsEmpty)
        {
            _isListedAsEmpty = true;
            Context.Parent.Tell(new FellEmpty(ns));
        }
    }

    private void OnMakeRoom(MakeRoom m)
    {
        _isListedAsEmpty = false;
        if (IsEmpty)
            Retire();
        Context.Parent.Tell(m.Next);
    }

    /// <summary>
    /// The last socket of a namespace that a pattern had made is gone, and the namespace with it. From here on the root makes a new
    /// one; who looked this one up just before is sent there.
    /// </summary>
    private void Retire()
    {
        ns.Server.Namespaces.Remove(ns);
        Timers.Cancel(nameof(EmptyDue));
        Timers.StartSingleTimer(nameof(StopDue), StopDue.Instance, TimeSpan.FromSeconds(10));
        Become(message =>
        {
            switch (message)
            {
                case ConnectSocket: Context.Parent.Forward(message); break;
                case StopDue: Context.Stop(Self); break;
                default: OnReceive(message); break;
            }
        });
    }

    private void OnSocketCrashed(IActorRef actor)
    {
        if (!_sockets.Remove(actor, out var socket))
        {
            _ = ns.Server.StoppedAfterAsync(Task.CompletedTask);
            return;
        }
        // Its client is told as of a disconnect by the server, and what the application was promised is raised all the same.
        ns.Server.Log.SocketCrashed(ns.MetricsName);
        ns.Remove(socket);
        if (socket.HasNotEnded)
        {
            ns.Server.Metrics.SocketDisconnected(ns.MetricsName, DisconnectReason.ServerNamespaceDisconnect);
            ns.Server.Observer?.Disconnected(socket, DisconnectReason.ServerNamespaceDisconnect);
        }
        if (socket.Connection.Namespaces.LeftByServer(actor))
            socket.Connection.Outbound.Append(new EncodedFrame(ns.Server.Packets.Disconnect(ns.Name)));
        socket.Connection.Order.Gone(actor);
        socket.Connection.Session.Tell(new ConnectionProtocol.Left(ns.Name, actor));
        _ = ns.Server.StoppedAfterAsync(EndCrashedAsync(socket));
        foreach (var room in socket.CurrentRooms)
            LeaveRoomOf(socket, room, null);
        LetSuccessorIn(socket);
    }

    private static async Task EndCrashedAsync(Socket socket)
    {
        var connected = socket.HasNotEnded;
        socket.MarkLeft(DisconnectReason.ServerNamespaceDisconnect, "the socket's actor failed");
        await Task.Yield(); // the handlers are the application's, and this is the namespace's thread
        if (connected)
            await socket.RaiseDisconnecting(DisconnectReason.ServerNamespaceDisconnect).ConfigureAwait(false);
        socket.MarkDisconnected(DisconnectReason.ServerNamespaceDisconnect);
        socket.TakeRooms();
        await (connected ? socket.RaiseDisconnectAsync() : socket.DisposeServicesAsync()).ConfigureAwait(false);
    }

    private void OnJoinRoom(JoinRoom m)
    {
        if (string.Equals(m.Room, m.Socket.Id, StringComparison.Ordinal))
        {
            if (m.Socket.SetOwnRoom(joined: true) && m.Socket.HasNotEnded)
                ns.OwnRoomOpened(m.Socket);
            ns.Server.Observer?.Joined(m.Socket, m.Room);
            m.Done.TrySetResult();
            return;
        }
        if (m.Socket.IsOver || !_sockets.ContainsKey(m.Socket.Actor))
        {
            m.Done.TrySetResult(); // a join after the disconnect does nothing
            return;
        }
        if (m.Socket.RoomCount >= ns.Server.Options.MaxRoomsPerSocket && !m.Socket.IsIn(m.Room))
        {
            m.Done.TrySetException(
                new InvalidOperationException(
                    $"The socket is in {m.Socket.RoomCount} rooms already, as many as the option MaxRoomsPerSocket allows."
                )
            );
            return;
        }
        var isNew = m.Socket.AddRoom(m.Room); // in it already: through the router all the same, so that "done" means done
        ns.Recovery?.Touch(m.Socket);
        if (!_rooms.TryGetValue(m.Room, out var room))
        {
            room = new Room(Context.ActorOf(RoomRouter<Socket>.Props(m.Room, ns.PublishRoom(m.Room), ns.RoomEvents)));
            _rooms.Add(m.Room, room);
            ns.Server.Metrics.RoomOpened(ns.MetricsName);
        }
        room.Router.Tell(new RoomProtocol.Join<Socket>(m.Socket, ++room.Joins, m.Done));
        if (isNew)
            ns.Server.Observer?.Joined(m.Socket, m.Room);
    }

    private void OnLeaveRoom(LeaveRoom m)
    {
        if (string.Equals(m.Room, m.Socket.Id, StringComparison.Ordinal))
        {
            if (m.Socket.SetOwnRoom(joined: false) && m.Socket.HasNotEnded)
                ns.OwnRoomClosed(m.Socket);
            ns.Server.Observer?.Left(m.Socket, m.Room);
            m.Done.TrySetResult();
            return;
        }
        var wasIn = m.Socket.RemoveRoom(m.Room);
        if (!wasIn || !LeaveRoomOf(m.Socket, m.Room, m.Done))
            m.Done.TrySetResult();
        if (wasIn)
            ns.Server.Observer?.Left(m.Socket, m.Room);
        ns.Recovery?.Touch(m.Socket);
    }

    private bool LeaveRoomOf(Socket socket, string name, TaskCompletionSource? done)
    {
        if (!_rooms.TryGetValue(name, out var room))
            return false;
        room.Router.Tell(new RoomProtocol.Leave<Socket>(socket, done));
        return true;
    }

    private void LeaveAll(Socket socket)
    {
        foreach (var room in socket.TakeRooms())
            LeaveRoomOf(socket, room, null);
    }

    private void OnEmptied(RoomProtocol.Emptied m)
    {
        if (!_rooms.TryGetValue(m.Room, out var room) || room.Joins != m.Sequence || !room.Router.Equals(Sender))
            return; // somebody joined meanwhile
        _rooms.Remove(m.Room);
        ns.RemoveRoom(m.Room);
        Context.Stop(room.Router);
        ns.Server.Metrics.RoomClosed(ns.MetricsName);
    }

    private sealed class Room(IActorRef router)
    {
        public IActorRef Router => router;

        public long Joins { get; set; }
    }
}
