using System.Text.Json;
using System.Text.Json.Serialization;

namespace ActorSocket.Data;

/// <summary>
/// Says what is wrong with emitting or keeping what leads to the whole server. System.Text.Json would follow every socket of every room.
/// </summary>
internal sealed class NoJsonConverter<T> : JsonConverter<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw Refused();

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => throw Refused();

    private static NotSupportedException Refused() =>
        new($"A {typeof(T).Name} is no data: write what is needed of it, such as its id or name.");
}
