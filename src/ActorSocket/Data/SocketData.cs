using System.Collections;
using System.Collections.Concurrent;
using System.Text.Json;
using ActorSocket.Protocol.Records;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Data;

/// <summary>
/// What is behind <see cref="Socket.Data"/>: a thread-safe bag whose writes are followed, so that another node has them soon, and whose
/// values may have travelled. A socket that is recovered on its own node takes the bag itself over: what a handler of the lost one writes
/// late is not lost.
/// </summary>
/// <remarks>No lock is held while a value is compared, written or read: that runs the application's code.</remarks>
internal sealed class SocketData : IDictionary<string, object?>, IReadOnlyDictionary<string, object?>
{
    private readonly ConcurrentDictionary<string, Held> _values = new(StringComparer.Ordinal);
    private IDataOwner? _owner;

    public SocketData(IDataOwner? owner = null) => _owner = owner;

    private SocketData(IEnumerable<KeyValuePair<string, Held>> values)
    {
        foreach (var (key, held) in values)
            _values[key] = held;
    }

    /// <summary>False when it has travelled, and some of it could not.</summary>
    public bool IsWhole { get; private init; } = true;

    /// <summary>The socket that it is of; null while it waits for one, and for a copy.</summary>
    public IDataOwner? Owner
    {
        get => Volatile.Read(ref _owner);
        set => Volatile.Write(ref _owner, value);
    }

    public int Count => _values.Count;

    public bool IsReadOnly => false;

    public ICollection<string> Keys => _values.Keys;

    public ICollection<object?> Values => [.. _values.Values.Select(static held => held.Value)];

    IEnumerable<string> IReadOnlyDictionary<string, object?>.Keys => Keys;

    IEnumerable<object?> IReadOnlyDictionary<string, object?>.Values => Values;

    public object? this[string key]
    {
        get => TryGetValue(key, out var value) ? value : throw new KeyNotFoundException("The socket has no data of this key.");
        set
        {
            _values[key] = Hold(value);
            Changed();
        }
    }

    public void Add(string key, object? value)
    {
        if (!_values.TryAdd(key, Hold(value)))
            throw new ArgumentException("The socket has data of this key already.", nameof(key));
        Changed();
    }

    public bool Remove(string key)
    {
        var removed = _values.TryRemove(key, out _);
        if (removed)
            Changed();
        return removed;
    }

    public void Clear()
    {
        _values.Clear();
        Changed();
    }

    public bool ContainsKey(string key) => _values.ContainsKey(key);

    public bool TryGetValue(string key, out object? value)
    {
        var found = _values.TryGetValue(key, out var held);
        value = held?.Value;
        return found;
    }

    void ICollection<KeyValuePair<string, object?>>.Add(KeyValuePair<string, object?> item) => Add(item.Key, item.Value);

    bool ICollection<KeyValuePair<string, object?>>.Contains(KeyValuePair<string, object?> item) =>
        TryGetValue(item.Key, out var value) && Equals(value, item.Value);

    void ICollection<KeyValuePair<string, object?>>.CopyTo(KeyValuePair<string, object?>[] array, int arrayIndex) =>
        Array.ConvertAll(_values.ToArray(), static entry => KeyValuePair.Create(entry.Key, entry.Value.Value)).CopyTo(array, arrayIndex);

    bool ICollection<KeyValuePair<string, object?>>.Remove(KeyValuePair<string, object?> item)
    {
        if (
            !_values.TryGetValue(item.Key, out var held)
            || !Equals(held.Value, item.Value)
            || !_values.TryRemove(KeyValuePair.Create(item.Key, held))
        )
            return false;
        Changed();
        return true;
    }

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() =>
        _values.Select(static entry => KeyValuePair.Create(entry.Key, entry.Value.Value)).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>A copy that nobody follows.</summary>
    public SocketData Copy() => new(_values);

    /// <summary>
    /// Reads a value as <typeparamref name="T"/>, whether it was put here or has travelled. What had travelled is from then on what it was
    /// read as, so that a change to it is seen by the next who reads it.
    /// </summary>
    /// <returns>False when there is none. <paramref name="error"/> says why one that is there is no <typeparamref name="T"/>.</returns>
    public bool TryGet<T>(string key, SocketJson json, out T? value, out Exception? error)
    {
        (value, error) = (default, null);
        while (_values.TryGetValue(key, out var held))
        {
            if (held.Value is T same)
            {
                value = same;
                return true;
            }
            if (held.Value is null)
                return default(T) is null;
            try
            {
                value = DataFormat.Convert<T>(held.Value, json);
            }
            catch (Exception failure) // the application's types and converters
            {
                error = failure;
                return false;
            }
            if (held.Value is not JsonElement || value is null || _values.TryUpdate(key, new Held(value, held.Written), held))
                return true;
        }
        return false;
    }

    public T? Get<T>(string key, SocketJson json) => TryGet<T>(key, json, out var value, out var error) || error is null
        ? value
        : throw new InvalidOperationException($"The socket's data of this key cannot be read as {typeof(T)}: {error.Message}", error);

    /// <summary>As it travels. What cannot be written now is as it was when it was put here.</summary>
    public byte[] ToBytes(SocketJson json)
    {
        var travelling = new List<KeyValuePair<string, WrittenData>>();
        var isWhole = IsWhole;
        foreach (var (key, held) in _values)
        {
            if ((DataFormat.Write(held.Value, json) ?? held.Written) is { } written)
                travelling.Add(KeyValuePair.Create(key, written));
            else
                isWhole = false;
        }
        return new WireWriter()
            .Records(travelling, static (wire, entry) => wire.Text(entry.Key).Text(entry.Value.Kind).Bytes(entry.Value.Bytes))
            .Flag(!isWhole)
            .ToArray();
    }

    /// <exception cref="FormatException">It was not written so.</exception>
    public static SocketData Read(ReadOnlySpan<byte> bytes)
    {
        var wire = new WireReader(bytes);
        return new SocketData(wire.Records(ReadValue)) { IsWhole = !wire.Flag() };
    }

    private static KeyValuePair<string, Held> ReadValue(ref WireReader wire) =>
        KeyValuePair.Create(wire.Text(), new Held(DataFormat.Read(wire.Text(), wire.Bytes()), null));

    /// <summary>Where it may have to travel, it is tried at once: who puts it is told, and not who misses it.</summary>
    private Held Hold(object? value)
    {
        if (Owner is not { TravelsAs: { } json } owner)
            return new Held(value, null);
        var written = DataFormat.Write(value, json);
        if (written is null)
            owner.OnStaysBehind(value!.GetType());
        return new Held(value, written);
    }

    private void Changed() => Owner?.OnDataChanged();

    /// <summary>
    /// A value, and how it was written when it was put here. A class, so that it is compared as such: the value's own Equals is not called
    /// under a lock.
    /// </summary>
    private sealed class Held(object? value, WrittenData? written)
    {
        public object? Value => value;

        public WrittenData? Written => written;
    }
}
