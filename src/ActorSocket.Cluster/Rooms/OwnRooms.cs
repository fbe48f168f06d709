using System.Runtime.InteropServices;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>
/// The rooms with members on this node, as the others are told of them: in batches, each confirmed by every node that was reachable when it
/// began. A room's first join is done when its
/// batch is; its last leave is told a while later, since rooms are often joined again.
/// </summary>
/// <remarks>One thread: <see cref="PeerSupervisor"/>.</remarks>
/// <param name="time">The clock.</param>
/// <param name="withdrawAfter">How long a room without members is kept.</param>
internal sealed class OwnRooms<TPeer>(TimeProvider time, TimeSpan withdrawAfter)
    where TPeer : notnull
{
    private readonly Dictionary<(string Namespace, string Room), Entry> _rooms = [];
    private readonly Queue<((string Namespace, string Room) Key, long At)> _withdrawals = new();
    private readonly Dictionary<long, Waiting> _waiting = [];
    private List<RoomChange> _changes = [];
    private List<TaskCompletionSource> _joins = [];
    private long _batch;
    private int _users;

    public int Count => _rooms.Count - _users;

    /// <summary>Whether a batch is to be begun: what comes until then goes into it.</summary>
    public bool HasChanges => _changes.Count > 0;

    public void Open(string ns, string name, TaskCompletionSource done)
    {
        if (_rooms.TryGetValue((ns, name), out var room))
        {
            // Closed a moment ago, and not withdrawn yet, or opened twice: the others know it still, or are just being told.
            room.Openings++;
            room.ClosedAt = null;
            if (room.Batch == 0)
                _joins.Add(done);
            else if (_waiting.TryGetValue(room.Batch, out var waiting))
                waiting.Joins.Add(done);
            else
                done.TrySetResult();
            return;
        }
        _rooms.Add((ns, name), new Entry());
        _changes.Add(new RoomChange(ns, name, HasMembers: true));
        _joins.Add(done);
    }

    /// <summary>One opening less: a socket's own room may have the name of another.</summary>
    public void Close(string ns, string name)
    {
        if (!_rooms.TryGetValue((ns, name), out var room) || --room.Openings > 0)
            return;
        room.ClosedAt = time.GetTimestamp();
        _withdrawals.Enqueue(((ns, name), room.ClosedAt.Value));
    }

    /// <summary>
    /// A user of a namespace with presence has so many devices here: a room whose count is told, too, and that goes at once, since who
    /// keeps presence has a time of grace of its own. Nobody waits for it.
    /// </summary>
    public void SetDevices(string ns, string user, int devices)
    {
        var key = (RoomChange.UsersOf(ns), user);
        if (devices > 0)
        {
            ref var entry = ref CollectionsMarshal.GetValueRefOrAddDefault(_rooms, key, out var isKnown);
            if (!isKnown)
                _users++;
            (entry ??= new Entry()).Devices = devices;
        }
        else if (!_rooms.Remove(key))
        {
            return;
        }
        else
        {
            _users--;
        }
        _changes.Add(new RoomChange(key.Item1, user, devices > 0, devices));
    }

    /// <summary>Takes out the rooms that have been without members for long enough.</summary>
    public void WithdrawClosed()
    {
        while (_withdrawals.TryPeek(out var next) && time.GetElapsedTime(next.At) >= withdrawAfter)
        {
            _withdrawals.Dequeue();
            if (!_rooms.TryGetValue(next.Key, out var room) || room.ClosedAt != next.At)
                continue; // opened again, or closed again later
            _rooms.Remove(next.Key);
            _changes.Add(new RoomChange(next.Key.Namespace, next.Key.Room, HasMembers: false));
        }
    }

    /// <summary>Begins a batch with all changes since the last one.</summary>
    public RoomChangeBatch Begin(IEnumerable<TPeer> confirmedBy)
    {
        var (changes, joins) = (_changes, _joins);
        (_changes, _joins) = ([], []);
        var batch = new RoomChangeBatch(++_batch, changes);
        foreach (var change in changes)
        {
            if (change.HasMembers && _rooms.TryGetValue((change.Namespace, change.Room), out var room))
                room.Batch = batch.Number;
        }
        _waiting.Add(batch.Number, new Waiting(joins, [.. confirmedBy]));
        if (_waiting[batch.Number].Peers.Count == 0)
            Complete(batch.Number);
        return batch;
    }

    public bool IsWaited(long batch) => _waiting.ContainsKey(batch);

    /// <summary>What a node that was just met is to know: batch 0. Rooms that wait for the next batch come with that.</summary>
    public RoomChangeBatch Everything() =>
        new(
            0,
            [
                .. _rooms
                    .Where(static room => room.Value.Batch > 0)
                    .Select(static room => new RoomChange(room.Key.Namespace, room.Key.Room, HasMembers: true, room.Value.Devices)),
            ]
        );

    /// <summary>True when it was the last of a batch.</summary>
    public bool Confirm(long batch, TPeer peer)
    {
        if (!_waiting.TryGetValue(batch, out var waiting) || !waiting.Peers.Remove(peer) || waiting.Peers.Count > 0)
            return false;
        Complete(batch);
        return true;
    }

    /// <summary>A node is not waited for any more.</summary>
    public void Forget(TPeer peer)
    {
        foreach (var batch in _waiting.Keys.ToArray())
            Confirm(batch, peer);
    }

    /// <summary>
    /// Confirmed by all, or by all that answer in time. Who did not is told again and again; once this node is unreachable to it, it sends
    /// every broadcast here until it has
    /// caught up.
    /// </summary>
    public void Complete(long batch)
    {
        if (!_waiting.Remove(batch, out var waiting))
            return;
        foreach (var join in waiting.Joins)
            join.TrySetResult();
    }

    private sealed class Entry
    {
        /// <summary>The batch that announced it; 0: it waits for the next one.</summary>
        public long Batch { get; set; }

        /// <summary>How many have opened it, less those that have closed it.</summary>
        public int Openings { get; set; } = 1;

        public long? ClosedAt { get; set; }

        /// <summary>Of a user.</summary>
        public int Devices { get; set; }
    }

    private sealed record Waiting(List<TaskCompletionSource> Joins, HashSet<TPeer> Peers);
}
