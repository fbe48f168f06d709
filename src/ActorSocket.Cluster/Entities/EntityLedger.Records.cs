using ActorSocket.Entities;
using ActorSocket.Recovery;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

internal sealed partial class EntityLedger
{
    private const int MaxTombstones = 100_000;
    private static readonly TimeSpan TombstoneTime = TimeSpan.FromMinutes(10); // longer than any message is under way
    private static readonly TimeSpan FirstWakeDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWakeDelay = TimeSpan.FromSeconds(5); // promised in docs/guide/entities.md

    private readonly Dictionary<EntityKey, StoredRecord> _records = [];
    private readonly Dictionary<EntityKey, Unhosted> _unhosted = []; // of those in _records, the entities that live on no node: to be woken
    // what is void, so that a message that comes late does not bring it back
    private readonly AgeOrder<EntityKey, (StoredRecord Last, long At)> _tombstones = new();
    private long _bytes;

    /// <summary>Bytes of the states that are stored.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>How many entities wait to be started somewhere.</summary>
    public int UnhostedCount => _unhosted.Count;

    public void Receive(string tag, IClusterMessage message)
    {
        switch (message)
        {
            case StoreEntityRecord m: OnStore(tag, m); break;
            case EntityRecordReply m: OnRecordReply(tag, m); break;
            case QueryEntity m: network.Tell(tag, new EntityQueryReply(m.Request, Find(m.Key) ?? EntityRecord.None)); break;
            case EntityQueryReply m: OnQueryReply(tag, m); break;
        }
    }

    /// <summary>
    /// What is answered to a query. Of what is remembered as void that an entity has ended is said, nothing else.
    /// </summary>
    private EntityRecord? Find(EntityKey key) =>
        _hosted.TryGetValue(key, out var hosted) ? new EntityRecord(hosted.Generation, EntityPhase.Active, self, [])
        : _records.TryGetValue(key, out var stored) ? stored.Record
        : _tombstones.TryGet(key, out var grave) && grave.Last.Record.Phase == EntityPhase.Ended ? grave.Last.Record
        : null;

    private void OnStore(string tag, StoreEntityRecord m)
    {
        var (key, next) = (m.Key, new StoredRecord(m.Record, tag, m.Number));
        if (_hosted.TryGetValue(key, out var hosted) && hosted.Generation >= m.Record.Generation)
        {
            Answer(RecordOutcome.Superseded, new EntityRecord(hosted.Generation, EntityPhase.Active, self, []));
            return;
        }
        var last = _records.TryGetValue(key, out var stored) ? stored : _tombstones.TryGet(key, out var grave) ? grave.Last : null;
        if (last is not null && next.Record.IsOlderThan(last.Record))
            Answer(RecordOutcome.Superseded, last.Record);
        else if (last is not null && !last.Record.IsOlderThan(next.Record) && last.From == tag && last.Number >= m.Number)
            Answer(RecordOutcome.Done, next.Record); // has come before
        else if (!m.Keep)
        {
            AddTombstone(key, next);
            Answer(RecordOutcome.Done, next.Record);
        }
        else if (_isLeaving)
        {
            Answer(RecordOutcome.NoRoom, next.Record);
        }
        else if (m.Record.State.Length > 0 && _bytes - (stored?.Record.State.Length ?? 0) + m.Record.State.Length > maxBytes)
        {
            network.Refused(key.Type, m.Record.State.Length);
            Answer(RecordOutcome.NoRoom, next.Record);
        }
        else
        {
            Store(key, next);
            Answer(RecordOutcome.Done, next.Record);
        }

        void Answer(RecordOutcome outcome, EntityRecord record) =>
            network.Tell(tag, new EntityRecordReply(m.Number, m.Key, outcome, record with { State = [] }));
    }

    private void OnRecordReply(string tag, EntityRecordReply m)
    {
        if (
            !_peers.TryGetValue(tag, out var peer)
            || !peer.Unconfirmed.TryGetValue(m.Key, out var unconfirmed)
            || unconfirmed.Message.Number != m.Number
        )
            return;
        peer.Unconfirmed.Remove(m.Key);
        if (m.Outcome == RecordOutcome.Superseded)
        {
            if (_records.TryGetValue(m.Key, out var stored) && stored.Record.IsOlderThan(m.Record))
                AddTombstone(m.Key, new StoredRecord(m.Record, tag, 0));
        }
        else if (_unhosted.TryGetValue(m.Key, out var unhosted) && unconfirmed.Message.Keep && unhosted.Told.Contains(tag))
        {
            if (m.Outcome == RecordOutcome.Done)
            {
                unhosted.Confirmed.Add(tag);
            }
            else
            {
                unhosted.Told.Remove(tag);
                unhosted.Refused.Add(tag);
                Spread(m.Key, unhosted, unconfirmed.Confirmation);
            }
        }
        Release(unconfirmed.Confirmation);
        CheckLeft();
    }

