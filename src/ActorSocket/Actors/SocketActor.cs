using System.Diagnostics;
using System.Net;
using ActorSocket.Connections;
using ActorSocket.Diagnostics;
using ActorSocket.EventLoops;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Recovery;
using ActorSocket.Sessions;
using ActorSocket.Sockets;
using Akka.Actor;
using static ActorSocket.Connections.ConnectionEvents;
using static ActorSocket.Sockets.SocketProtocol;

namespace ActorSocket.Actors;

/// <summary>
/// One client in one namespace: runs its middleware, then its handlers one at a time in the order the events arrived, keeps the
/// acknowledgements it waits for, and ends it. An unfinished handler holds back later events only: acks, joins and the disconnect pass it.
/// </summary>
internal sealed partial class SocketActor(NamespaceServices ns) : UntypedActor, ITurnSubject
{
    private readonly AckTable _acks = new(ns.Server.Options.MaxPendingAcks);
    private Socket _socket = null!;
    private ClientConnection _connection = null!;
    private Queue<SocketIoPacket>? _waiting;
    private int _heldTurns; // of reads that end with its being told to go
    private bool _connected;
    private bool _handlesEvents; // once OnConnection has run
    private DisconnectReason? _left;
    private ICancelable? _lastEventsOverdue;
    private DisconnectReason? _ended;
    private bool _isLeaving;
    private bool _departed;

    /// <summary>The same for all sockets of a namespace; <see cref="Begin"/>, told first, says which it is.</summary>
    public static Props Props(NamespaceServices ns) => Akka.Actor.Props.CreateBy(new Producer(ns));

    /// <summary>Its parent tells a crash by this, and does not watch it: a watch takes 400 bytes on either side.</summary>
    protected override void PostStop()
    {
        _lastEventsOverdue?.Cancel();
        GiveBackUnread();
        if (_departed)
            return;
        FailAcks(DisconnectReason.ServerNamespaceDisconnect);
        DropWaiting(DisconnectReason.ServerNamespaceDisconnect);
        _socket?.Abandon(DisconnectReason.ServerNamespaceDisconnect, "the socket's actor failed"); // its parent may stop as well
        Context.Parent.Tell(new NamespaceProtocol.SocketCrashed(Self));
    }

    protected override void OnReceive(object message)
    {
        if (message is Begin begin)
        {
            OnBegin(begin);
            return;
        }
        _connection.Outbound.Cork();
        try
        {
            switch (message)
            {
                case PacketsRead m: OnPacketsRead(m); break;
                case HandlerDone m: OnHandlerDone(m); break;
                case AckAsked m: OnAckAsked(m); break;
                case AckForgotten m: TakeAck(m.Id); break;
                case AckOverdue m: TakeAck(m.Id)?.Failed(_socket, AckTimeoutException.OfClient(_socket.Id)); break;
                case MiddlewareDone m: OnMiddlewareDone(m); break;
                case LeftByClient: OnLeft(DisconnectReason.ClientNamespaceDisconnect, null); break;
                case Disconnect m: OnDisconnect(m); break;
                case ConnectionClosed m: OnLeft(m.Reason, m.Description); break;
                case ConnectionHandled m: OnConnectionHandled(m.Error); break;
                case LastEventsOverdue: EndLeft(); break;
                case DisconnectingDone: Leave(); break;
                case CommandFailed m: ReportHandlerError(m.Error); break;
                case DependOn m: Context.Watch(m.Handler); break;
                case Terminated: OnDisconnect(new Disconnect(DisconnectScope.Namespace, null)); break;
                case ConnectionFaulted m: _socket.RaiseError(new ProtocolViolationException(m.Description)); break;
                case Departed: OnDeparted(); break;
                case SocketMessages.ISocketCommand m: OnCommand(m); break;
                default: Unhandled(message); break;
            }
        }
        finally
        {
            _connection.Outbound.Uncork();
        }
    }

