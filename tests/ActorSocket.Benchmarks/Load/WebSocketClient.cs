using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace ActorSocket.Benchmarks.Load;

/// <summary>Who is told what its clients receive.</summary>
internal interface IClientOwner
{
    /// <summary>The client may send.</summary>
    void OnReady(WebSocketClient client);

    /// <summary>A request was answered. Answers come in the order of the requests.</summary>
    void OnReply(WebSocketClient client, uint id, ReadOnlySpan<byte> payload);

    void OnBroadcast(WebSocketClient client, ReadOnlySpan<byte> payload);
}

/// <summary>One WebSocket (RFC 6455), framed by hand; a <see cref="Dialect"/> says what its messages mean.</summary>
internal sealed class WebSocketClient(Poller poller, int port, Dialect dialect, IClientOwner owner, int index) : Channel(poller, port)
{
    private const byte TextFrame = 0x81, BinaryFrame = 0x82, CloseFrame = 0x88, PingFrame = 0x89, PongFrame = 0x8A, Final = 0x80;
    private const uint Mask = 0x3D21FA37; // a constant that is not zero: servers do the same work for any

    private byte[] _fragments = [];
    private byte _fragmented; // head of the message that comes in several frames
    private bool _upgraded;

    public int Index => index;

    public IClientOwner Owner => owner;

    /// <summary>The id of the next request, and of the next answer.</summary>
    public uint NextRequest { get; set; }

    public uint NextReply { get; set; }

    /// <summary>Whether the dialect's own handshake is done.</summary>
    public bool IsReady { get; set; }

    /// <summary>The text that announced an attachment, until the attachment is here.</summary>
    public uint? AwaitsAttachmentOf { get; set; }

    public byte[] Compose => Poller.Scratch;

    public void SendText(ReadOnlySpan<byte> message) => Send(TextFrame, message);

    public void SendBinary(ReadOnlySpan<byte> message) => Send(BinaryFrame, message);

    protected override void OnConnected()
    {
        var request =
            $"GET {dialect.Path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: "
            + "dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
        Commit(Encoding.ASCII.GetBytes(request, Reserve(request.Length)));
    }

    protected override int OnBytes(ReadOnlySpan<byte> bytes)
    {
        var used = 0;
        if (!_upgraded)
        {
            used = bytes.IndexOf("\r\n\r\n"u8) + 4;
            if (used < 4)
                return 0;
            if (!bytes.StartsWith("HTTP/1.1 101 "u8) || bytes[..used].IndexOf("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="u8) < 0)
                throw new LoadFailure("no WebSocket: " + Encoding.ASCII.GetString(bytes[..Math.Min(bytes.Length, 200)]));
            _upgraded = true;
            dialect.Start(this);
        }
        while (!IsClosed && TryReadFrame(bytes[used..], out var header, out var length))
        {
            Handle(bytes[used], bytes.Slice(used + header, length));
            used += header + length;
        }
        return used;
    }

    private static bool TryReadFrame(ReadOnlySpan<byte> bytes, out int header, out int length)
    {
        (header, length) = (2, 0);
        if (bytes.Length < 2)
            return false;
        length = bytes[1]; // a server's frames are not masked
        if (length == 126)
        {
            header = 4;
            if (bytes.Length < header)
                return false;
            length = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        }
        else if (length == 127)
        {
            header = 10;
            if (bytes.Length < header)
                return false;
            length = (int)BinaryPrimitives.ReadUInt64BigEndian(bytes[2..]);
        }
        return bytes.Length >= header + length;
    }

    private void Handle(byte head, ReadOnlySpan<byte> data)
    {
        switch (head)
        {
            case TextFrame: dialect.ReceiveText(this, data); break;
            case BinaryFrame: dialect.ReceiveBinary(this, data); break;
            case PingFrame: Send(PongFrame, data); break;
            case PongFrame: break;
            case CloseFrame: throw new LoadFailure("the server closed a WebSocket");
            default: AddFragment(head, data); break;
        }
    }

    /// <summary>A long message may come in several frames.</summary>
    private void AddFragment(byte head, ReadOnlySpan<byte> data)
    {
        var first = head == (TextFrame & ~Final) || head == (BinaryFrame & ~Final);
        if (head is not (0 or Final) && !first || first != (_fragmented == 0))
            throw new LoadFailure($"unexpected frame 0x{head:x2}");
        if (first)
            _fragmented = (byte)(head | Final);
        _fragments = [.. _fragments, .. data];
        if ((head & Final) == 0)
            return;
        var (whole, kind) = (_fragments, _fragmented);
        (_fragments, _fragmented) = ([], 0);
        Handle(kind, whole);
    }

    private void Send(byte head, ReadOnlySpan<byte> message)
    {
        var output = Reserve(message.Length + 14);
        output[0] = head;
        int header;
        if (message.Length < 126)
        {
            output[1] = (byte)(0x80 | message.Length);
            header = 6;
        }
        else
        {
            output[1] = 0x80 | 126; // no message of this generator is longer than 64 KiB
            BinaryPrimitives.WriteUInt16BigEndian(output[2..], checked((ushort)message.Length));
            header = 8;
        }
        MemoryMarshal.Write(output[(header - 4)..], Mask);
        Xor(message, output[header..]);
        Commit(header + message.Length);
    }

    private static void Xor(ReadOnlySpan<byte> from, Span<byte> to)
    {
        const ulong mask = Mask | ((ulong)Mask << 32);
        var i = 0;
        for (; i + 8 <= from.Length; i += 8)
            MemoryMarshal.Write(to[i..], MemoryMarshal.Read<ulong>(from[i..]) ^ mask);
        for (; i < from.Length; i++)
            to[i] = (byte)(from[i] ^ (byte)(Mask >> (8 * (i & 3))));
    }
}
