using System.Buffers;
using System.Buffers.Text;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Protocol.WebSockets;

namespace ActorSocket.Delivery;

/// <summary>
/// One Socket.IO packet with its attachments, or one Engine.IO control packet, encoded once and shared by every connection it goes to.
/// Immutable, hence free to cross threads; the forms a transport needs are made when the first connection asks for them.
/// </summary>
internal sealed class EncodedFrame
{
    public static readonly EncodedFrame Ping = Control("2"u8), Noop = Control("6"u8), Close = Control("1"u8), Probe = Control("3probe"u8);

    private readonly byte[] _buffer;
    private readonly int _textOffset;
    private readonly byte[][] _attachments;
    private byte[]? _webSocket;
    private byte[]? _webSocketBase64;
    private byte[][]? _base64;

    public EncodedFrame(EncodedPacket packet, bool compress = true)
        : this(packet.Buffer, packet.TextOffset, packet.Attachments, compress)
    {
    }

    private EncodedFrame(byte[] buffer, int textOffset, byte[][] attachments, bool compress)
    {
        _buffer = buffer;
        _textOffset = textOffset;
        _attachments = attachments;
        Compress = compress;
        Size = buffer.Length;
        foreach (var attachment in attachments)
            Size += attachment.Length + FrameWriter.HeaderSize(attachment.Length);
    }

    /// <summary>Whether an HTTP answer that bears this packet may be compressed .</summary>
    public bool Compress { get; }

    /// <summary>Bytes on a WebSocket; close enough to the size of the other forms to count against the outbound limit.</summary>
    public int Size { get; }

    /// <summary>Engine.IO packets: the text and one for each attachment.</summary>
    public int PacketCount => 1 + _attachments.Length;

    /// <summary>The Engine.IO text packet, type digit included.</summary>
    public ReadOnlySpan<byte> Text => _buffer.AsSpan(_textOffset);

    /// <summary>Makes a frame of one Engine.IO text packet.</summary>
    public static EncodedFrame Control(ReadOnlySpan<byte> text)
    {
        var header = FrameWriter.HeaderSize(text.Length);
        var buffer = new byte[header + text.Length];
        FrameWriter.WriteHeader(buffer, FrameWriter.OpText, text.Length);
        text.CopyTo(buffer.AsSpan(header));
        return new EncodedFrame(buffer, header, [], compress: true);
    }

    /// <summary>Every WebSocket frame of the packet, in order. With <paramref name="base64"/> attachments are text (E-33).</summary>
    public ReadOnlySpan<byte> WebSocketBytes(bool base64)
    {
        if (_attachments.Length == 0)
            return _buffer;
        return base64 ? _webSocketBase64 ??= Concatenate(Base64Attachments, FrameWriter.OpText) : _webSocket ??= Concatenate(_attachments, FrameWriter.OpBinary);
    }

    /// <summary>Writes the packets for a polling payload (E-31, E-34), separated by U+001E.</summary>
    public void WritePolling(IBufferWriter<byte> output)
    {
        output.Write(Text);
        if (_attachments.Length == 0)
            return;
        foreach (var attachment in Base64Attachments)
        {
            output.Write("\x1e"u8);
            output.Write(attachment);
        }
    }

    private byte[][] Base64Attachments => _base64 ??= Array.ConvertAll(_attachments, static attachment =>
    {
        var text = new byte[1 + Base64.GetMaxEncodedToUtf8Length(attachment.Length)];
        text[0] = (byte)'b';
        Base64.EncodeToUtf8(attachment, text.AsSpan(1), out _, out _);
        return text;
    });

    private byte[] Concatenate(byte[][] attachments, byte opcode)
    {
        var length = _buffer.Length;
        foreach (var attachment in attachments)
            length += FrameWriter.HeaderSize(attachment.Length) + attachment.Length;
        var all = new byte[length];
        _buffer.CopyTo(all, 0);
        var at = _buffer.Length;
        foreach (var attachment in attachments)
        {
            at += FrameWriter.WriteHeader(all.AsSpan(at), opcode, attachment.Length);
            attachment.CopyTo(all, at);
            at += attachment.Length;
        }
        return all;
    }
}
