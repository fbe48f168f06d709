using System.Runtime.InteropServices;
using System.Text.Json;

namespace ActorSocket.Protocol.SocketIo;

/// <summary>Where a placeholder stands in a text.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct PlaceholderAt(int Start, int End, int Number);

/// <summary>The stand-in for an attachment: an object with <c>_placeholder</c> exactly true, and <c>num</c>.</summary>
internal static class Placeholder
{
    // More than any reader of ours lets JSON nest.
    private const int MaxDepth = 256;

    [ThreadStatic] private static long _bytesScanned;

    /// <summary>
    /// How the key is spelt in an object that is no placeholder though it looks like one: a map of the user's that came in MessagePack,
    /// where binary is binary and nothing stands in for it. To whoever reads the JSON it is the same key.
    /// </summary>
    public static ReadOnlySpan<byte> UsersKey => "\\u005Fplaceholder"u8;

    /// <summary>
    /// How far readers have looked ahead on this thread, for tests: no more than the length of the text, however it is nested.
    /// </summary>
    public static long BytesScanned => _bytesScanned;

    /// <summary>
    /// Moves a reader from the first token of a value to its last, and finds the placeholders in between; what stands in one belongs to it,
    /// as the official parser has it. Every token is looked at once. <see cref="PlaceholderAt.Number"/> is -1 where there is no usable one.
    /// </summary>
    /// <returns>In the order of the text, or null for none.</returns>
    public static List<PlaceholderAt>? Find(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
            return null;
        List<PlaceholderAt>? found = null;
        Span<OpenObject> open = stackalloc OpenObject[MaxDepth];
        var (from, outermost) = (reader.TokenStartIndex, reader.CurrentDepth);
        while (true)
        {
            if (reader.TokenType == JsonTokenType.PropertyName)
                open[reader.CurrentDepth - outermost - 1].ReadMember(ref reader);
            var depth = reader.CurrentDepth - outermost;
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                if (depth >= MaxDepth)
                    throw new JsonException("The JSON is nested too deeply.");
                open[depth] = new OpenObject { Start = (int)reader.TokenStartIndex, Number = -1 };
            }
            else if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray)
            {
                if (reader.TokenType == JsonTokenType.EndObject && open[depth] is { IsMarked: true } closed)
                {
                    found ??= [];
                    while (found.Count > 0 && found[^1].Start > closed.Start)
                        found.RemoveAt(found.Count - 1);
                    found.Add(new PlaceholderAt(closed.Start, (int)reader.BytesConsumed, closed.Number));
                }
                if (depth == 0)
                    break;
            }
            reader.Read();
        }
        _bytesScanned += reader.BytesConsumed - from;
        return found;
    }

    /// <summary>
    /// At a StartObject; moves to its EndObject when it is a placeholder. <paramref name="number"/> is -1 when it has no usable one.
    /// </summary>
    public static bool TryRead(ref Utf8JsonReader reader, out int number)
    {
        var ahead = reader;
        var read = new OpenObject { Number = -1 };
        while (ahead.Read() && ahead.TokenType == JsonTokenType.PropertyName)
        {
            read.ReadMember(ref ahead);
            ahead.Skip();
        }
        _bytesScanned += ahead.BytesConsumed - reader.TokenStartIndex;
        number = read.Number;
        if (!read.IsMarked)
            return false;
        reader = ahead;
        return true;
    }

    private struct OpenObject
    {
        public int Start;
        public int Number;
        public bool IsMarked;

        /// <summary>From a property's name to its value. The last of several of one name counts, as for JSON.parse.</summary>
        public void ReadMember(ref Utf8JsonReader reader)
        {
            var isMark = reader.ValueTextEquals("_placeholder"u8) && !reader.ValueSpan.SequenceEqual(UsersKey);
            var isNumber = !isMark && reader.ValueTextEquals("num"u8);
            reader.Read();
            if (isMark)
                IsMarked = reader.TokenType == JsonTokenType.True;
            else if (isNumber)
                Number =
                    reader.TokenType != JsonTokenType.Number ? -1
                    : reader.TryGetInt32(out var value) ? value
                    : WholeNumber(reader.GetDouble());
        }

        /// <summary>1.0 and 1e0 are 1 to JavaScript.</summary>
        private static int WholeNumber(double number) =>
            number is >= 0 and <= int.MaxValue && Math.Floor(number) == number ? (int)number : -1;
    }
}
