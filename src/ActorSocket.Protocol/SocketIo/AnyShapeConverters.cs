using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace ActorSocket.Protocol.SocketIo;

/// <summary>
/// For arguments with attachments: the types that take JSON of any shape. JSON has no bytes, and what would stand in their place is none of
/// the application's business, so such an argument is no value of these types; but for <see cref="object"/>, which can be bytes.
/// </summary>
internal sealed class AnyShapeConverters : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => Create(typeToConvert) is not null;

    public override JsonConverter? CreateConverter(Type typeToConvert, JsonSerializerOptions options) => Create(typeToConvert);

    /// <summary>Looks through the value that the reader stands at.</summary>
    public static void ThrowIfBinary(Utf8JsonReader reader, Type type)
    {
        if (Placeholder.Find(ref reader) is not null)
            throw new ShapeException(
                $"The client sent binary data where the handler takes a {type.Name}, which cannot hold any. Take SocketArgument (to emit "
                + "it on, or to read it with As<T>()), or a type with a byte[] where the binary is."
            );
    }

    private static JsonConverter? Create(Type type) =>
        type == typeof(object) ? new ObjectConverter()
        : type == typeof(JsonDocument) ? new DocumentConverter()
        : type == typeof(JsonNode) ? new NodeConverter<JsonNode>()
        : type == typeof(JsonObject) ? new NodeConverter<JsonObject>()
        : type == typeof(JsonArray) ? new NodeConverter<JsonArray>()
        : type == typeof(JsonValue) ? new NodeConverter<JsonValue>()
        : null;

    private sealed class ObjectConverter : JsonConverter<object>
    {
        public override object? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType == JsonTokenType.StartObject && SocketJson.TryReadAttachment(ref reader, out var attachment))
                return attachment;
            ThrowIfBinary(reader, typeToConvert);
            return options.UnknownTypeHandling == JsonUnknownTypeHandling.JsonNode
                ? JsonNode.Parse(ref reader)
                : JsonElement.ParseValue(ref reader);
        }

        public override void Write(Utf8JsonWriter writer, object value, JsonSerializerOptions options)
        {
            if (value.GetType() == typeof(object))
                writer.WriteRawValue("{}"u8);
            else
                JsonSerializer.Serialize(writer, value, value.GetType(), options);
        }
    }

    private sealed class DocumentConverter : JsonConverter<JsonDocument>
    {
        public override JsonDocument Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            ThrowIfBinary(reader, typeToConvert);
            return JsonDocument.ParseValue(ref reader);
        }

        public override void Write(Utf8JsonWriter writer, JsonDocument value, JsonSerializerOptions options) => value.WriteTo(writer);
    }

    private sealed class NodeConverter<T> : JsonConverter<T>
        where T : JsonNode
    {
        public override T? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            ThrowIfBinary(reader, typeToConvert);
            return JsonNode.Parse(
                ref reader,
                new JsonNodeOptions { PropertyNameCaseInsensitive = options.PropertyNameCaseInsensitive }
            ) switch
            {
                null => null,
                T node => node,
                var other => throw new ShapeException($"Expected a {typeToConvert.Name}, not a {other.GetValueKind()}."),
            };
        }

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => value.WriteTo(writer, options);
    }
}
