using Akka.Actor;
using Akka.Cluster.Sharding;
using ActorSocket.Clustering;
using ActorSocket.Delivery;
using ActorSocket.Hosting;
using ActorSocket.Namespaces;
using ActorSocket.Protocol.EngineIo;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sockets;
using static ActorSocket.Sessions.SessionProtocol;

namespace ActorSocket.Sessions;

/// <summary>
/// One Engine.IO connection: its state (Polling, Upgrading, WebSocket, Closing), its heartbeat and its end. It sees control traffic only: events
/// travel from the read loop to the socket and from there to the <see cref="Outbound"/> without passing here.
/// </summary>
internal sealed class EngineSession(ServerServices server) : UntypedActor
{
    private const int GoingAway = 1001; // RFC 6455 §7.4.1: C++ clients take a close without a code for the end, and this one for a reason to come back

    /// <summary>How long reading may rest because handlers lag.</summary>
    public static readonly TimeSpan HandlersTimeout = TimeSpan.FromSeconds(30);

    private SharedTimer.Wait? _heartbeat, _connect, _upgrade, _noop, _handlers, _attachments, _close;
    private KeyValuePair<string, IActorRef>[] _sockets = []; // almost always one
    private State _state;
    private EngineConnection _connection = null!;
    private ITransport? _transport;
    private ITransport? _offered;
    private int _requests; // what was known of them when the last wait for one began
    private FragmentAssembler? _fragments; // long POSTs by way of another node
    private bool _probed;
    private bool _paused;
    private bool _awaitsPong;

    private enum State : byte { New, Polling, Upgrading, WebSocket, Closing, Over }

    public static Props Props(ServerServices server) => Akka.Actor.Props.CreateBy(new Producer(server));

    /// <summary>
    /// Only the handshake makes a session. In a cluster anybody may ask for one that never was, or is gone: the shard then starts an actor, which says so and stops.
    /// </summary>
    private void New(object message)
    {
        if (message is Open m)
        {
            OnOpen(m);
            return;
        }
        Stop();
        Over(message);
    }

    protected override void OnReceive(object message)
    {
        if (message is SharedTimer.Wait wait)
        {
            if (!IsDue(wait))
                return; // it was cancelled while it was on its way
            message = wait.Message;
        }
        switch (_state)
        {
            case State.New: New(message); break;
            case State.Polling: Polling(message); break;
            case State.Upgrading: Upgrading(message); break;
            case State.WebSocket: OnCommon(message); break;
            case State.Closing: Closing(message); break;
            default: Over(message); break;
        }
    }

    private bool IsDue(SharedTimer.Wait wait) =>
        wait == _heartbeat || wait == _connect || wait == _upgrade || wait == _noop || wait == _handlers || wait == _attachments || wait == _close;

    private static void Start(ref SharedTimer.Wait? timer, SharedTimer time, SharedTimer.Wait? previous = null)
    {
        timer?.Cancel();
        timer = time.Start(Context, previous);
    }

    private static void Cancel(ref SharedTimer.Wait? timer)
    {
        timer?.Cancel();
        timer = null;
    }

    private void CancelAll()
    {
        Cancel(ref _heartbeat);
        Cancel(ref _connect);
        Cancel(ref _upgrade);
        Cancel(ref _noop);
        Cancel(ref _handlers);
        Cancel(ref _attachments);
        Cancel(ref _close);
    }

    private void OnOpen(Open m)
    {
        _connection = m.Connection;
        _transport = m.Transport;
        _connection.Session = Self;
        _connection.CurrentTransport = m.Transport;
        server.Metrics.SessionOpened();
        if (_connection.IsRevision3)
            AwaitPing();
        else
            Start(ref _heartbeat, server.Timers.Ping);
        Start(ref _connect, server.Timers.Connect);
        _state = _transport is null ? State.Polling : State.WebSocket;
        m.Opened.TrySetResult();
    }

