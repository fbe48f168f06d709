using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using ActorSocket.Protocol.WebSockets;

namespace ActorSocket.Protocol.SocketIo;

/// <summary>
/// One encoded packet, where its writer has left it: to be taken before its thread encodes another. <see cref="Bytes"/> is a whole
/// WebSocket text frame, and from <see cref="TextOffset"/> on the Engine.IO message in it, so that both transports share one array; empty
/// when a parser writes binary only.
/// </summary>
internal readonly ref struct EncodedPacket(ReadOnlySpan<byte> bytes, int textOffset, byte[][] attachments)
{
    public ReadOnlySpan<byte> Bytes { get; } = bytes;

    public int TextOffset => textOffset;

    public byte[][] Attachments => attachments;
}

/// <summary>Encodes Socket.IO packets: in the protocol's own form (v5, "Packet encoding"), or by a parser of the application's.</summary>
/// <remarks>Any thread.</remarks>
/// <param name="serializer">The serialiser.</param>
/// <param name="parser">The application's parser; null for the protocol's own form.</param>
/// <param name="reader">Reads back what such a parser wrote.</param>
internal sealed class PacketWriter(SocketJson serializer, SocketIoParser? parser = null, Func<EncodedFrame, SocketIoPacket?>? reader = null)
{
    [ThreadStatic] private static Scratch? _scratch;

    private readonly long _firstNumber = parser is MessagePackParser ? MessagePackParser.FirstNumber : 0;

    /// <summary>Whether a parser encodes the packets.</summary>
    public bool HasParser => parser is not null;

    // packet = type [attachments "-"] [nsp ","] [ackId] [json]
    public EncodedPacket Event<TArgs>(string nsp, string eventName, long ackId, in TArgs args)
        where TArgs : struct, IEventArguments => Encode(SocketIoPacketType.Event, nsp, eventName, ackId, args);

    public EncodedPacket Ack<TArgs>(string nsp, long ackId, in TArgs args)
        where TArgs : struct, IEventArguments => Encode(SocketIoPacketType.Ack, nsp, null, ackId, args);

    /// <summary>The answer to CONNECT: the official suite wants exactly this one key (S-40), unless the client may recover.</summary>
    public EncodedPacket Connect(string nsp, string sid, string? pid, bool revision3) =>
        WithJson(
            SocketIoPacketType.Connect,
            nsp,
            revision3 ? [] : Encoding.UTF8.GetBytes(pid is null ? $$"""{"sid":"{{sid}}"}""" : $$"""{"sid":"{{sid}}","pid":"{{pid}}"}""")
        );

