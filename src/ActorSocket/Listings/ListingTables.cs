using System.Collections.Concurrent;
using ActorSocket.Recovery;

namespace ActorSocket.Listings;

/// <summary>The listed entities of one server, by class; where there is a cluster, it tells the other nodes of this one's.</summary>
/// <remarks>Any thread.</remarks>
internal sealed class ListingTables
{
    /// <summary>
    /// For how long one that moves away is listed as it was, unless the next node lists it: it is there all the time, as its callers see
    /// it.
    /// </summary>
    public static readonly TimeSpan DepartureTime = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, ListingTable> _byClass = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<(string Type, string Id, ListedEntity? Listing, long At)> _departed = new();
    private readonly ConcurrentQueue<(string Type, string Id)> _superseded = new(); // own ones, by those of other nodes

    /// <summary>Told of each change of this node's own; null without a cluster.</summary>
    public Action<string, string>? OwnChanged { get; set; }

    /// <summary>This node's own.</summary>
    public IEnumerable<(string Type, string Id)> Own => _byClass.SelectMany(static table =>
        table.Value.All.Where(static listed => listed.Value.Node is null).Select(listed => (table.Key, listed.Key)));

    public ListingTable Of(string type) => _byClass.GetOrAdd(type, static _ => new ListingTable());

    /// <summary>What this node lists of an entity; null for nothing.</summary>
    public ListedEntity? FindOwn(string type, string id) => Of(type).Find(id) is { Node: null } own ? own : null;

    public void Publish(string type, string id, ListedEntity listing)
    {
        Of(type).Set(id, listing);
        OwnChanged?.Invoke(type, id);
    }

    /// <summary>
    /// What another node lists. Where it was this one's before, all are told later that it is not any more: who has not heard of the other
    /// node's yet is to have it meanwhile, and who never will is not to keep it.
    /// </summary>
    public void Take(string type, string id, ListedEntity listing)
    {
        if (Of(type).Set(id, listing))
            _superseded.Enqueue((type, id));
    }

    public void Withdraw(string type, string id)
    {
        if (Of(type).Remove(id, node: null))
            OwnChanged?.Invoke(type, id);
    }

    /// <summary>An entity has left this node for another one.</summary>
    public void Depart(string type, string id, TimeProvider time)
    {
        if (FindOwn(type, id) is not { } listing)
            return;
        var moving = listing.With(null, 0, isMoving: true);
        _departed.Enqueue((type, id, moving, time.GetTimestamp()));
        Publish(type, id, moving);
    }

    /// <summary>To be called now and then where entities move.</summary>
    public void RemoveDeparted(TimeProvider time)
    {
        while (_superseded.TryDequeue(out var superseded))
            _departed.Enqueue((superseded.Type, superseded.Id, null, time.GetTimestamp()));
        while (_departed.TryPeek(out var oldest) && time.GetElapsedTime(oldest.At) >= DepartureTime)
        {
            _departed.TryDequeue(out _);
            if (oldest.Listing is null)
            {
                if (FindOwn(oldest.Type, oldest.Id) is null)
                    OwnChanged?.Invoke(oldest.Type, oldest.Id);
                continue;
            }
            // Else it has come back, or is listed by another node.
            if (Of(oldest.Type).RemoveThis(oldest.Id, oldest.Listing) && oldest.Listing.Node is null)
                OwnChanged?.Invoke(oldest.Type, oldest.Id);
        }
    }

    public void RemoveOlder(IRemoteNode node, long epoch)
    {
        foreach (var (_, table) in _byClass)
            table.RemoveOlder(node, epoch);
    }

    public void NodeGone(IRemoteNode node, TimeProvider time)
    {
        foreach (var (type, table) in _byClass)
        {
            foreach (var (id, listing) in table.NodeGone(node))
                _departed.Enqueue((type, id, listing, time.GetTimestamp()));
        }
    }
}