    private void OnBegin(Begin m)
    {
        _socket = m.Socket;
        _connection = m.Socket.Connection;
        if (_connection.Namespaces.Started(_socket.Attempt, Self))
        {
            _ = RunMiddlewareAsync(ns, _socket, Self);
            return;
        }
        _connection.Refused(_socket.Attempt);
        OnLeft(ConnectionClosed.Failed.Reason, ConnectionClosed.Failed.Description); // it has ended, or its client gave it up
    }

    private static async Task RunMiddlewareAsync(NamespaceServices ns, Socket socket, IActorRef self)
    {
        Exception? refusal = null;
        var isAnothers = false;
        using var activity = ActorSocketActivity.IsOn ? socket.StartConnect() : null;
        try
        {
            if (ns.Authentication is { } authentication)
                await authentication.SignInAsync(socket).ConfigureAwait(false);
            isAnothers = socket.RestoredFrom?.Lost.IsNotOf(socket.KnownUser) == true;
            if (!isAnothers)
                await PassMiddlewareAsync(ns, socket).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            refusal = error;
            activity?.Failed(error, error is ConnectErrorException ? nameof(ConnectErrorException) : null);
        }
        self.Tell(new MiddlewareDone(refusal, isAnothers));
        if (socket.IsOver) // its client has left meanwhile: from now on it costs nothing more, and the client may ask for something else
            socket.Connection.Refused(socket.Attempt);
    }

    private static async Task PassMiddlewareAsync(NamespaceServices ns, Socket socket)
    {
        if (socket.RestoredFrom is not { } continued || !continued.Lost.PassesBy(ns.Recovery!.Options))
            await ns.Middleware.InvokeAsync(socket).ConfigureAwait(false);
        if (socket.RestoredFrom is { } continuation)
        {
            await Task.WhenAll(Array.ConvertAll(continuation.Lost.Rooms, room => socket.JoinAsync(room).AsTask())).ConfigureAwait(false);
            if (continuation.Announced is { } announced)
                await announced.WaitAsync(socket.Disconnected).ConfigureAwait(false);
            await continuation.PrepareAsync(socket.Disconnected).ConfigureAwait(false);
        }
    }

    private void OnMiddlewareDone(MiddlewareDone m)
    {
        if (_ended is not null) // S-44
        {
            _connection.Refused(_socket.Attempt);
            return;
        }
        if (m.IsAnothers)
        {
            _socket.RestoredFrom!.GiveBack();
            NotLetIn(isReplaced: true); // the secret of a lost socket does not make one user another
            return;
        }
        var refused = m.Refusal;
        if (_socket.HasSignInExpired)
            refused ??= NamespaceAuthentication.Refused(NamespaceAuthentication.Expired);
        if (refused is not null)
        {
            var refusal = Refusal(refused);
            if (_connection.Refused(_socket.Attempt))
                _connection.Outbound.Append(new EncodedFrame(refusal));
            _socket.RestoredFrom?.GiveBack();
            NotLetIn(isReplaced: false);
            return;
        }
        if (!_connection.Namespaces.Connected(_socket.Attempt, Self, _socket))
        {
            OnLeft(DisconnectReason.ClientNamespaceDisconnect, null); // it is about to be told so
            _connection.Refused(_socket.Attempt);
            return;
        }
        // The reply first, then broadcasts may reach the socket, then its handlers run: CONNECT precedes whatever the client gets (A-23,
        // S-40).
        var reply = new EncodedFrame(
            ns.Server.Packets.Connect(_socket.Namespace.Name, _socket.Id, _socket.RecoverySecret, _connection.IsRevision3)
        );
        if (ns.Recovery is null)
        {
            Welcome(reply);
        }
        else if (!TryWelcome(ns.Recovery, reply))
        {
            NotLetIn(isReplaced: true); // forgotten meanwhile, or out of reach: the client must not take itself for recovered
            return;
        }
        _connected = true;
        _connection.Session.Tell(new ConnectionProtocol.Joined(_socket.Namespace.Name, Self));
        ns.Server.Metrics.SocketConnected(ns.MetricsName);
        ns.Users?.Connected(_socket);
        ns.Server.Observer?.Connected(_socket);
        foreach (var packet in _connection.Namespaces.TakeHeld(_socket.Attempt) ?? [])
            OnPacket(packet);
        Start(_socket.RaiseConnectionAsync(), null);
        _socket.BeginSignedIn();
        RunWaiting();
    }

