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

    private readonly Dictionary<EntityKey, Kept> _kept = [];
    private readonly Dictionary<EntityKey, Orphan> _orphans = []; // those of them that nobody lives by
    // what is void, so that a message that comes late does not bring it back
    private readonly AgeOrder<EntityKey, (Kept Last, long At)> _tombstones = new();
    private long _bytes;

    /// <summary>Bytes of the states that are kept.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>How many entities wait to be started somewhere.</summary>
    public int OrphanCount => _orphans.Count;

    public void Receive(string tag, IClusterMessage message)
    {
        switch (message)
        {
            case NoteEntity m: OnNote(tag, m); break;
            case EntityNoted m: OnNoted(tag, m); break;
            case ClaimEntity m: network.Tell(tag, new EntityClaimed(m.Request, Known(m.Key) ?? EntityNote.None)); break;
            case EntityClaimed m: OnClaimed(tag, m); break;
        }
    }

    /// <summary>What a claim is told: not that something was void, only that it has ended.</summary>
    private EntityNote? Known(EntityKey key) =>
        _living.TryGetValue(key, out var living) ? new EntityNote(living.Generation, EntityPhase.Lives, self, [])
        : _kept.TryGetValue(key, out var kept) ? kept.Note
        : _tombstones.TryGet(key, out var grave) && grave.Last.Note.Phase == EntityPhase.Ended ? grave.Last.Note
        : null;

    private void OnNote(string tag, NoteEntity m)
    {
        var (key, next) = (m.Key, new Kept(m.Note, tag, m.Number));
        if (_living.TryGetValue(key, out var living) && living.Generation >= m.Note.Generation)
        {
            Answer(NoteOutcome.Superseded, new EntityNote(living.Generation, EntityPhase.Lives, self, []));
            return;
        }
        var last = _kept.TryGetValue(key, out var kept) ? kept : _tombstones.TryGet(key, out var grave) ? grave.Last : null;
        if (last is not null && next.Note.IsOlderThan(last.Note))
            Answer(NoteOutcome.Superseded, last.Note);
        else if (last is not null && !last.Note.IsOlderThan(next.Note) && last.From == tag && last.Number >= m.Number)
            Answer(NoteOutcome.Done, next.Note); // has come before
        else if (!m.Keep)
        {
            AddTombstone(key, next);
            Answer(NoteOutcome.Done, next.Note);
        }
        else if (_isLeaving)
        {
            Answer(NoteOutcome.NoRoom, next.Note);
        }
        else if (m.Note.State.Length > 0 && _bytes - (kept?.Note.State.Length ?? 0) + m.Note.State.Length > maxBytes)
        {
            network.Refused(key.Type, m.Note.State.Length);
            Answer(NoteOutcome.NoRoom, next.Note);
        }
        else
        {
            Keep(key, next);
            Answer(NoteOutcome.Done, next.Note);
        }

        void Answer(NoteOutcome outcome, EntityNote note) =>
            network.Tell(tag, new EntityNoted(m.Number, m.Key, outcome, note with { State = [] }));
    }

    private void OnNoted(string tag, EntityNoted m)
    {
        if (
            !_peers.TryGetValue(tag, out var peer)
            || !peer.Unconfirmed.TryGetValue(m.Key, out var unconfirmed)
            || unconfirmed.Message.Number != m.Number
        )
            return;
        peer.Unconfirmed.Remove(m.Key);
        if (m.Outcome == NoteOutcome.Superseded)
        {
            if (_kept.TryGetValue(m.Key, out var kept) && kept.Note.IsOlderThan(m.Note))
                AddTombstone(m.Key, new Kept(m.Note, tag, 0));
        }
        else if (_orphans.TryGetValue(m.Key, out var orphan) && unconfirmed.Message.Keep && orphan.Told.Contains(tag))
        {
            if (m.Outcome == NoteOutcome.Done)
            {
                orphan.Copies.Add(tag);
            }
            else
            {
                orphan.Told.Remove(tag);
                orphan.Refused.Add(tag);
                Spread(m.Key, orphan, unconfirmed.Confirmation);
            }
        }
        Release(unconfirmed.Confirmation);
        CheckLeft();
    }

    private void Keep(EntityKey key, Kept next)
    {
        Forget(key);
        _tombstones.Remove(key, out _);
        _kept[key] = next;
        Interlocked.Add(ref _bytes, next.Note.State.Length);
        if (next.Note.Phase == EntityPhase.Lives && _peers.ContainsKey(next.Note.Owner))
            return;
        AddOrphan(key);
    }

    private void Forget(EntityKey key)
    {
        _orphans.Remove(key);
        if (_kept.Remove(key, out var kept))
            Interlocked.Add(ref _bytes, -kept.Note.State.Length);
    }

    private void AddTombstone(EntityKey key, Kept last)
    {
        Forget(key);
        _tombstones.Put(key, (last with { Note = last.Note with { State = [] } }, time.GetTimestamp()));
    }

    private void ExpireTombstones()
    {
        while (
            _tombstones.TryPeek(out var key, out var grave)
            && (_tombstones.Count > MaxTombstones || time.GetElapsedTime(grave.At) >= TombstoneTime)
        )
            _tombstones.Remove(key, out _);
    }

    private void AddOrphan(EntityKey key)
    {
        var orphan = new Orphan();
        if (_orphans.TryAdd(key, orphan))
            WakeSoon(key, orphan);
    }

    /// <summary>Two other nodes are to have it, whoever of those that keep it now goes next.</summary>
    private void Spread(EntityKey key, Orphan orphan, Confirmation? confirmation)
    {
        foreach (var tag in Keepers(key, orphan.Refused))
        {
            if (orphan.Told.Add(tag))
                Send(tag, key, _kept[key].Note, keep: true, confirmation);
        }
    }

    // ---- Waking

    /// <summary>The first in the order of keepers wakes it at once; the others, should that one not succeed.</summary>
    private void WakeSoon(EntityKey key, Orphan orphan)
    {
        var own = Score(self, key);
        var before = Math.Min(_candidates.Count(tag => Score(tag, key) > own), 3);
        orphan.WakeAt = time.GetTimestamp();
        orphan.WakeDelay = before * FirstWakeDelay;
    }

    private void WakeDue()
    {
        if (_isLeaving)
            return; // its region is gone
        var left = AtOnce;
        foreach (var (key, orphan) in _orphans)
        {
            if (time.GetElapsedTime(orphan.WakeAt) < orphan.WakeDelay)
                continue;
            orphan.WakeAt = time.GetTimestamp();
            var next = orphan.WakeDelay * 2;
            orphan.WakeDelay = next < FirstWakeDelay ? FirstWakeDelay : next > LongestWakeDelay ? LongestWakeDelay : next;
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
        foreach (var (key, orphan) in _orphans)
        {
            if (
                orphan.Copies.Count == 0
                && orphan.Told.Count == 0
                && _kept[key].Note is { Phase: EntityPhase.HandedOver } note
                && _candidates.Length > 0
            )
                Lose(key, orphan, note);
        }
        if (_peers.Values.Any(static peer => peer is { InSight: true, Unconfirmed.Count: > 0 }))
            return;
        var left = _left;
        _left = null;
        left();
    }

    /// <summary>Nobody has room: then its successor is to know at least that there was something.</summary>
    private void Lose(EntityKey key, Orphan orphan, EntityNote note)
    {
        network.Lost(key.Type, note.State.Length);
        var lost = note with { Phase = EntityPhase.Lost, State = [] };
        Interlocked.Add(ref _bytes, -note.State.Length);
        _kept[key] = new Kept(lost, self, ++_number);
        orphan.Refused.Clear();
        Spread(key, orphan, null);
    }

    /// <summary>The last that was said of an entity, by whom, and which of the sayer's messages it was.</summary>
    private sealed record Kept(EntityNote Note, string From, long Number);

    /// <summary>Whoever it lived by is gone, or has handed it over.</summary>
    private sealed class Orphan
    {
        /// <summary>Nodes that were told to keep it, too; of those, the ones that have confirmed; and those that have no room.</summary>
        public HashSet<string> Told { get; } = new(StringComparer.Ordinal);

        public HashSet<string> Copies { get; } = new(StringComparer.Ordinal);

        public HashSet<string> Refused { get; } = new(StringComparer.Ordinal);

        public long WakeAt { get; set; }

        public TimeSpan WakeDelay { get; set; }

        public void Forget()
        {
            Told.Clear();
            Copies.Clear();
            Refused.Clear();
        }

        public void Forget(string tag)
        {
            Told.Remove(tag);
            Copies.Remove(tag);
            Refused.Remove(tag);
        }
    }
}
