using System.Buffers;
using System.Text.Encodings.Web;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ActorSocket.Protocol.SocketIo;

/// <summary>
/// System.Text.Json with attachments: a read-only copy of the application's options, with converters that turn binary values into placeholders and back
/// (S-04). The serialiser is synchronous, so a thread-static says which attachments are meant.
/// </summary>
internal sealed class SocketJson
{
    private const int MaxDepth = 128;

    [ThreadStatic] private static byte[][]? _reading;
    [ThreadStatic] private static List<byte[]>? _writing;

    public SocketJson(JsonSerializerOptions? user)
    {
        Options = user is null ? new JsonSerializerOptions(JsonSerializerDefaults.Web) : new JsonSerializerOptions(user);
        Options.MaxDepth = MaxDepth;
        Options.WriteIndented = false;
        Options.Encoder ??= JavaScriptEncoder.UnsafeRelaxedJsonEscaping; // never inside HTML; clients parse it
        Options.Converters.Insert(0, new BinaryConverter<byte[]>(static bytes => bytes, static value => value));
        Options.Converters.Insert(0, new BinaryConverter<ReadOnlyMemory<byte>>(static bytes => bytes, static value => value));
        Options.Converters.Insert(0, new BinaryConverter<Memory<byte>>(static bytes => bytes, static value => value));
        Options.Converters.Insert(0, new BinaryConverter<ArraySegment<byte>>(static bytes => bytes, static value => value));
        Options.Converters.Insert(0, new StreamConverter());
        Options.Converters.Insert(0, new ArgumentConverter());
        if (Options.TypeInfoResolver is not null || !JsonSerializer.IsReflectionEnabledByDefault)
            Options.TypeInfoResolverChain.Add(WireTypes.Default);
        Options.MakeReadOnly(populateMissingResolver: true);
    }

    public static SocketJson Default { get; } = new(null);

    public JsonSerializerOptions Options { get; }

    public T? Deserialize<T>(ReadOnlySpan<byte> json, byte[][] attachments)
    {
        var outer = _reading;
        _reading = attachments;
        try
        {
            return JsonSerializer.Deserialize<T>(json, Options);
        }
        finally
        {
            _reading = outer;
        }
    }

    /// <summary>Arguments as a JSON array, for who is not at the other end of a connection; binary values are base64 text in it, and are read back from that.</summary>
    public byte[] ToJsonArray<TArgs>(in TArgs args)
        where TArgs : struct, IEventArguments => Write(args, null);

    /// <summary>Reads back what <see cref="ToJsonArray"/> wrote, or <see cref="SocketArguments.ToJsonArray"/>.</summary>
    /// <exception cref="JsonException">It is no JSON array.</exception>
    public SocketArguments FromJsonArray(ReadOnlySpan<byte> json, byte[][]? attachments = null) => Read(json, attachments ?? []);

    /// <summary>Arguments as their receiver would see them, to be sent later or to several.</summary>
    public SocketArguments Capture<TArgs>(in TArgs args)
        where TArgs : struct, IEventArguments
    {
        var attachments = new List<byte[]>();
        return Read(Write(args, attachments), [.. attachments]);
    }

