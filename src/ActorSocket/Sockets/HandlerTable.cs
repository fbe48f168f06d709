namespace ActorSocket.Sockets;

/// <summary>
/// The handlers of one socket, in the order they were added: an array that is searched from its start, since every socket has its own, and most have few. Adding and
/// removing replace it, so that an event which runs goes on with the one it began with.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class HandlerTable
{
    private Entry[] _entries = [];

    public sealed record Entry(string EventName, Delegate Handler, HandlerInvoker Invoke, bool Once);

    /// <summary>All that there are now; <see cref="Next"/> finds those of an event.</summary>
    public Entry[] Current => Volatile.Read(ref _entries);

    /// <summary>Where the next handler of an event stands, from an index on; -1 when there is none.</summary>
    public static int Next(Entry[] entries, string eventName, int from)
    {
        while (from < entries.Length && !string.Equals(entries[from].EventName, eventName, StringComparison.Ordinal))
            from++;
        return from < entries.Length ? from : -1;
    }

    public IDisposable Add(string eventName, Delegate handler, HandlerInvoker invoke, bool once)
    {
        var entry = new Entry(eventName, handler, invoke, once);
        Replace(entries => [.. entries, entry]);
        return new Subscription(() => Remove(entry));
    }

    public IEnumerable<Entry> Find(string eventName) => Current.Where(entry => string.Equals(entry.EventName, eventName, StringComparison.Ordinal));

    /// <summary>Removes the handlers of one event, or of all.</summary>
    public void Clear(string? eventName = null) =>
        Replace(entries => eventName is null ? [] : Array.FindAll(entries, entry => !string.Equals(entry.EventName, eventName, StringComparison.Ordinal)));

    /// <summary>False when it had been removed already.</summary>
    public bool Remove(Entry entry) => Replace(entries => Array.FindAll(entries, one => !ReferenceEquals(one, entry)));

    /// <summary>False when nothing changed.</summary>
    private bool Replace(Func<Entry[], Entry[]> change)
    {
        while (true)
        {
            var before = Current;
            var after = change(before);
            if (after.Length == before.Length)
                return false;
            if (ReferenceEquals(Interlocked.CompareExchange(ref _entries, after, before), before))
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
