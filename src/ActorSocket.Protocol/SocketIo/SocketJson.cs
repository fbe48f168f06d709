using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ActorSocket.Protocol.SocketIo;

/// <summary>
/// System.Text.Json with attachments: a read-only copy of the application's options, with converters that turn binary values into
/// placeholders and back (S-04). The serialiser is synchronous, so a thread-static says which attachments are meant.
/// </summary>
internal sealed class SocketJson
{
    public const int MaxDepth = 128;

    /// <summary>
    /// Stands for the attachments of arguments that were no packet of a client's, but JSON in which binary is base64 text: known by its
    /// identity.
    /// </summary>
    public static readonly byte[][] BinaryIsText = GC.AllocateUninitializedArray<byte[]>(0);

    private const int MaxScratch = 64 * 1024;

    [ThreadStatic] private static byte[][]? _reading;
    [ThreadStatic] private static AttachmentList? _writing;
    [ThreadStatic] private static Scratch? _scratch;

    private JsonSerializerOptions? _binaryOptions;

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
        Options.Converters.Add(new ElementConverter()); // behind the application's own, as those for other JSON of any shape
        if (Options.TypeInfoResolver is not null || !JsonSerializer.IsReflectionEnabledByDefault)
            Options.TypeInfoResolverChain.Add(WireTypes.Default);
        Options.MakeReadOnly(populateMissingResolver: true);
    }

    public static SocketJson Default { get; } = new(null);

    public JsonSerializerOptions Options { get; }

    /// <summary>As <see cref="Options"/>, for arguments with attachments.</summary>
    private JsonSerializerOptions BinaryOptions
    {
        get
        {
            if (_binaryOptions is null)
            {
                var options = new JsonSerializerOptions(Options);
                options.Converters.Add(new AnyShapeConverters());
                options.MakeReadOnly();
                _binaryOptions = options;
            }
            return _binaryOptions;
        }
    }

    public T? Deserialize<T>(ReadOnlySpan<byte> json, byte[][] attachments)
    {
        var outer = _reading;
        _reading = attachments;
        try
        {
            return JsonSerializer.Deserialize<T>(json, attachments.Length == 0 ? Options : BinaryOptions);
        }
        finally
        {
            _reading = outer;
        }
    }

    /// <summary>
    /// Arguments as a JSON array, for who is not at the other end of a connection; binary values are base64 text in it, and are read back
    /// from that.
    /// </summary>
    public byte[] ToJsonArray<TArgs>(in TArgs args)
        where TArgs : struct, IEventArguments => Write(args, null);

    /// <summary>
    /// Reads back what <see cref="ToJsonArray"/> wrote, or, with its attachments, <see cref="SocketArguments.ToJsonArray"/>.
    /// </summary>
    /// <exception cref="JsonException">It is no JSON array.</exception>
    public SocketArguments FromJsonArray(ReadOnlySpan<byte> json, byte[][]? attachments = null) => Read(json, attachments ?? BinaryIsText);

    /// <summary>Arguments as their receiver would see them, to be sent later or to several.</summary>
    public SocketArguments Capture<TArgs>(in TArgs args)
        where TArgs : struct, IEventArguments
    {
        var attachments = new AttachmentList(0);
        return Read(Write(args, attachments), attachments.ToArray());
    }

    private byte[] Write<TArgs>(in TArgs args, AttachmentList? attachments)
        where TArgs : struct, IEventArguments
    {
        var outer = CollectInto(attachments);
        try
        {
            var scratch = _scratch?.Owner == this ? _scratch : new Scratch(this);
            _scratch = null; // a converter may write arguments of its own
            scratch.Begin();
            scratch.Writer.WriteStartArray();
            args.Write(new ArgumentWriter(scratch.Writer, this));
            scratch.Writer.WriteEndArray();
            scratch.Writer.Flush();
            var json = scratch.Buffer.WrittenSpan.ToArray();
            if (scratch.Buffer.Capacity <= MaxScratch)
                _scratch = scratch;
            return json;
        }
        finally
        {
            CollectInto(outer);
        }
    }

    /// <summary>What a thread writes arguments with. A writer keeps the options of the one that it was made for.</summary>
    private sealed class Scratch(SocketJson owner)
    {
        public SocketJson Owner => owner;

        public ArrayBufferWriter<byte> Buffer { get; } = new(256);

        public Utf8JsonWriter Writer { get; } =
            new(Stream.Null, new JsonWriterOptions { Encoder = owner.Options.Encoder, MaxDepth = MaxDepth });

        public void Begin()
        {
            Buffer.ResetWrittenCount();
            Writer.Reset(Buffer);
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

    /// <summary>
    /// Collects the attachments of what this thread serialises. Returns what was collected into before, to be given back.
    /// </summary>
    public static AttachmentList? CollectInto(AttachmentList? attachments)
    {
        var outer = _writing;
        _writing = attachments;
        return outer;
    }

    /// <summary>
    /// Takes the next attachment of the packet that is being written, if one is, and says by which number its placeholder refers to it.
    /// </summary>
    public static bool TryAddAttachment(byte[] attachment, out long number)
    {
        number = _writing?.Add(attachment) ?? -1;
        return number >= 0;
    }

    /// <summary>
    /// The number of the placeholder that stands for JavaScript's undefined, where the packet that is being written can have it.
    /// </summary>
    public static bool TryGetUndefined(out long number)
    {
        number = (_writing?.FirstNumber ?? 0) - 1;
        return number >= 0;
    }

    /// <summary>At a StartObject: moves behind it when it is the placeholder of an attachment of what is being read.</summary>
    public static bool TryReadAttachment(ref Utf8JsonReader reader, out byte[]? attachment)
    {
        attachment = null;
        if (
            _reading is not { Length: > 0 } attachments
            || !Placeholder.TryRead(ref reader, out var number)
            || (uint)number >= (uint)attachments.Length
        )
            return false;
        attachment = attachments[number];
        return true;
    }

    private static void WriteBinary(Utf8JsonWriter writer, ReadOnlySpan<byte> bytes)
    {
        if (_writing is null)
        {
            writer.WriteBase64StringValue(bytes);
            return;
        }
        TryAddAttachment(bytes.ToArray(), out var number); // a copy: the caller may change it after Emit
        WritePlaceholder(writer, number);
    }

    public static void WritePlaceholder(Utf8JsonWriter writer, long number)
    {
        writer.WriteStartObject();
        writer.WriteBoolean("_placeholder"u8, true);
        writer.WriteNumber("num"u8, number);
        writer.WriteEndObject();
    }

    /// <summary>
    /// Reads an attachment by its placeholder; from base64 text only what we wrote ourselves, since a client's text is text.
    /// </summary>
    private static byte[] ReadBinary(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return _reading is null || ReferenceEquals(_reading, BinaryIsText)
                ? reader.GetBytesFromBase64()
                : throw new ShapeException(
                    "The client sent text where binary data is expected. Text is not taken for base64: let the client send a buffer, or "
                    + "take a string and decode it."
                );
        }
        if (reader.TokenType == JsonTokenType.StartObject && TryReadAttachment(ref reader, out var attachment))
            return attachment!;
        throw new ShapeException("Expected binary data.");
    }

    private sealed class BinaryConverter<T>(Func<byte[], T> fromBytes, Func<T, ReadOnlyMemory<byte>> toMemory) : JsonConverter<T>
    {
        public override T? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            fromBytes(ReadBinary(ref reader));

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
            WriteBinary(writer, toMemory(value).Span);
    }

    private sealed class StreamConverter : JsonConverter<Stream>
    {
        public override bool CanConvert(Type typeToConvert) => typeToConvert == typeof(Stream) || typeToConvert == typeof(MemoryStream);

        public override Stream Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            new MemoryStream(ReadBinary(ref reader), writable: false);

        public override void Write(Utf8JsonWriter writer, Stream value, JsonSerializerOptions options)
        {
            using var copy = new MemoryStream();
            value.CopyTo(copy);
            WriteBinary(writer, copy.GetBuffer().AsSpan(0, (int)copy.Length));
        }
    }

    /// <summary>Lets an argument that came in stand anywhere in one that goes out.</summary>
    private sealed class ArgumentConverter : JsonConverter<SocketArgument>
    {
        public override SocketArgument Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotSupportedException(
                "A SocketArgument is a whole argument: take it, or SocketArguments, as the handler's parameter, not inside of another type."
            );

        public override void Write(Utf8JsonWriter writer, SocketArgument value, JsonSerializerOptions options) =>
            ArgumentCopier.Copy(writer, value);
    }
    /// <summary>A <c>default(JsonElement)</c> is written as null, where the serialiser's own converter throws.</summary>
    private sealed class ElementConverter : JsonConverter<JsonElement>
    {
        public override JsonElement Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (_reading is { Length: > 0 })
                AnyShapeConverters.ThrowIfBinary(reader, typeToConvert);
            return JsonElement.ParseValue(ref reader);
        }

        public override void Write(Utf8JsonWriter writer, JsonElement value, JsonSerializerOptions options)
        {
            if (value.ValueKind == JsonValueKind.Undefined)
                writer.WriteNullValue();
            else
                value.WriteTo(writer);
        }
    }
}

/// <summary>The attachments of a packet that is being written, in the order of their placeholders.</summary>
/// <param name="firstNumber">By what number the first placeholder refers to its attachment. When it is not 0, the number before it stands
/// for undefined.</param>
internal sealed class AttachmentList(long firstNumber)
{
    private readonly List<byte[]> _attachments = [];

    public long FirstNumber => firstNumber;

    /// <summary>Returns its number.</summary>
    public long Add(byte[] attachment)
    {
        _attachments.Add(attachment);
        return firstNumber + _attachments.Count - 1;
    }

    public byte[][] ToArray() => _attachments.Count == 0 ? [] : [.. _attachments];

    public void Clear() => _attachments.Clear();
}
