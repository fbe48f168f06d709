using ActorSocket.Entities;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

internal sealed partial class EntityLedger
{
    public void PeerMet(string tag)
    {
        _peers.TryAdd(tag, new Peer());
        PeersChanged();
    }

    public void PeerGone(string tag)
    {
        if (!_peers.Remove(tag, out var peer))
            return;
        foreach (var living in _living.Values)
            living.Keepers.Remove(tag);
        foreach (var (key, kept) in _kept)
        {
            if (kept.Note is { Phase: EntityPhase.Lives } note && note.Owner == tag)
                AddOrphan(key);
        }
        foreach (var orphan in _orphans.Values)
            orphan.Forget(tag);
        FindCandidates();
        GiveUp(peer);
        PeersChanged();
        NotWaitingFor(tag, isGone: true);
    }

    /// <summary>
    /// A node that cannot be reached is not waited for, and gets nothing to keep; what it keeps is asked for when it is back, by its
    /// waking.
    /// </summary>
    public void PeerSight(string tag, bool inSight)
    {
        if (!_peers.TryGetValue(tag, out var peer) || peer.InSight == inSight)
            return;
        peer.InSight = inSight;
        FindCandidates();
        if (!inSight)
            GiveUp(peer);
        PeersChanged();
        if (!inSight)
            NotWaitingFor(tag, isGone: false);
    }

    public void PeerLeaving(string tag)
    {
        if (!_peers.TryGetValue(tag, out var peer) || peer.IsLeaving)
            return;
        peer.IsLeaving = true;
        PeersChanged();
    }

    /// <summary>
    /// This node leaves, and its entities have: what it still keeps goes to others, once more to those who have it, too: two that leave at
    /// once might rely on each other. Who leaves takes nothing, so the last confirmation is that of one who stays, or passes it on in turn.
    /// Done when they have it.
    /// </summary>
    public void Leave(Action left)
    {
        _isLeaving = true;
        _left = left;
        foreach (var (key, kept) in _kept)
        {
            // Who lives passes its note on itself.
            if (kept.Note is { Phase: EntityPhase.Lives } note && _peers.TryGetValue(note.Owner, out var owner) && !owner.InSight)
                AddOrphan(key);
        }
        foreach (var (key, orphan) in _orphans)
        {
            orphan.Forget();
            Spread(key, orphan, null);
        }
        CheckLeft();
    }

    private void NotWaitingFor(string tag, bool isGone)
    {
        foreach (var (number, claim) in _claims.Entries.ToArray())
        {
            if (!claim.Waiting.Remove(tag))
                continue;
            if (isGone)
            {
                // What it had it may have passed on meanwhile, to one that has answered already: from the beginning.
                _claims.Remove(number, out _);
                claim.Waiting.Clear();
                _claims.Put(++_number, claim);
                Ask(_number, claim);
            }
            else
            {
                CompleteIfAnswered(number, claim);
            }
        }
        CheckLeft();
    }

    /// <summary>Who waits for its confirmation waits for another's, if there is one.</summary>
    private void GiveUp(Peer peer)
    {
        foreach (var (key, unconfirmed) in peer.Unconfirmed)
        {
            if (unconfirmed.Confirmation is not { } confirmation)
                continue;
            if (_orphans.TryGetValue(key, out var orphan))
                Spread(key, orphan, confirmation);
            unconfirmed.Confirmation = null;
            Release(confirmation);
        }
    }

    private void FindCandidates()
    {
        _candidates = [.. _peers.Where(static peer => peer.Value is { InSight: true, IsLeaving: false }).Select(static peer => peer.Key)];
        if (_candidates.Length == 0)
            _candidates = [.. _peers.Where(static peer => peer.Value.InSight).Select(static peer => peer.Key)];
    }

    private void PeersChanged()
    {
        FindCandidates();
        foreach (var (key, living) in _living)
        {
            var keepers = Keepers(key);
            var note = new EntityNote(living.Generation, EntityPhase.Lives, self, []);
            foreach (var tag in keepers)
            {
                if (living.Keepers.Add(tag))
                    Send(tag, key, note, keep: true, null);
            }
            if (living.Keepers.Count == keepers.Length)
                continue;
            foreach (var tag in living.Keepers.Where(tag => Array.IndexOf(keepers, tag) < 0).ToArray())
            {
                living.Keepers.Remove(tag);
                Send(tag, key, note, keep: false, null);
            }
        }
        foreach (var (key, orphan) in _orphans)
        {
            Spread(key, orphan, null);
            WakeSoon(key, orphan); // its shard may have a new home
        }
    }

    // ---- Sending

    /// <summary>The nodes that keep an entity's note: by rendezvous hashing, so that few change when a node comes or goes.</summary>
    private string[] Keepers(EntityKey key, HashSet<string>? without = null)
    {
        var best = new string[Copies];
        Span<ulong> scores = stackalloc ulong[Copies];
        var count = 0;
        foreach (var tag in _candidates)
        {
            if (without?.Contains(tag) is true)
                continue;
            var score = Score(tag, key);
            var at = count;
            while (at > 0 && scores[at - 1] < score)
                at--;
            if (at == Copies)
                continue;
            count = Math.Min(count + 1, Copies);
            for (var i = count - 1; i > at; i--)
                (best[i], scores[i]) = (best[i - 1], scores[i - 1]);
            (best[at], scores[at]) = (tag, score);
        }
        return best[..count];
    }

    /// <summary>FNV-1a with a last mix: the same on every node, which string.GetHashCode is not. Never 0.</summary>
    private static ulong Score(string tag, EntityKey key)
    {
        var hash = 14695981039346656037UL;
        foreach (var text in (ReadOnlySpan<string>)[key.Type, "/", key.Id, "/", tag])
        {
            foreach (var c in text)
                hash = (hash ^ c) * 1099511628211UL;
        }
        hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCDUL;
        hash = (hash ^ (hash >> 33)) * 0xC4CEB9FE1A85EC53UL;
        return (hash ^ (hash >> 33)) | 1;
    }

    private void Send(string tag, EntityKey key, EntityNote note, bool keep, Confirmation? confirmation)
    {
        if (!_peers.TryGetValue(tag, out var peer))
            return;
        if (peer.Unconfirmed.Remove(key, out var older))
            Release(older.Confirmation);
        var message = new NoteEntity(++_number, key, note, keep);
        if (!peer.InSight)
            confirmation = null;
        if (confirmation is not null)
            confirmation.Left++;
        peer.Unconfirmed[key] = new Unconfirmed(message, confirmation) { SentAt = time.GetTimestamp() };
        network.Tell(tag, message);
    }

    private Confirmation Begin(Action done)
    {
        var confirmation = new Confirmation(done, time.GetTimestamp());
        _confirmations.Enqueue(confirmation);
        return confirmation;
    }

    private static void Release(Confirmation? confirmation)
    {
        if (confirmation is not null && --confirmation.Left == 0)
            confirmation.Finish();
    }
}
