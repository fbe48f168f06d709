using ActorSocket.Entities;
using ActorSocket.Recovery;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>
/// What one node knows of entities, so that what lived lives on (docs/adr/0001-entities-live-on.md). Of each entity that lives here two
/// other nodes keep a record; when it hands over they keep its state; when its node is gone, or it has handed over, they wake it wherever
/// its shard is now, until it lives again. The one that starts asks all nodes what they know, takes the newest, and once it has started
/// tells all who have something that it is void.
/// </summary>
/// <remarks>
/// No actor and no clock of its own, for <see cref="EntityLedgerActor"/> on its actor's thread, and for tests. Messages may be lost, come
/// twice or late: each that must arrive is repeated until it is confirmed or a newer one takes its place. The callbacks that methods are
/// given (<c>done</c>) may run within the call: they must not call the ledger. This part: the entities of this node. The others: the
/// records, and the other nodes.
/// </remarks>
internal sealed partial class EntityLedger(string self, IEntityNetwork network, TimeProvider time, long maxBytes, TimeSpan queryTimeout)
{
    private const int ReplicaCount = 2;
    private const int AtOnce = 500;
    private static readonly TimeSpan Repeat = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ConfirmTimeout = TimeSpan.FromSeconds(2);

    private readonly Dictionary<string, Peer> _peers = new(StringComparer.Ordinal);
    private readonly Dictionary<EntityKey, Hosted> _hosted = [];
    private readonly AgeOrder<long, OpenQuery> _queries = new();
    private readonly Queue<Confirmation> _confirmations = new();
    private string[] _candidates = [];
    private long _number;
    private bool _hasMetAll;
    private bool _isLeaving;
    private Action? _left;

    /// <summary>Entities of this node.</summary>
    public int HostedCount => _hosted.Count;

    /// <summary>Whether nothing waits for another node's word.</summary>
    public bool IsSettled => _queries.Count == 0 && _unhosted.Count == 0 && _peers.Values.All(static peer => peer.Unconfirmed.Count == 0);

    /// <summary>An entity starts here: asks every reachable node what it knows of it.</summary>
    public void QueryHistory(EntityKey key, Action<EntityHistory> done)
    {
        var query = new OpenQuery(key, done, time.GetTimestamp());
        var number = ++_number;
        _queries.Put(number, query);
        if (_hasMetAll)
            Ask(number, query);
    }

    /// <summary>Every node that was there before this one is met: what they keep can be asked for.</summary>
    public void MetAll()
    {
        if (_hasMetAll)
            return;
        _hasMetAll = true;
        foreach (var (number, query) in _queries.Entries.ToArray())
            Ask(number, query);
    }

    private void Ask(long number, OpenQuery query)
    {
        query.AskedAt = time.GetTimestamp();
        foreach (var (tag, peer) in _peers)
        {
            if (!peer.IsReachable)
                continue;
            query.Waiting.Add(tag);
            network.Tell(tag, new QueryEntity(number, query.Key));
        }
        CompleteIfAnswered(number, query);
    }

    private void OnQueryReply(string tag, EntityQueryReply m)
    {
        if (!_queries.TryGet(m.Request, out var query) || !query.Waiting.Remove(tag))
            return;
        if (m.Record.Generation != 0)
            query.Consider(tag, m.Record);
        CompleteIfAnswered(m.Request, query);
    }

    private void CompleteIfAnswered(long number, OpenQuery query)
    {
        if (_hasMetAll && query.Waiting.Count == 0)
            Complete(number, query, null);
    }

    private void Complete(long number, OpenQuery query, string? error)
    {
        if (!_queries.Remove(number, out _))
            return;
        if (Find(query.Key) is { } own)
            query.Consider(self, own); // it may have come here meanwhile
        var generation = Math.Max((query.Best?.Generation ?? 0) + 1, time.GetUtcNow().ToUnixTimeMilliseconds());
        query.Done(new EntityHistory(query.Key, generation, query.Best, query.Holders, error));
    }

    /// <summary>
    /// It has started: two nodes are told to keep a record of it, and all who had something that it is void. Done when they have confirmed,
    /// or do not for a while.
    /// </summary>
    public void Register(EntityHistory history, Action done)
    {
        var (key, record) = (history.Key, new EntityRecord(history.Generation, EntityPhase.Active, self, []));
        Forget(key);
        var hosted = new Hosted(history.Generation, new HashSet<string>(ReplicaNodesOf(key), StringComparer.Ordinal));
        _hosted[key] = hosted;
        var confirmation = Begin(done);
        foreach (var tag in hosted.Replicas)
            Send(tag, key, record, keep: true, confirmation);
        foreach (var tag in history.Holders)
        {
            if (tag != self && !hosted.Replicas.Contains(tag))
                Send(tag, key, record, keep: false, null);
        }
        Release(confirmation);
    }

    /// <summary>
    /// It is not started: nobody has called it, and who woke it has an old record. Whoever has one is told that the entity has ended.
    /// </summary>
    public void DeclineStart(EntityHistory history)
    {
        if (history.Found is not { Phase: EntityPhase.Ended } ended)
            return;
        foreach (var tag in history.Holders)
        {
            if (tag != self)
                Send(tag, history.Key, ended, keep: false, null);
            else if (_records.ContainsKey(history.Key))
                AddTombstone(history.Key, new StoredRecord(ended, self, ++_number));
        }
    }

