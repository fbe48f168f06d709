using System.Collections;
using System.Text.Json;
using System.Text.Json.Serialization;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket;

/// <summary>The arguments of an event or an acknowledgement as they came, still encoded: read what is needed, or emit them on, binary included.</summary>
public sealed class SocketArguments : IReadOnlyList<SocketArgument>
{
    private readonly int[] _ranges; // start, end, start, end …

    internal SocketArguments(byte[] json, int[] ranges, byte[][] attachments, SocketJson serializer)
    {
        Json = json;
        _ranges = ranges;
        Attachments = attachments;
        Serializer = serializer;
    }

    /// <summary>No arguments.</summary>
    public static SocketArguments Empty { get; } = new([], [], [], SocketJson.Default);

    internal byte[] Json { get; }

    internal int[] Ranges => _ranges;

    internal byte[][] Attachments { get; }

    internal SocketJson Serializer { get; }

    /// <summary>How many there are.</summary>
    public int Count => _ranges.Length / 2;

    /// <summary>One of them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer.</exception>
    public SocketArgument this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            return new SocketArgument(this, _ranges[2 * index], _ranges[(2 * index) + 1]);
        }
    }

    /// <inheritdoc/>
    public IEnumerator<SocketArgument> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>One argument, still encoded.</summary>
public readonly struct SocketArgument : IEquatable<SocketArgument>
{
    private readonly SocketArguments? _all;
    private readonly int _start;
    private readonly int _end;

    internal SocketArgument(SocketArguments all, int start, int end)
    {
        _all = all;
        _start = start;
        _end = end;
    }

    /// <summary>Its JSON; attachments stand in it as placeholders.</summary>
    [JsonIgnore]
    public ReadOnlySpan<byte> Utf8Json => _all is null ? "null"u8 : _all.Json.AsSpan(_start, _end - _start);

    /// <summary>Whether it is JSON's null.</summary>
    public bool IsNull => Utf8Json.SequenceEqual("null"u8);

    internal byte[][] Attachments => _all?.Attachments ?? [];

    /// <summary>Reads it with the server's JSON options; attachments become <c>byte[]</c>, <c>ReadOnlyMemory&lt;byte&gt;</c> or <c>Stream</c>.</summary>
    /// <exception cref="JsonException">It is of another shape.</exception>
    public T? As<T>() => (_all?.Serializer ?? SocketJson.Default).Deserialize<T>(Utf8Json, Attachments);

    /// <summary>Reads it as a JSON element. Attachments stay placeholders.</summary>
    public JsonElement ToJsonElement() => JsonElement.Parse(Utf8Json);

    /// <summary>Its JSON.</summary>
    public override string ToString() => System.Text.Encoding.UTF8.GetString(Utf8Json);

    /// <inheritdoc/>
    public bool Equals(SocketArgument other) => ReferenceEquals(_all, other._all) && _start == other._start && _end == other._end;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is SocketArgument other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_all, _start);

    /// <summary>Whether both are the same argument of the same event.</summary>
    public static bool operator ==(SocketArgument left, SocketArgument right) => left.Equals(right);

    /// <summary>Whether they are not the same argument of the same event.</summary>
    public static bool operator !=(SocketArgument left, SocketArgument right) => !left.Equals(right);
}
