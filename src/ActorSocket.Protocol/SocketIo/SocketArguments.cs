using System.Collections;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket;

/// <summary>
/// The arguments of an event or an acknowledgement as they came, still encoded: read what is needed, or emit them on, binary included.
/// </summary>
public sealed class SocketArguments : IReadOnlyList<SocketArgument>
{
    private const int RangeSize = 2 * sizeof(int); // where its JSON starts and ends; the end is inverted for JavaScript's undefined

    // In one array, since there is one of these for each event: the ranges, and behind them the JSON that they refer to.
    private readonly byte[] _bytes;

    private SocketArguments(byte[] bytes, int count, byte[][] attachments, SocketJson serializer)
    {
        _bytes = bytes;
        Count = count;
        Attachments = attachments;
        Serializer = serializer;
    }

    /// <summary>No arguments.</summary>
    public static SocketArguments Empty { get; } = new([], 0, [], SocketJson.Default);

    internal byte[][] Attachments { get; }

    internal SocketJson Serializer { get; }

    /// <summary>How many there are.</summary>
    public int Count { get; }

    /// <summary>The bytes that they keep alive.</summary>
    internal long HeldBytes
    {
        get
        {
            long bytes = _bytes.Length;
            foreach (var attachment in Attachments)
                bytes += attachment.Length;
            return bytes;
        }
    }

    /// <summary>One of them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer.</exception>
    public SocketArgument this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            return new SocketArgument(this, index);
        }
    }

    /// <summary>
    /// One of them as a <typeparamref name="T"/>. One that is missing is the type's default, as in JavaScript it is undefined; for JSON,
    /// null.
    /// </summary>
    internal T? Read<T>(int index) => index < Count ? this[index].As<T>() : Missing<T>.Value;

    /// <summary>Likewise, of what no client wrote.</summary>
    internal T? ReadOwn<T>(int index) => index < Count ? this[index].ReadOwn<T>() : Missing<T>.Value;

    /// <summary>Copies what the ranges (start, end, start, end …) mark of a text.</summary>
    internal static SocketArguments Copy(ReadOnlySpan<byte> text, ReadOnlySpan<int> ranges, byte[][] attachments, SocketJson serializer)
    {
        if (ranges.IsEmpty)
            return Empty;
        var (first, last) = (ranges[0], EndOf(ranges[^1]));
        var shift = (ranges.Length * sizeof(int)) - first;
        var bytes = GC.AllocateUninitializedArray<byte>(shift + last);
        var own = MemoryMarshal.Cast<byte, int>(bytes.AsSpan(0, ranges.Length * sizeof(int)));
        for (var i = 0; i < ranges.Length; i++)
            own[i] = ranges[i] < 0 ? ~(~ranges[i] + shift) : ranges[i] + shift;
        text[first..last].CopyTo(bytes.AsSpan(ranges.Length * sizeof(int)));
        return new SocketArguments(bytes, ranges.Length / 2, attachments, serializer);
    }

    internal ReadOnlyMemory<byte> JsonOf(int index)
    {
        var range = MemoryMarshal.Cast<byte, int>(_bytes.AsSpan(index * RangeSize, RangeSize));
        return _bytes.AsMemory(range[0]..EndOf(range[1]));
    }

    /// <summary>Whether it is JavaScript's undefined, which MessagePack has and whose JSON is null.</summary>
    internal bool IsUndefined(int index) => MemoryMarshal.Cast<byte, int>(_bytes.AsSpan(index * RangeSize, RangeSize))[1] < 0;

    internal byte[] ToJsonArray()
    {
        if (Count == 0)
            return "[]"u8.ToArray();
        var ranges = MemoryMarshal.Cast<byte, int>(_bytes.AsSpan(0, Count * RangeSize));
        return [(byte)'[', .. _bytes.AsSpan(ranges[0]..EndOf(ranges[^1])), (byte)']'];
    }

    private static int EndOf(int end) => end < 0 ? ~end : end;

    /// <summary>
    /// What an acknowledgement says: the first argument, or all of them, still encoded, for who asks for <see cref="SocketArguments"/>.
    /// </summary>
    internal T? ToAnswer<T>()
    {
        try
        {
            return this is T all ? all : Read<T>(0);
        }
        catch (JsonException error) when (UnreadableArgument.Is(error))
        {
            UnreadableArgument.MarkAnswer(error);
            throw;
        }
    }

    /// <summary>Likewise, of what no client wrote.</summary>
    internal T? ToOwnAnswer<T>() => this is T all ? all : ReadOwn<T>(0);

    /// <summary>The same without the last one.</summary>
    internal SocketArguments WithoutLast() => new(_bytes, Count - 1, Attachments, Serializer);

    /// <inheritdoc/>
    public IEnumerator<SocketArgument> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal static class Missing<T>
    {
        // The default of JsonElement is no JSON at all, and throws wherever it is used.
        public static readonly T? Value = typeof(T) == typeof(JsonElement) ? (T)(object)JsonElement.Parse("null"u8) : default;
    }
}

