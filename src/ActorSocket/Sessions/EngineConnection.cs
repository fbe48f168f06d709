using System.Buffers;
using Akka.Actor;
using ActorSocket.Clustering;
using ActorSocket.Delivery;
using ActorSocket.Diagnostics;
using ActorSocket.Hosting;
using ActorSocket.Protocol.EngineIo;

namespace ActorSocket.Sessions;

/// <summary>
/// One Engine.IO connection as its transports, sockets and session actor share it: what may be touched from any thread. Decisions are the
/// <see cref="EngineSession"/>'s; this holds the two byte paths and the addresses.
/// </summary>
internal sealed class EngineConnection : IOutboundOwner
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CloseTurn = TimeSpan.FromMilliseconds(5);
    private const int CloseTurns = 20;

    private readonly ServerServices _server;
    private int _posting;
    private int _posts;

    public EngineConnection(ServerServices server, string sid, HandshakeRequest handshake, WireForm form = WireForm.Standard)
    {
        Form = form;
        _server = server;
        Sid = sid;
        Handshake = handshake;
        Outbound = new Outbound(this, server.Flushers.Next(), handshake.IsPython ? server.PythonLimits : server.OutboundLimits);
        Inbound = new Inbound(this, server);
    }

    public string Sid { get; }

    public HandshakeRequest Handshake { get; }

    /// <summary>How packets looked when the connection was opened.</summary>
    public WireForm Form { get; }

    /// <summary>Whether the client is of Socket.IO 2 (E-110).</summary>
    public bool IsRevision3 => Form.IsRevision3();

    public Outbound Outbound { get; }

    public Inbound Inbound { get; }

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

    /// <summary>Ends the session because of what a transport saw. Its sid is unknown from this moment on, whatever the actor still has to do.</summary>
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
        _server.Cluster?.Forget(this);
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

    /// <summary>The wait for a pong, from the ping on until one comes. Set by the session, and taken back by whoever reads the pong.</summary>
    public SharedTimer.Wait? PongDue { get; set; }

    /// <summary>Whether a polling client's time is over: it is then unknown, even when the message that says so is late.</summary>
    public bool IsGivenUp()
    {
        if (PongDue is not { IsOver: true } || IsWebSocket)
            return false;
        Fail(null, DisconnectReason.PingTimeout, null);
        return true;
    }

    /// <summary>The last poll's answer; null when it did not go by another node.</summary>
    public AnswerOnItsWay? PollAnswer { get; set; }

    /// <summary>Likewise of the last POST.</summary>
    public AnswerOnItsWay? PostAnswer { get; set; }

    /// <summary>The poll that was last told to go to another node: where it waits, and its request there.</summary>
    public (IActorRef Gateway, long Request)? ReleasedPoll { get; set; }

    /// <summary>The client asks again: it has got the answer before, or the session ends here. The word of the other node may come a little later than the request.</summary>
    public async ValueTask<bool> HasGotAsync(AnswerOnItsWay? answer)
    {
        if (answer is null)
            return true;
        try
        {
            if (await answer.Left.WaitAsync(AnswerTimeout, _server.Time).ConfigureAwait(false))
                return true;
        }
        catch (TimeoutException)
        {
            // The node is gone, whether or not the others have noticed.
        }
        AnswerLost();
        return false;
    }

    /// <summary>
    /// To be awaited before the body of a POST is taken. A close packet releases the GET that waits (E-48): in a cluster that may still be
    /// on its way here, by another node, though the client
    /// sent it first. So it is waited for a moment, rather than refused when it comes.
    /// </summary>
    public async ValueTask BeforeTakingAsync(ReadOnlySequence<byte> body)
    {
        if (_server.Cluster is null || !EndsWithClose(body))
            return;
        for (var turn = 0; turn < CloseTurns && !Outbound.HasParkedPoll && !IsWebSocket; turn++)
            await Task.Delay(CloseTurn, _server.Time).ConfigureAwait(false);
    }

    /// <summary>A packet of one '1' at the end of a payload, of whichever form.</summary>
    private static bool EndsWithClose(ReadOnlySequence<byte> body)
    {
        Span<byte> end = stackalloc byte[2];
        if (body.Length < 2)
            return body.Length == 1 && body.FirstSpan[0] == '1';
        body.Slice(body.Length - 2).CopyTo(end);
        return end[1] == '1' && (end[0] is 0x1E or (byte)':' or (byte)'=');
    }

    /// <summary>Ends the session: the client has not got what it was answered.</summary>
    public void AnswerLost() => Fail(null, DisconnectReason.TransportError, "an answer was lost with the node that it went by");

    public void EndPost() => Volatile.Write(ref _posting, 0);

    /// <summary>The WebSocket that carries the session, or null while it polls. Set by the session.</summary>
    public ITransport? CurrentTransport { get; set; }

    /// <summary>Set by the session when it has told its sockets that it ends, and why.</summary>
    public DisconnectReason? ClosedBecause { get; set; }

    private bool IsCurrent(ITransport? transport) => ReferenceEquals(transport, CurrentTransport);

    void IOutboundOwner.OnOverflow() => Session.Tell(new SessionProtocol.OutboundFailed("the client does not read: the outbound limit is reached"));

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
