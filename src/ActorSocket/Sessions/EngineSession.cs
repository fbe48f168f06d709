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
internal sealed class EngineSession(ServerServices server) : UntypedActor, IWithTimers
{
    private static readonly TimeSpan NoopInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan CloseOnPollTimeout = TimeSpan.FromSeconds(30); // E-50
    private static readonly TimeSpan PassivationTimeout = TimeSpan.FromSeconds(5);
    private static readonly object Heartbeat = "heartbeat", ConnectTimer = "connect", UpgradeTimer = "upgrade", NoopTimer = "noop", CloseTimer = "close", HandlersTimer = "handlers";

    /// <summary>How long reading may rest because handlers lag.</summary>
    public static readonly TimeSpan HandlersTimeout = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, IActorRef> _sockets = new(1, StringComparer.Ordinal);
    private EngineConnection _connection = null!;
    private ITransport? _transport;
    private ITransport? _offered;
    private FragmentAssembler? _fragments; // long POSTs by way of another node
    private bool _probed;
    private bool _paused;
    private bool _awaitsPong;

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(ServerServices server) => Akka.Actor.Props.CreateBy(new Producer(server));

    /// <summary>
    /// Only the handshake makes a session. In a cluster anybody may ask for one that never was, or is gone: the shard then starts an actor, which says so and stops.
    /// </summary>
    protected override void OnReceive(object message)
    {
        if (message is Open m)
        {
            OnOpen(m);
            return;
        }
        Stop();
        Over(message);
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
            Timers.StartSingleTimer(Heartbeat, PingDue.Instance, server.Options.PingInterval);
        Timers.StartSingleTimer(ConnectTimer, ConnectOverdue.Instance, server.Options.ConnectTimeout);
        if (_transport is null)
            Become(Polling);
        else
            Become(WebSocket);
        m.Opened.TrySetResult();
    }

