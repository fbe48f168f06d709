using System.Buffers;
using System.Text.Json;

namespace ActorSocket.Entities;

/// <summary>
/// An entity as it is stored, and as it is handed over where it is more than <see cref="RoomEntity.HandOver"/> gave: with timers, and with
/// a version of what it is. As JSON, for whoever looks into the database.
/// </summary>
/// <param name="Version">Of the state's shape: <see cref="RoomEntity{TState}.StateVersion"/>.</param>
/// <param name="Number">The highest that it was saved with; zero for never.</param>
/// <param name="IsSaved">Whether the store has it, as it is here.</param>
/// <param name="Timers">What it waits for.</param>
/// <param name="State">The state; null for nothing.</param>
/// <param name="Seats">Who sits in it; null for nobody.</param>
internal sealed record KeptState(
    int Version, long Number, bool IsSaved, IReadOnlyList<EntityTimer> Timers, JsonElement? State, SeatRecords? Seats = null)
{
    /// <summary>Before the JSON, where it is handed over: no JSON begins so.</summary>
    private const byte Mark = 1;

    // What was written is read, however deep the state is: the limit of the application's options is for who reads that.
    private static readonly JsonSerializerOptions Format = new(JsonSerializerOptions.Web) { MaxDepth = int.MaxValue };

    /// <param name="state">JSON; empty for nothing.</param>
    /// <param name="isHandOver">Whether it goes to another node, which may know a plain state only.</param>
    public static byte[] Write(
        int version, long number, bool isSaved, IReadOnlyCollection<EntityTimer> timers, SeatRecords? seats, ReadOnlySpan<byte> state,
        bool isHandOver = false)
    {
        var bytes = new ArrayBufferWriter<byte>(state.Length + 128);
        if (isHandOver)
            bytes.Write([Mark]);
        using (var writer = new Utf8JsonWriter(bytes, new JsonWriterOptions { SkipValidation = true }))
        {
            writer.WriteStartObject();
            writer.WriteNumber("version"u8, version);
            writer.WriteNumber("number"u8, number);
            writer.WriteBoolean("isSaved"u8, isSaved);
            writer.WritePropertyName("timers"u8);
            JsonSerializer.Serialize(writer, timers, Format);
            if (seats is not null)
            {
                writer.WritePropertyName("seats"u8);
                JsonSerializer.Serialize(writer, seats, Format);
            }
            writer.WritePropertyName("state"u8);
            writer.WriteRawValue(state.IsEmpty ? "null"u8 : state, skipInputValidation: true);
            writer.WriteEndObject();
        }
        return bytes.WrittenSpan.ToArray();
    }

    /// <exception cref="JsonException">It is none.</exception>
    public static KeptState Read(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize<KeptState>(json, Format) ?? throw new JsonException("It is null.");

    /// <summary>Null for one that is a plain state.</summary>
    /// <exception cref="JsonException">It is neither.</exception>
    public static KeptState? ReadHandOver(ReadOnlySpan<byte> bytes) => bytes is [Mark, .. var json] ? Read(json) : null;

    /// <summary>A plain state.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static KeptState OfPlain(ReadOnlySpan<byte> json) =>
        new(Version: 1, Number: 0, IsSaved: false, Timers: [], JsonSerializer.Deserialize<JsonElement>(json, Format));
}