    private EncodedPacket Refusal(Exception error)
    {
        var detailed = ns.Server.Options.EnableDetailedErrors;
        var (text, data) = error is ConnectErrorException refusal
            ? (refusal.Message, refusal.Data)
            : (detailed ? ErrorAnswers.Details(error) : ErrorAnswers.InternalMessage, null);
        if (UnreadableArgument.Is(error))
            _socket.ReportRefused(error, "unreadable");
        else if (error is not ConnectErrorException)
            ns.Server.Log.MiddlewareFailed(error, ns.MetricsName);
        try
        {
            return ns.Server.Packets.ConnectError(ns.Name, text, data, _connection.IsRevision3);
        }
        catch (Exception unreadable) // the application's object, or its converter
        {
            ns.Server.Log.RefusalDataFailed(unreadable, ns.MetricsName);
            return ns.Server.Packets.ConnectError(ns.Name, text, null, _connection.IsRevision3);
        }
    }

    private void Welcome(EncodedFrame reply)
    {
        _connection.Outbound.Append(reply);
        _socket.MarkConnected();
        ns.Add(_socket);
        ns.Recovery?.Touch(_socket);
    }

    /// <summary>What was missed comes before the CONNECT .</summary>
    private bool TryWelcome(RecoveryLog log, EncodedFrame reply)
    {
        List<EncodedFrame>? missed = null;
        lock (log.Gate) // no event between those that were missed and those that come
        {
            if (_socket.RestoredFrom is { } continuation)
            {
                if (!continuation.TryGetMissed(_socket, out missed) || !Fits(missed, reply))
                    return false;
                _socket.RecoveryStart = continuation.Start;
                foreach (var frame in missed)
                    _socket.Queue(frame, isVolatile: false);
            }
            else
            {
                _socket.RecoveryStart = RecoveryStart.New(
                    log.Last,
                    RecoveryClaim.TryRead(_socket.Handshake.Auth, out var cameWith) ? cameWith : null
                );
            }
            Welcome(reply);
        }
        foreach (var frame in missed ?? [])
        {
            ns.CountSent(1, frame.Size);
            if (_socket.IsListenedTo)
                _socket.RaiseOutgoing(frame);
        }
        return true;
    }

    /// <summary>Whether all that is sent at once is within the connection's limits: a client that is cut for it would come back.</summary>
    private bool Fits(List<EncodedFrame> missed, EncodedFrame reply)
    {
        if (missed.Count == 0)
            return true;
        var (packets, bytes) = (reply.PacketCount, (long)reply.Size);
        foreach (var frame in missed)
            (packets, bytes) = (packets + frame.PacketCount, bytes + frame.Size);
        return _connection.Outbound.HasRoomFor(packets, bytes);
    }

    /// <summary>Its client has never been let in.</summary>
    private void NotLetIn(bool isReplaced)
    {
        _ended ??= DisconnectReason.ForcedClose;
        _socket.MarkDisconnected(_ended);
        Context.Parent.Tell(new NamespaceProtocol.SocketGone(_socket, isReplaced));
    }

