namespace ActorSocket.Sockets;

/// <summary>The acknowledgements one socket waits for, oldest first. Pure: the timers are the actor's.</summary>
internal sealed class AckTable(int limit)
{
    private OrderedDictionary<long, IAckSink>? _pending; // made by the first: most sockets never ask

    public int Count => _pending?.Count ?? 0;

    /// <summary>Adds one. When the table is full the oldest gives way and is returned, to be told so.</summary>
    public (long Id, IAckSink Sink)? Add(long id, IAckSink sink)
    {
        (long, IAckSink)? evicted = null;
        _pending ??= [];
        if (_pending.Count >= limit)
        {
            var (oldest, waiting) = _pending.GetAt(0);
            _pending.RemoveAt(0);
            evicted = (oldest, waiting);
        }
        _pending[id] = sink;
        return evicted;
    }

    /// <summary>Takes one out; null for an id that nothing waits for (never asked, answered already, overdue), which is no error (S-48).</summary>
    public IAckSink? Take(long id) => _pending is not null && _pending.Remove(id, out var sink) ? sink : null;

    /// <summary>Takes all out, because the socket ends.</summary>
    public IAckSink[] TakeAll()
    {
        if (_pending is null)
            return [];
        IAckSink[] all = [.. _pending.Values];
        _pending = null;
        return all;
    }
}
