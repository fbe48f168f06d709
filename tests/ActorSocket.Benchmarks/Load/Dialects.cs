using System.Buffers.Text;
using System.Text;

namespace ActorSocket.Benchmarks.Load;

/// <summary>How one kind of server is spoken to over a WebSocket. Without state: one instance serves all connections.</summary>
internal abstract class Dialect
{
    public abstract string Path { get; }

    /// <summary>Whether it can carry a binary value as such.</summary>
    public virtual bool CarriesBinary => true;

    /// <summary>The WebSocket is open: whatever handshake comes next.</summary>
    public abstract void Start(WebSocketClient client);

    public abstract void ReceiveText(WebSocketClient client, ReadOnlySpan<byte> data);

    public virtual void ReceiveBinary(WebSocketClient client, ReadOnlySpan<byte> data) =>
        throw new LoadFailure("unexpected binary message");

    public abstract void Echo(WebSocketClient client, ReadOnlySpan<byte> payload);

    public virtual void EchoBinary(WebSocketClient client, ReadOnlySpan<byte> payload) => throw new NotSupportedException();

    public abstract void Join(WebSocketClient client, string room);

    public abstract void Broadcast(WebSocketClient client, string room, ReadOnlySpan<byte> payload);

    protected static void Ready(WebSocketClient client)
    {
        client.IsReady = true;
        client.Owner.OnReady(client);
    }

    /// <summary>An answer must be to the oldest request that has none.</summary>
    protected static void Reply(WebSocketClient client, uint id, ReadOnlySpan<byte> payload)
    {
        if (id != client.NextReply || client.NextReply == client.NextRequest)
            throw new LoadFailure($"answer {id} where {client.NextReply} was due");
        client.NextReply++;
        client.Owner.OnReply(client, id, payload);
    }

    /// <summary>What stands between a known start and a known end.</summary>
    protected static ReadOnlySpan<byte> Between(ReadOnlySpan<byte> data, ReadOnlySpan<byte> start, ReadOnlySpan<byte> end)
    {
        if (data.Length < start.Length + end.Length || !data.StartsWith(start) || !data.EndsWith(end))
            throw Unexpected(data);
        return data[start.Length..^end.Length];
    }

    protected static LoadFailure Unexpected(ReadOnlySpan<byte> data) =>
        new("unexpected message: " + Encoding.UTF8.GetString(data[..Math.Min(data.Length, 120)]));
}

/// <summary>Composes one message in the generator's scratch space.</summary>
internal ref struct MessageWriter(Span<byte> space)
{
    private readonly Span<byte> _space = space;
    private int _length;

    public readonly ReadOnlySpan<byte> Written => _space[.._length];

    public MessageWriter Add(scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_space[_length..]);
        _length += bytes.Length;
        return this;
    }

    public MessageWriter Add(uint number)
    {
        Utf8Formatter.TryFormat(number, _space[_length..], out var written);
        _length += written;
        return this;
    }

    public MessageWriter Add(string text)
    {
        _length += Encoding.UTF8.GetBytes(text, _space[_length..]);
        return this;
    }
}

/// <summary>Socket.IO 5 over Engine.IO 4.</summary>
internal sealed class SocketIoDialect : Dialect
{
    public override string Path => "/socket.io/?EIO=4&transport=websocket";

    public override void Start(WebSocketClient client)
    {
    }

    public override void ReceiveText(WebSocketClient client, ReadOnlySpan<byte> data)
    {
        if (data.StartsWith("43"u8))
        {
            ReadAck(client, data[2..]);
        }
        else if (data.StartsWith("42"u8))
        {
            client.Owner.OnBroadcast(client, Between(data, "42[\"bcast\",\""u8, "\"]"u8));
        }
        else if (data.StartsWith("461-"u8) && client.AwaitsAttachmentOf is null)
        {
            if (
                !Utf8Parser.TryParse(data[4..], out uint id, out var used)
                || !data[(4 + used)..].SequenceEqual("[{\"_placeholder\":true,\"num\":0}]"u8)
            )
                throw Unexpected(data);
            client.AwaitsAttachmentOf = id;
        }
        else if (data.SequenceEqual("2"u8))
        {
            client.SendText("3"u8);
        }
        else if (data.StartsWith("0{"u8) && !client.IsReady)
        {
            client.SendText("40"u8);
        }
        else if (data.StartsWith("40{"u8) && !client.IsReady)
        {
            Ready(client);
        }
        else
        {
            throw Unexpected(data);
        }
    }

    public override void ReceiveBinary(WebSocketClient client, ReadOnlySpan<byte> data)
    {
        if (client.AwaitsAttachmentOf is not { } id)
            throw Unexpected(data);
        client.AwaitsAttachmentOf = null;
        Reply(client, id, data);
    }

    public override void Echo(WebSocketClient client, ReadOnlySpan<byte> payload) =>
        client.SendText(
            new MessageWriter(client.Compose).Add("42"u8).Add(client.NextRequest++).Add("[\"echo\",\""u8).Add(payload).Add("\"]"u8).Written
        );

    public override void EchoBinary(WebSocketClient client, ReadOnlySpan<byte> payload)
    {
        client.SendText(
            new MessageWriter(client.Compose)
                .Add("451-"u8)
                .Add(client.NextRequest++)
                .Add("[\"echo\",{\"_placeholder\":true,\"num\":0}]"u8)
                .Written
        );
        client.SendBinary(payload);
    }