    protected override void PostStop()
    {
        if (_connection is null)
            return;
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
            case NoopDue: _connection.Outbound.ReleasePoll(); break;
            case UpgradeOverdue:
                server.Metrics.UpgradeEnded("timeout");
                AbandonUpgrade();
                Become(Polling);
                break;
            case TransportFailed m when ReferenceEquals(m.Transport, _offered): // E-78
                server.Metrics.UpgradeEnded("failed");
                AbandonUpgrade();
                Become(Polling);
                break;
            default: OnCommon(message); break;
        }
    }

    private void WebSocket(object message) => OnCommon(message);

    /// <summary>The close packet waits for a polling client's next GET; sockets have been told already.</summary>
    private void Closing(object message)
    {
        switch (message)
        {
            case CloseDelivered or CloseOverdue: End(); break;
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
            case Connect m: _connection.Inbound.Namespaces.Remove(m.Namespace); break;
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
            case ConnectOverdue: CloseGracefully(DisconnectReason.ForcedClose); break;
            case CloseDelivered: CloseAtOnce(DisconnectReason.ForcedClose, null); break;
            case ReadingPaused: OnReadingPaused(); break;
            case ReadingResumed: OnReadingResumed(); break;
            case HandlersOverdue: CloseAtOnce(DisconnectReason.TransportError, "handlers too slow"); break;
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
        else if ((_fragments ??= new FragmentAssembler(maxMessages: 4)).TryAdd(fragment, Sender, out var whole) && whole is ClusterProtocol.ISessionRequest complete)
            server.Cluster?.Serve(_connection, complete, Sender);
    }

    private void OnPingDue()
    {
        _connection.Outbound.Append(EncodedFrame.Ping, urgent: true);
        _awaitsPong = true;
        if (!_paused)
            Timers.StartSingleTimer(Heartbeat, PongOverdue.Instance, server.Options.PingTimeout);
    }

    /// <summary>In Engine.IO protocol 3 the client pings (E-111).</summary>
    private void AwaitPing() => Timers.StartSingleTimer(Heartbeat, PongOverdue.Instance, server.Options.PingInterval + server.Options.PingTimeout);

    private void OnPong()
    {
        _awaitsPong = false;
        Timers.StartSingleTimer(Heartbeat, PingDue.Instance, server.Options.PingInterval);
    }

    private void OnReadingPaused()
    {
        _paused = true;
        if (_awaitsPong || _connection.IsRevision3)
            Timers.Cancel(Heartbeat);
        Timers.StartSingleTimer(HandlersTimer, HandlersOverdue.Instance, HandlersTimeout);
    }

    private void OnReadingResumed()
    {
        _paused = false;
        Timers.Cancel(HandlersTimer);
        if (_connection.IsRevision3)
            AwaitPing();
        else if (_awaitsPong)
            Timers.StartSingleTimer(Heartbeat, PongOverdue.Instance, server.Options.PingTimeout);
    }

    private void OnConnect(Connect m)
    {
        var request = new NamespaceProtocol.ConnectSocket(_connection, m.Namespace, m.Auth);
        if (server.Namespaces.TryGet(m.Namespace, out var known) && !known.Actor.IsNobody())
        {
            known.Actor.Tell(request);
        }
        else if (known is not null || server.Namespaces.HasDynamic)
        {
            server.Root.Tell(request);
        }
        else
        {
            _connection.Outbound.Append(new EncodedFrame(server.Packets.ConnectError(m.Namespace, "Invalid namespace", null)));
            _connection.Inbound.Namespaces.Remove(m.Namespace);
        }
    }

    private void OnJoined(Joined m)
    {
        _sockets[m.Namespace] = m.Socket;
        Timers.Cancel(ConnectTimer);
    }

    private void OnLeft(Left m)
    {
        if (_sockets.TryGetValue(m.Namespace, out var socket) && (m.Socket is null || socket.Equals(m.Socket)))
            _sockets.Remove(m.Namespace);
    }

    private void OnUpgradeOffered(ITransport offered)
    {
        _offered = offered;
        _probed = false;
        Timers.StartSingleTimer(UpgradeTimer, UpgradeOverdue.Instance, server.Options.UpgradeTimeout);
        Become(Upgrading);
    }

    private void OnUpgradeProbed(UpgradeProbed m)
    {
        var mine = ReferenceEquals(m.Transport, _offered);
        if (mine && !_probed)
        {
            _probed = true;
            Timers.StartPeriodicTimer(NoopTimer, NoopDue.Instance, NoopInterval);
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
        Timers.Cancel(UpgradeTimer);
        Timers.Cancel(NoopTimer);
        _offered = null;
        _transport = m.Transport;
        _connection.CurrentTransport = m.Transport;
        var attached = _connection.AttachWebSocket(m.Transport);
        server.Metrics.UpgradeEnded(attached ? "completed" : "failed");
        Become(WebSocket);
        // A pong deadline set on the old transport goes on: the ping was flushed with the queue, or read by the last poll (E-82).
        m.Reply.TrySetResult(attached);
    }

    private void AbandonUpgrade()
    {
        Timers.Cancel(UpgradeTimer);
        Timers.Cancel(NoopTimer);
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
        foreach (var socket in _sockets.Values)
            socket.Tell(new SocketProtocol.ConnectionFaulted(m.Description));
        CloseGracefully(DisconnectReason.ForcedClose);
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
            foreach (var name in _sockets.Keys)
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
    private void CloseGracefully(DisconnectReason reason)
    {
        Timers.CancelAll();
        var delivered = _connection.Outbound.Close();
        // As from the official server: a polling client that has no GET waiting makes it a "forced server close".
        TellSockets(!delivered && ReferenceEquals(reason, DisconnectReason.ForcedClose) ? DisconnectReason.ForcedServerClose : reason, null);
        if (delivered)
        {
            _connection.Forget();
            _transport?.Close();
            End();
            return;
        }
        Timers.StartSingleTimer(CloseTimer, CloseOverdue.Instance, CloseOnPollTimeout);
        Become(Closing);
    }

    private void TellSockets(DisconnectReason reason, string? description)
    {
        foreach (var socket in _sockets.Values)
            socket.Tell(new SocketProtocol.ConnectionClosed(reason, description));
        _sockets.Clear();
        _connection.ClosedBecause = reason;
        _connection.Inbound.Resume();
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
        Timers.CancelAll();
        Become(Over);
        Context.Parent.Tell(new Passivate(PoisonPill.Instance));
        Timers.StartSingleTimer(CloseTimer, PassivationOverdue.Instance, PassivationTimeout);
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
