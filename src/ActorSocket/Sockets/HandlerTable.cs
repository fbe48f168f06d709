namespace ActorSocket.Sockets;

/// <summary>The handlers of one socket by event name, in the order they were added. Adding and removing replace the list that a running event reads.</summary>
internal sealed class HandlerTable
{
    private readonly Lock _gate = new();
    private Dictionary<string, Entry[]>? _byEvent;

    public sealed record Entry(Delegate Handler, HandlerInvoker Invoke, bool Once);

    public IDisposable Add(string eventName, Delegate handler, HandlerInvoker invoke, bool once)
    {
        var entry = new Entry(handler, invoke, once);
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

    /// <summary>Removes the handlers of one event, or of all.</summary>
    public void Clear(string? eventName = null)
    {
        lock (_gate)
        {
            if (eventName is null)
                _byEvent = null;
            else
                _byEvent?.Remove(eventName);
        }
    }

    /// <summary>False when it had been removed already.</summary>
    public bool Remove(string eventName, Entry entry)
    {
        lock (_gate)
        {
            if (_byEvent is null || !_byEvent.TryGetValue(eventName, out var entries))
                return false;
            var at = Array.FindIndex(entries, one => ReferenceEquals(one, entry));
            if (at < 0)
                return false;
            _byEvent[eventName] = [.. entries[..at], .. entries[(at + 1)..]];
            return true;
        }
    }
}

/// <summary>Undoes a registration once.</summary>
internal sealed class Subscription(Action undo) : IDisposable
{
    private Action? _undo = undo;

    public void Dispose() => Interlocked.Exchange(ref _undo, null)?.Invoke();
}
