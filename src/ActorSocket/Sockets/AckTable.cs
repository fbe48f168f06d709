using Akka.Actor;
using ActorSocket.Recovery;

namespace ActorSocket.Sockets;

/// <summary>The acknowledgements one socket waits for, oldest first, with the timer of each that has one.</summary>
internal sealed class AckTable(int limit)
{
    private AgeOrder<long, (IAckSink Sink, ICancelable? Overdue)>? _pending; // made by the first: most sockets never ask

    public int Count => _pending?.Count ?? 0;

    /// <summary>Adds one. When the table is full the oldest gives way and is returned, to be told so.</summary>
    public IAckSink? Add(long id, IAckSink sink, ICancelable? overdue)
    {
        IAckSink? evicted = null;
        _pending ??= new();
        if (_pending.Count >= limit && _pending.TryPeek(out var oldest, out _))
            evicted = Take(oldest);
        _pending.Put(id, (sink, overdue));
        return evicted;
    }

    /// <summary>Takes one out; null for an id that nothing waits for (never asked, answered already, overdue), which is no error (S-48).</summary>
    public IAckSink? Take(long id)
    {
        if (_pending is null || !_pending.Remove(id, out var waiting))
            return null;
        waiting.Overdue?.Cancel();
        return waiting.Sink;
    }

    /// <summary>Takes all out, because the socket ends.</summary>
    public IAckSink[] TakeAll()
    {
        if (_pending is null)
            return [];
        IAckSink[] all = [.. _pending.Entries.Select(static entry => entry.Value.Sink)];
        foreach (var (_, waiting) in _pending.Entries)
            waiting.Overdue?.Cancel();
        _pending = null;
        return all;
    }
}
