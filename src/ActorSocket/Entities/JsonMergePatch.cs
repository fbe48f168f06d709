using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ActorSocket;

/// <summary>
/// JSON merge patches (RFC 7396), as <see cref="Sync"/> sends them: an object with the members that have changed, null for those that are
/// gone. Arrays are replaced as a whole, and a member whose value is null cannot be told from one that is not there.
/// </summary>
public static class JsonMergePatch
{
    private const int MaxDepth = 1000; // what the serialiser wrote is read

    /// <summary>What makes <paramref name="after"/> of <paramref name="before"/>; null when they are the same.</summary>
    /// <param name="before">Members of objects that are null are taken for absent, here and in <paramref name="after"/>.</param>
    /// <param name="after">What it has become.</param>
    public static JsonElement? Diff(JsonElement before, JsonElement after)
    {
        if (AreSame(before, after))
            return null;
        if (!AreObjects(before, after))
            return after;
        var bytes = new ArrayBufferWriter<byte>(256);
        using (var writer = WriterOf(bytes))
            WriteChanges(writer, before, after);
        return bytes.WrittenCount == 2 ? null : Parse(bytes.WrittenSpan); // {}
    }

    /// <summary>A value with a patch applied, as RFC 7396 has it.</summary>
    /// <param name="target">The value; a default one where there is none yet.</param>
    /// <param name="patch">What has changed.</param>
    public static JsonElement Apply(JsonElement target, JsonElement patch)
    {
        if (patch.ValueKind != JsonValueKind.Object)
            return patch;
        var bytes = new ArrayBufferWriter<byte>(256);
        using (var writer = WriterOf(bytes))
            WriteMerged(writer, target, patch);
        return Parse(bytes.WrittenSpan);
    }

    /// <summary>What an application's serialiser wrote, without members of objects that are null; in arrays they stay.</summary>
    internal static JsonElement ParseWithoutNulls(ReadOnlySpan<byte> json)
    {
        var value = Parse(json);
        return json.IndexOf(":null"u8) < 0 ? value : Apply(default, value);
    }

    /// <summary>The bytes of a value that was parsed.</summary>
    internal static ReadOnlySpan<byte> BytesOf(JsonElement value) => JsonMarshal.GetRawUtf8Value(value);

    private static JsonElement Parse(ReadOnlySpan<byte> json) =>
        JsonElement.Parse(json, new JsonDocumentOptions { MaxDepth = MaxDepth });

    private static Utf8JsonWriter WriterOf(ArrayBufferWriter<byte> bytes) => new(
        bytes,
        new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = MaxDepth, SkipValidation = true });

    private static void WriteChanges(Utf8JsonWriter writer, JsonElement before, JsonElement after)
    {
        writer.WriteStartObject();
        var (olds, news) = (before.EnumerateObject(), after.EnumerateObject());
        var hasOld = olds.MoveNext();
        var hasNew = news.MoveNext();
        while (hasOld && hasNew && AreNamesSame(olds.Current, news.Current)) // as a rule all: the same class, or dictionary
        {
            WriteChange(writer, olds.Current.Value, news.Current);
            hasOld = olds.MoveNext();
            hasNew = news.MoveNext();
        }
        var rest = hasOld ? new Dictionary<string, JsonElement>(StringComparer.Ordinal) : null;
        for (; hasOld; hasOld = olds.MoveNext())
            rest![olds.Current.Name] = olds.Current.Value;
        for (; hasNew; hasNew = news.MoveNext())
        {
            JsonElement old = default;
            rest?.Remove(news.Current.Name, out old);
            WriteChange(writer, old, news.Current);
        }
        foreach (var (name, old) in rest ?? [])
        {
            if (old.ValueKind != JsonValueKind.Null)
                writer.WriteNull(name);
        }
        writer.WriteEndObject();
    }

    private static void WriteChange(Utf8JsonWriter writer, JsonElement before, JsonProperty after)
    {
        if (AreSame(before, after.Value) || (before.ValueKind == JsonValueKind.Undefined && after.Value.ValueKind == JsonValueKind.Null))
            return;
        writer.WritePropertyName(after.Name);
        if (AreObjects(before, after.Value))
            WriteChanges(writer, before, after.Value);
        else
            writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(after.Value), skipInputValidation: true);
    }

    private static void WriteMerged(Utf8JsonWriter writer, JsonElement target, JsonElement patch)
    {
        writer.WriteStartObject();
        var changes = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var change in patch.EnumerateObject())
            changes[change.Name] = change.Value;
        if (target.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in target.EnumerateObject())
            {
                if (changes.Remove(member.Name, out var change))
                    WriteMember(member.Name, member.Value, change);
                else
                    WriteMember(member.Name, default, member.Value, isChange: false);
            }
        }
        foreach (var (name, change) in changes)
            WriteMember(name, default, change);
        writer.WriteEndObject();

        void WriteMember(string name, JsonElement before, JsonElement change, bool isChange = true)
        {
            if (isChange && change.ValueKind == JsonValueKind.Null)
                return;
            writer.WritePropertyName(name);
            if (isChange && change.ValueKind == JsonValueKind.Object)
                WriteMerged(writer, before, change);
            else
                writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(change), skipInputValidation: true);
        }
    }

    private static bool AreObjects(JsonElement before, JsonElement after) =>
        before.ValueKind == JsonValueKind.Object && after.ValueKind == JsonValueKind.Object;

    /// <summary>As they are written: of the same serialiser, what is the same is written the same.</summary>
    private static bool AreSame(JsonElement before, JsonElement after)
    {
        if (before.ValueKind == JsonValueKind.Undefined)
            return after.ValueKind is JsonValueKind.Undefined;
        return before.ValueKind == after.ValueKind
            && JsonMarshal.GetRawUtf8Value(before).SequenceEqual(JsonMarshal.GetRawUtf8Value(after));
    }

    private static bool AreNamesSame(JsonProperty before, JsonProperty after) =>
        JsonMarshal.GetRawUtf8PropertyName(before).SequenceEqual(JsonMarshal.GetRawUtf8PropertyName(after));
}