    protected override void PostStop()
    {
        CancelAll();
        if (_connection is null)
            return;
        _connection.Inbound.Order.End();
        foreach (var socket in _connection.Inbound.Namespaces.End())
            socket.Tell(SocketProtocol.SessionEnded.Instance);
        _connection.Inbound.End();
        _connection.Forget();
        server.Metrics.SessionClosed(_connection.TransportName, _connection.ClosedBecause ?? DisconnectReason.TransportError);
        if (_connection.ClosedBecause is not null)
            return;
        // It crashed: nobody told its client. Its sockets watch it.
        _connection.ClosedBecause = DisconnectReason.TransportError;
        _connection.Outbound.Abort();
        _connection.CurrentTransport?.Close();
    }

    /// <summary>A session's transport and sockets belong to the one that died. Wherever its parent is a shard, which restarts what fails, the new one stops at once.</summary>
    protected override void PostRestart(Exception reason) => Stop();

    private void Polling(object message)
    {
        switch (message)
        {
            case UpgradeOffered m: OnUpgradeOffered(m.Transport); break;
            default: OnCommon(message); break;
        }
    }

    private void Upgrading(object message)
    {
        switch (message)
        {
            case UpgradeOffered m when !_probed: // the newer attempt replaces one that has not even probed
                AbandonUpgrade();
                OnUpgradeOffered(m.Transport);
                break;
            case UpgradeProbed m: OnUpgradeProbed(m); break;
            case UpgradeConfirmed m: OnUpgradeConfirmed(m); break;
            case NoopDue:
                _connection.Outbound.ReleasePoll();
                Start(ref _noop, server.Timers.Noop);
                break;
            case UpgradeOverdue:
                server.Metrics.UpgradeEnded("timeout");
                AbandonUpgrade();
                _state = State.Polling;
                break;
            case TransportFailed m when ReferenceEquals(m.Transport, _offered): // E-78
                server.Metrics.UpgradeEnded("failed");
                AbandonUpgrade();
                _state = State.Polling;
                break;
            default: OnCommon(message); break;
        }
    }

    /// <summary>The close packet waits for a polling client's next GET; sockets have been told already.</summary>
    private void Closing(object message)
    {
        switch (message)
        {
            case CloseDelivered: End(); break;
            case CloseOverdue: OnCloseOverdue(); break;
            case HandOff: OnHandOff(); break;
            case TransportFailed m when ReferenceEquals(m.Transport, _transport): End(); break;
            case UpgradeConfirmed m when ReferenceEquals(m.Transport, _offered): // E-79: the close leaves on the WebSocket
                _transport = m.Transport;
                _offered = null;
                _connection.CurrentTransport = m.Transport;
                var attached = _connection.AttachWebSocket(m.Transport);
                m.Reply.TrySetResult(attached);
                if (attached)
                    m.Transport.Close();
                End();
                break;
            case Connect m: _connection.Inbound.Refused(m.Attempt); break;
            case Joined m: m.Socket.Tell(new SocketProtocol.ConnectionClosed(DisconnectReason.ForcedClose, null)); break;
            case UpgradeOffered m: m.Transport.Refuse(); break;
            case UpgradeProbed m: m.Reply.TrySetResult(ReferenceEquals(m.Transport, _offered)); break;
            case UpgradeConfirmed m: m.Reply.TrySetResult(false); break;
            case Left m: OnLeft(m); break;
            case ClusterProtocol.ISessionRequest m: OnRequest(m); break;
            default: break; // E-36, E-102: whatever was still under way is dropped
        }
    }

    /// <summary>It has ended, and waits for its shard to let it go.</summary>
    private void Over(object message)
    {
        switch (message)
        {
            case ClusterProtocol.ISessionRequest m: Sender.Tell(new ClusterProtocol.RequestRefused(m.Request, EngineIoError.UnknownSid)); break;
            case UpgradeOffered m: m.Transport.Refuse(); break;
            case UpgradeProbed m: m.Reply.TrySetResult(false); break;
            case UpgradeConfirmed m: m.Reply.TrySetResult(false); break;
            case HandOff or PassivationOverdue: Context.Stop(Self); break;
            default: break;
        }
    }

