using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ActorSocket.Protocol.SocketIo;

/// <summary>
/// MessagePack as <c>socket.io-msgpack-parser</c> speaks it (S-49a): a map of <c>type</c>, <c>nsp</c>, <c>data</c> and <c>id</c>. Values are translated from and
/// to JSON with attachments, so that handlers and serialiser options are the same for both parsers.
/// </summary>
internal sealed class MessagePackParser : SocketIoParser
{
    public override SocketIoParserMessages Encode(in SocketIoParserPacket packet)
    {
        var output = new ArrayBufferWriter<byte>(packet.Json.Length + 64);
        var writer = new MessagePackWriter(output, packet.Attachments);
        var hasData = !packet.Json.IsEmpty;
        writer.WriteMapHeader(2 + (hasData ? 1 : 0) + (packet.Id is null ? 0 : 1));
        writer.WriteString("type"u8);
        writer.WriteInteger((int)packet.Type);
        if (hasData)
        {
            writer.WriteString("data"u8);
            using var data = JsonDocument.Parse(packet.Json, new JsonDocumentOptions { MaxDepth = 256 });
            writer.Write(data.RootElement);
        }
        writer.WriteString("nsp"u8);
        writer.WriteString(Encoding.UTF8.GetBytes(packet.Namespace));
        if (packet.Id is { } id)
        {
            writer.WriteString("id"u8);
            writer.WriteInteger(id);
        }
        return new SocketIoParserMessages(null, [output.WrittenSpan.ToArray()]);
    }

    public override SocketIoParserDecoder CreateDecoder() => new Decoder();

    private sealed class Decoder : SocketIoParserDecoder
    {
        public override SocketIoParserPacket? AddText(ReadOnlySpan<byte> text) => throw new FormatException("a text message");

        public override SocketIoParserPacket? AddBinary(ReadOnlySpan<byte> binary)
        {
            var reader = new MessagePackReader(binary);
            long? type = null, id = null;
            string? ns = null;
            ReadOnlyMemory<byte> json = default;
            for (var left = reader.ReadMapHeader(); left > 0; left--)
            {
                switch (reader.ReadString())
                {
                    case "type": type = reader.ReadInteger(); break;
                    case "nsp": ns = reader.ReadString(); break;
                    case "id": id = reader.TrySkipUndefined() ? null : reader.ReadInteger(); break;
                    case "data": json = reader.TrySkipUndefined() ? default : reader.ReadJson(); break;
                    default: reader.Skip(); break; // the JavaScript client leaks a key or two
                }
            }
            if (!reader.IsAtEnd || type is not (>= 0 and <= 4) || ns is null || !ns.StartsWith('/') || id < 0)
                throw new FormatException("a map that is no packet");
            if (json.IsEmpty && type is not ((long)SocketIoParserPacketType.Connect or (long)SocketIoParserPacketType.Disconnect))
                throw new FormatException("no data");
            return new SocketIoParserPacket((SocketIoParserPacketType)type, ns, id, json, reader.Attachments);
        }
    }
}

/// <summary>Writes JSON values as MessagePack (github.com/msgpack/msgpack, spec.md), placeholders as the binary they stand for.</summary>
internal readonly ref struct MessagePackWriter(IBufferWriter<byte> output, IReadOnlyList<byte[]> attachments)
{
    public void Write(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object when IsPlaceholder(value, out var number):
                WriteHeader(0xC4, 0xC5, 0xC6, attachments[number].Length);
                output.Write(attachments[number]);
                break;
            case JsonValueKind.Object:
                WriteMapHeader(value.GetPropertyCount());
                foreach (var property in value.EnumerateObject())
                {
                    WriteString(Encoding.UTF8.GetBytes(property.Name));
                    Write(property.Value);
                }
                break;
            case JsonValueKind.Array:
                WriteArrayHeader(value.GetArrayLength());
                foreach (var item in value.EnumerateArray())
                    Write(item);
                break;
            case JsonValueKind.String:
                WriteString(Encoding.UTF8.GetBytes(value.GetString()!));
                break;
            case JsonValueKind.Number when value.TryGetInt64(out var integer):
                WriteInteger(integer);
                break;
            case JsonValueKind.Number:
                WriteByte(0xCB);
                BinaryPrimitives.WriteDoubleBigEndian(output.GetSpan(8), value.GetDouble());
                output.Advance(8);
                break;
            default:
                WriteByte(value.ValueKind switch { JsonValueKind.True => 0xC3, JsonValueKind.False => 0xC2, _ => 0xC0 });
                break;
        }
    }

    public void WriteMapHeader(int count)
    {
        if (count < 16)
            WriteByte((byte)(0x80 | count));
        else
            WriteHeader(0, 0xDE, 0xDF, count);
    }

    public void WriteString(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length < 32)
            WriteByte((byte)(0xA0 | utf8.Length));
        else
            WriteHeader(0xD9, 0xDA, 0xDB, utf8.Length);
        output.Write(utf8);
    }

    public void WriteInteger(long value)
    {
        switch (value)
        {
            case >= -32 and < 128:
                WriteByte((byte)value);
                break;
            case >= 0 and <= uint.MaxValue:
                WriteHeader(0xCC, 0xCD, 0xCE, (uint)value);
                break;
            case >= int.MinValue and < 0:
                WriteByte(0xD2);
                BinaryPrimitives.WriteInt32BigEndian(output.GetSpan(4), (int)value);
                output.Advance(4);
                break;
            default:
                WriteByte(0xD3);
                BinaryPrimitives.WriteInt64BigEndian(output.GetSpan(8), value);
                output.Advance(8);
                break;
        }
    }

    private void WriteArrayHeader(int count)
    {
        if (count < 16)
            WriteByte((byte)(0x90 | count));
        else
            WriteHeader(0, 0xDC, 0xDD, count);
    }

    /// <summary>A number of 8 bits (unless that form does not exist), 16 or 32 behind its marker.</summary>
    private void WriteHeader(byte marker8, byte marker16, byte marker32, long value)
    {
        var span = output.GetSpan(5);
        if (marker8 != 0 && value <= byte.MaxValue)
        {
            span[0] = marker8;
            span[1] = (byte)value;
            output.Advance(2);
        }
        else if (value <= ushort.MaxValue)
        {
            span[0] = marker16;
            BinaryPrimitives.WriteUInt16BigEndian(span[1..], (ushort)value);
            output.Advance(3);
        }
        else
        {
            span[0] = marker32;
            BinaryPrimitives.WriteUInt32BigEndian(span[1..], (uint)value);
            output.Advance(5);
        }
    }

    private void WriteByte(byte value) => output.Write([value]);

    private bool IsPlaceholder(JsonElement value, out int number)
    {
        number = -1;
        return attachments.Count > 0
            && value.TryGetProperty("_placeholder"u8, out var mark) && mark.ValueKind == JsonValueKind.True
            && value.TryGetProperty("num"u8, out var num) && num.ValueKind == JsonValueKind.Number && num.TryGetInt32(out number) && (uint)number < (uint)attachments.Count;
    }
}

