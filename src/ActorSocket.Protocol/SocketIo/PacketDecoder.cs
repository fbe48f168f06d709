using System.Buffers;
using System.Text;
using System.Text.Json;

namespace ActorSocket.Protocol.SocketIo;

/// <summary>
/// Puts a client's Socket.IO packets together out of Engine.IO messages: a text, and the attachments it announces (protocol v5, "Packet
/// encoding"). Never throws for what a client sends.
/// </summary>
/// <remarks>One per connection, used by one thread at a time.</remarks>
internal sealed class PacketDecoder(ProtocolLimits limits, NameTable names, SocketJson json) : IPacketDecoder
{
    private Header _pending;
    private byte[]? _pendingJson;
    private byte[][] _attachments = [];
    private int _received;
    private long _receivedBytes;

    public PacketError Error { get; private set; }

    public bool IsWaitingForAttachments => _pendingJson is not null;

    /// <summary>Takes a text message. False: it is rejected. True with no packet: attachments are due.</summary>
    public bool AddText(ReadOnlySpan<byte> text, out SocketIoPacket? packet)
    {
        packet = null;
        if (IsWaitingForAttachments)
            return Reject(PacketError.UnexpectedText);
        if (!TryReadHeader(text, out var header, out var rest))
            return false;
        rest = LoneSurrogates.Mend(rest);
        if (header.Attachments == 0)
            return TryComplete(header, rest, [], out packet);
        _pending = header;
        _pendingJson = rest.ToArray();
        _attachments = new byte[header.Attachments][];
        _received = 0;
        _receivedBytes = 0;
        // Whatever is wrong with the text is noticed now, before memory is spent on attachments; only placeholders are looked at last, as
        // the official parser does.
        return TryScan(header, _pendingJson, [], out _, out _, out _);
    }

    /// <summary>Takes a binary message, and the array with it.</summary>
    public bool AddBinary(byte[] binary, out SocketIoPacket? packet)
    {
        packet = null;
        if (_pendingJson is not { } pendingJson)
            return Reject(PacketError.UnexpectedBinary);
        _receivedBytes += binary.Length;
        if (_receivedBytes > limits.MaxAttachmentsBytes)
            return Reject(PacketError.AttachmentsTooBig);
        _attachments[_received++] = binary;
        if (_received < _attachments.Length)
            return true;
        _pendingJson = null;
        var attachments = _attachments;
        _attachments = [];
        return TryComplete(_pending, pendingJson, attachments, out packet);
    }

    /// <summary>Holds what another parser has read to the same rules.</summary>
    public bool Check(in SocketIoParserPacket parsed, int size, out SocketIoPacket? packet)
    {
        packet = null;
        if (Encoding.UTF8.GetByteCount(parsed.Namespace) > limits.MaxNamespaceBytes)
            return Reject(PacketError.InvalidNamespace);
        var header = new Header(
            (SocketIoPacketType)parsed.Type,
            parsed.Namespace,
            parsed.Id ?? -1,
            parsed.Attachments.Count,
            parsed.Undefined
        );
        byte[][] attachments = parsed.Attachments.Count == 0 ? [] : [.. parsed.Attachments];
        return TryComplete(header, LoneSurrogates.Mend(parsed.Json.Span), attachments, out packet, size);
    }

    // packet = type [attachments "-"] ["/" nsp ","] [ackId] [json]
    private bool TryReadHeader(ReadOnlySpan<byte> text, out Header header, out ReadOnlySpan<byte> rest)
    {
        header = default;
        rest = text;
        if (text.IsEmpty || text[0] is < (byte)'0' or > (byte)'6')
            return Reject(PacketError.UnknownPacketType);
        var type = (SocketIoPacketType)(text[0] - '0');
        rest = text[1..];
        var attachments = 0;
        if (type is SocketIoPacketType.BinaryEvent or SocketIoPacketType.BinaryAck && !TryReadAttachmentCount(ref rest, out attachments))
            return false;
        var ns = "/";
        if (!rest.IsEmpty && rest[0] == (byte)'/')
        {
            var end = rest.IndexOf((byte)',');
            var name = end < 0 ? rest : rest[..end];
            if (name.Length > limits.MaxNamespaceBytes)
                return Reject(PacketError.InvalidNamespace);
            ns = name.Length == 1 ? "/" : names.Get(name);
            rest = end < 0 ? [] : rest[(end + 1)..];
        }
        if (!TryReadAckId(ref rest, out var ackId))
            return false;
        header = new Header(type, ns, ackId, attachments);
        return true;
    }

