using ActorSocket.Protocol.EngineIo;
using ActorSocket.Protocol.SocketIo;
using Akka.Actor;

namespace ActorSocket.Sessions;

/// <summary>
/// What comes in on one connection: Engine.IO packets in, messages out to the <see cref="IConnectionConsumer"/>, control packets to the
/// session's actor. Runs on the thread that reads; a POST and a WebSocket may overlap during an upgrade, hence the lock.
/// </summary>
internal sealed class Inbound(EngineConnection connection, EngineServer server, IConnectionConsumer consumer)
{
    private readonly Lock _gate = new();
    private bool _refused;
    private int _ignored;

    /// <summary>How many packets came that mean nothing: a test's client sends one behind what it wants to be sure of.</summary>
    public int Ignored => Volatile.Read(ref _ignored);

    /// <summary>One POST body (E-34). Returns false when nothing more is taken from this client.</summary>
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
        consumer.OnEndOfRead();
        server.Metrics.PacketsReceived(TransportNames.Polling, count, bytes);
        return !_refused;
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

    /// <summary>One binary message of a WebSocket, in any case <see cref="EndOfRead"/> follows.</summary>
    public bool AddBinary(ITransport transport, ReadOnlySpan<byte> data)
    {
        lock (_gate)
        {
            if (_refused)
                return false;
            if (!connection.IsRevision3)
                _refused = !consumer.OnBinary(data.ToArray());
            else if (Revision3Payload.TryReadBinary(data, out var message))
                Handle(message, transport);
            else
                Fail(transport, DisconnectReason.ParseError, "invalid packet");
            server.Metrics.PacketsReceived(TransportNames.WebSocket, 1, data.Length);
            return !_refused;
        }
    }

    /// <summary>Hands over what the read brought: one message to whoever handles it, however many packets.</summary>
    public void EndOfRead()
    {
        lock (_gate)
            consumer.OnEndOfRead();
    }

    private void Handle(in EngineIoPacket packet, ITransport? transport)
    {
        if (packet.Binary is { } binary)
        {
            _refused = !consumer.OnBinary(binary);
            return;
        }
        switch (packet.Type)
        {
            case EngineIoPacketType.Message:
                _refused = !consumer.OnText(packet.Data);
                break;
            case EngineIoPacketType.Ping when connection.IsRevision3:
                connection.Outbound.Append(EncodedFrame.Control([(byte)'3', .. packet.Data]), urgent: true);
                connection.HeartbeatDeadline = null;
                connection.Session.Tell(SessionProtocol.PingReceived.Instance);
                break;
            case EngineIoPacketType.Pong when !connection.IsRevision3:
                connection.HeartbeatDeadline = null;
                connection.Session.Tell(SessionProtocol.PongReceived.Instance);
                break;
            // E-91, E-111: in Engine.IO 4 the server is the one who pings, in 3 the client.
            case EngineIoPacketType.Ping or EngineIoPacketType.Pong:
                Fail(transport, DisconnectReason.TransportError, "invalid heartbeat direction");
                break;
            case EngineIoPacketType.Close:
                Fail(transport, DisconnectReason.TransportClose, null);
                break;
            default: // E-35: open, upgrade and noop are ignored
                Volatile.Write(ref _ignored, _ignored + 1);
                break;
        }
    }

    /// <summary>Engine.IO rubbish or an end: closed at once.</summary>
    private void Fail(ITransport? transport, DisconnectReason reason, string? description)
    {
        consumer.OnEndOfRead();
        _refused = true;
        connection.Fail(transport, reason, description);
    }
}
