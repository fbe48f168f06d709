using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using ActorSocket.Recovery;

namespace ActorSocket.Listings;

/// <summary>
/// The listed entities of one class on all nodes, as this one knows them: of each id the latest life. Read without a lock; a node that is
/// gone takes along what it told.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class ListingTable
{
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, ListedEntity> _byId = new(StringComparer.Ordinal);
    private IListingListener[] _listeners = [];

    public int Count => _byId.Count;

    /// <summary>All, as they are while one looks.</summary>
    public IEnumerable<KeyValuePair<string, ListedEntity>> All => _byId;

    /// <summary>Who makes a new entity since none has a place does so alone on this node: those after him find that one.</summary>
    public SemaphoreSlim Creating { get; } = new(1);

    /// <summary>How many have had their turn at that.</summary>
    public long Turns;

    /// <summary>What was learned of entities by asking them.</summary>
    public LearnedListings Learned { get; } = new();

    public ListedEntity? Find(string id) => _byId.GetValueOrDefault(id);

    /// <summary>
    /// One of a life before the one that is known changes nothing, unless the same node says so: that one has ended then.
    /// </summary>
    /// <returns>Whether another node's takes the place of one of this node.</returns>
    public bool Set(string id, ListedEntity listing)
    {
        lock (_gate)
        {
            var isOther = _byId.TryGetValue(id, out var known) && !ReferenceEquals(known.Node, listing.Node);
            if (isOther && known!.Generation > listing.Generation)
                return false;
            _byId[id] = listing;
            Tell(id);
            return isOther && known!.Node is null;
        }
    }

    /// <summary>A node, or this one, lists it no more; whatever another one says of it stays.</summary>
    public bool Remove(string id, IRemoteNode? node)
    {
        lock (_gate)
        {
            if (!_byId.TryGetValue(id, out var known) || !ReferenceEquals(known.Node, node))
                return false;
            _byId.TryRemove(id, out _);
            Tell(id);
            return true;
        }
    }

    /// <summary>Only while it is this one.</summary>
    public bool RemoveThis(string id, ListedEntity listing)
    {
        lock (_gate)
            return ReferenceEquals(Find(id), listing) && Remove(id, listing.Node);
    }

    /// <summary>Of what a node told before it told everything anew, it has repeated all that holds.</summary>
    public void RemoveOlder(IRemoteNode node, long epoch)
    {
        lock (_gate)
        {
            foreach (var (id, listing) in _byId)
            {
                if (ReferenceEquals(listing.Node, node) && listing.Epoch < epoch)
                    Remove(id, node);
            }
        }
    }

    /// <summary>Another node is gone.</summary>
    /// <returns>What was moving away from it: that stays, and is nobody's.</returns>
    public List<KeyValuePair<string, ListedEntity>> NodeGone(IRemoteNode node)
    {
        var moving = new List<KeyValuePair<string, ListedEntity>>();
        lock (_gate)
        {
            foreach (var (id, listing) in _byId)
            {
                if (!ReferenceEquals(listing.Node, node))
                    continue;
                if (!listing.IsMoving)
                {
                    Remove(id, node);
                    continue;
                }
                var orphan = listing.With(Nowhere.Instance, 0, isMoving: true);
                _byId[id] = orphan;
                moving.Add(KeyValuePair.Create(id, orphan));
            }
        }
        return moving;
    }

    /// <summary>Is told from now on which ids have changed; and of all that there are, first.</summary>
    public void Add(IListingListener listener)
    {
        lock (_gate)
        {
            _listeners = [.. _listeners, listener];
            foreach (var (id, _) in _byId)
                listener.Changed(id, isListed: true);
        }
    }

    public void Remove(IListingListener listener)
    {
        lock (_gate)
            _listeners = Array.FindAll(_listeners, other => other != listener);
    }

    private void Tell(string id)
    {
        foreach (var listener in _listeners)
            listener.Changed(id, _byId.ContainsKey(id));
    }
}

/// <summary>Where what is moving lives, when the node that it was on has gone.</summary>
internal sealed class Nowhere : IRemoteNode
{
    public static readonly Nowhere Instance = new();

    public string Tag => "";
}

/// <summary>Wants to know which listings have changed. Called under the table's lock: it takes a note.</summary>
internal interface IListingListener
{
    void Changed(string id, bool isListed);
}

/// <summary>
/// What entities have said of themselves to who asked them, before it was listed here: who has just got the last place of a room knows that
/// there is none, and who made one that it is there. Forgotten after a moment, since what is listed comes by then.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class LearnedListings
{
    public static readonly TimeSpan Kept = TimeSpan.FromSeconds(2);

    private const int Most = 10_000;

    private readonly Lock _gate = new();
    private readonly Queue<(string Id, long At)> _order = new();
    private readonly Dictionary<string, (ListedEntity Listing, long At)> _byId = new(StringComparer.Ordinal);

    public void Learn(string id, ListedEntity listing, TimeProvider time)
    {
        lock (_gate)
        {
            Forget(time);
            if (_byId.TryGetValue(id, out var known) && known.Listing.IsNewerThan(listing))
                return;
            var now = time.GetTimestamp();
            _byId[id] = (listing, now);
            _order.Enqueue((id, now));
        }
    }

    public ListedEntity? Find(string id)
    {
        lock (_gate)
            return _byId.TryGetValue(id, out var known) ? known.Listing : null;
    }

    public IReadOnlyList<KeyValuePair<string, ListedEntity>> All(TimeProvider time)
    {
        lock (_gate)
        {
            Forget(time);
            return [.. _byId.Select(static learned => KeyValuePair.Create(learned.Key, learned.Value.Listing))];
        }
    }

    private void Forget(TimeProvider time)
    {
        while (_order.TryPeek(out var oldest) && (_order.Count > Most || time.GetElapsedTime(oldest.At) > Kept))
        {
            _order.Dequeue();
            if (_byId.TryGetValue(oldest.Id, out var known) && known.At == oldest.At)
                _byId.Remove(oldest.Id);
        }
    }
}
