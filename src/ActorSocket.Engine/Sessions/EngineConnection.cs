using ActorSocket.Delivery;
using ActorSocket.Protocol.EngineIo;
using Akka.Actor;

namespace ActorSocket.Sessions;

/// <summary>
/// One Engine.IO connection as its transports, its consumer and its session actor share it: what may be touched from any thread. Decisions
/// are the <see cref="EngineSession"/>'s; this holds the two byte paths and the addresses.
/// </summary>
internal sealed class EngineConnection : IOutboundOwner
{
    private readonly EngineServer _server;
    private int _posting;
    private int _posts;

    public EngineConnection(EngineServer server, string sid, HandshakeRequest handshake, WireForm form = WireForm.Standard)
    {
        Form = form;
        _server = server;
        Sid = sid;
        Handshake = handshake;
        Outbound = new Outbound(this, server.Flushers.Next(), handshake.IsPython ? server.PythonLimits : server.OutboundLimits);
        Backlog = new Backlog(this, server.Options.MaxInboundEvents, server.Options.MaxInboundBytes);
        Consumer = server.NewConsumer(this);
        Inbound = new Inbound(this, server, Consumer);
    }

    public string Sid { get; }

    public HandshakeRequest Handshake { get; }

    /// <summary>How packets looked when the connection was opened.</summary>
    public WireForm Form { get; }

    /// <summary>Whether the client is of Socket.IO 2 (E-110).</summary>
    public bool IsRevision3 => Form.IsRevision3();

    public Outbound Outbound { get; }

    public Inbound Inbound { get; }

    /// <summary>What has come in and waits for its handlers.</summary>
    public Backlog Backlog { get; }

    /// <summary>Who sits above.</summary>
    public IConnectionConsumer Consumer { get; }

    /// <summary>The session actor; set before any transport reads.</summary>
    public IActorRef Session { get; set; } = ActorRefs.Nobody;

    /// <summary>"polling" or "websocket", as <c>conn.transport.name</c> of the official server.</summary>
    public string TransportName { get; private set; } = TransportNames.Polling;

    public bool IsWebSocket => ReferenceEquals(TransportName, TransportNames.WebSocket);

    /// <summary>Everything written from here on goes to the WebSocket. Called by the session, or before it starts.</summary>
    public bool AttachWebSocket(ITransport transport)
    {
        if (!Outbound.SwitchTo(transport.Sink, transport.Form))
            return false;
        TransportName = TransportNames.WebSocket;
        return true;
    }

    /// <summary>
    /// Ends the session because of what a transport saw. Its sid is unknown from this moment on, whatever the actor still has to do.
    /// </summary>
    public void Fail(ITransport? transport, DisconnectReason reason, string? description)
    {
        if (IsCurrent(transport))
            Forget();
        Session.Tell(new SessionProtocol.TransportFailed(transport, reason, description));
    }

    /// <summary>Takes the sid out of the table of live sessions: later requests answer code 1 (E-101).</summary>
    public void Forget()
    {
        _server.Sessions.Remove(this);
        Relayed?.Forget();
    }

    /// <summary>At most one POST is read at a time (E-45).</summary>
    public bool TryBeginPost()
    {
        if (Interlocked.Exchange(ref _posting, 1) != 0)
            return false;
        _posts++;
        return true;
    }

    public bool IsPosting => Volatile.Read(ref _posting) != 0;

    /// <summary>How many the client has made: a client that goes on with them is there.</summary>
    public int Requests => _posts + Outbound.Polls;

    /// <summary>
    /// The wait for a pong, from the ping on until one comes. Set by the session, and taken back by whoever reads the pong.
    /// </summary>
    public SharedTimer.Wait? HeartbeatDeadline { get; set; }

    /// <summary>
    /// Ends a polling client whose heartbeat is overdue, also when the session has not been told so yet. True when it did: the sid is
    /// unknown from now on.
    /// </summary>
    public bool ExpireIfOverdue()
    {
        if (HeartbeatDeadline is not { IsOver: true } || IsWebSocket)
            return false;
        Fail(null, DisconnectReason.PingTimeout, null);
        return true;
    }

    /// <summary>Its requests that came by other nodes; null where none did. Set in the session's turn.</summary>
    public IRelayedRequests? Relayed { get; set; }

    public void EndPost() => Volatile.Write(ref _posting, 0);

    /// <summary>The WebSocket that carries the session, or null while it polls. Set by the session.</summary>
    public ITransport? CurrentTransport { get; set; }

    /// <summary>Set by the session when it has told its consumer that it ends, and why.</summary>
    public DisconnectReason? ClosedBecause { get; set; }

    private bool IsCurrent(ITransport? transport) => ReferenceEquals(transport, CurrentTransport);

    void IOutboundOwner.OnOverflow() =>
        Session.Tell(new SessionProtocol.OutboundFailed("the client does not read: the outbound limit is reached"));

    void IOutboundOwner.OnWriteFailed(Exception error) => Session.Tell(new SessionProtocol.OutboundFailed("write error: " + error.Message));

    void IOutboundOwner.OnCloseDelivered()
    {
        Forget();
        Session.Tell(SessionProtocol.CloseDelivered.Instance);
    }

    void IOutboundOwner.OnVolatileDropped(int count) => Session.Tell(new SessionProtocol.VolatileDropped(count));

    void IOutboundOwner.OnWritten(int packets, long bytes) => _server.Metrics.PacketsSent(TransportName, packets, bytes);
}

/// <summary>The transports' names on the wire.</summary>
internal static class TransportNames
{
    public const string Polling = "polling";
    public const string WebSocket = "websocket";
}
