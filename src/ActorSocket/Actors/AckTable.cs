using ActorSocket.Recovery;
using ActorSocket.Sockets;

namespace ActorSocket.Actors;

/// <summary>
/// The acknowledgements one socket waits for, oldest first. How long, is the affair of who asked: it takes back its question when its time
/// is over.
/// </summary>
internal sealed class AckTable(int limit)
{
    private AgeOrder<long, IAckSink>? _pending; // made by the first: most sockets never ask

    public int Count => _pending?.Count ?? 0;

    /// <summary>Adds one. When the table is full the oldest gives way and is returned, to be told so.</summary>
    public IAckSink? Add(long id, IAckSink sink)
    {
        IAckSink? evicted = null;
        _pending ??= new();
        if (_pending.Count >= limit && _pending.TryPeek(out var oldest, out _))
            evicted = Take(oldest);
        _pending.Put(id, sink);
        return evicted;
    }

    /// <summary>
    /// Takes one out; null for an id that nothing waits for (never asked, answered already, taken back), which is no error (S-48).
    /// </summary>
    public IAckSink? Take(long id) => _pending is not null && _pending.Remove(id, out var sink) ? sink : null;

    /// <summary>Takes all out, because the socket ends.</summary>
    public IAckSink[] TakeAll()
    {
        IAckSink[] all = _pending is null ? [] : [.. _pending.Entries.Select(static entry => entry.Value)];
        _pending = null;
        return all;
    }
}