    /// <param name="bare">Just the data, or the message as a string: what Socket.IO 2 clients expect (S-52).</param>
    public EncodedPacket ConnectError(string nsp, string message, object? data, bool bare = false)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = serializer.Options.Encoder }))
        {
            if (bare)
            {
                data ??= message;
                JsonSerializer.Serialize(writer, data, data.GetType(), serializer.Options);
                writer.Flush();
                return WithJson(SocketIoPacketType.ConnectError, nsp, buffer.WrittenSpan);
            }
            writer.WriteStartObject();
            writer.WriteString("message"u8, message);
            if (data is not null)
            {
                writer.WritePropertyName("data"u8);
                JsonSerializer.Serialize(writer, data, data.GetType(), serializer.Options);
            }
            writer.WriteEndObject();
        }
        return WithJson(SocketIoPacketType.ConnectError, nsp, buffer.WrittenSpan);
    }

    /// <summary>
    /// Whether the last argument of an event, or its name if there is none, is a text: clients take that for the event's offset.
    /// </summary>
    public bool EndsInText(EncodedFrame frame)
    {
        if (parser is null)
            return frame.Text is [.., (byte)'"', (byte)']'];
        return reader!(frame) is { } packet && (packet.Arguments.Count == 0 || packet.Arguments[^1].Utf8Json is [(byte)'"', ..]);
    }

    /// <summary>
    /// Puts an offset behind the arguments of an event that is encoded already. False when a parser has encoded it, which has to do it
    /// again with the offset.
    /// </summary>
    public bool TryMark(EncodedFrame frame, string offset, [NotNullWhen(true)] out EncodedFrame? marked)
    {
        marked = null;
        if (parser is not null)
            return false;
        var text = frame.Text;
        var length = text.Length + offset.Length + 3;
        var start = FrameWriter.HeaderSize(length);
        var buffer = GC.AllocateUninitializedArray<byte>(start + length);
        FrameWriter.WriteHeader(buffer, FrameWriter.OpText, length);
        var rest = buffer.AsSpan(start);
        text[..^1].CopyTo(rest);
        rest = rest[(text.Length - 1)..];
        rest[0] = (byte)',';
        rest[1] = (byte)'"';
        Encoding.UTF8.GetBytes(offset, rest[2..]); // url-safe: nothing to escape
        "\"]"u8.CopyTo(rest[(2 + offset.Length)..]);
        marked = new EncodedFrame(buffer, start, [.. frame.Attachments], frame.Compress);
        return true;
    }

    public EncodedPacket Disconnect(string nsp) => WithJson(SocketIoPacketType.Disconnect, nsp, []);

    private EncodedPacket Encode<TArgs>(SocketIoPacketType type, string nsp, string? eventName, long ackId, in TArgs args)
        where TArgs : struct, IEventArguments
    {
        // Taken while in use: a converter of the application's may emit on this very thread.
        var scratch =
            _scratch is { } cached && ReferenceEquals(cached.Json, serializer) && cached.Attachments.FirstNumber == _firstNumber
                ? cached
                : new Scratch(serializer, _firstNumber);
        _scratch = null;
        var outer = SocketJson.CollectInto(scratch.Attachments);
        try
        {
            var json = RoomForHead(nsp);
            var writer = scratch.Begin(json);
            writer.WriteStartArray();
            if (eventName is not null)
                writer.WriteStringValue(eventName);
            args.Write(new ArgumentWriter(writer, serializer));
            writer.WriteEndArray();
            writer.Flush();
            return Compose(type, nsp, ackId, scratch.Written, json, scratch.Attachments.ToArray());
        }
        finally
        {
            SocketJson.CollectInto(outer);
            scratch.Attachments.Clear();
            if (scratch.IsSmall)
                _scratch = scratch;
        }
    }

    private EncodedPacket WithJson(SocketIoPacketType type, string nsp, ReadOnlySpan<byte> json)
    {
        var room = RoomForHead(nsp);
        var bytes = new byte[room + json.Length];
        json.CopyTo(bytes.AsSpan(room));
        return Compose(type, nsp, -1, bytes, room, []);
    }

    /// <summary>What may stand before the JSON: a frame's header, two digits, the number of attachments, the namespace, an id.</summary>
    private static int RoomForHead(string nsp) => 10 + 2 + 11 + (3 * nsp.Length) + 1 + 20;

    /// <summary>Puts the head right in front of the JSON, which begins at <paramref name="json"/>.</summary>
    private EncodedPacket Compose(SocketIoPacketType type, string nsp, long ackId, Span<byte> bytes, int json, byte[][] attachments)
    {
        if (parser is not null)
            return ByParser(parser, new SocketIoParserPacket(
                (SocketIoParserPacketType)type, nsp, ackId < 0 ? null : ackId, bytes[json..].ToArray(), attachments)
            {
                FirstNumber = _firstNumber,
            });
        Span<byte> head = stackalloc byte[32];
        head[0] = (byte)'4'; // an Engine.IO message
        head[1] = (byte)('0' + (int)type);
        var at = 2;
        if (attachments.Length > 0)
        {
            head[1] = (byte)('0' + (int)(type == SocketIoPacketType.Event ? SocketIoPacketType.BinaryEvent : SocketIoPacketType.BinaryAck));
            Utf8Formatter.TryFormat(attachments.Length, head[at..], out var digits);
            at += digits;
            head[at++] = (byte)'-';
        }
        Span<byte> id = stackalloc byte[20];
        var idLength = 0;
        if (ackId >= 0)
            Utf8Formatter.TryFormat(ackId, id, out idLength);
        var nspLength = nsp.Length == 1 ? 0 : Encoding.UTF8.GetByteCount(nsp) + 1;
        var headLength = at + nspLength + idLength;
        var length = headLength + bytes.Length - json;
        var offset = FrameWriter.HeaderSize(length);
        bytes = bytes[(json - headLength - offset)..];
        FrameWriter.WriteHeader(bytes, FrameWriter.OpText, length);
        var rest = bytes[offset..];
        head[..at].CopyTo(rest);
        rest = rest[at..];
        if (nspLength > 0)
        {
            Encoding.UTF8.GetBytes(nsp, rest);
            rest[nspLength - 1] = (byte)',';
            rest = rest[nspLength..];
        }
        id[..idLength].CopyTo(rest);
        return new EncodedPacket(bytes, offset, attachments);
    }

    private static EncodedPacket ByParser(SocketIoParser parser, SocketIoParserPacket packet)
    {
        var messages = parser.Encode(packet);
        return messages.Text is { } text ? Frame("4"u8, text, [.. messages.Binary]) : new EncodedPacket([], 0, [.. messages.Binary]);
    }

    private static EncodedPacket Frame(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> text, byte[][] attachments)
    {
        var length = prefix.Length + text.Length;
        var offset = FrameWriter.HeaderSize(length);
        var buffer = GC.AllocateUninitializedArray<byte>(offset + length);
        FrameWriter.WriteHeader(buffer, FrameWriter.OpText, length);
        prefix.CopyTo(buffer.AsSpan(offset));
        text.CopyTo(buffer.AsSpan(offset + prefix.Length));
        return new EncodedPacket(buffer, offset, attachments);
    }

    private sealed class Scratch
    {
        private const int Keep = 64 * 1024;

        public Scratch(SocketJson json, long firstNumber)
        {
            Json = json;
            Attachments = new AttachmentList(firstNumber);
            Writer = new Utf8JsonWriter(
                Buffer,
                new JsonWriterOptions
                {
                    Encoder = json.Options.Encoder,
                    MaxDepth = json.Options.MaxDepth + 2,
                    SkipValidation = true,
                }
            );
        }

        public SocketJson Json { get; }

        public ArrayBufferWriter<byte> Buffer { get; } = new(512);

        public Utf8JsonWriter Writer { get; }

        public AttachmentList Attachments { get; }

        public Span<byte> Written => MemoryMarshal.AsMemory(Buffer.WrittenMemory).Span;

        /// <summary>False when it grew too big to be kept.</summary>
        public bool IsSmall => Buffer.Capacity <= Keep;

        /// <summary>Begins anew, with room in front of what will be written.</summary>
        public Utf8JsonWriter Begin(int room)
        {
            Buffer.ResetWrittenCount();
            Buffer.GetSpan(room);
            Buffer.Advance(room);
            Writer.Reset(Buffer);
            return Writer;
        }
    }
}