    private void OnPacketsRead(PacketsRead m)
    {
        _socket.TakeUp(m);
        var reached = 0;
        long bytes = 0;
        try
        {
            while (reached < m.Count)
            {
                var packet = m[reached++];
                bytes += packet.SizeInBytes;
                OnPacket(packet);
            }
        }
        finally
        {
            for (; reached < m.Count; reached++)
                _connection.Backlog.Completed(m[reached].HeldBytes); // one before has failed the actor
        }
        if (_socket.IsToldToGo && _ended is null)
            _heldTurns++; // until its goodbye is under way, as if the handler had sent it: other namespaces come after that
        else
            _connection.Order.Taken(Self);
        ns.Server.Metrics.EventsReceived(ns.MetricsName, m.Count, bytes);
    }

    private void OnPacket(SocketIoPacket packet)
    {
        if (packet.Type == SocketIoPacketType.Ack)
        {
            _connection.Backlog.Completed(packet.HeldBytes);
            TakeAck(packet.AckId)?.Answered(_socket, packet.Arguments);
        }
        else if (_ended is not null)
            _connection.Backlog.Completed(packet.HeldBytes);
        else if (_socket.Streams is { } streams && streams.TryTake(packet))
            return;
        else if (!_handlesEvents || _socket.Handling.Running >= ns.Server.Options.MaxConcurrentHandlers || _waiting is { Count: > 0 })
            (_waiting ??= new Queue<SocketIoPacket>()).Enqueue(packet);
        else
            Run(packet);
    }

    /// <summary>For the watcher of event loops, while a handler runs.</summary>
    TurnKind? ITurnSubject.Kind =>
        _socket.Handling.Event is { } name ? ns.SlowEvents.Of(_socket.HasHandlerOf(name) ? name : null) : null;

    private void Run(SocketIoPacket packet)
    {
        _socket.Handling.Event = packet.EventName;
        Turn.Is(this);
        var startedAt = ns.Server.Metrics.TimesHandlers ? Stopwatch.GetTimestamp() : 0;
        Start(_socket.RaiseEventAsync(packet), packet, startedAt);
    }

    private void Start(ValueTask handler, SocketIoPacket? packet, long startedAt = 0)
    {
        if (handler.IsCompletedSuccessfully)
        {
            handler.GetAwaiter().GetResult();
            Ran(packet, startedAt);
            return;
        }
        _socket.Handling.Awaited();
        _ = AwaitHandlerAsync(handler, packet, startedAt, _connection.Backlog, Self);
    }

    private void Ran(SocketIoPacket? packet, long startedAt)
    {
        if (packet is null)
        {
            _handlesEvents = true; // OnConnection
            return;
        }
        _connection.Backlog.Completed(packet.HeldBytes);
        _socket.Streams?.CloseUnread(packet);
        Timed(startedAt);
    }

    private void Timed(long startedAt)
    {
        if (startedAt != 0)
            ns.Server.Metrics.HandlerRan(ns.MetricsName, startedAt);
    }

    /// <summary>
    /// The event's place in the connection's queue is free when its handler has ended, whether or not its socket is still there.
    /// </summary>
    private static async Task AwaitHandlerAsync(ValueTask handler, SocketIoPacket? packet, long startedAt, Backlog backlog, IActorRef self)
    {
        Exception? failure = null;
        try
        {
            await handler.ConfigureAwait(false);
        }
        catch (Exception error)
        {
            failure = error;
        }
        if (packet is null)
        {
            self.Tell(new ConnectionHandled(failure));
            return;
        }
        backlog.Completed(packet.HeldBytes);
        self.Tell(new HandlerDone(startedAt, packet, failure));
    }

    private void OnHandlerDone(HandlerDone m)
    {
        _socket.Handling.Ended();
        _socket.Streams?.CloseUnread(m.Packet);
        if (m.Error is { } error)
        {
            _socket.AnswerError(m.Packet, error);
            if (ErrorAnswers.RefusalOf(error) is { } refusal)
                _socket.ReportRefused(error, error is InvalidArgumentException ? "invalid" : "refused", LogText.Of(refusal.Message));
            else
                ReportHandlerError(error);
        }
        Timed(m.StartedAt);
        RunWaiting();
    }