    private void OnCommon(object message)
    {
        switch (message)
        {
            case PongReceived: OnPong(); break;
            case PingReceived: AwaitPing(); break;
            case PingDue: OnPingDue(); break;
            case PongOverdue: CloseAtOnce(DisconnectReason.PingTimeout, null); break;
            case Connect m: OnConnect(m); break;
            case Joined m: OnJoined(m); break;
            case Left m: OnLeft(m); break;
            case VolatileDropped m: server.Metrics.VolatileDropped(m.Count); break;
            case TransportFailed m: OnTransportFailed(m); break;
            case PacketRefused m: OnPacketRefused(m); break;
            case OutboundFailed m: CloseAtOnce(DisconnectReason.TransportError, m.Description); break;
            case Superseded: CloseAtOnce(DisconnectReason.TransportClose, "the client came back on another connection"); break;
            case Close m: OnClose(m); break;
            case HandOff: OnHandOff(); break;
            case ConnectOverdue: CloseGracefully(DisconnectReason.ForcedClose, DisconnectReason.ForcedServerClose); break;
            case CloseDelivered: CloseAtOnce(DisconnectReason.ForcedClose, null); break;
            case ReadingPaused: OnReadingPaused(); break;
            case ReadingResumed: OnReadingResumed(); break;
            case HandlersOverdue: CloseAtOnce(DisconnectReason.TransportError, "handlers too slow"); break;
            case AttachmentsAwaited: Start(ref _attachments, server.Timers.Attachments); break;
            case AttachmentsOverdue: OnAttachmentsOverdue(); break;
            case UpgradeOffered m: m.Transport.Refuse(); break; // E-80: upgraded already, or another upgrade is probed
            case UpgradeProbed m: m.Reply.TrySetResult(false); break;
            case UpgradeConfirmed m: m.Reply.TrySetResult(false); break;
            case ClusterProtocol.ISessionRequest m: OnRequest(m); break;
            case NoopDue or UpgradeOverdue: break; // of an upgrade that ended while its timer's message was on its way
            default: Unhandled(message); break;
        }
    }

    /// <summary>A request of the client's that came to another node.</summary>
    private void OnRequest(ClusterProtocol.ISessionRequest request)
    {
        if (request is not Fragment fragment)
            server.Cluster?.Serve(_connection, request, Sender);
        else if ((_fragments ??= new FragmentAssembler(OnRequestLost, 4L * server.Options.MaxHttpBufferSize)).TryAdd(fragment, Sender, out var whole) && whole is ClusterProtocol.ISessionRequest complete)
            server.Cluster?.Serve(_connection, complete, Sender);
    }

    /// <summary>A POST that came by another node is not whole: the session ends, as where a connection is cut in the middle of one.</summary>
    private void OnRequestLost(IActorRef gateway, Fragment fragment)
    {
        server.Metrics.MessageLost();
        _connection.Fail(null, DisconnectReason.TransportError, "a part of a POST was lost between two nodes");
        gateway.Tell(new ClusterProtocol.RequestRefused(fragment.Request, EngineIoError.UnknownSid));
    }

    private void OnPingDue()
    {
        _connection.Outbound.Append(EncodedFrame.Ping, urgent: true);
        _awaitsPong = true;
        if (!_paused)
            AwaitPong(server.Timers.Pong, _heartbeat);
    }

    /// <summary>In Engine.IO protocol 3 the client pings (E-111).</summary>
    private void AwaitPing() => AwaitPong(server.Timers.ClientPing);

    private void AwaitPong(SharedTimer time, SharedTimer.Wait? previous = null)
    {
        Start(ref _heartbeat, time, previous);
        _connection.PongDue = _heartbeat;
    }

    private void OnPong()
    {
        _awaitsPong = false;
        Start(ref _heartbeat, server.Timers.Ping);
    }

