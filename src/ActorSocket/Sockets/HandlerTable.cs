using System.Collections.Concurrent;
using ActorSocket.Configuration;

namespace ActorSocket.Sockets;

/// <summary>
/// The handlers of one socket, those of one event in the order they were added. Every socket has its own, and most have few: an array that
/// is searched from its start. Where there are many (<c>Once("reply:" + id)</c>) a dictionary takes its place, so that adding and removing
/// cost the same however many there are. What is there is replaced, never changed, so that an event which runs goes on with the handlers it
/// began with.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class HandlerTable
{
    private const int Few = 32;

    private object _all = Array.Empty<Entry>(); // Entry[], or ConcurrentDictionary<string, Entry[]> by event

    public sealed record Entry(string EventName, Delegate Handler, HandlerInvoker Invoke, bool Once);

    /// <summary>All that an event may have now, perhaps among those of others; <see cref="Next"/> finds them.</summary>
    public Entry[] For(string eventName) => Volatile.Read(ref _all) switch
    {
        Entry[] few => few,
        var many => ((ConcurrentDictionary<string, Entry[]>)many).GetValueOrDefault(eventName, []),
    };

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
        while (true)
        {
            var all = Volatile.Read(ref _all);
            if (all is ConcurrentDictionary<string, Entry[]> many)
            {
                many.AddOrUpdate(eventName, static (_, added) => [added], static (_, known, added) => [.. known, added], entry);
                break;
            }
            var few = (Entry[])all;
            if (few.Length == Few)
                Replace(few, ByEvent(few));
            else if (Replace(few, (Entry[])[.. few, entry]))
                break;
        }
        return new Subscription(() => Remove(entry));
    }

    public IEnumerable<Entry> Find(string eventName) =>
        For(eventName).Where(entry => string.Equals(entry.EventName, eventName, StringComparison.Ordinal));

    /// <summary>Removes the handlers of one event, or of all.</summary>
    public void Clear(string? eventName = null)
    {
        if (eventName is null)
            Volatile.Write(ref _all, Array.Empty<Entry>());
        else
            Keep(eventName, static (entry, name) => !string.Equals(entry.EventName, name, StringComparison.Ordinal), eventName);
    }

    /// <summary>False when it had been removed already.</summary>
    public bool Remove(Entry entry) => Keep(entry.EventName, static (one, removed) => !ReferenceEquals(one, removed), entry);

    /// <summary>Of the handlers of an event, keeps some. False when it keeps them all.</summary>
    private bool Keep<TState>(string eventName, Func<Entry, TState, bool> isKept, TState state)
    {
        while (true)
        {
            var all = Volatile.Read(ref _all);
            var many = all as ConcurrentDictionary<string, Entry[]>;
            var before = many is null ? (Entry[])all : many.GetValueOrDefault(eventName, []);
            var after = Array.FindAll(before, entry => isKept(entry, state));
            if (after.Length == before.Length)
                return false;
            if (
                many is null ? Replace(before, after)
                : after.Length == 0 ? many.TryRemove(KeyValuePair.Create(eventName, before))
                : many.TryUpdate(eventName, after, before)
            )
                return true;
        }
    }

    private bool Replace(object before, object after) => ReferenceEquals(Interlocked.CompareExchange(ref _all, after, before), before);

    private static ConcurrentDictionary<string, Entry[]> ByEvent(Entry[] entries) =>
        new(
            concurrencyLevel: 1,
            entries
                .GroupBy(static entry => entry.EventName, StringComparer.Ordinal)
                .Select(static of => KeyValuePair.Create(of.Key, of.ToArray())),
            StringComparer.Ordinal
        );
}