    private void RunWaiting()
    {
        var most = ns.Server.Options.MaxConcurrentHandlers;
        while (_ended is null && _handlesEvents && _socket.Handling.Running < most && _waiting is { Count: > 0 })
            Run(_waiting.Dequeue());
        EndWhenHandled();
    }

    /// <summary>
    /// Fails closed: a client whose handlers could not be set up, or whose guard threw, is let go before any of its events is handled.
    /// </summary>
    private void OnConnectionHandled(Exception? error)
    {
        _socket.Handling.Ended();
        if (error is null)
        {
            _handlesEvents = true;
            RunWaiting();
            return;
        }
        ReportHandlerError(error);
        if (_ended is null && _left is null && !UnreadableArgument.Is(error))
            ns.Server.Log.SocketNotSetUp(ns.MetricsName);
        OnDisconnect(new Disconnect(DisconnectScope.Namespace, null));
    }

    private void ReportHandlerError(Exception error)
    {
        if (error is OperationCanceledException or SocketDisconnectedException && _socket.HasLeft)
            return; // a handler that ended because its client left
        _socket.ReportHandlerError(error);
    }

    private void OnAckAsked(AckAsked m)
    {
        if ((_ended ?? _left) is { } reason)
        {
            m.Sink.Failed(_socket, new SocketDisconnectedException(reason));
            return;
        }
        _connection.Backlog.AnswerAwaited();
        if (_acks.Add(m.Id, m.Sink) is { } evicted)
        {
            _connection.Backlog.AnswerSettled();
            evicted.Failed(
                _socket,
                new InvalidOperationException(
                    $"More than {ns.Server.Options.MaxPendingAcks} acknowledgements of this client are outstanding (option "
                    + "MaxPendingAcks); the oldest was given up. Use a timeout."
                )
            );
        }
    }

    private IAckSink? TakeAck(long id)
    {
        var sink = _acks.Take(id);
        if (sink is not null)
            _connection.Backlog.AnswerSettled();
        return sink;
    }

    /// <summary>What an actor of the application's asks for fails for it alone.</summary>
    private void OnCommand(SocketMessages.ISocketCommand command)
    {
        try
        {
            switch (command)
            {
                case SocketMessages.Emit m: _socket.Emit(m.EventName, new ArgumentList(m.Arguments)); break;
                case SocketMessages.Join m: _ = AnswerAsync(_socket.JoinAsync(m.Room), Sender, Self, m); break;
                case SocketMessages.Leave m: _ = AnswerAsync(_socket.LeaveAsync(m.Room), Sender, Self, m); break;
                case SocketMessages.Broadcast m: _socket.To(m.Rooms).Emit(m.EventName, new ArgumentList(m.Arguments)); break;
                case SocketMessages.Disconnect m:
                    if (_connected && m.Scope == DisconnectScope.Connection)
                        _connection.LetGo();
                    OnDisconnect(new Disconnect(m.Scope, null));
                    break;
            }
        }
        catch (Exception error)
        {
            Refuse(error, Sender, Self);
        }
    }

    private static async Task AnswerAsync(ValueTask done, IActorRef sender, IActorRef self, object command)
    {
        try
        {
            await done.ConfigureAwait(false);
            sender.Tell(new SocketMessages.Done(command), self);
        }
        catch (Exception error)
        {
            Refuse(error, sender, self);
        }
    }

    /// <summary>Tells who asked, or, where nobody is to be told, the log and <c>OnError</c>.</summary>
    private static void Refuse(Exception error, IActorRef sender, IActorRef self)
    {
        if (sender.IsNobody() || sender is DeadLetterActorRef)
            self.Tell(new CommandFailed(error));
        else
            sender.Tell(new Status.Failure(error), self);
    }

    private sealed class Producer(NamespaceServices ns) : IIndirectActorProducer
    {
        public Type ActorType => typeof(SocketActor);

        public ActorBase Produce() => new SocketActor(ns);

        public void Release(ActorBase actor)
        {
        }
    }
}
