namespace ActorSocket.Entities;

/// <summary>
/// States of entities that are on their way to another node. Their shard's next node is not known, so every node keeps each for a minute; the one that starts the entity takes it.
/// Bounded: beyond, the oldest are forgotten, and their entities start anew.
/// </summary>
internal sealed class HandedOverStates(TimeProvider time)
{
    private const int MaxBytes = 64 * 1024 * 1024;
    private static readonly TimeSpan Keep = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly OrderedDictionary<(string Type, string Id), (byte[] Json, long At)> _states = []; // oldest first
    private long _bytes;

    public void Put(string type, string id, byte[] json)
    {
        lock (_gate)
        {
            Remove((type, id));
            _states.Add((type, id), (json, time.GetTimestamp()));
            _bytes += json.Length;
            while (_states.Count > 0 && (_bytes > MaxBytes || time.GetElapsedTime(_states.GetAt(0).Value.At) > Keep))
                Remove(_states.GetAt(0).Key);
        }
    }

    public byte[]? Take(string type, string id)
    {
        lock (_gate)
        {
            if (!_states.TryGetValue((type, id), out var state))
                return null;
            Remove((type, id));
            return time.GetElapsedTime(state.At) <= Keep ? state.Json : null;
        }
    }

    private void Remove((string Type, string Id) key)
    {
        if (_states.Remove(key, out var state))
            _bytes -= state.Json.Length;
    }
}
