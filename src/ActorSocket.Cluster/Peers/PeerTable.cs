using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using ActorSocket.Emitting;
using ActorSocket.Sessions;
using Akka.Actor;

namespace ActorSocket.Clustering;

/// <summary>The other nodes, and where each room has members. Changed by <see cref="PeerActor"/>s, read by any thread.</summary>
internal sealed class PeerTable
{
    private readonly ConcurrentDictionary<string, RoomInterest> _interest = new(StringComparer.Ordinal);
    private readonly Lock _interestGate = new();
    private readonly Lock _gate = new();
    private FrozenDictionary<string, Peer> _byTag = FrozenDictionary<string, Peer>.Empty;
    private Peer[] _all = [];
    private Peer[] _unsynchronised = [];

    public Peer[] All => Volatile.Read(ref _all);

    /// <summary>Those that get every broadcast, for now.</summary>
    public Peer[] Unsynchronised => Volatile.Read(ref _unsynchronised);

    public bool TryGet(string tag, [NotNullWhen(true)] out Peer? peer) => Volatile.Read(ref _byTag).TryGetValue(tag, out peer);

    /// <summary>The node that an id was born on.</summary>
    public bool TryGetHome(string id, [NotNullWhen(true)] out Peer? peer)
    {
        // A socket of a Socket.IO 2 client outside of "/" has its namespace before the id (E-115).
        var start = id.StartsWith('/') ? id.IndexOf('#', StringComparison.Ordinal) + 1 : 0;
        peer = null;
        return id.Length - start > IdGenerator.TagLength
            && Volatile
                .Read(ref _byTag)
                .GetAlternateLookup<ReadOnlySpan<char>>()
                .TryGetValue(id.AsSpan(start, IdGenerator.TagLength), out peer);
    }

    /// <summary>Whether the process at an address was found to have ended a moment ago.</summary>
    public bool IsProcessGone(Address address)
    {
        foreach (var peer in All)
        {
            if (peer.IsProcessGone && peer.Address.Equals(address))
                return true;
        }
        return false;
    }

    /// <summary>The nodes on which the selection may have members.</summary>
    public Peer[] For(string ns, RoomSelection selection)
    {
        if (selection.Rooms is null || All.Length == 0)
            return All;
        if (selection.Rooms.Length == 1)
            return For(ns, selection.Rooms[0]);
        var found = new HashSet<Peer>();
        foreach (var room in selection.Rooms)
            found.UnionWith(For(ns, room));
        return [.. found];
    }

    /// <summary>
    /// Where a socket may be: on the node that it was born on, or that has told of it since. Of the others, which are asked because they
    /// may have something to tell yet, those that are unreachable are left out: else one such node would fail every question.
    /// </summary>
    public Peer[] ForSocket(string ns, string id)
    {
        var told = _interest.TryGetValue(ns, out var interest) ? interest.Find(id) : [];
        TryGetHome(id, out var home);
        return Array.FindAll(For(ns, id), peer => peer.IsReachable || ReferenceEquals(peer, home) || Array.IndexOf(told, peer) >= 0);
    }

    private Peer[] For(string ns, string room)
    {
        var unsynchronised = Unsynchronised; // first: a node that has told all its rooms between the two is found by them
        var found = _interest.TryGetValue(ns, out var interest) ? interest.Find(room) : [];
        // A socket's own room is not announced: its id says where it is.
        if (TryGetHome(room, out var home) && Array.IndexOf(found, home) < 0)
            found = found.Length == 0 ? home.Alone : [.. found, home];
        return unsynchronised.Length == 0 ? found : [.. found.Union(unsynchronised)];
    }

    /// <summary>A namespace without rooms is forgotten: clients may choose its name, and so make ever more.</summary>
    public void Set(in ClusterProtocol.RoomChange change, Peer peer)
    {
        lock (_interestGate) // a room that is added must not go to an entry that is just being removed
        {
            if (!_interest.TryGetValue(change.Namespace, out var interest))
            {
                if (!change.HasMembers)
                    return;
                _interest[change.Namespace] = interest = new RoomInterest();
            }
            interest.Set(change.Room, peer, change.HasMembers);
            if (!change.HasMembers)
                RemoveIfEmpty(change.Namespace, interest);
        }
    }

    private void RemoveIfEmpty(string ns, RoomInterest interest)
    {
        if (interest.IsEmpty)
            _interest.TryRemove(ns, out _);
    }

    /// <summary>How many rooms with members elsewhere this node knows.</summary>
    public int RoomCount => _interest.Values.Sum(static interest => interest.Count);

    public void Add(Peer peer)
    {
        lock (_gate)
            Publish([.. _all.Where(other => other.Tag != peer.Tag), peer]);
    }

    public void Remove(Peer peer)
    {
        lock (_gate)
            Publish([.. _all.Where(other => !ReferenceEquals(other, peer))]);
        foreach (var (ns, interest) in _interest)
        {
            interest.Remove(peer);
            lock (_interestGate)
                RemoveIfEmpty(ns, interest);
        }
    }

    public void SetSynchronised(Peer peer, bool synchronised)
    {
        lock (_gate)
        {
            peer.IsUnsynchronised = !synchronised;
            Publish(_all);
        }
    }

    private void Publish(Peer[] all)
    {
        Volatile.Write(ref _all, all);
        Volatile.Write(ref _unsynchronised, Array.FindAll(all, static peer => peer.IsUnsynchronised));
        Volatile.Write(ref _byTag, all.ToFrozenDictionary(static peer => peer.Tag, StringComparer.Ordinal));
    }
}
