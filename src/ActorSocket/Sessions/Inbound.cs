using System.Text.Json;
using Akka.Actor;
using Microsoft.AspNetCore.WebUtilities;
using ActorSocket.Delivery;
using ActorSocket.Diagnostics;
using ActorSocket.Hosting;
using ActorSocket.Protocol.EngineIo;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sockets;

namespace ActorSocket.Sessions;

/// <summary>
/// What comes in on one connection: Engine.IO packets in, one batch of decoded Socket.IO packets per read and socket out. Control packets go to the
/// session actor. Runs on the thread that reads; a POST and a WebSocket may overlap during an upgrade, hence the lock.
/// </summary>
internal sealed class Inbound(EngineConnection connection, ServerServices server)
{
    private readonly Lock _gate = new();
    private readonly IPacketDecoder _decoder = server.NewDecoder();
    private readonly ArrivalOrder _order = new(new JoinedNamespaces(server.Options.MaxNamespacesPerConnection));
    private SocketIoPacket? _first; // most reads bring one packet
    private List<SocketIoPacket>? _more;
    private Socket? _target;
    private bool _refused;
    private volatile bool _isIncomplete;
    private bool _awaits; // more of a packet, since the session was last told
    private int _queuedPackets;
    private long _queuedBytes;
    private int _acksOwed;
    private readonly Lock _pausing = new();
    private TaskCompletionSource? _resumed; // of all who wait to read on: during an upgrade there may be two
    private volatile bool _ended;

    /// <summary>How sockets are told of what came.</summary>
    public ArrivalOrder Order => _order;

    public JoinedNamespaces Namespaces => _order.Namespaces;

    /// <summary>Whether attachments of the last packet are due.</summary>
    public bool IsIncomplete => _isIncomplete;

    /// <summary>One POST body (E-34). Returns false when the session was failed by it.</summary>
    public bool AddPayload(ReadOnlySpan<byte> payload, bool binaryForm = false)
    {
        lock (_gate)
        {
            return connection.IsRevision3
                ? AddPackets(new Revision3PayloadReader(payload, binaryForm, server.ProtocolLimits), payload.Length)
                : AddPackets(new PollingPayloadReader(payload, server.ProtocolLimits), payload.Length);
        }
    }

    private bool AddPackets<TReader>(TReader packets, int bytes)
        where TReader : struct, IPayloadReader, allows ref struct
    {
        var count = 0;
        while (!_refused && packets.TryRead(out var packet))
        {
            count++;
            Handle(packet, null);
        }
        if (packets.Failed && !_refused)
            Fail(null, DisconnectReason.ParseError, "invalid payload");
        TellAll();
        server.Metrics.PacketsReceived(TransportNames.Polling, count, bytes);
        return !_refused;
    }

    /// <summary>A Socket.IO 2 client joins the main namespace by connecting (S-50).</summary>
    public void ConnectMain()
    {
        Namespaces.TryBegin("/", out var attempt, out _);
        connection.Session.Tell(new SessionProtocol.Connect("/", default, attempt));
    }

    /// <summary>One text message of a WebSocket. <see cref="EndOfRead"/> must follow the last one of a read.</summary>
    public bool AddText(ITransport transport, ReadOnlySpan<byte> text)
    {
        lock (_gate)
        {
            if (_refused)
                return false;
            if (EngineIoReader.TryRead(text, out var packet, connection.IsRevision3))
                Handle(packet, transport);
            else
                Fail(transport, DisconnectReason.ParseError, "invalid packet");
            server.Metrics.PacketsReceived(TransportNames.WebSocket, 1, text.Length);
            return !_refused;
        }
    }

    /// <summary>One binary message of a WebSocket: an attachment.</summary>
    public bool AddBinary(ITransport transport, ReadOnlySpan<byte> data)
    {
        lock (_gate)
        {
            if (_refused)
                return false;
            if (!connection.IsRevision3)
                Decoded(_decoder.AddBinary(data.ToArray(), out var packet), packet);
            else if (Revision3Payload.TryReadBinary(data, out var message))
                Handle(message, transport);
            else
                Fail(transport, DisconnectReason.ParseError, "invalid packet");
            server.Metrics.PacketsReceived(TransportNames.WebSocket, 1, data.Length);
            return !_refused;
        }
    }

