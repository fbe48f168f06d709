using ActorSocket.Delivery;
using ActorSocket.Protocol.SocketIo;
using Akka.Actor;
using static ActorSocket.Sessions.SessionProtocol;

namespace ActorSocket.Sessions;

/// <summary>
/// One Engine.IO connection: its state (Polling, Upgrading, WebSocket, Closing), its heartbeat and its end. It sees control traffic only:
/// messages travel from the read loop to the consumer and from there to the <see cref="Outbound"/> without passing here.
/// </summary>
internal sealed class EngineSession(EngineServer server) : UntypedActor, ISessionTurn
{
    // RFC 6455 §7.4.1: C++ clients take a close without a code for the end, and this one for a reason to come back.
    private const int GoingAway = 1001;

    /// <summary>How long reading may rest because handlers lag.</summary>
    public static readonly TimeSpan HandlersTimeout = TimeSpan.FromSeconds(30);

    private SessionWaits _waits;
    private State _state;
    private EngineConnection _connection = null!;
    private ITransport? _transport;
    private ITransport? _offered;
    private int _requests; // what was known of them when the last wait for one began
    private bool _probed;
    private bool _paused;
    private bool _awaitsPong;

    private enum State : byte { New, Polling, Upgrading, WebSocket, Closing, Over }

    public static Props Props(EngineServer server) => Akka.Actor.Props.CreateBy(new Producer(server));

    /// <summary>
    /// Only the handshake makes a session. Where others place sessions, an actor may be started for a request to one that never was, or is
    /// gone: it says so and stops.
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
            if (_waits.Has(wait))
                message = wait.Message;
            else if (_state is State.New or State.Over or State.Closing)
                return; // it was cancelled while it was on its way
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

    bool ISessionTurn.IsPaused => _paused;

    SharedTimer.Wait ISessionTurn.Start(SharedTimer time) => time.Start(Context);

    void ISessionTurn.Close(DisconnectReason reason, DisconnectReason? unasked) => CloseGracefully(reason, unasked);

    private static void Start(ref SharedTimer.Wait? wait, SharedTimer time, SharedTimer.Wait? previous = null) =>
        SessionWaits.Start(ref wait, time, Context, previous);

