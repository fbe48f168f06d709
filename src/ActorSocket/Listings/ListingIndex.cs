using System.Diagnostics.CodeAnalysis;
using ActorSocket.Presence;

namespace ActorSocket.Listings;

/// <summary>
/// Listings by a key that the application reads from them. It is brought up to date by who looks, and by a thread of the pool after changes
/// that nobody looks at. No lock is held while the key is read.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class ListingIndex<TKey, TListing> : IListingListener, IDisposable
    where TKey : notnull
{
    private readonly ListingTable _table;
    private readonly Func<string, ListedEntity, (bool IsIn, TKey? Key)> _read;
    private readonly Lock _gate = new(); // taken within the table's
    private readonly ChangedIds _changed = new();
    private readonly Dictionary<string, TKey> _keys = new(StringComparer.Ordinal);
    private readonly Dictionary<TKey, Dictionary<string, ListedEntity>> _byKey = [];
    private readonly EventPump<bool> _pump;

    /// <param name="table">The list.</param>
    /// <param name="read">A listing's key, if it has one: never throws.</param>
    public ListingIndex(ListingTable table, Func<string, ListedEntity, (bool IsIn, TKey? Key)> read)
    {
        (_table, _read) = (table, read);
        _pump = new EventPump<bool>(
            (out bool item) =>
            {
                item = false;
                CatchUp();
                return false;
            },
            static _ => Task.CompletedTask
        );
        table.Add(this);
    }

    public IReadOnlyCollection<TKey> Keys
    {
        get
        {
            CatchUp();
            lock (_gate)
                return [.. _byKey.Keys];
        }
    }

    public IReadOnlyList<KeyValuePair<string, ListedEntity>> Of(TKey key)
    {
        CatchUp();
        lock (_gate)
            return _byKey.TryGetValue(key, out var some) ? [.. some] : [];
    }

    public void Dispose() => _table.Remove(this);

    void IListingListener.Changed(string id, bool isListed)
    {
        lock (_gate)
        {
            _changed.Note(id, isListed || _keys.ContainsKey(id));
        }
        _pump.Wake();
    }

    /// <summary>
    /// What has changed is noted until it is done, so two may do the same at once, and neither goes on before it is done.
    /// </summary>
    private void CatchUp()
    {
        while (TryPeek(out var id))
        {
            var listing = _table.Find(id);
            var (isIn, key) = listing is null ? default : _read(id, listing);
            lock (_gate)
            {
                if (!ReferenceEquals(_table.Find(id), listing))
                    continue; // it has changed meanwhile
                _changed.Remove(id);
                if (_keys.Remove(id, out var before) && _byKey.TryGetValue(before, out var former) && former.Remove(id)
                    && former.Count == 0)
                    _byKey.Remove(before);
                if (!isIn)
                    continue;
                _keys.Add(id, key!);
                if (!_byKey.TryGetValue(key!, out var some))
                    _byKey.Add(key!, some = new Dictionary<string, ListedEntity>(StringComparer.Ordinal));
                some.Add(id, listing!);
            }
        }
    }

    private bool TryPeek([MaybeNullWhen(false)] out string id)
    {
        lock (_gate)
            return _changed.TryPeek(out id);
    }
}