    private void OnReadingPaused()
    {
        _paused = true;
        _connection.PongDue = null;
        if (_awaitsPong || _connection.IsRevision3)
            Cancel(ref _heartbeat);
        Start(ref _handlers, server.Timers.Handlers);
    }

    private void OnReadingResumed()
    {
        _paused = false;
        Cancel(ref _handlers);
        if (_connection.IsRevision3)
            AwaitPing();
        else if (_awaitsPong)
            AwaitPong(server.Timers.Pong);
    }

    /// <summary>Whatever else the client has sent, pongs or nothing, the rest of a packet has not come. While reading rests because of handlers it may have come.</summary>
    private void OnAttachmentsOverdue()
    {
        if (_paused)
            Start(ref _attachments, server.Timers.Attachments);
        else if (_connection.Inbound.IsIncomplete)
            OnPacketRefused(new PacketRefused("the attachments of a packet did not come", OutOfPlace: false));
    }

    private void OnConnect(Connect m)
    {
        var request = new NamespaceProtocol.ConnectSocket(_connection, m.Namespace, m.Auth, m.Attempt);
        if (server.Namespaces.TryGet(m.Namespace, out var known) && !known.Actor.IsNobody())
        {
            known.Actor.Tell(request);
        }
        else if (known is not null || server.Namespaces.HasDynamic)
        {
            server.Root.Tell(request);
        }
        else if (_connection.Inbound.Refused(m.Attempt))
        {
            _connection.Outbound.Append(new EncodedFrame(server.Packets.ConnectError(m.Namespace, "Invalid namespace", null)));
        }
    }

    private void OnJoined(Joined m)
    {
        _sockets = [.. _sockets.Where(socket => !IsOf(socket, m.Namespace)), new(m.Namespace, m.Socket)];
        Cancel(ref _connect);
    }

    private void OnLeft(Left m)
    {
        _sockets = Array.FindAll(_sockets, socket => !IsOf(socket, m.Namespace) || (m.Socket is not null && !socket.Value.Equals(m.Socket)));
    }

    private static bool IsOf(KeyValuePair<string, IActorRef> socket, string ns) => string.Equals(socket.Key, ns, StringComparison.Ordinal);

    private void OnUpgradeOffered(ITransport offered)
    {
        _offered = offered;
        _probed = false;
        Start(ref _upgrade, server.Timers.Upgrade);
        _state = State.Upgrading;
    }

    private void OnUpgradeProbed(UpgradeProbed m)
    {
        var mine = ReferenceEquals(m.Transport, _offered);
        if (mine && !_probed)
        {
            _probed = true;
            Start(ref _noop, server.Timers.Noop);
        }
        m.Reply.TrySetResult(mine);
    }

    private void OnUpgradeConfirmed(UpgradeConfirmed m)
    {
        if (!ReferenceEquals(m.Transport, _offered))
        {
            m.Reply.TrySetResult(false);
            return;
        }
        Cancel(ref _upgrade);
        Cancel(ref _noop);
        _offered = null;
        _transport = m.Transport;
        _connection.CurrentTransport = m.Transport;
        var attached = _connection.AttachWebSocket(m.Transport);
        server.Metrics.UpgradeEnded(attached ? "completed" : "failed");
        _state = State.WebSocket;
        // A pong deadline set on the old transport goes on: the ping was flushed with the queue, or read by the last poll (E-82).
        m.Reply.TrySetResult(attached);
    }

    private void AbandonUpgrade()
    {
        Cancel(ref _upgrade);
        Cancel(ref _noop);
        _offered?.Refuse();
        _offered = null;
    }

    private void OnTransportFailed(TransportFailed m)
    {
        if (ReferenceEquals(m.Transport, _transport))
            CloseAtOnce(m.Reason, m.Description);
    }

    private void OnPacketRefused(PacketRefused m)
    {
        foreach (var (_, socket) in _sockets)
            socket.Tell(new SocketProtocol.ConnectionFaulted(m.Description));
        CloseGracefully(DisconnectReason.ForcedClose, m.OutOfPlace ? DisconnectReason.ForcedServerClose : null);
    }

