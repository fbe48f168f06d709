using ActorSocket.Entities;
using ActorSocket.Recovery;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>
/// What one node knows of entities, so that what lived lives on (docs/adr/0001-entities-live-on.md). Of each entity that lives here two
/// other nodes keep a note; when it hands over they keep its state; when its node is gone, or it has handed over, they wake it wherever its
/// shard is now, until it lives again. The one that starts asks all nodes what they know, takes the newest, and once it has started tells
/// all who have something that it is void.
/// </summary>
/// <remarks>
/// No actor and no clock of its own, for <see cref="EntityKeeper"/> on its actor's thread, and for tests. Messages may be lost, come twice
/// or late: each that must arrive is repeated until it is confirmed or a newer one takes its place. What is to be done when something is
/// done must not call back at once. This part: the entities of this node. The others: what is kept, and the other nodes.
/// </remarks>
internal sealed partial class EntityLedger(string self, IEntityNetwork network, TimeProvider time, long maxBytes, TimeSpan claimTimeout)
{
    private const int Copies = 2;
    private const int AtOnce = 500;
    private static readonly TimeSpan Repeat = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ConfirmTimeout = TimeSpan.FromSeconds(2);

    private readonly Dictionary<string, Peer> _peers = new(StringComparer.Ordinal);
    private readonly Dictionary<EntityKey, Living> _living = [];
    private readonly AgeOrder<long, OpenClaim> _claims = new();
    private readonly Queue<Confirmation> _confirmations = new();
    private string[] _candidates = [];
    private long _number;
    private bool _hasMetAll;
    private bool _isLeaving;
    private Action? _left;

    /// <summary>Entities of this node.</summary>
    public int LivingCount => _living.Count;

    /// <summary>Whether anything waits for another node's word.</summary>
    public bool IsSettled => _claims.Count == 0 && _orphans.Count == 0 && _peers.Values.All(static peer => peer.Unconfirmed.Count == 0);

    /// <summary>An entity starts here: asks every node in sight what it knows of it.</summary>
    public void Claim(EntityKey key, Action<EntityClaim> done)
    {
        var claim = new OpenClaim(key, done, time.GetTimestamp());
        var number = ++_number;
        _claims.Put(number, claim);
        if (_hasMetAll)
            Ask(number, claim);
    }

    /// <summary>Every node that was there before this one is met: what they keep can be asked for.</summary>
    public void MetAll()
    {
        if (_hasMetAll)
            return;
        _hasMetAll = true;
        foreach (var (number, claim) in _claims.Entries.ToArray())
            Ask(number, claim);
    }

    private void Ask(long number, OpenClaim claim)
    {
        claim.AskedAt = time.GetTimestamp();
        foreach (var (tag, peer) in _peers)
        {
            if (!peer.InSight)
                continue;
            claim.Waiting.Add(tag);
            network.Tell(tag, new ClaimEntity(number, claim.Key));
        }
        CompleteIfAnswered(number, claim);
    }

    private void OnClaimed(string tag, EntityClaimed m)
    {
        if (!_claims.TryGet(m.Request, out var claim) || !claim.Waiting.Remove(tag))
            return;
        if (m.Note.Generation != 0)
            claim.Consider(tag, m.Note);
        CompleteIfAnswered(m.Request, claim);
    }

    private void CompleteIfAnswered(long number, OpenClaim claim)
    {
        if (_hasMetAll && claim.Waiting.Count == 0)
            Complete(number, claim, null);
    }

    private void Complete(long number, OpenClaim claim, string? error)
    {
        if (!_claims.Remove(number, out _))
            return;
        if (Known(claim.Key) is { } own)
            claim.Consider(self, own); // it may have come here meanwhile
        var generation = Math.Max((claim.Best?.Generation ?? 0) + 1, time.GetUtcNow().ToUnixTimeMilliseconds());
        claim.Done(new EntityClaim(claim.Key, generation, claim.Best, claim.Holders, error));
    }

    /// <summary>
    /// It has started: two nodes are told to keep a note of it, and all who had something that it is void. Done when they have confirmed,
    /// or do not for a while.
    /// </summary>
    public void Live(EntityClaim claim, Action done)
    {
        var (key, note) = (claim.Key, new EntityNote(claim.Generation, EntityPhase.Lives, self, []));
        Forget(key);
        var living = new Living(claim.Generation, new HashSet<string>(Keepers(key), StringComparer.Ordinal));
        _living[key] = living;
        var confirmation = Begin(done);
        foreach (var tag in living.Keepers)
            Send(tag, key, note, keep: true, confirmation);
        foreach (var tag in claim.Holders)
        {
            if (tag != self && !living.Keepers.Contains(tag))
                Send(tag, key, note, keep: false, null);
        }
        Release(confirmation);
    }

