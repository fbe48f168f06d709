using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ActorSocket.Protocol.SocketIo;

/// <summary>
/// Reads MessagePack values as JSON, binary as attachments; what JSON cannot say becomes what JSON.stringify makes of it. The dialect is
/// notepack's, with which the official parser reads and writes. Throws <see cref="FormatException"/> for anything malformed.
/// </summary>
internal ref struct MessagePackReader(ReadOnlySpan<byte> rest)
{
    private const int MaxAttachments = 4096; // two bytes of a client's are an array and a placeholder of ours
    private const int MaxDepth = 120; // the JSON that comes out of it is checked against the option

    private static readonly JsonEncodedText UsersKey = EncodeUsersKey();

    private ReadOnlySpan<byte> _rest = rest;

    private static ReadOnlySpan<byte> UndefinedStart => [0xD4, 0];

    public List<byte[]> Attachments { get; } = [];

    /// <summary>Which elements of the payload, an array, are undefined.</summary>
    public List<int>? Undefined { get; private set; }

    public readonly bool IsAtEnd => _rest.IsEmpty;

    /// <summary>How many bytes are left.</summary>
    public readonly int Left => _rest.Length;

    public int ReadMapHeader() => Take(1)[0] switch
    {
        var b and >= 0x80 and <= 0x8F => b & 0x0F,
        0xDE => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
        0xDF => ReadCount(),
        _ => throw new FormatException("no map"),
    };

    public string ReadString() => Encoding.UTF8.GetString(Take(ReadStringLength(Take(1)[0])));

    /// <summary>A number of any form; what is beyond 64 bits becomes the nearest that is not.</summary>
    public long ReadInteger()
    {
        var marker = Take(1)[0];
        return marker switch
        {
            < 0x80 => marker,
            >= 0xE0 => (sbyte)marker,
            0xCA
                when BinaryPrimitives.ReadSingleBigEndian(Take(4)) is var number
                    && MathF.Floor(number) == number
                    && float.IsFinite(number) => (long)number,
            0xCB
                when BinaryPrimitives.ReadDoubleBigEndian(Take(8)) is var number
                    && Math.Floor(number) == number
                    && double.IsFinite(number) => (long)number,
            0xCC => Take(1)[0],
            0xCD => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
            0xCE => BinaryPrimitives.ReadUInt32BigEndian(Take(4)),
            0xCF => (long)Math.Min(BinaryPrimitives.ReadUInt64BigEndian(Take(8)), long.MaxValue),
            0xD0 => (sbyte)Take(1)[0],
            0xD1 => BinaryPrimitives.ReadInt16BigEndian(Take(2)),
            0xD2 => BinaryPrimitives.ReadInt32BigEndian(Take(4)),
            0xD3 => BinaryPrimitives.ReadInt64BigEndian(Take(8)),
            _ => throw new FormatException("no integer"),
        };
    }

    /// <summary>JavaScript's undefined: an extension of type 0 with one byte.</summary>
    public bool TrySkipUndefined()
    {
        if (!_rest.StartsWith(UndefinedStart))
            return false;
        Take(3);
        return true;
    }

    /// <summary>A key of a map. JavaScript makes text of what is none.</summary>
    public string ReadKey() => ReadKey(0);

    /// <summary>The payload of a packet.</summary>
    public byte[] ReadJson()
    {
        Undefined = null;
        var output = new ArrayBufferWriter<byte>(Math.Min(_rest.Length + 16, 4096));
        using var writer = new Utf8JsonWriter(
            output,
            new JsonWriterOptions
            {
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
                MaxDepth = MaxDepth + 8,
                SkipValidation = true,
            }
        );
        Copy(writer, 0);
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }

    public void Skip() => Skip(1);

    /// <summary>As strict as reading, but nothing is made: two bytes of a client's must not cost more than themselves.</summary>
    private void Skip(int depth)
    {
        if (depth > MaxDepth)
            throw new FormatException("nested too deeply");
        if (TrySkipUndefined())
            return;
        var marker = Peek();
        switch (marker)
        {
            case (>= 0x80 and <= 0x8F) or 0xDE or 0xDF:
                for (var left = ReadMapHeader(); left > 0; left--)
                {
                    Skip(depth + 1); // its key
                    Skip(depth + 1);
                }
                break;
            case (>= 0x90 and <= 0x9F) or 0xDC or 0xDD:
                for (var left = ReadArrayHeader(); left > 0; left--)
                    Skip(depth + 1);
                break;
            case (>= 0xA0 and <= 0xBF) or (>= 0xD9 and <= 0xDB):
                Take(ReadStringLength(Take(1)[0]));
                break;
            case 0xC0 or 0xC2 or 0xC3:
                Take(1);
                break;
            case 0xC4 or 0xC5 or 0xC6:
                Take(1);
                Take(ReadLength(marker - 0xC4));
                break;
            case 0xC7 or 0xC8 or 0xC9:
                Take(1);
                var length = ReadLength(marker - 0xC7);
                Take(1);
                Take(length);
                break;
            case >= 0xD4 and <= 0xD8:
                Take(2);
                Take(1 << (marker - 0xD4));
                break;
            case 0xCA or 0xCB:
                ReadDouble();
                break;
            default:
                ReadInteger();
                break;
        }
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
        var marker = Peek();
        switch (marker)
        {
            case (>= 0x80 and <= 0x8F) or 0xDE or 0xDF:
                CopyMap(writer, depth);
                break;
            case (>= 0x90 and <= 0x9F) or 0xDC or 0xDD:
                CopyArray(writer, depth);
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
                CopyExtension(writer, ReadLength(marker - 0xC7), isFixed: false);
                break;
            case >= 0xD4 and <= 0xD8:
                Take(1);
                CopyExtension(writer, 1 << (marker - 0xD4), isFixed: true);
                break;
            case 0xCA or 0xCB when ReadDouble() is var number:
                if (double.IsFinite(number))
                    writer.WriteNumberValue(number);
                else
                    writer.WriteNullValue();
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

    private void CopyMap(Utf8JsonWriter writer, int depth)
    {
        writer.WriteStartObject();
        for (var left = ReadMapHeader(); left > 0; left--)
        {
            var key = ReadKey(depth + 1);
            if (TrySkipUndefined())
                continue; // it is as if it were not there
            if (key is "_placeholder")
                writer.WritePropertyName(UsersKey); // binary comes as binary here, so this is the user's own
            else
                writer.WritePropertyName(key);
            Copy(writer, depth + 1);
        }
        writer.WriteEndObject();
    }

    private void CopyArray(Utf8JsonWriter writer, int depth)
    {
        writer.WriteStartArray();
        var count = ReadArrayHeader();
        for (var i = 0; i < count; i++)
        {
            if (depth == 0 && _rest.StartsWith(UndefinedStart))
                (Undefined ??= []).Add(i);
            Copy(writer, depth + 1);
        }
        writer.WriteEndArray();
    }

    /// <summary>
    /// Type 0 is notepack's: of 8 bytes in the fixed form a date, in the others an ArrayBuffer, that of 8 bytes too. Type -1 is the
    /// standard's timestamp. Of any other the official parser makes its number and its bytes.
    /// </summary>
    private void CopyExtension(Utf8JsonWriter writer, int length, bool isFixed)
    {
        var type = (sbyte)Take(1)[0];
        var data = Take(length);
        switch (type, length)
        {
            case (0, 8) when isFixed:
                WriteDate(writer, BinaryPrimitives.ReadInt64BigEndian(data));
                break;
            case (0, _) when !isFixed:
                AddAttachment(writer, data);
                break;
            case (-1, 4):
                WriteDate(writer, BinaryPrimitives.ReadUInt32BigEndian(data) * 1000L);
                break;
            case (-1, 8):
                var both = BinaryPrimitives.ReadUInt64BigEndian(data);
                WriteDate(writer, ((long)(both & 0x3_FFFF_FFFF) * 1000) + (long)((both >> 34) / 1_000_000));
                break;
            case (-1, 12):
                WriteDate(
                    writer,
                    ((Int128)BinaryPrimitives.ReadInt64BigEndian(data[4..]) * 1000)
                        + (BinaryPrimitives.ReadUInt32BigEndian(data) / 1_000_000)
                );
                break;
            default:
                writer.WriteStartArray();
                writer.WriteNumberValue(type);
                AddAttachment(writer, data);
                writer.WriteEndArray();
                break;
        }
    }

    /// <summary>As Date.toJSON: null for what is no date to JavaScript, six digits for years that .NET does not have.</summary>
    private static void WriteDate(Utf8JsonWriter writer, Int128 milliseconds)
    {
        const long last = 8_640_000_000_000_000, year2000 = 946_684_800_000, cycle = 400L * 365 * 86_400_000 + (97L * 86_400_000);
        if (milliseconds < -last || milliseconds > last)
        {
            writer.WriteNullValue();
            return;
        }
        // The calendar repeats itself every 400 years.
        var since = (long)milliseconds - year2000;
        var cycles = (since / cycle) - (since % cycle < 0 ? 1 : 0);
        var date = DateTimeOffset.FromUnixTimeMilliseconds(year2000 + since - (cycles * cycle)).UtcDateTime;
        var year = date.Year + (400 * cycles);
        var yearText = year.ToString(year is >= 0 and <= 9999 ? "0000" : "+000000;-000000", CultureInfo.InvariantCulture);
        writer.WriteStringValue(yearText + date.ToString("-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
    }

    private string ReadKey(int depth)
    {
        if (TrySkipUndefined())
            return "undefined";
        var marker = Peek();
        switch (marker)
        {
            case (>= 0xA0 and <= 0xBF) or (>= 0xD9 and <= 0xDB):
                return ReadString();
            case 0xC0 or 0xC2 or 0xC3:
                Take(1);
                return marker switch { 0xC0 => "null", 0xC2 => "false", _ => "true" };
            case 0xC4 or 0xC5 or 0xC6:
                Take(1);
                return Encoding.UTF8.GetString(Take(ReadLength(marker - 0xC4)));
            case 0xCA or 0xCB:
                return ReadDouble().ToString("R", CultureInfo.InvariantCulture);
            case (>= 0x80 and <= 0x9F) or (>= 0xC7 and <= 0xC9) or (>= 0xD4 and <= 0xD8) or (>= 0xDC and <= 0xDF):
                Skip(depth + 1);
                return "[object Object]";
            default:
                return ReadInteger().ToString(CultureInfo.InvariantCulture);
        }
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

    private double ReadDouble() =>
        Take(1)[0] == 0xCA ? BinaryPrimitives.ReadSingleBigEndian(Take(4)) : BinaryPrimitives.ReadDoubleBigEndian(Take(8));

    public int ReadArrayHeader() =>
        Take(1)[0] switch
        {
            var b and >= 0x90 and <= 0x9F => b & 0x0F,
            0xDC => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
            0xDD => ReadCount(),
            _ => throw new FormatException("no array"),
        };

    private int ReadStringLength(byte marker) =>
        marker is >= 0xA0 and < 0xC0 ? marker & 0x1F
        : marker is >= 0xD9 and <= 0xDB ? ReadLength(marker - 0xD9)
        : throw new FormatException("no text");

    /// <summary>A length of 8, 16 or 32 bits.</summary>
    private int ReadLength(int size) =>
        size switch
        {
            0 => Take(1)[0],
            1 => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
            _ => ReadCount(),
        };

    private int ReadCount() =>
        BinaryPrimitives.ReadUInt32BigEndian(Take(4)) is var count && count <= int.MaxValue
            ? (int)count
            : throw new FormatException("too long");

    private readonly byte Peek() => _rest.IsEmpty ? throw new FormatException("cut short") : _rest[0];

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
            throw new FormatException("cut short");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    /// <summary>By an encoder that escapes what others do not: <see cref="Placeholder.UsersKey"/>.</summary>
    private static JsonEncodedText EncodeUsersKey()
    {
        var settings = new TextEncoderSettings(System.Text.Unicode.UnicodeRanges.BasicLatin);
        settings.ForbidCharacters('_');
        return JsonEncodedText.Encode("_placeholder", JavaScriptEncoder.Create(settings));
    }
}
