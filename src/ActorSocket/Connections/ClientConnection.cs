using System.Text.Json;
using ActorSocket.Delivery;
using ActorSocket.EventLoops;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sessions;
using Akka.Actor;
using Microsoft.AspNetCore.WebUtilities;
using static ActorSocket.Connections.ConnectionProtocol;

namespace ActorSocket.Connections;

/// <summary>
/// One client's connection as its sockets share it: messages of the engine in, one batch of decoded packets per read and socket out. What
/// concerns the connection as a whole (CONNECT, the time for it, the end) is done in the turn of the session's actor.
/// </summary>
internal sealed class ClientConnection(EngineConnection engine, ServerContext server, INamespaceFinder namespaces) : IConnectionConsumer
{
    private readonly IPacketDecoder _decoder = server.NewDecoder();
    private readonly ArrivalOrder _order = new(new JoinedNamespaces(server.Options.MaxNamespacesPerConnection));

    // Of the thread that reads
    private SocketIoPacket? _first; // most reads bring one packet
    private List<SocketIoPacket>? _more;
    private IPacketReceiver? _target;
    private bool _refused;
    private bool _awaits; // more of a packet, since the session was last told
    private volatile bool _isIncomplete; // attachments of the last packet are due

    // Of the session's turn
    private KeyValuePair<string, IActorRef>[] _sockets = []; // almost always one
    private SharedTimer.Wait? _connect, _attachments;
    private ConnectionEvents.ConnectionClosed? _end; // once it has begun to end

    public EngineConnection Engine => engine;

    public string Sid => engine.Sid;

    public HandshakeRequest Handshake => engine.Handshake;

    /// <summary>Whether the client is of Socket.IO 2 (E-110).</summary>
    public bool IsRevision3 => engine.IsRevision3;

    public string TransportName => engine.TransportName;

    public Outbound Outbound => engine.Outbound;

    /// <summary>What sockets have been told and have not handled.</summary>
    public Backlog Backlog => engine.Backlog;

    /// <summary>The session's actor, which hands over what is in <see cref="ConnectionProtocol"/>.</summary>
    public IActorRef Session => engine.Session;

    /// <summary>How sockets are told of what came.</summary>
    public ArrivalOrder Order => _order;

    public JoinedNamespaces Namespaces => _order.Namespaces;

    /// <summary>
    /// An attempt to join is over, and its client not let in. True when it is to be told so: it has neither left nor asked anew.
    /// </summary>
    public bool Refused(int attempt)
    {
        var isWaited = Namespaces.Remove(attempt, out var held);
        Drop(held);
        return isWaited;
    }

    /// <summary>
    /// The server disconnects all of its sockets: as for the one that is asked, what is emitted to the others from here on is dropped.
    /// </summary>
    public void LetGo()
    {
        foreach (var socket in Namespaces.Readers())
            socket.OnToldToGo();
        Session.Tell(Goodbye.Instance);
    }

    bool IConnectionConsumer.OnText(ReadOnlySpan<byte> message)
    {
        Decoded(_decoder.AddText(message, out var packet), packet);
        return !_refused;
    }

    /// <summary>An attachment.</summary>
    bool IConnectionConsumer.OnBinary(byte[] message)
    {
        Decoded(_decoder.AddBinary(message, out var packet), packet);
        return !_refused;
    }

    void IConnectionConsumer.OnEndOfRead()
    {
        TellBatch();
        if (!_awaits)
            return;
        _awaits = false;
        Session.Tell(AttachmentsAwaited.Instance);
    }

    /// <summary>A Socket.IO 2 client joins the main namespace by connecting (S-50).</summary>
    void IConnectionConsumer.OnOpened()
    {
        if (!IsRevision3)
            return;
        Namespaces.TryBegin("/", out var attempt, out _);
        Session.Tell(new Connect("/", default, attempt));
    }

    void IConnectionConsumer.OnUpgraded()
    {
        foreach (var socket in Namespaces.Readers())
            socket.OnUpgraded();
    }

    void IConnectionConsumer.OnStarted(ISessionTurn session) => _connect = session.Start(server.ConnectionTimers.Connect);

