using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using ActorSocket.Namespaces;
using ActorSocket.Sessions;

namespace ActorSocket.Clustering;

/// <summary>Another node that runs this server, as everybody here sees it.</summary>
/// <param name="Tag">What its ids begin with.</param>
/// <param name="Receiver">The actor there that takes what this node sends: one, so that order is kept.</param>
/// <param name="Key">What its session ids are signed with.</param>
internal sealed record Peer(string Tag, IActorRef Receiver, byte[] Key, LinkHub Links) : IOtherNode
{
    /// <summary>What Akka may hold for a node that does not take it: until it is downed, or back.</summary>
    private const long MaxBytesOutOfSight = 32 * 1024 * 1024;

    private readonly PeerProbe _probe = new(Receiver.Path.Address);
    private TaskCompletionSource _lostSight = NewSignal();
    private long _bytesOutOfSight;
    private Peer[]? _alone;
    private long _stream;
    private long _broadcasts;
    private int _unconfirmedRounds;

    /// <summary>Just this one.</summary>
    public Peer[] Alone => _alone ??= [this];

    /// <summary>Whether this node does not know all rooms that have members there: it then gets every broadcast.</summary>
    public bool IsUnsynchronised { get; set; } = true;

    /// <summary>Announcements of rooms that it has not confirmed yet.</summary>
    public int UnconfirmedRounds
    {
        get => Volatile.Read(ref _unconfirmedRounds);
        set => Volatile.Write(ref _unconfirmedRounds, value);
    }

    /// <summary>Completes when the failure detector loses sight of it; another one when it is seen again.</summary>
    public Task LostSight => Volatile.Read(ref _lostSight).Task;

    public void SetReachable(bool reachable)
    {
        if (!reachable)
            _lostSight.TrySetResult();
        else if (_lostSight.Task.IsCompleted)
        {
            Interlocked.Exchange(ref _bytesOutOfSight, 0);
            Volatile.Write(ref _lostSight, NewSignal());
        }
    }

    /// <summary>Tries whether its process is there. At most once a second, however many ask.</summary>
    public Task<PeerPresence> ProbeAsync(TimeProvider time) => _probe.TryAsync(time);

    /// <summary>Whether its process was found to have ended a moment ago: it is not waited for.</summary>
    public bool IsRefused => _probe.IsRefused;

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Address Address => Receiver.Path.Address;

    public void Tell(Packed message) => message.TellTo(Receiver, Interlocked.Increment(ref _stream), ActorRefs.Nobody);

    /// <summary>How many broadcasts it was sent.</summary>
    public long Broadcasts => Interlocked.Read(ref _broadcasts);

    /// <summary>Counted after it was sent, so that a count never says more than what goes before it. What is not sent counts too: it is lost.</summary>
    public void Send(Packed broadcast, bool isVolatile)
    {
        if (!LostSight.IsCompleted || (!isVolatile && Interlocked.Add(ref _bytesOutOfSight, broadcast.Bytes.Length) <= MaxBytesOutOfSight))
            Tell(broadcast);
        CountBroadcast();
    }

    public void CountBroadcast() => Interlocked.Increment(ref _broadcasts);

    public bool Equals(Peer? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => Tag.GetHashCode(StringComparison.Ordinal);
}

/// <summary>The other nodes, and where each room has members. Changed by <see cref="RoomDirectory"/> and its <see cref="PeerActor"/>s, read by any thread.</summary>
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
            && Volatile.Read(ref _byTag).GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(id.AsSpan(start, IdGenerator.TagLength), out peer);
    }

    /// <summary>Whether the process at an address was found to have ended a moment ago.</summary>
    public bool IsRefused(Address address)
    {
        foreach (var peer in All)
        {
            if (peer.IsRefused && peer.Address.Equals(address))
                return true;
        }
        return false;
    }

    /// <summary>Those that have announced a room.</summary>
    public Peer[] WithMembersOf(string ns, string room) => _interest.TryGetValue(ns, out var interest) ? interest.Find(room) : [];

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

/// <summary>Which rooms of one namespace have members on other nodes. A room that only one node has costs an entry and no array of its own.</summary>
internal sealed class RoomInterest
{
    private readonly ConcurrentDictionary<string, Peer[]> _byRoom = new(StringComparer.Ordinal);

    public int Count => _byRoom.Count;

    public bool IsEmpty => _byRoom.IsEmpty;

    public Peer[] Find(string room) => _byRoom.TryGetValue(room, out var peers) ? peers : [];

    public void Set(string room, Peer peer, bool hasMembers)
    {
        if (hasMembers)
        {
            _byRoom.AddOrUpdate(
                room,
                static (_, peer) => peer.Alone,
                static (_, peers, peer) => Array.IndexOf(peers, peer) >= 0 ? peers : [.. peers, peer],
                peer);
        }
        else
        {
            while (_byRoom.TryGetValue(room, out var peers) && Array.IndexOf(peers, peer) >= 0)
            {
                if (peers.Length == 1 ? _byRoom.TryRemove(KeyValuePair.Create(room, peers)) : _byRoom.TryUpdate(room, Without(peers, peer), peers))
                    return;
            }
        }
    }

    public void Remove(Peer peer)
    {
        foreach (var (room, peers) in _byRoom)
        {
            if (Array.IndexOf(peers, peer) >= 0)
                Set(room, peer, hasMembers: false);
        }
    }

    private static Peer[] Without(Peer[] peers, Peer peer)
    {
        var rest = Array.FindAll(peers, other => !ReferenceEquals(other, peer));
        return rest.Length == 1 ? rest[0].Alone : rest;
    }
}