    /// <summary>Nobody wants it started but a node that was not told of its end: that is told.</summary>
    public void Decline(EntityClaim claim)
    {
        if (claim.Found is not { Phase: EntityPhase.Ended } ended)
            return;
        foreach (var tag in claim.Holders)
        {
            if (tag != self)
                Send(tag, claim.Key, ended, keep: false, null);
            else if (_kept.ContainsKey(claim.Key))
                AddTombstone(claim.Key, new Kept(ended, self, ++_number));
        }
    }

    /// <summary>It leaves this node with a state; null for one that could not be had. Done when others keep it.</summary>
    public void HandOver(EntityKey key, byte[]? state, Action done)
    {
        if (!_living.Remove(key, out var living))
        {
            done();
            return;
        }
        var note = new EntityNote(living.Generation, state is null ? EntityPhase.Lost : EntityPhase.HandedOver, self, state ?? []);
        Keep(key, new Kept(note, self, ++_number));
        var confirmation = Begin(done);
        var orphan = _orphans[key];
        Spread(key, orphan, confirmation);
        foreach (var tag in living.Keepers)
        {
            if (!orphan.Told.Contains(tag))
                Send(tag, key, note, keep: false, null);
        }
        Release(confirmation);
    }

    /// <summary>It has retired: nobody is to wake it.</summary>
    public void End(EntityKey key, Action done)
    {
        if (!_living.Remove(key, out var living))
        {
            done();
            return;
        }
        var note = new EntityNote(living.Generation, EntityPhase.Ended, self, []);
        AddTombstone(key, new Kept(note, self, ++_number));
        var confirmation = Begin(done);
        foreach (var tag in living.Keepers)
            Send(tag, key, note, keep: false, confirmation);
        Release(confirmation);
    }

    /// <summary>Another node woke it, and it lives: so that one need not, or has missed something.</summary>
    public void Woken(EntityKey key, string keeper)
    {
        if (_living.TryGetValue(key, out var living))
            Send(keeper, key, new EntityNote(living.Generation, EntityPhase.Lives, self, []), living.Keepers.Contains(keeper), null);
    }

    // ---- Time

    /// <summary>To be called a few times a second: repeats what was not confirmed, wakes, gives up.</summary>
    public void Tick()
    {
        while (_confirmations.TryPeek(out var oldest) && time.GetElapsedTime(oldest.Since) >= ConfirmTimeout)
            _confirmations.Dequeue().Finish();
        foreach (var (tag, peer) in _peers)
        {
            if (!peer.InSight)
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
        foreach (var (number, claim) in _claims.Entries.ToArray())
        {
            if (time.GetElapsedTime(claim.Since) >= claimTimeout)
                Complete(number, claim, $"node {string.Join(", ", claim.Waiting)} did not say what it keeps of it");
            else if (time.GetElapsedTime(claim.AskedAt) >= Repeat)
                AskAgain(number, claim);
        }
        WakeDue();
        ExpireTombstones();
        CheckLeft();
    }

    private void AskAgain(long number, OpenClaim claim)
    {
        claim.AskedAt = time.GetTimestamp();
        foreach (var tag in claim.Waiting)
            network.Tell(tag, new ClaimEntity(number, claim.Key));
    }

    private sealed class Peer
    {
        public bool InSight { get; set; } = true;

        public bool IsLeaving { get; set; }

        /// <summary>The last that it was told of each entity, until it has confirmed that.</summary>
        public Dictionary<EntityKey, Unconfirmed> Unconfirmed { get; } = [];
    }

    private sealed record Living(long Generation, HashSet<string> Keepers);

    private sealed class Unconfirmed(NoteEntity message, Confirmation? confirmation)
    {
        public NoteEntity Message => message;

        public Confirmation? Confirmation { get; set; } = confirmation;

        public long SentAt { get; set; }
    }

    /// <summary>Somebody waits until others have confirmed; they themselves are one of those that are left until all are told.</summary>
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

    private sealed class OpenClaim(EntityKey key, Action<EntityClaim> done, long since)
    {
        public EntityKey Key => key;

        public Action<EntityClaim> Done => done;

        public long Since => since;

        public long AskedAt { get; set; }

        public HashSet<string> Waiting { get; } = new(StringComparer.Ordinal);

        public EntityNote? Best { get; private set; }

        public List<string> Holders { get; } = [];

        public void Consider(string tag, EntityNote note)
        {
            if (note.Phase != EntityPhase.Ended && !Holders.Contains(tag))
                Holders.Add(tag);
            if (Best is null || Best.IsOlderThan(note))
                Best = note;
        }
    }
}