    /// <summary>Hands over what the read brought: one message to the socket's actor, however many packets.</summary>
    public void EndOfRead()
    {
        lock (_gate)
            TellAll();
    }

    /// <summary>A handler is done with an event, or an acknowledgement was taken, or nobody will come to them: their places in the queue are free.</summary>
    public void Completed(long bytes, int packets = 1)
    {
        var left = Interlocked.Add(ref _queuedPackets, -packets);
        var queued = Interlocked.Add(ref _queuedBytes, -bytes);
        if (Volatile.Read(ref _resumed) is not null && left <= server.Options.MaxInboundEvents / 2 && queued <= server.Options.MaxInboundBytes / 2)
            Resume();
    }

    /// <summary>While the client owes an acknowledgement, reading never pauses: a handler may be waiting for it.</summary>
    public void AckAsked()
    {
        Interlocked.Increment(ref _acksOwed);
        if (Volatile.Read(ref _resumed) is not null)
            Resume();
    }

    public void AckSettled() => Interlocked.Decrement(ref _acksOwed);

    /// <summary>How many acknowledgements the client owes.</summary>
    public int AcksOwed => Volatile.Read(ref _acksOwed);

    /// <summary>Completes when the transport may read on: at once, unless handlers lag behind by more than the limits.</summary>
    public ValueTask ReadableAsync()
    {
        if (!MustPause())
            return default;
        Task waiting;
        lock (_pausing)
        {
            if (_resumed is null)
            {
                _resumed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                connection.Session.Tell(SessionProtocol.ReadingPaused.Instance);
            }
            waiting = _resumed.Task;
        }
        Interlocked.MemoryBarrier();
        if (!MustPause()) // what was completed meanwhile may not have seen that somebody waits
            Resume();
        return new ValueTask(waiting);
    }

    /// <summary>The session has ended: nobody waits for its handlers any more.</summary>
    public void End()
    {
        _ended = true;
        Interlocked.MemoryBarrier();
        Resume();
    }

    /// <summary>Lets all transports that wait go on. Pauses and their ends reach the session in their order.</summary>
    private void Resume()
    {
        lock (_pausing)
        {
            if (_resumed is null)
                return;
            connection.Session.Tell(SessionProtocol.ReadingResumed.Instance);
            _resumed.TrySetResult();
            _resumed = null;
        }
    }

    private bool MustPause()
    {
        var bytes = Volatile.Read(ref _queuedBytes);
        var packets = Volatile.Read(ref _queuedPackets);
        if (_ended || (packets <= server.Options.MaxInboundEvents && bytes <= server.Options.MaxInboundBytes))
            return false;
        // An answer that a handler waits for may be what stands behind: go on reading, within a hard bound.
        return Volatile.Read(ref _acksOwed) == 0 || bytes > 4L * server.Options.MaxInboundBytes || packets > 4L * server.Options.MaxInboundEvents;
    }