    bool IConnectionConsumer.OnMessage(object message, ISessionTurn session)
    {
        if (message is SharedTimer.Wait wait)
        {
            if (wait != _connect && wait != _attachments)
                return true; // it was cancelled while it was on its way
            message = wait.Message;
        }
        if (_end is not null)
            return OnLate(message);
        switch (message)
        {
            case Left m: OnLeft(m); break;
            case Connect m: OnConnect(m); break;
            case Joined m: OnJoined(m); break;
            case PacketRefused m: OnPacketRefused(m, session); break;
            case Goodbye: OnGoodbye(session); break;
            case ConnectOverdue: session.Close(DisconnectReason.ForcedClose, DisconnectReason.ForcedServerClose); break;
            case AttachmentsAwaited: Await(session); break;
            case AttachmentsOverdue: OnAttachmentsOverdue(session); break;
            default: return false;
        }
        return true;
    }

    /// <summary>The close waits for a polling client's next GET; sockets have been told already.</summary>
    private bool OnLate(object message)
    {
        if (message is Connect connect)
            Refused(connect.Attempt);
        else if (message is Joined joined)
            joined.Socket.Tell(_end!);
        return true;
    }

    void IConnectionConsumer.OnEnding(DisconnectReason reason, string? description)
    {
        _end = new ConnectionEvents.ConnectionClosed(reason, description);
        CancelTimers();
        Order.End();
        foreach (var (_, socket) in _sockets)
            socket.Tell(_end);
        _sockets = [];
    }

    /// <summary>No socket outlives it: those are told, too, of which it has not heard yet.</summary>
    void IConnectionConsumer.OnStopped()
    {
        CancelTimers();
        Order.End();
        foreach (var socket in Namespaces.End())
            socket.Tell(_end ?? ConnectionEvents.ConnectionClosed.Failed);
    }

    private void OnConnect(Connect m)
    {
        if (namespaces.Find(m.Namespace) is { } ns)
            ns.Tell(new ConnectionEvents.ConnectSocket(this, m.Namespace, m.Auth, m.Attempt));
        else if (Refused(m.Attempt))
            Outbound.Append(new EncodedFrame(server.Packets.ConnectError(m.Namespace, "Invalid namespace", null)));
    }

    private void OnJoined(Joined m)
    {
        _sockets = [.. _sockets.Where(socket => !IsOf(socket, m.Namespace)), new(m.Namespace, m.Socket)];
        _connect?.Cancel();
        _connect = null;
    }

    private void OnLeft(Left m)
    {
        bool Stays(KeyValuePair<string, IActorRef> socket) =>
            !IsOf(socket, m.Namespace) || (m.Socket is not null && !socket.Value.Equals(m.Socket));

        _sockets = Array.FindAll(_sockets, Stays);
    }

    private static bool IsOf(KeyValuePair<string, IActorRef> socket, string ns) => string.Equals(socket.Key, ns, StringComparison.Ordinal);

    private void OnPacketRefused(PacketRefused m, ISessionTurn session)
    {
        foreach (var (_, socket) in _sockets)
            socket.Tell(new ConnectionEvents.ConnectionFaulted(m.Description));
        session.Close(DisconnectReason.ForcedClose, m.OutOfPlace ? DisconnectReason.ForcedServerClose : null);
    }

    private void OnGoodbye(ISessionTurn session)
    {
        foreach (var (name, _) in _sockets)
            Outbound.Append(new EncodedFrame(server.Packets.Disconnect(name)));
        session.Close(DisconnectReason.ServerNamespaceDisconnect);
    }

    private void Await(ISessionTurn session)
    {
        _attachments?.Cancel();
        _attachments = session.Start(server.ConnectionTimers.Attachments);
    }

    /// <summary>
    /// Whatever else the client has sent, pongs or nothing, the rest of a packet has not come. While reading rests because of handlers it
    /// may have come.
    /// </summary>
    private void OnAttachmentsOverdue(ISessionTurn session)
    {
        if (session.IsPaused)
            Await(session);
        else if (_isIncomplete)
            OnPacketRefused(new PacketRefused("the attachments of a packet did not come", OutOfPlace: false), session);
    }

    private void CancelTimers()
    {
        _connect?.Cancel();
        _attachments?.Cancel();
        _connect = _attachments = null;
    }

    private void Decoded(bool valid, SocketIoPacket? packet)
    {
        _awaits = _isIncomplete = valid && packet is null;
        if (!valid)
            Refuse(_decoder.Error.Describe(), outOfPlace: false);
        else if (packet is not null)
            Dispatch(packet);
    }

