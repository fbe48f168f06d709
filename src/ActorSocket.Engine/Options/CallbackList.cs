namespace ActorSocket.Configuration;

/// <summary>
/// What an application wants to be called with, in the order it was added. What is there is replaced, never changed: who calls them goes on
/// with those it began with, whatever is added or taken off meanwhile.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class CallbackList<T>
{
    private Entry[] _all = [];

    public Entry[] Current => Volatile.Read(ref _all);

    /// <returns>Dispose it to take the callback off again.</returns>
    public IDisposable Add(Func<T, Task> callback)
    {
        var entry = new Entry(callback);
        Add(entry);
        return new Subscription(() => Remove(entry));
    }

    /// <summary>Adds what may stand in other lists, too.</summary>
    public void Add(Entry entry)
    {
        lock (this)
            Volatile.Write(ref _all, [.. _all, entry]);
    }

    /// <summary>Does nothing when it is not there.</summary>
    public void Remove(Entry entry)
    {
        lock (this)
            Volatile.Write(ref _all, Subscription.Without(_all, entry));
    }

    public void Clear()
    {
        lock (this)
            Volatile.Write(ref _all, []);
    }

    /// <summary>One registration: the same callback may be there twice, and is taken off once for each.</summary>
    public sealed class Entry
    {
        private int _isOver;

        public Entry(Func<T, Task> callback)
        {
            ArgumentNullException.ThrowIfNull(callback);
            Callback = callback;
        }

        public Func<T, Task> Callback { get; }

        /// <summary>Whether it has been taken off, and is to go from every list.</summary>
        public bool IsOver => Volatile.Read(ref _isOver) != 0;

        public void End() => Interlocked.Exchange(ref _isOver, 1);
    }
}
