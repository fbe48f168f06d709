namespace ActorSocket.Sockets;

/// <summary>The handlers of one socket by event name, in the order they were added. Adding and removing replace the list that a running event reads.</summary>
internal sealed class HandlerTable
{
    private readonly Lock _gate = new();
    private Dictionary<string, Entry[]>? _byEvent;

    public readonly record struct Entry(Delegate Handler, HandlerInvoker Invoke);

    public IDisposable Add(string eventName, Delegate handler, HandlerInvoker invoke)
    {
        var entry = new Entry(handler, invoke);
        lock (_gate)
        {
            _byEvent ??= new Dictionary<string, Entry[]>(StringComparer.Ordinal);
            _byEvent[eventName] = _byEvent.TryGetValue(eventName, out var entries) ? [.. entries, entry] : [entry];
        }
        return new Subscription(() => Remove(eventName, entry));
    }

    public Entry[] Find(string eventName)
    {
        lock (_gate)
            return _byEvent is not null && _byEvent.TryGetValue(eventName, out var entries) ? entries : [];
    }

    private void Remove(string eventName, Entry entry)
    {
        lock (_gate)
        {
            if (!_byEvent!.TryGetValue(eventName, out var entries))
                return;
            var at = Array.IndexOf(entries, entry);
            if (at >= 0)
                _byEvent[eventName] = [.. entries[..at], .. entries[(at + 1)..]];
        }
    }
}

/// <summary>Undoes a registration once.</summary>
internal sealed class Subscription(Action undo) : IDisposable
{
    private Action? _undo = undo;

    public void Dispose() => Interlocked.Exchange(ref _undo, null)?.Invoke();
}