    /// <summary>Nothing more can or may be sent: the peer is gone or broke the rules of its transport.</summary>
    private void CloseAtOnce(DisconnectReason reason, string? description)
    {
        _connection.Forget();
        TellSockets(reason, description);
        if (_transport is null)
        {
            _connection.Outbound.Abort(byClient: ReferenceEquals(reason, DisconnectReason.TransportClose));
        }
        else
        {
            _connection.Outbound.Close();
            _transport.Close();
        }
        End();
    }

    private void OnClose(Close m)
    {
        if (m.SayGoodbye)
        {
            foreach (var (name, _) in _sockets)
                _connection.Outbound.Append(new EncodedFrame(server.Packets.Disconnect(name)));
        }
        CloseGracefully(m.Reason);
    }

    /// <summary>Its shard goes, because the node does: a polling client that has no GET waiting finds out by its next one.</summary>
    private void OnHandOff()
    {
        if (_connection.ClosedBecause is null)
            CloseGracefully(DisconnectReason.ServerShuttingDown);
        End();
        Context.Stop(Self);
    }

    /// <summary>What is queued leaves first (E-50, E-102).</summary>
    /// <param name="reason">What the sockets are told.</param>
    /// <param name="unasked">What they are told instead where a polling client has no GET waiting, as the official server does in some cases .</param>
    private void CloseGracefully(DisconnectReason reason, DisconnectReason? unasked = null)
    {
        CancelAll();
        var delivered = _connection.Outbound.Close(!IsStop(reason) ? 0 : _connection.Handshake.IsOkHttp ? Outbound.NoCloseFrame : GoingAway);
        TellSockets(delivered ? reason : unasked ?? reason, null);
        if (delivered)
        {
            _connection.Forget();
            _transport?.Close();
            End();
            return;
        }
        AwaitLastPoll(IsStop(reason));
        _state = State.Closing;
    }

    private static bool IsStop(DisconnectReason? reason) => ReferenceEquals(reason, DisconnectReason.ServerShuttingDown);

    /// <summary>A server that stops waits for clients that come and fetch what is queued, however long that takes them, not for those that have gone without a word.</summary>
    private void AwaitLastPoll(bool stops)
    {
        _requests = _connection.Requests;
        Start(ref _close, stops ? server.Timers.Farewell : server.Timers.Close);
    }

    private void OnCloseOverdue()
    {
        if (IsStop(_connection.ClosedBecause) && (_connection.IsPosting || _connection.Requests != _requests))
            AwaitLastPoll(stops: true);
        else
            End();
    }

    private void TellSockets(DisconnectReason reason, string? description)
    {
        _connection.Inbound.Order.End();
        foreach (var (_, socket) in _sockets)
            socket.Tell(new SocketProtocol.ConnectionClosed(reason, description));
        _sockets = [];
        _connection.ClosedBecause = reason;
        _connection.Inbound.End();
    }

    private void End()
    {
        _connection.Forget();
        AbandonUpgrade();
        if (_transport is null)
            _connection.Outbound.Abort();
        Stop();
    }

    /// <summary>
    /// A shard is asked to let it go: it then holds back the requests that still come for it and gives them to a new actor, which says that it knows no such
    /// session. One that reached an actor that has stopped would not be answered at all.
    /// </summary>
    private void Stop()
    {
        if (server.Cluster is null)
        {
            Context.Stop(Self);
            return;
        }
        CancelAll();
        _state = State.Over;
        Context.Parent.Tell(new Passivate(PoisonPill.Instance));
        Start(ref _close, server.Timers.Passivation);
    }

    private sealed class Producer(ServerServices server) : IIndirectActorProducer
    {
        public Type ActorType => typeof(EngineSession);

        public ActorBase Produce() => new EngineSession(server);

        public void Release(ActorBase actor)
        {
        }
    }
}