    // attachments = 1*DIGIT "-"; none at all is as wrong as too many (S-11, S-12)
    private bool TryReadAttachmentCount(ref ReadOnlySpan<byte> rest, out int count)
    {
        count = 0;
        var digits = 0;
        while (digits < rest.Length && char.IsAsciiDigit((char)rest[digits]))
            count = Math.Min((count * 10) + (rest[digits++] - '0'), 100_000_000);
        if (digits == 0 || digits == rest.Length || rest[digits] != (byte)'-' || count == 0)
            return Reject(PacketError.IllegalAttachments);
        if (count > limits.MaxAttachments)
            return Reject(PacketError.TooManyAttachments);
        rest = rest[(digits + 1)..];
        return true;
    }

    private bool TryReadAckId(ref ReadOnlySpan<byte> rest, out long ackId)
    {
        ackId = -1;
        var digits = 0;
        while (digits < rest.Length && char.IsAsciiDigit((char)rest[digits]))
        {
            var next = rest[digits++] - '0';
            if (ackId > (long.MaxValue - next) / 10)
                return Reject(PacketError.InvalidAckId);
            ackId = (Math.Max(ackId, 0) * 10) + next;
        }
        rest = rest[digits..];
        return true;
    }

    private bool TryComplete(Header header, ReadOnlySpan<byte> payload, byte[][] attachments, out SocketIoPacket? packet, int? size = null)
    {
        packet = null;
        if (!TryScan(header, payload, attachments, out var eventName, out var arguments, out var type))
            return false;
        packet = new SocketIoPacket(
            type,
            header.Namespace,
            header.AckId,
            eventName,
            arguments,
            size ?? payload.Length + (int)_receivedBytes
        );
        _receivedBytes = 0;
        return true;
    }

    /// <summary>
    /// One pass over the JSON: is it well-formed, of the shape its packet type asks for (S-17, S-18), and what are the arguments. While
    /// attachments are due nothing is copied, and their placeholders remain to be looked at.
    /// </summary>
    private bool TryScan(
        Header header,
        ReadOnlySpan<byte> payload,
        byte[][] attachments,
        out string? eventName,
        out SocketArguments arguments,
        out SocketIoPacketType type
    )
    {
        eventName = null;
        arguments = SocketArguments.Empty;
        type = header.Type switch
        {
            SocketIoPacketType.BinaryEvent => SocketIoPacketType.Event,
            SocketIoPacketType.BinaryAck => SocketIoPacketType.Ack,
            var plain => plain,
        };
        if (payload.Length == 0) // absent JSON is never rejected (S-17)
            return header.Attachments == 0 || Reject(PacketError.InvalidPayload);
        if (type == SocketIoPacketType.Disconnect)
            return Reject(PacketError.InvalidPayload);
        try
        {
            var reader = new Utf8JsonReader(payload, new JsonReaderOptions { MaxDepth = limits.MaxJsonDepth });
            if (!reader.Read())
                return Reject(PacketError.InvalidPayload);
            if (type is SocketIoPacketType.Connect or SocketIoPacketType.ConnectError)
            {
                if (
                    reader.TokenType != JsonTokenType.StartObject
                    && (type == SocketIoPacketType.Connect || reader.TokenType != JsonTokenType.String)
                )
                    return Reject(PacketError.InvalidPayload);
                var start = (int)reader.TokenStartIndex;
                if (!TrySkipChecked(ref reader, attachments.Length))
                    return Reject(PacketError.IllegalPlaceholder);
                arguments = SocketArguments.Copy(payload, [start, (int)reader.BytesConsumed], attachments, json);
                return !reader.Read() || Reject(PacketError.InvalidPayload);
            }
            if (reader.TokenType != JsonTokenType.StartArray)
                return Reject(PacketError.InvalidPayload);
            if (type == SocketIoPacketType.Event && !TryReadEventName(ref reader, out eventName))
                return Reject(PacketError.InvalidPayload);
            return TryReadArguments(ref reader, payload, attachments, header, out arguments);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // InvalidOperationException is what the reader throws for escaped text that is no UTF-8, which transports refuse, but not each
            // parser of an application.
            return Reject(PacketError.InvalidPayload);
        }
    }