    /// <summary>It leaves this node with a state; null for one that could not be had. Done when others keep it.</summary>
    public void HandOver(EntityKey key, byte[]? state, Action done)
    {
        if (!_hosted.Remove(key, out var hosted))
        {
            done();
            return;
        }
        var record = new EntityRecord(hosted.Generation, state is null ? EntityPhase.Lost : EntityPhase.HandedOver, self, state ?? []);
        Store(key, new StoredRecord(record, self, ++_number));
        var confirmation = Begin(done);
        var unhosted = _unhosted[key];
        Spread(key, unhosted, confirmation);
        foreach (var tag in hosted.Replicas)
        {
            if (!unhosted.Told.Contains(tag))
                Send(tag, key, record, keep: false, null);
        }
        Release(confirmation);
    }

    /// <summary>It has retired: nobody is to wake it.</summary>
    public void End(EntityKey key, Action done)
    {
        if (!_hosted.Remove(key, out var hosted))
        {
            done();
            return;
        }
        var record = new EntityRecord(hosted.Generation, EntityPhase.Ended, self, []);
        AddTombstone(key, new StoredRecord(record, self, ++_number));
        var confirmation = Begin(done);
        foreach (var tag in hosted.Replicas)
            Send(tag, key, record, keep: false, confirmation);
        Release(confirmation);
    }

    /// <summary>
    /// Another node woke it, and it lives here already: that node is told so, with the record that it is to have, or that it is to drop its
    /// own.
    /// </summary>
    public void AnswerWake(EntityKey key, string waker)
    {
        if (_hosted.TryGetValue(key, out var hosted))
            Send(waker, key, new EntityRecord(hosted.Generation, EntityPhase.Active, self, []), hosted.Replicas.Contains(waker), null);
    }

    // ---- Time

    /// <summary>To be called a few times a second: repeats what was not confirmed, wakes, gives up.</summary>
    public void Tick()
    {
        while (_confirmations.TryPeek(out var oldest) && time.GetElapsedTime(oldest.Since) >= ConfirmTimeout)
            _confirmations.Dequeue().Finish();
        foreach (var (tag, peer) in _peers)
        {
            if (!peer.IsReachable)
                continue;
            foreach (
                var unconfirmed in peer
                    .Unconfirmed.Values.Where(unconfirmed => time.GetElapsedTime(unconfirmed.SentAt) >= Repeat)
                    .Take(AtOnce)
            )
            {
                unconfirmed.SentAt = time.GetTimestamp();
                network.Tell(tag, unconfirmed.Message);
            }
        }
        foreach (var (number, query) in _queries.Entries.ToArray())
        {
            if (time.GetElapsedTime(query.Since) >= queryTimeout)
                Complete(number, query, $"node {string.Join(", ", query.Waiting)} did not say what it keeps of it");
            else if (time.GetElapsedTime(query.AskedAt) >= Repeat)
                AskAgain(number, query);
        }
        WakeDue();
        ExpireTombstones();
        CheckLeft();
    }

    private void AskAgain(long number, OpenQuery query)
    {
        query.AskedAt = time.GetTimestamp();
        foreach (var tag in query.Waiting)
            network.Tell(tag, new QueryEntity(number, query.Key));
    }

    private sealed class Peer
    {
        public bool IsReachable { get; set; } = true;

        public bool IsLeaving { get; set; }

        /// <summary>The last that it was told of each entity, until it has confirmed that.</summary>
        public Dictionary<EntityKey, Unconfirmed> Unconfirmed { get; } = [];
    }

    private sealed record Hosted(long Generation, HashSet<string> Replicas);

    private sealed class Unconfirmed(StoreEntityRecord message, Confirmation? confirmation)
    {
        public StoreEntityRecord Message => message;

        public Confirmation? Confirmation { get; set; } = confirmation;

        public long SentAt { get; set; }
    }

    /// <summary>
    /// Somebody waits until other nodes have confirmed. <see cref="Left"/> counts the confirmations that are due, and one more until all
    /// have been asked for (<see cref="Release"/>), so that it cannot come to zero before.
    /// </summary>
    private sealed class Confirmation(Action done, long since)
    {
        private bool _isDone;

        public long Since => since;

        public int Left { get; set; } = 1;

        public void Finish()
        {
            if (_isDone)
                return;
            _isDone = true;
            done();
        }
    }

    private sealed class OpenQuery(EntityKey key, Action<EntityHistory> done, long since)
    {
        public EntityKey Key => key;

        public Action<EntityHistory> Done => done;

        public long Since => since;

        public long AskedAt { get; set; }

        public HashSet<string> Waiting { get; } = new(StringComparer.Ordinal);

        public EntityRecord? Best { get; private set; }

        public List<string> Holders { get; } = [];

        public void Consider(string tag, EntityRecord record)
        {
            if (record.Phase != EntityPhase.Ended && !Holders.Contains(tag))
                Holders.Add(tag);
            if (Best is null || Best.IsOlderThan(record))
                Best = record;
        }
    }
}