    private static void Cancel(ref SharedTimer.Wait? wait) => SessionWaits.Cancel(ref wait);

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
            Start(ref _waits.Heartbeat, server.Timers.Ping);
        _connection.Consumer.OnStarted(this);
        _state = _transport is null ? State.Polling : State.WebSocket;
        m.Opened.TrySetResult();
    }

    protected override void PostStop()
    {
        _waits.CancelAll();
        if (_connection is null)
            return;
        _connection.Consumer.OnStopped();
        _connection.Backlog.End();
        _connection.Forget();
        server.Metrics.SessionClosed(_connection.TransportName, _connection.ClosedBecause ?? DisconnectReason.TransportError);
        if (_connection.ClosedBecause is not null)
            return;
        // It crashed: nobody told its client.
        _connection.ClosedBecause = DisconnectReason.TransportError;
        _connection.Outbound.Abort();
        _connection.CurrentTransport?.Close();
    }

    /// <summary>
    /// A session's transport belongs to the one that died. Where its parent restarts what fails, the new one stops at once.
    /// </summary>
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
                Start(ref _waits.Noop, server.Timers.Noop);
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

    /// <summary>The close packet waits for a polling client's next GET; its consumer has been told already.</summary>
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
            case UpgradeOffered m: m.Transport.Refuse(); break;
            case UpgradeProbed m: m.Reply.TrySetResult(ReferenceEquals(m.Transport, _offered)); break;
            case UpgradeConfirmed m: m.Reply.TrySetResult(false); break;
            default: _ = TryHandOver(message); break; // E-36, E-102: whatever else was still under way is dropped
        }
    }

    /// <summary>It has ended, and waits to be told that it may stop.</summary>
    private void Over(object message)
    {
        switch (message)
        {
            case UpgradeOffered m: m.Transport.Refuse(); break;
            case UpgradeProbed m: m.Reply.TrySetResult(false); break;
            case UpgradeConfirmed m: m.Reply.TrySetResult(false); break;
            case HandOff or PassivationOverdue: Context.Stop(Self); break;
            default: server.Placement.TryServe(null, message, Sender); break;
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
            case VolatileDropped m: server.Metrics.VolatileDropped(m.Count); break;
            case TransportFailed m: OnTransportFailed(m); break;
            case OutboundFailed m: CloseAtOnce(DisconnectReason.TransportError, m.Description); break;
            case Superseded: CloseAtOnce(DisconnectReason.TransportClose, "the client came back on another connection"); break;
            case Close m: CloseGracefully(m.Reason); break;
            case HandOff: OnHandOff(); break;
            case CloseDelivered: CloseAtOnce(DisconnectReason.ForcedClose, null); break;
            case ReadingPaused: OnReadingPaused(); break;
            case ReadingResumed: OnReadingResumed(); break;
            case HandlersOverdue: CloseAtOnce(DisconnectReason.TransportError, "handlers too slow"); break;
            case UpgradeOffered m: m.Transport.Refuse(); break; // E-80: upgraded already, or another upgrade is probed
            case UpgradeProbed m: m.Reply.TrySetResult(false); break;
            case UpgradeConfirmed m: m.Reply.TrySetResult(false); break;
            case NoopDue or UpgradeOverdue: break; // of an upgrade that ended while its timer's message was on its way
            default:
                if (!TryHandOver(message))
                    Unhandled(message);
                break;
        }
    }

    /// <summary>What is none of the engine's.</summary>
    private bool TryHandOver(object message) =>
        server.Placement.TryServe(_connection, message, Sender) || _connection.Consumer.OnMessage(message, this);

    private void OnPingDue()
    {
        _awaitsPong = true;
        if (!_paused)
            AwaitPong(server.Timers.Pong, _waits.Heartbeat); // before the ping leaves: its pong may be read at once, and takes that back
        _connection.Outbound.Append(EncodedFrame.Ping, urgent: true);
    }

    /// <summary>In Engine.IO protocol 3 the client pings (E-111).</summary>
    private void AwaitPing() => AwaitPong(server.Timers.ClientPing);

    private void AwaitPong(SharedTimer time, SharedTimer.Wait? previous = null)
    {
        Start(ref _waits.Heartbeat, time, previous);
        _connection.HeartbeatDeadline = _waits.Heartbeat;
    }

    private void OnPong()
    {
        _awaitsPong = false;
        _connection.HeartbeatDeadline = null; // reading may have been resumed between the pong and this
        Start(ref _waits.Heartbeat, server.Timers.Ping);
    }

    private void OnReadingPaused()
    {
        _paused = true;
        _connection.HeartbeatDeadline = null;
        if (_awaitsPong || _connection.IsRevision3)
            Cancel(ref _waits.Heartbeat);
        Start(ref _waits.Handlers, server.Timers.Handlers);
    }

    private void OnReadingResumed()
    {
        _paused = false;
        Cancel(ref _waits.Handlers);
        if (_connection.IsRevision3)
            AwaitPing();
        else if (_awaitsPong)
            AwaitPong(server.Timers.Pong);
    }

    private void OnUpgradeOffered(ITransport offered)
    {
        _offered = offered;
        _probed = false;
        Start(ref _waits.Upgrade, server.Timers.Upgrade);
        _state = State.Upgrading;
    }

    private void OnUpgradeProbed(UpgradeProbed m)
    {
        var mine = ReferenceEquals(m.Transport, _offered);
        if (mine && !_probed)
        {
            _probed = true;
            Start(ref _waits.Noop, server.Timers.Noop);
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
        Cancel(ref _waits.Upgrade);
        Cancel(ref _waits.Noop);
        _offered = null;
        _transport = m.Transport;
        _connection.CurrentTransport = m.Transport;
        var attached = _connection.AttachWebSocket(m.Transport);
        server.Metrics.UpgradeEnded(attached ? "completed" : "failed");
        if (attached)
            _connection.Consumer.OnUpgraded();
        _state = State.WebSocket;
        // A pong deadline set on the old transport goes on: the ping was flushed with the queue, or read by the last poll (E-82).
        m.Reply.TrySetResult(attached);
    }

    private void AbandonUpgrade()
    {
        Cancel(ref _waits.Upgrade);
        Cancel(ref _waits.Noop);
        _offered?.Refuse();
        _offered = null;
    }

    private void OnTransportFailed(TransportFailed m)
    {
        // A poll that was cut just as the upgrade was confirmed: its sid is unknown already, and what no table has must not go on.
        var isUnknown = m.Transport is null && !server.Sessions.Has(_connection);
        if (isUnknown || ReferenceEquals(m.Transport, _transport))
            CloseAtOnce(m.Reason, m.Description);
    }

    /// <summary>Nothing more can or may be sent: the peer is gone or broke the rules of its transport.</summary>
    private void CloseAtOnce(DisconnectReason reason, string? description)
    {
        _connection.Forget();
        TellConsumer(reason, description);
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

    /// <summary>
    /// Whoever placed it here takes it away, because the node goes: a polling client that has no GET waiting finds out by its next one.
    /// </summary>
    private void OnHandOff()
    {
        if (_connection.ClosedBecause is null)
            CloseGracefully(DisconnectReason.ServerShuttingDown);
        End();
        Context.Stop(Self);
    }

    /// <summary>What is queued leaves first (E-50, E-102).</summary>
    /// <param name="reason">What the consumer is told.</param>
    /// <param name="unasked">
    /// What it is told instead where a polling client has no GET waiting, as the official server does in some cases.
    /// </param>
    private void CloseGracefully(DisconnectReason reason, DisconnectReason? unasked = null)
    {
        _waits.CancelAll();
        var delivered = _connection.Outbound.Close(
            !IsStop(reason) ? 0
            : _connection.Handshake.IsOkHttp ? Outbound.NoCloseFrame
            : GoingAway
        );
        TellConsumer(delivered ? reason : unasked ?? reason, null);
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

    /// <summary>
    /// A server that stops waits for clients that come and fetch what is queued, however long that takes them, not for those that have gone
    /// without a word.
    /// </summary>
    private void AwaitLastPoll(bool stops)
    {
        _requests = _connection.Requests;
        Start(ref _waits.Close, stops ? server.Timers.Farewell : server.Timers.Close);
    }

    private void OnCloseOverdue()
    {
        if (IsStop(_connection.ClosedBecause) && (_connection.IsPosting || _connection.Requests != _requests))
            AwaitLastPoll(stops: true);
        else
            End();
    }

    private void TellConsumer(DisconnectReason reason, string? description)
    {
        _connection.Consumer.OnEnding(reason, description);
        _connection.ClosedBecause = reason;
        _connection.Backlog.End();
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
    /// It has ended. One that may not stop yet answers what still comes for it; told to an actor that has stopped, it would get no answer.
    /// </summary>
    private void Stop()
    {
        if (server.Placement.MayStop(Context))
        {
            Context.Stop(Self);
            return;
        }
        _waits.CancelAll();
        _state = State.Over;
        Start(ref _waits.Close, server.Timers.Passivation);
    }

    private sealed class Producer(EngineServer server) : IIndirectActorProducer
    {
        public Type ActorType => typeof(EngineSession);

        public ActorBase Produce() => new EngineSession(server);

        public void Release(ActorBase actor)
        {
        }
    }
}