    private void Handle(in EngineIoPacket packet, ITransport? transport)
    {
        if (packet.Binary is { } binary)
        {
            Decoded(_decoder.AddBinary(binary, out var complete), complete);
            return;
        }
        switch (packet.Type)
        {
            case EngineIoPacketType.Message:
                Decoded(_decoder.AddText(packet.Data, out var decoded), decoded);
                break;
            case EngineIoPacketType.Ping when connection.IsRevision3:
                connection.Outbound.Append(EncodedFrame.Control([(byte)'3', .. packet.Data]), urgent: true);
                connection.PongDue = null;
                connection.Session.Tell(SessionProtocol.PingReceived.Instance);
                break;
            case EngineIoPacketType.Pong when !connection.IsRevision3:
                connection.PongDue = null;
                connection.Session.Tell(SessionProtocol.PongReceived.Instance);
                break;
            case EngineIoPacketType.Ping or EngineIoPacketType.Pong: // E-91, E-111: in Engine.IO 4 the server is the one who pings, in 3 the client
                Fail(transport, DisconnectReason.TransportError, "invalid heartbeat direction");
                break;
            case EngineIoPacketType.Close:
                Fail(transport, DisconnectReason.TransportClose, null);
                break;
            default: // E-35: open, upgrade and noop are ignored
                break;
        }
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
                        Count(packet);
                        break;
                    case JoinedNamespaces.Find.NotJoined:
                        Refuse("a packet for a namespace that was not joined");
                        break;
                }
                break;
            case SocketIoPacketType.Connect when connection.IsRevision3: // S-51: what stands behind the name is the auth
                var (name, query) = packet.Namespace.IndexOf('?', StringComparison.Ordinal) is >= 0 and var mark ? (packet.Namespace[..mark], packet.Namespace[mark..]) : (packet.Namespace, "");
                Connect(name, JsonSerializer.SerializeToUtf8Bytes(QueryHelpers.ParseQuery(query).ToDictionary(static pair => pair.Key, static pair => pair.Value.ToString(), StringComparer.Ordinal), WireTypes.Default.DictionaryStringString));
                break;
            case SocketIoPacketType.Connect:
                Connect(packet.Namespace, packet.Auth);
                break;
            case SocketIoPacketType.Disconnect:
                TellBatch();
                switch (Namespaces.Leave(packet.Namespace, out var leaving, out var held))
                {
                    case JoinedNamespaces.Find.Found:
                        Drop(held);
                        Order.Tell(leaving, SocketProtocol.LeftByClient.Instance);
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

    private void Connect(string ns, ReadOnlyMemory<byte> auth)
    {
        TellBatch();
        var begin = Namespaces.TryBegin(ns, out var attempt, out var former);
        if (!former.IsNobody())
            Order.Tell(former, SocketProtocol.LeftByClient.Instance);
        switch (begin)
        {
            case JoinedNamespaces.Begin.Started:
                connection.Session.Tell(new SessionProtocol.Connect(ns, auth, attempt));
                break;
            case JoinedNamespaces.Begin.AlreadyJoined:
                Refuse("a second CONNECT for a namespace");
                break;
            case JoinedNamespaces.Begin.TooMany:
                connection.Outbound.Append(new EncodedFrame(server.Packets.ConnectError(ns, "Too many namespaces", null)));
                break;
        }
    }

    private void Add(Socket socket, SocketIoPacket packet)
    {
        if (!ReferenceEquals(socket, _target))
            TellBatch();
        _target = socket;
        if (_first is null)
            _first = packet;
        else
            (_more ??= []).Add(packet);
        Count(packet);
    }

    /// <summary>Acknowledgements too: behind a handler that blocks its thread they wait like anything else.</summary>
    private void Count(SocketIoPacket packet)
    {
        Interlocked.Increment(ref _queuedPackets);
        Interlocked.Add(ref _queuedBytes, packet.HeldBytes);
    }

    private void Drop(List<SocketIoPacket>? held)
    {
        foreach (var packet in held ?? [])
            Completed(packet.HeldBytes);
    }

    /// <summary>An attempt to join is over, and its client not let in. True when it is to be told so: it has neither left nor asked anew.</summary>
    public bool Refused(int attempt)
    {
        var isWaited = Namespaces.Remove(attempt, out var held);
        Drop(held);
        return isWaited;
    }

    private void TellAll()
    {
        TellBatch();
        if (!_awaits)
            return;
        _awaits = false;
        connection.Session.Tell(SessionProtocol.AttachmentsAwaited.Instance);
    }

    private void TellBatch()
    {
        if (_first is not { } first)
            return;
        var batch = new SocketProtocol.PacketsRead(first, _more);
        _first = null;
        _more = null;
        if (_target!.TryTakeOn(batch))
            Order.Tell(_target.Actor, batch);
        else
            Completed(batch.HeldBytes, batch.Count);
    }

    /// <summary>Socket.IO rubbish: a graceful close with reason "forced close" (S-30).</summary>
    private void Refuse(string description, bool outOfPlace = true)
    {
        TellBatch();
        _refused = true;
        connection.Session.Tell(new SessionProtocol.PacketRefused(description, outOfPlace));
    }

    /// <summary>Engine.IO rubbish or an end: closed at once.</summary>
    private void Fail(ITransport? transport, DisconnectReason reason, string? description)
    {
        TellBatch();
        _refused = true;
        connection.Fail(transport, reason, description);
    }
}