/// <summary>Reads MessagePack values as JSON, binary as attachments. Throws <see cref="FormatException"/> for anything malformed.</summary>
internal ref struct MessagePackReader(ReadOnlySpan<byte> rest)
{
    private const int MaxAttachments = 4096; // two bytes of a client's are an array and a placeholder of ours
    private const int MaxDepth = 120; // the JSON that comes out of it is checked against the option

    private ReadOnlySpan<byte> _rest = rest;

    public List<byte[]> Attachments { get; } = [];

    public readonly bool IsAtEnd => _rest.IsEmpty;

    public int ReadMapHeader() => Take(1)[0] switch
    {
        var b and >= 0x80 and <= 0x8F => b & 0x0F,
        0xDE => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
        0xDF => ReadCount(),
        _ => throw new FormatException("no map"),
    };

    public string ReadString() => Encoding.UTF8.GetString(Take(ReadStringLength(Take(1)[0])));

    public long ReadInteger()
    {
        var marker = Take(1)[0];
        return marker switch
        {
            < 0x80 => marker,
            >= 0xE0 => (sbyte)marker,
            0xCC => Take(1)[0],
            0xCD => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
            0xCE => BinaryPrimitives.ReadUInt32BigEndian(Take(4)),
            0xCF => checked((long)Math.Min(BinaryPrimitives.ReadUInt64BigEndian(Take(8)), long.MaxValue)),
            0xD0 => (sbyte)Take(1)[0],
            0xD1 => BinaryPrimitives.ReadInt16BigEndian(Take(2)),
            0xD2 => BinaryPrimitives.ReadInt32BigEndian(Take(4)),
            0xD3 => BinaryPrimitives.ReadInt64BigEndian(Take(8)),
            0xCB when BinaryPrimitives.ReadDoubleBigEndian(Take(8)) is var number && Math.Floor(number) == number && Math.Abs(number) < 1L << 53 => (long)number,
            _ => throw new FormatException("no integer"),
        };
    }

    /// <summary>JavaScript's undefined, as notepack writes it: an extension of type 0 with one byte 0.</summary>
    public bool TrySkipUndefined()
    {
        if (!_rest.StartsWith([(byte)0xD4, (byte)0, (byte)0]))
            return false;
        Take(3);
        return true;
    }

    public byte[] ReadJson()
    {
        var output = new ArrayBufferWriter<byte>(Math.Min(_rest.Length + 16, 4096));
        using var writer = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = MaxDepth + 8, SkipValidation = true });
        Copy(writer, 0);
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }

    public void Skip()
    {
        var kept = Attachments.Count;
        ReadJson();
        Attachments.RemoveRange(kept, Attachments.Count - kept);
    }

    private void Copy(Utf8JsonWriter writer, int depth)
    {
        if (depth > MaxDepth)
            throw new FormatException("nested too deeply");
        if (TrySkipUndefined())
        {
            writer.WriteNullValue();
            return;
        }
        var marker = _rest.IsEmpty ? throw new FormatException("cut short") : _rest[0];
        switch (marker)
        {
            case (>= 0x80 and <= 0x8F) or 0xDE or 0xDF:
                writer.WriteStartObject();
                for (var left = ReadMapHeader(); left > 0; left--)
                {
                    writer.WritePropertyName(_rest.IsEmpty || _rest[0] is >= 0xA0 and < 0xC0 or >= 0xD9 and <= 0xDB ? ReadString() : ReadInteger().ToString(CultureInfo.InvariantCulture));
                    Copy(writer, depth + 1);
                }
                writer.WriteEndObject();
                break;
            case (>= 0x90 and <= 0x9F) or 0xDC or 0xDD:
                Take(1);
                writer.WriteStartArray();
                for (var left = marker switch { 0xDC => BinaryPrimitives.ReadUInt16BigEndian(Take(2)), 0xDD => ReadCount(), _ => marker & 0x0F }; left > 0; left--)
                    Copy(writer, depth + 1);
                writer.WriteEndArray();
                break;
            case (>= 0xA0 and <= 0xBF) or (>= 0xD9 and <= 0xDB):
                writer.WriteStringValue(ReadString());
                break;
            case 0xC0 or 0xC2 or 0xC3:
                Take(1);
                writer.WriteRawValue(marker switch { 0xC0 => "null"u8, 0xC2 => "false"u8, _ => "true"u8 }, skipInputValidation: true);
                break;
            case 0xC4 or 0xC5 or 0xC6:
                Take(1);
                AddAttachment(writer, Take(ReadLength(marker - 0xC4)));
                break;
            case 0xC7 or 0xC8 or 0xC9:
                Take(1);
                CopyExtension(writer, ReadLength(marker - 0xC7));
                break;
            case >= 0xD4 and <= 0xD8:
                Take(1);
                CopyExtension(writer, 1 << (marker - 0xD4));
                break;
            case 0xCA:
                Take(1);
                WriteNumber(writer, BinaryPrimitives.ReadSingleBigEndian(Take(4)));
                break;
            case 0xCB:
                Take(1);
                WriteNumber(writer, BinaryPrimitives.ReadDoubleBigEndian(Take(8)));
                break;
            case 0xCF:
                Take(1);
                writer.WriteNumberValue(BinaryPrimitives.ReadUInt64BigEndian(Take(8)));
                break;
            default:
                writer.WriteNumberValue(ReadInteger());
                break;
        }
    }

    /// <summary>Type 0 is notepack's: a date of 8 bytes, else an ArrayBuffer. Type -1 is the standard's timestamp.</summary>
    private void CopyExtension(Utf8JsonWriter writer, int length)
    {
        var type = (sbyte)Take(1)[0];
        var data = Take(length);
        long? milliseconds = (type, length) switch
        {
            (0, 8) => BinaryPrimitives.ReadInt64BigEndian(data),
            (-1, 4) => BinaryPrimitives.ReadUInt32BigEndian(data) * 1000L,
            (-1, 8) => ((long)(BinaryPrimitives.ReadUInt64BigEndian(data) & 0x3_FFFF_FFFF) * 1000) + (long)((BinaryPrimitives.ReadUInt64BigEndian(data) >> 34) / 1_000_000),
            (-1, 12) => (BinaryPrimitives.ReadInt64BigEndian(data[4..]) * 1000) + (BinaryPrimitives.ReadUInt32BigEndian(data) / 1_000_000),
            (0, _) => null,
            _ => throw new FormatException("an extension that is not known"),
        };
        if (milliseconds is not { } time)
            AddAttachment(writer, data);
        else if (time is >= -62_135_596_800_000 and <= 253_402_300_799_999)
            writer.WriteStringValue(DateTimeOffset.FromUnixTimeMilliseconds(time).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)); // as Date.toJSON
        else
            throw new FormatException("a date out of range");
    }

    private void AddAttachment(Utf8JsonWriter writer, ReadOnlySpan<byte> data)
    {
        if (Attachments.Count == MaxAttachments)
            throw new FormatException("too many binary values");
        writer.WriteStartObject();
        writer.WriteBoolean("_placeholder"u8, true);
        writer.WriteNumber("num"u8, Attachments.Count);
        writer.WriteEndObject();
        Attachments.Add(data.ToArray());
    }

    private static void WriteNumber(Utf8JsonWriter writer, double number)
    {
        if (double.IsFinite(number))
            writer.WriteNumberValue(number);
        else
            writer.WriteNullValue(); // as JSON.stringify
    }

    private int ReadStringLength(byte marker) => marker is >= 0xA0 and < 0xC0 ? marker & 0x1F : marker is >= 0xD9 and <= 0xDB ? ReadLength(marker - 0xD9) : throw new FormatException("no text");

    /// <summary>A length of 8, 16 or 32 bits.</summary>
    private int ReadLength(int size) => size switch { 0 => Take(1)[0], 1 => BinaryPrimitives.ReadUInt16BigEndian(Take(2)), _ => ReadCount() };

    private int ReadCount() => BinaryPrimitives.ReadUInt32BigEndian(Take(4)) is var count && count <= int.MaxValue ? (int)count : throw new FormatException("too long");

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
            throw new FormatException("cut short");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