    private bool TryReadEventName(ref Utf8JsonReader reader, out string? eventName)
    {
        eventName = null;
        reader.Read();
        if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.Number) || reader.ValueSpan.Length > limits.MaxEventNameBytes)
            return false;
        if (!reader.ValueIsEscaped)
        {
            eventName = names.Get(reader.ValueSpan);
        }
        else
        {
            Span<byte> unescaped = stackalloc byte[Math.Min(reader.ValueSpan.Length, 1024)];
            if (reader.ValueSpan.Length > unescaped.Length)
                return false;
            eventName = names.Get(unescaped[..reader.CopyString(unescaped)]);
        }
        return reader.TokenType == JsonTokenType.Number || !EventNames.IsReserved(eventName);
    }

    private bool TryReadArguments(
        ref Utf8JsonReader reader,
        ReadOnlySpan<byte> payload,
        byte[][] attachments,
        in Header header,
        out SocketArguments arguments
    )
    {
        arguments = SocketArguments.Empty;
        var buffer = ArrayPool<int>.Shared.Rent(16);
        var count = 0;
        try
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                var start = (int)reader.TokenStartIndex;
                if (!TrySkipChecked(ref reader, attachments.Length))
                    return Reject(PacketError.IllegalPlaceholder);
                if (count + 2 > buffer.Length)
                {
                    var larger = ArrayPool<int>.Shared.Rent(buffer.Length * 2);
                    buffer.AsSpan(0, count).CopyTo(larger);
                    ArrayPool<int>.Shared.Return(buffer);
                    buffer = larger;
                }
                buffer[count++] = start;
                buffer[count++] = (int)reader.BytesConsumed;
            }
            if (reader.TokenType != JsonTokenType.EndArray || reader.Read())
                return Reject(PacketError.InvalidPayload);
            var inFront = header.Type == SocketIoPacketType.Event ? 1 : 0; // the event's name
            for (var i = 0; i < (header.Undefined?.Count ?? 0); i++)
            {
                ref var end = ref buffer[(2 * (header.Undefined![i] - inFront)) + 1];
                end = ~end;
            }
            if (attachments.Length == header.Attachments)
                arguments = SocketArguments.Copy(payload, buffer.AsSpan(0, count), attachments, json);
            return true;
        }
        finally
        {
            ArrayPool<int>.Shared.Return(buffer);
        }
    }

    /// <summary>
    /// Skips one value; false when a placeholder in it refers to no attachment (S-14). In a packet without any, nothing is a placeholder.
    /// </summary>
    private static bool TrySkipChecked(ref Utf8JsonReader reader, int attachments)
    {
        if (attachments == 0)
            return reader.TrySkip();
        foreach (var placeholder in Placeholder.Find(ref reader) ?? [])
        {
            if ((uint)placeholder.Number >= (uint)attachments)
                return false;
        }
        return true;
    }

    private bool Reject(PacketError error)
    {
        Error = error;
        return false;
    }

    private readonly record struct Header(
        SocketIoPacketType Type,
        string Namespace,
        long AckId,
        int Attachments,
        IReadOnlyList<int>? Undefined = null
    );
}
