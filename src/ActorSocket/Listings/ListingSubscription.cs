using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using ActorSocket.Presence;

namespace ActorSocket.Listings;

/// <summary>
/// Tells one handler how the list has changed since it was told last: what waits for it is which rooms have changed, not what happened. So
/// the whole comes first, a slow handler gets what is so, and no queue is longer than the list.
/// </summary>
internal sealed class ListingSubscription<TListing> : IListingListener, IDisposable
{
    /// <summary>The most changes that a handler gets at once.</summary>
    public const int MostAtOnce = 500;

    private readonly ListingTable _table;
    private readonly Func<string, ListedEntity, ListedRoom<TListing>?> _read;
    private readonly Lock _gate = new(); // taken within the table's
    private readonly ChangedIds _changed = new();
    private readonly Dictionary<string, ListedRoom<TListing>> _told = new(StringComparer.Ordinal);
    private readonly EventPump<IReadOnlyList<ListedRoomChange<TListing>>> _pump;
    private volatile bool _isOver;

    /// <param name="table">The list.</param>
    /// <param name="read">What a listing is to the application; null for nothing.</param>
    /// <param name="handle">The handler: never throws.</param>
    public ListingSubscription(
        ListingTable table,
        Func<string, ListedEntity, ListedRoom<TListing>?> read,
        Func<IReadOnlyList<ListedRoomChange<TListing>>, Task> handle)
    {
        (_table, _read) = (table, read);
        _pump = new EventPump<IReadOnlyList<ListedRoomChange<TListing>>>(TakeNext, handle);
    }

    /// <summary>How many changes wait for the handler.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
                return _changed.Count;
        }
    }

    public void Begin() => _table.Add(this);

    public void Dispose()
    {
        _isOver = true;
        _table.Remove(this);
    }

    void IListingListener.Changed(string id, bool isListed)
    {
        lock (_gate)
        {
            _changed.Note(id, isListed || _told.ContainsKey(id));
        }
        _pump.Wake();
    }

    private bool TakeNext([MaybeNullWhen(false)] out IReadOnlyList<ListedRoomChange<TListing>> changes)
    {
        var some = new List<ListedRoomChange<TListing>>();
        while (some.Count < MostAtOnce && !_isOver && TryTake(out var id))
        {
            var listing = _table.Find(id);
            var now = listing is null ? null : _read(id, listing);
            if (Tell(id, now, listing) is { } change)
                some.Add(change);
        }
        changes = some;
        return some.Count > 0;
    }

    private ListedRoomChange<TListing>? Tell(string id, ListedRoom<TListing>? now, ListedEntity? listing)
    {
        ListedRoom<TListing>? before;
        lock (_gate)
        {
            _told.TryGetValue(id, out before);
            if (now is null)
                _told.Remove(id);
            else
                _told[id] = now;
            if (!ReferenceEquals(_table.Find(id), listing))
                _changed.Add(id); // it has changed while it was read: also one that is gone, and was not told of by then
        }
        if (now is null)
            return before is null ? null : new ListedRoomChange<TListing>(ListedRoomChangeKind.Removed, before);
        if (before is null)
            return new ListedRoomChange<TListing>(ListedRoomChangeKind.Added, now);
        return now.Equals(before) ? null : new ListedRoomChange<TListing>(ListedRoomChangeKind.Changed, now);
    }

    private bool TryTake([MaybeNullWhen(false)] out string id)
    {
        lock (_gate)
            return _changed.TryTake(out id);
    }
}