    public override void Join(WebSocketClient client, string room) =>
        client.SendText(
            new MessageWriter(client.Compose).Add("42"u8).Add(client.NextRequest++).Add("[\"join\",\""u8).Add(room).Add("\"]"u8).Written
        );

    public override void Broadcast(WebSocketClient client, string room, ReadOnlySpan<byte> payload) =>
        client.SendText(
            new MessageWriter(client.Compose).Add("42[\"broadcast\",\""u8).Add(room).Add("\",\""u8).Add(payload).Add("\"]"u8).Written
        );

    private static void ReadAck(WebSocketClient client, ReadOnlySpan<byte> data)
    {
        if (!Utf8Parser.TryParse(data, out uint id, out var used))
            throw Unexpected(data);
        var arguments = data[used..];
        Reply(client, id, arguments.Length <= 2 ? default : Between(arguments, "[\""u8, "\"]"u8));
    }
}

/// <summary>SignalR's hub protocol in JSON.</summary>
internal sealed class SignalRDialect : Dialect
{
    private const byte End = 0x1e;

    public override string Path => "/hub";

    public override bool CarriesBinary => false;

    public override void Start(WebSocketClient client) => client.SendText("{\"protocol\":\"json\",\"version\":1}\u001e"u8);

    public override void ReceiveText(WebSocketClient client, ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            var end = data.IndexOf(End);
            if (end < 0)
                throw Unexpected(data);
            Receive(client, data[..end]);
            data = data[(end + 1)..];
        }
    }

    public override void Echo(WebSocketClient client, ReadOnlySpan<byte> payload) => Invoke(client, "Echo"u8, payload);

    public override void Join(WebSocketClient client, string room) => Invoke(client, "Join"u8, Encoding.UTF8.GetBytes(room));

    public override void Broadcast(WebSocketClient client, string room, ReadOnlySpan<byte> payload) =>
        client.SendText(
            new MessageWriter(client.Compose)
                .Add("{\"type\":1,\"target\":\"Broadcast\",\"arguments\":[\""u8)
                .Add(room)
                .Add("\",\""u8)
                .Add(payload)
                .Add("\"]}\u001e"u8)
                .Written
        );

    private static void Invoke(WebSocketClient client, ReadOnlySpan<byte> method, ReadOnlySpan<byte> argument) =>
        client.SendText(
            new MessageWriter(client.Compose)
                .Add("{\"type\":1,\"invocationId\":\""u8)
                .Add(client.NextRequest++)
                .Add("\",\"target\":\""u8)
                .Add(method)
                .Add("\",\"arguments\":[\""u8)
                .Add(argument)
                .Add("\"]}\u001e"u8)
                .Written
        );

    private static void Receive(WebSocketClient client, ReadOnlySpan<byte> record)
    {
        if (record.StartsWith("{\"type\":3,"u8))
        {
            var rest = Between(record, "{\"type\":3,\"invocationId\":\""u8, "}"u8);
            if (!Utf8Parser.TryParse(rest, out uint id, out var used))
                throw Unexpected(record);
            Reply(client, id, Between(rest[used..], "\",\"result\":\""u8, "\""u8));
        }
        else if (record.StartsWith("{\"type\":1,"u8))
        {
            client.Owner.OnBroadcast(client, Between(record, "{\"type\":1,\"target\":\"bcast\",\"arguments\":[\""u8, "\"]}"u8));
        }
        else if (record.SequenceEqual("{}"u8) && !client.IsReady)
        {
            Ready(client);
        }
        else if (!record.SequenceEqual("{\"type\":6}"u8))
        {
            throw Unexpected(record);
        }
    }
}

/// <summary>
/// The least a server can do: E… comes back as it is, J and a room subscribes and comes back, B and a room goes to all that subscribed.
/// </summary>
internal sealed class RawDialect : Dialect
{
    public override string Path => "/raw";

    public override void Start(WebSocketClient client) => Ready(client);

    public override void ReceiveText(WebSocketClient client, ReadOnlySpan<byte> data)
    {
        switch (data[0])
        {
            case (byte)'E': Reply(client, client.NextReply, data[1..]); break;
            case (byte)'J': Reply(client, client.NextReply, default); break;
            case (byte)'B': client.Owner.OnBroadcast(client, data[(1 + RoomLength)..]); break;
            default: throw Unexpected(data);
        }
    }

    public override void ReceiveBinary(WebSocketClient client, ReadOnlySpan<byte> data) => Reply(client, client.NextReply, data[1..]);

    public override void Echo(WebSocketClient client, ReadOnlySpan<byte> payload)
    {
        client.NextRequest++;
        client.SendText(new MessageWriter(client.Compose).Add("E"u8).Add(payload).Written);
    }

    public override void EchoBinary(WebSocketClient client, ReadOnlySpan<byte> payload)
    {
        client.NextRequest++;
        client.SendBinary(new MessageWriter(client.Compose).Add("E"u8).Add(payload).Written);
    }

    public override void Join(WebSocketClient client, string room)
    {
        client.NextRequest++;
        client.SendText(new MessageWriter(client.Compose).Add("J"u8).Add(Padded(room)).Written);
    }

    public override void Broadcast(WebSocketClient client, string room, ReadOnlySpan<byte> payload) =>
        client.SendText(new MessageWriter(client.Compose).Add("B"u8).Add(Padded(room)).Add(payload).Written);

    /// <summary>How long a room's name is on this wire.</summary>
    public const int RoomLength = 8;

    private static string Padded(string room) => room.PadRight(RoomLength);
}
