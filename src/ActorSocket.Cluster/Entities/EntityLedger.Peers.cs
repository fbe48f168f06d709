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
        foreach (var hosted in _hosted.Values)
            hosted.Replicas.Remove(tag);
        foreach (var (key, stored) in _records)
        {
            if (stored.Record is { Phase: EntityPhase.Active } record && record.Owner == tag)
                AddUnhosted(key);
        }
        foreach (var unhosted in _unhosted.Values)
            unhosted.Forget(tag);
        FindCandidates();
        GiveUp(peer);
        PeersChanged();
        NotWaitingFor(tag, isGone: true);
    }

    /// <summary>
    /// A node that cannot be reached is not waited for, and gets no records; what it has is asked for when it is back, by its
    /// waking.
    /// </summary>
    public void PeerReachability(string tag, bool isReachable)
    {
        if (!_peers.TryGetValue(tag, out var peer) || peer.IsReachable == isReachable)
            return;
        peer.IsReachable = isReachable;
        FindCandidates();
        if (!isReachable)
            GiveUp(peer);
        PeersChanged();
        if (!isReachable)
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
    /// This node leaves, and its entities have left. The records of unhosted ones that it has go to replica nodes once more, also to those
    /// that have confirmed them: they may be leaving, too, and each would rely on the other. A node that leaves takes no record, so who
    /// confirms now stays, or leaves later and passes it on in turn. <paramref name="left"/> is called when all have confirmed.
    /// </summary>
    public void Leave(Action left)
    {
        _isLeaving = true;
        _left = left;
        foreach (var (key, stored) in _records)
        {
            // The host of an entity, if it can be reached, sees to its replica nodes itself.
            if (
                stored.Record is { Phase: EntityPhase.Active } record
                && _peers.TryGetValue(record.Owner, out var owner)
                && !owner.IsReachable
            )
                AddUnhosted(key);
        }
        foreach (var (key, unhosted) in _unhosted)
        {
            unhosted.Forget();
            Spread(key, unhosted, null);
        }
        CheckLeft();
    }

    private void NotWaitingFor(string tag, bool isGone)
    {
        foreach (var (number, query) in _queries.Entries.ToArray())
        {
            if (!query.Waiting.Remove(tag))
                continue;
            if (isGone)
            {
                // What it had it may have passed on meanwhile, to one that has answered already: from the beginning.
                _queries.Remove(number, out _);
                query.Waiting.Clear();
                _queries.Put(++_number, query);
                Ask(_number, query);
            }
            else
            {
                CompleteIfAnswered(number, query);
            }
        }
        CheckLeft();
    }

    /// <summary>Who waits for its confirmation waits for another node's instead, if there is one.</summary>
    private void GiveUp(Peer peer)
    {
        foreach (var (key, unconfirmed) in peer.Unconfirmed)
        {
            if (unconfirmed.Confirmation is not { } confirmation)
                continue;
            if (_unhosted.TryGetValue(key, out var unhosted))
                Spread(key, unhosted, confirmation);
            unconfirmed.Confirmation = null;
            Release(confirmation);
        }
    }

    private void FindCandidates()
    {
        _candidates =
        [
            .. _peers.Where(static peer => peer.Value is { IsReachable: true, IsLeaving: false }).Select(static peer => peer.Key),
        ];
        if (_candidates.Length == 0)
            _candidates = [.. _peers.Where(static peer => peer.Value.IsReachable).Select(static peer => peer.Key)];
    }

    private void PeersChanged()
    {
        FindCandidates();
        foreach (var (key, hosted) in _hosted)
        {
            var replicas = ReplicaNodesOf(key);
            var record = new EntityRecord(hosted.Generation, EntityPhase.Active, self, []);
            foreach (var tag in replicas)
            {
                if (hosted.Replicas.Add(tag))
                    Send(tag, key, record, keep: true, null);
            }
            if (hosted.Replicas.Count == replicas.Length)
                continue;
            foreach (var tag in hosted.Replicas.Where(tag => Array.IndexOf(replicas, tag) < 0).ToArray())
            {
                hosted.Replicas.Remove(tag);
                Send(tag, key, record, keep: false, null);
            }
        }
        foreach (var (key, unhosted) in _unhosted)
        {
            Spread(key, unhosted, null);
            WakeSoon(key, unhosted); // its shard may have a new home
        }
    }

    // ---- Sending

    /// <summary>
    /// The replica nodes of an entity, which have its record: by rendezvous hashing, so that few change when a node comes or goes.
    /// </summary>
    private string[] ReplicaNodesOf(EntityKey key, HashSet<string>? without = null)
    {
        var best = new string[ReplicaCount];
        Span<ulong> scores = stackalloc ulong[ReplicaCount];
        var count = 0;
        foreach (var tag in _candidates)
        {
            if (without?.Contains(tag) is true)
                continue;
            var score = Score(tag, key);
            var at = count;
            while (at > 0 && scores[at - 1] < score)
                at--;
            if (at == ReplicaCount)
                continue;
            count = Math.Min(count + 1, ReplicaCount);
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

    private void Send(string tag, EntityKey key, EntityRecord record, bool keep, Confirmation? confirmation)
    {
        if (!_peers.TryGetValue(tag, out var peer))
            return;
        if (peer.Unconfirmed.Remove(key, out var older))
            Release(older.Confirmation);
        var message = new StoreEntityRecord(++_number, key, record, keep);
        if (!peer.IsReachable)
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