    private void Store(EntityKey key, StoredRecord next)
    {
        Forget(key);
        _tombstones.Remove(key, out _);
        _records[key] = next;
        Interlocked.Add(ref _bytes, next.Record.State.Length);
        if (next.Record.Phase == EntityPhase.Active && _peers.ContainsKey(next.Record.Owner))
            return;
        AddUnhosted(key);
    }

    private void Forget(EntityKey key)
    {
        _unhosted.Remove(key);
        if (_records.Remove(key, out var stored))
            Interlocked.Add(ref _bytes, -stored.Record.State.Length);
    }

    private void AddTombstone(EntityKey key, StoredRecord last)
    {
        Forget(key);
        _tombstones.Put(key, (last with { Record = last.Record with { State = [] } }, time.GetTimestamp()));
    }

    private void ExpireTombstones()
    {
        while (
            _tombstones.TryPeek(out var key, out var grave)
            && (_tombstones.Count > MaxTombstones || time.GetElapsedTime(grave.At) >= TombstoneTime)
        )
            _tombstones.Remove(key, out _);
    }

    private void AddUnhosted(EntityKey key)
    {
        var unhosted = new Unhosted();
        if (_unhosted.TryAdd(key, unhosted))
            WakeSoon(key, unhosted);
    }

    /// <summary>Two other nodes are to have its record, whichever of those that have it goes next.</summary>
    private void Spread(EntityKey key, Unhosted unhosted, Confirmation? confirmation)
    {
        foreach (var tag in ReplicaNodesOf(key, unhosted.Refused))
        {
            if (unhosted.Told.Add(tag))
                Send(tag, key, _records[key].Record, keep: true, confirmation);
        }
    }

    // ---- Waking

    /// <summary>
    /// The first in the order of <see cref="Score"/> wakes it at once; the others later, in case that one does not succeed.
    /// </summary>
    private void WakeSoon(EntityKey key, Unhosted unhosted)
    {
        var own = Score(self, key);
        var before = Math.Min(_candidates.Count(tag => Score(tag, key) > own), 3);
        unhosted.WakeAt = time.GetTimestamp();
        unhosted.WakeDelay = before * FirstWakeDelay;
    }

    private void WakeDue()
    {
        if (_isLeaving)
            return; // its region is gone
        var left = AtOnce;
        foreach (var (key, unhosted) in _unhosted)
        {
            if (time.GetElapsedTime(unhosted.WakeAt) < unhosted.WakeDelay)
                continue;
            unhosted.WakeAt = time.GetTimestamp();
            var next = unhosted.WakeDelay * 2;
            unhosted.WakeDelay = next < FirstWakeDelay ? FirstWakeDelay : next > LongestWakeDelay ? LongestWakeDelay : next;
            network.Wake(key);
            if (--left == 0)
                break;
        }
    }

    // ---- Leaving

    private void CheckLeft()
    {
        if (_left is null)
            return;
        foreach (var (key, unhosted) in _unhosted)
        {
            if (
                unhosted.Confirmed.Count == 0
                && unhosted.Told.Count == 0
                && _records[key].Record is { Phase: EntityPhase.HandedOver } record
                && _candidates.Length > 0
            )
                Lose(key, unhosted, record);
        }
        if (_peers.Values.Any(static peer => peer is { IsReachable: true, Unconfirmed.Count: > 0 }))
            return;
        var left = _left;
        _left = null;
        left();
    }

    /// <summary>No node has room for the state: the entity that starts next is to know at least that there was one.</summary>
    private void Lose(EntityKey key, Unhosted unhosted, EntityRecord record)
    {
        network.Lost(key.Type, record.State.Length);
        var lost = record with { Phase = EntityPhase.Lost, State = [] };
        Interlocked.Add(ref _bytes, -record.State.Length);
        _records[key] = new StoredRecord(lost, self, ++_number);
        unhosted.Refused.Clear();
        Spread(key, unhosted, null);
    }

    /// <summary>The newest record of an entity, the node that sent it, and the number of its message.</summary>
    private sealed record StoredRecord(EntityRecord Record, string From, long Number);

    /// <summary>An entity that lives on no node: its host is gone, or it was handed over.</summary>
    private sealed class Unhosted
    {
        /// <summary>
        /// Nodes that were told to store its record, too; of those, the ones that have confirmed; and those that have no room.
        /// </summary>
        public HashSet<string> Told { get; } = new(StringComparer.Ordinal);

        public HashSet<string> Confirmed { get; } = new(StringComparer.Ordinal);

        public HashSet<string> Refused { get; } = new(StringComparer.Ordinal);

        public long WakeAt { get; set; }

        public TimeSpan WakeDelay { get; set; }

        public void Forget()
        {
            Told.Clear();
            Confirmed.Clear();
            Refused.Clear();
        }

        public void Forget(string tag)
        {
            Told.Remove(tag);
            Confirmed.Remove(tag);
            Refused.Remove(tag);
        }
    }
}