/// <summary>One argument, still encoded.</summary>
public readonly struct SocketArgument : IEquatable<SocketArgument>
{
    private readonly SocketArguments? _all;
    private readonly int _index;

    internal SocketArgument(SocketArguments all, int index)
    {
        _all = all;
        _index = index;
    }

    /// <summary>Its JSON; attachments stand in it as placeholders.</summary>
    [JsonIgnore]
    public ReadOnlySpan<byte> Utf8Json => _all is null ? "null"u8 : _all.JsonOf(_index).Span;

    /// <summary>Whether it is JSON's null.</summary>
    public bool IsNull => Utf8Json.SequenceEqual("null"u8);

    /// <summary>To who reads it, it is as good as missing.</summary>
    internal bool IsUndefined => _all?.IsUndefined(_index) ?? false;

    internal byte[][] Attachments => _all?.Attachments ?? [];

    /// <summary>
    /// Reads it with the server's JSON options; attachments become <c>byte[]</c>, <c>ReadOnlyMemory&lt;byte&gt;</c> or <c>Stream</c>. A
    /// client's text is never taken for binary, nor binary for JSON.
    /// </summary>
    /// <exception cref="JsonException">It is of another shape, or has binary where <typeparamref name="T"/> has a <see cref="JsonElement"/>
    /// or a <c>JsonNode</c>.</exception>
    public T? As<T>()
    {
        try
        {
            return ReadOwn<T>();
        }
        catch (Exception error) when (UnreadableArgument.IsClients(error))
        {
            throw UnreadableArgument.OfArgument(_index + 1, typeof(T), error);
        }
    }

    /// <summary>As <see cref="As{T}"/>, of what no client wrote: what is wrong with it is a server's fault.</summary>
    internal T? ReadOwn<T>() =>
        typeof(T) == typeof(SocketArgument) ? (T)(object)this
        : IsUndefined ? SocketArguments.Missing<T>.Value
        : (_all?.Serializer ?? SocketJson.Default).Deserialize<T>(Utf8Json, Attachments);

    /// <summary>Reads it as a JSON element. Attachments are base64 text in it (<see cref="JsonElement.GetBytesFromBase64"/>).</summary>
    public JsonElement ToJsonElement() => JsonElement.Parse(Attachments.Length == 0 ? Utf8Json : ArgumentCopier.ToText(this).Span);

    /// <summary>Its JSON.</summary>
    public override string ToString() => System.Text.Encoding.UTF8.GetString(Utf8Json);

    /// <inheritdoc/>
    public bool Equals(SocketArgument other) => ReferenceEquals(_all, other._all) && _index == other._index;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is SocketArgument other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_all, _index);

    /// <summary>Whether both are the same argument of the same event.</summary>
    public static bool operator ==(SocketArgument left, SocketArgument right) => left.Equals(right);

    /// <summary>Whether they are not the same argument of the same event.</summary>
    public static bool operator !=(SocketArgument left, SocketArgument right) => !left.Equals(right);
}
