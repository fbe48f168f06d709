using ActorSocket.Recovery;

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
    private readonly AgeOrder<(string Type, string Id), (byte[] Json, long At)> _states = new();
    private long _bytes;

    public void Put(string type, string id, byte[] json)
    {
        lock (_gate)
        {
            Remove((type, id));
            _states.Put((type, id), (json, time.GetTimestamp()));
            _bytes += json.Length;
            while (_states.TryPeek(out var oldest, out var state) && (_bytes > MaxBytes || time.GetElapsedTime(state.At) > Keep))
                Remove(oldest);
        }
    }

    public byte[]? Take(string type, string id)
    {
        lock (_gate)
        {
            if (!_states.TryGet((type, id), out var state))
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
