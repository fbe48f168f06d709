using System.Buffers;
using System.Buffers.Text;
using ActorSocket.Protocol.EngineIo;
using ActorSocket.Protocol.WebSockets;

namespace ActorSocket.Protocol.SocketIo;

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
    private byte[][]? _webSocket; // by form
    private byte[][]? _base64;
    private byte[][]? _base64Revision3;

    public EncodedFrame(EncodedPacket packet, bool compress = true)
        : this(packet.Bytes.ToArray(), packet.TextOffset, packet.Attachments, compress)
    {
    }

    /// <summary>Takes the array with it.</summary>
    public EncodedFrame(byte[] buffer, int textOffset, byte[][] attachments, bool compress)
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

    /// <summary>Bytes in a polling payload, give or take a separator: attachments are base64 there.</summary>
    public int PollingSize
    {
        get
        {
            var size = _buffer.Length - _textOffset + 1;
            foreach (var attachment in _attachments)
                size += Base64.GetMaxEncodedToUtf8Length(attachment.Length) + 2;
            return size;
        }
    }

    /// <summary>Engine.IO packets: the text and one for each attachment.</summary>
    public int PacketCount => (_buffer.Length > 0 ? 1 : 0) + _attachments.Length;

    /// <summary>The Engine.IO text packet, type digit included; empty when a parser writes binary only.</summary>
    public ReadOnlySpan<byte> Text => _buffer.AsSpan(_textOffset);

    /// <summary>Makes a frame of one Engine.IO text packet.</summary>
    public static EncodedFrame Control(ReadOnlySpan<byte> text) => Of(text, [], compress: true);

    /// <summary>
    /// Makes a frame of an encoded packet: its Engine.IO text, empty when a parser writes binary only, and its attachments.
    /// </summary>
    public static EncodedFrame Of(ReadOnlySpan<byte> text, byte[][] attachments, bool compress)
    {
        if (text.IsEmpty)
            return new EncodedFrame([], 0, attachments, compress);
        var header = FrameWriter.HeaderSize(text.Length);
        var buffer = new byte[header + text.Length];
        FrameWriter.WriteHeader(buffer, FrameWriter.OpText, text.Length);
        text.CopyTo(buffer.AsSpan(header));
        return new EncodedFrame(buffer, header, attachments, compress);
    }

    public IReadOnlyList<byte[]> Attachments => _attachments;

    public bool HasAttachments => _attachments.Length > 0;

    /// <summary>Every WebSocket frame of the packet, in order.</summary>
    public ReadOnlySpan<byte> WebSocketBytes(WireForm form)
    {
        var mark = form.IsDeflated() && !Compress ? FrameWriter.PlainMark : (byte)0;
        if (_attachments.Length == 0 && mark == 0)
            return _buffer;
        var forms = _webSocket ?? (_webSocket = new byte[8][]);
        return forms[(int)form] ??= form.IsBase64()
            ? Concatenate(Base64Attachments(form), FrameWriter.OpText, default, mark)
            : Concatenate(_attachments, FrameWriter.OpBinary, form.IsRevision3() ? "\u0004"u8 : default, mark); // E-114
    }

    /// <summary>Writes the packets for a polling payload, separated by U+001E (E-31, E-34).</summary>
    public void WritePolling(IBufferWriter<byte> output)
    {
        output.Write(Text);
        if (_attachments.Length == 0)
            return;
        var separate = _buffer.Length > 0;
        foreach (var attachment in Base64Attachments(WireForm.Base64))
        {
            if (separate)
                output.Write("\x1e"u8);
            output.Write(attachment);
            separate = true;
        }
    }

    /// <summary>Writes the packets for a polling payload of Engine.IO protocol 3 (E-112, E-113).</summary>
    public void WritePollingRevision3(IBufferWriter<byte> output, bool binaryForm)
    {
        if (binaryForm)
        {
            if (_buffer.Length > 0)
                Revision3Payload.WriteBinaryForm(output, Text);
            foreach (var attachment in _attachments)
                Revision3Payload.WriteBinaryFormOf(output, attachment);
            return;
        }
        if (_buffer.Length > 0)
            Revision3Payload.WriteText(output, Text);
        if (_attachments.Length == 0)
            return;
        foreach (var attachment in Base64Attachments(WireForm.Base64 | WireForm.Revision3))
            Revision3Payload.WriteText(output, attachment);
    }

    private byte[][] Base64Attachments(WireForm form)
    {
        return form.IsRevision3()
            ? _base64Revision3 ??= Array.ConvertAll(_attachments, static attachment => ToBase64("b4"u8, attachment))
            : _base64 ??= Array.ConvertAll(_attachments, static attachment => ToBase64("b"u8, attachment));
    }

    private static byte[] ToBase64(ReadOnlySpan<byte> prefix, byte[] attachment)
    {
        var text = new byte[prefix.Length + Base64.GetMaxEncodedToUtf8Length(attachment.Length)];
        prefix.CopyTo(text);
        Base64.EncodeToUtf8(attachment, text.AsSpan(prefix.Length), out _, out _);
        return text;
    }

    private byte[] Concatenate(byte[][] attachments, byte opcode, ReadOnlySpan<byte> prefix, byte mark)
    {
        var length = _buffer.Length;
        foreach (var attachment in attachments)
            length += FrameWriter.HeaderSize(prefix.Length + attachment.Length) + prefix.Length + attachment.Length;
        var all = new byte[length];
        _buffer.CopyTo(all, 0);
        if (_buffer.Length > 0)
            all[0] |= mark;
        var at = _buffer.Length;
        foreach (var attachment in attachments)
        {
            var start = at;
            at += FrameWriter.WriteHeader(all.AsSpan(at), opcode, prefix.Length + attachment.Length);
            all[start] |= mark;
            prefix.CopyTo(all.AsSpan(at));
            at += prefix.Length;
            attachment.CopyTo(all, at);
            at += attachment.Length;
        }
        return all;
    }
}