    private byte[] Write<TArgs>(in TArgs args, List<byte[]>? attachments)
        where TArgs : struct, IEventArguments
    {
        var outer = CollectInto(attachments);
        try
        {
            var buffer = new ArrayBufferWriter<byte>();
            using var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = Options.Encoder, MaxDepth = MaxDepth });
            writer.WriteStartArray();
            args.Write(new ArgumentWriter(writer, this));
            writer.WriteEndArray();
            writer.Flush();
            return buffer.WrittenSpan.ToArray();
        }
        finally
        {
            CollectInto(outer);
        }
    }

    private SocketArguments Read(ReadOnlySpan<byte> json, byte[][] attachments)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
            throw new JsonException("Arguments are a JSON array.");
        var ranges = new List<int>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            ranges.Add((int)reader.TokenStartIndex);
            reader.Skip();
            ranges.Add((int)reader.BytesConsumed);
        }
        return SocketArguments.Copy(json, CollectionsMarshal.AsSpan(ranges), attachments, this);
    }

    /// <summary>Collects the attachments of what this thread serialises. Returns what was collected into before, to be given back.</summary>
    public static List<byte[]>? CollectInto(List<byte[]>? attachments)
    {
        var outer = _writing;
        _writing = attachments;
        return outer;
    }

    /// <summary>Writes <c>{"_placeholder":true,"num":k}</c> for the next attachment. False when no packet is being written.</summary>
    public static bool TryWritePlaceholder(Utf8JsonWriter writer, byte[] attachment)
    {
        if (!TryAddAttachment(attachment, out var number))
            return false;
        writer.WriteStartObject();
        writer.WriteBoolean("_placeholder"u8, true);
        writer.WriteNumber("num"u8, number);
        writer.WriteEndObject();
        return true;
    }

    public static bool TryAddAttachment(byte[] attachment, out int number)
    {
        number = _writing?.Count ?? -1;
        _writing?.Add(attachment);
        return number >= 0;
    }

    /// <summary>Reads an attachment by its placeholder, or, as System.Text.Json does, bytes from base64 text.</summary>
    private static byte[] ReadBinary(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
            return reader.GetBytesFromBase64();
        if (reader.TokenType == JsonTokenType.StartObject && Placeholder.TryRead(ref reader, out var number) && _reading is { } attachments && (uint)number < (uint)attachments.Length)
            return attachments[number];
        throw new JsonException("Expected binary data.");
    }

    private sealed class BinaryConverter<T>(Func<byte[], T> fromBytes, Func<T, ReadOnlyMemory<byte>> toMemory) : JsonConverter<T>
    {
        public override T? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => fromBytes(ReadBinary(ref reader));

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
        {
            var memory = toMemory(value);
            if (!TryWritePlaceholder(writer, memory.ToArray())) // a copy: the caller may change it after Emit
                writer.WriteBase64StringValue(memory.Span);
        }
    }

    private sealed class StreamConverter : JsonConverter<Stream>
    {
        public override bool CanConvert(Type typeToConvert) => typeToConvert == typeof(Stream) || typeToConvert == typeof(MemoryStream);

        public override Stream Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new MemoryStream(ReadBinary(ref reader), writable: false);

        public override void Write(Utf8JsonWriter writer, Stream value, JsonSerializerOptions options)
        {
            using var copy = new MemoryStream();
            value.CopyTo(copy);
            if (!TryWritePlaceholder(writer, copy.ToArray()))
                writer.WriteBase64StringValue(copy.ToArray());
        }
    }

    /// <summary>Lets an argument that came in stand anywhere in one that goes out.</summary>
    private sealed class ArgumentConverter : JsonConverter<SocketArgument>
    {
        public override SocketArgument Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotSupportedException("Take SocketArguments as the handler's parameter instead.");

        public override void Write(Utf8JsonWriter writer, SocketArgument value, JsonSerializerOptions options) => ArgumentCopier.Copy(writer, value);
    }
}

/// <summary>The stand-in for an attachment: an object with <c>_placeholder</c> exactly true, and <c>num</c>.</summary>
internal static class Placeholder
{
    /// <summary>At a StartObject; moves to its EndObject when it is a placeholder. <paramref name="number"/> is -1 when it has no usable one.</summary>
    public static bool TryRead(ref Utf8JsonReader reader, out int number)
    {
        number = -1;
        var ahead = reader;
        var marked = false;
        while (ahead.Read() && ahead.TokenType == JsonTokenType.PropertyName)
        {
            var isMark = ahead.ValueTextEquals("_placeholder"u8);
            var isNumber = !isMark && ahead.ValueTextEquals("num"u8);
            ahead.Read();
            if (isMark)
                marked = ahead.TokenType == JsonTokenType.True;
            else if (isNumber)
                number = ahead.TokenType == JsonTokenType.Number && ahead.TryGetInt32(out var value) ? value : -1;
            ahead.Skip();
        }
        if (!marked)
            return false;
        reader = ahead;
        return true;
    }
}
