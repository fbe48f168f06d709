using System.Buffers;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;

namespace ActorSocket.Sockets;

/// <summary>
/// An argument of an event is not valid. A filter sees a <see cref="ValidationException"/>; who asked is answered with what is wrong,
/// member by member.
/// </summary>
internal sealed class InvalidArgumentException(int number, SortedDictionary<string, List<string>> faults)
    : ValidationException($"Argument {number} is not valid."),
        IRefusal
{
    public EventException Refusal => field ??= new EventException(Message, ToData(), this) { Code = "INVALID_ARGUMENT" };

    /// <summary>As an element, which applications without JSON by reflection have.</summary>
    private JsonElement ToData()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteNumber("argument"u8, number);
            writer.WriteStartObject("errors"u8);
            foreach (var (path, messages) in faults)
            {
                writer.WriteStartArray(path);
                foreach (var message in messages)
                    writer.WriteStringValue(message);
                writer.WriteEndArray();
            }
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        return JsonElement.Parse(buffer.WrittenSpan);
    }
}