    private void Dispatch(SocketIoPacket packet)
    {
        switch (packet.Type)
        {
            case SocketIoPacketType.Event or SocketIoPacketType.Ack:
                switch (Namespaces.TryFind(packet.Namespace, packet, out _, out var socket))
                {
                    case JoinedNamespaces.Find.Found:
                        Add(socket!, packet);
                        break;
                    case JoinedNamespaces.Find.Held:
                        Backlog.Add(packet.HeldBytes);
                        break;
                    case JoinedNamespaces.Find.NotJoined:
                        Refuse("a packet for a namespace that was not joined");
                        break;
                }
                break;
            case SocketIoPacketType.Connect when IsRevision3: // S-51: what stands behind the name is the auth
                var (name, auth) = SplitRevision3(packet.Namespace);
                OnConnectRead(name, auth);
                break;
            case SocketIoPacketType.Connect:
                OnConnectRead(packet.Namespace, packet.Auth);
                break;
            case SocketIoPacketType.Disconnect:
                TellBatch();
                switch (Namespaces.Leave(packet.Namespace, out var leaving, out var held))
                {
                    case JoinedNamespaces.Find.Found:
                        Drop(held);
                        Order.Tell(leaving, ConnectionEvents.LeftByClient.Instance);
                        break;
                    case JoinedNamespaces.Find.NotJoined:
                        Refuse("a DISCONNECT for a namespace that was not joined");
                        break;
                }
                break;
            default:
                Refuse("a CONNECT_ERROR from a client");
                break;
        }
    }

    private static (string Name, byte[] Auth) SplitRevision3(string text)
    {
        var mark = text.IndexOf('?', StringComparison.Ordinal);
        var (name, query) = mark < 0 ? (text, "") : (text[..mark], text[mark..]);
        var values = QueryHelpers.ParseQuery(query)
            .ToDictionary(static pair => pair.Key, static pair => pair.Value.ToString(), StringComparer.Ordinal);
        return (name, JsonSerializer.SerializeToUtf8Bytes(values, WireTypes.Default.DictionaryStringString));
    }

    private void OnConnectRead(string ns, ReadOnlyMemory<byte> auth)
    {
        TellBatch();
        var begin = Namespaces.TryBegin(ns, out var attempt, out var former);
        if (!former.IsNobody())
            Order.Tell(former, ConnectionEvents.LeftByClient.Instance);
        switch (begin)
        {
            case JoinedNamespaces.Begin.Started:
                Session.Tell(new Connect(ns, auth, attempt));
                break;
            case JoinedNamespaces.Begin.AlreadyJoined:
                Refuse("a second CONNECT for a namespace");
                break;
            case JoinedNamespaces.Begin.TooMany:
                Outbound.Append(new EncodedFrame(server.Packets.ConnectError(ns, "Too many namespaces", null)));
                break;
        }
    }

    private void Add(IPacketReceiver socket, SocketIoPacket packet)
    {
        if (!ReferenceEquals(socket, _target))
            TellBatch();
        _target = socket;
        if (_first is null)
            _first = packet;
        else
            (_more ??= []).Add(packet);
        if (packet.EventName is { } name && socket.IsSlow(name))
            Turn.RunsAside();
        Backlog.Add(packet.HeldBytes); // acknowledgements too: behind a handler that blocks its thread they wait like anything else
    }

    private void Drop(List<SocketIoPacket>? held)
    {
        foreach (var packet in held ?? [])
            Backlog.Completed(packet.HeldBytes);
    }

    /// <summary>One message to the socket's actor, however many packets.</summary>
    private void TellBatch()
    {
        if (_first is not { } first)
            return;
        var batch = new ConnectionEvents.PacketsRead(first, _more);
        _first = null;
        _more = null;
        if (_target!.TryTakeOn(batch))
            Order.Tell(_target.Actor, batch);
        else
            Backlog.Completed(batch.HeldBytes, batch.Count);
    }

    /// <summary>Socket.IO rubbish: a graceful close with reason "forced close" (S-30).</summary>
    private void Refuse(string description, bool outOfPlace = true)
    {
        TellBatch();
        _refused = true;
        Session.Tell(new PacketRefused(description, outOfPlace));
    }
}
