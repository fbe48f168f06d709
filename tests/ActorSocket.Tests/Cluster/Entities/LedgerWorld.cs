using ActorSocket.Clustering;
using ActorSocket.Entities;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Tests.Cluster.Entities;

/// <summary>
/// Nodes that come, leave and crash, a network that loses, doubles and delays, and a sharding that gives each entity one node at a time:
/// all that surrounds <see cref="EntityLedger"/>, in virtual time. Knows at each moment what an entity that starts may be told, and fails
/// when it is told something else.
/// </summary>
internal sealed partial class LedgerWorld(int seed)
{
    private const int MaxDelay = 300;
    private readonly Random _random = new(seed);
    private readonly VirtualTime _time = new();
    private readonly PriorityQueue<Action, (long At, long Order)> _events = new();
    private readonly HashSet<object> _dropped = []; // each message that must arrive is lost once at most
    private readonly List<SimNode> _nodes = [];
    private readonly Dictionary<EntityKey, Fate> _fates = [];
    private readonly Queue<string> _story = new(); // the last of what happened, for who must find out why
    private long _order;
    private int _tags;
    private long _crashedAt = -100_000;

    public IReadOnlyList<SimNode> Nodes => _nodes;

    public IEnumerable<EntityKey> Keys => _fates.Keys;

    private List<SimNode> Up => _nodes.FindAll(static node => node is { IsAlive: true, IsLeaving: false });

    // ---- What happens

    public void Join()
    {
        if (_nodes.Count(static node => node.IsAlive) >= 4)
            return;
        var node = new SimNode($"n{++_tags}", this, _time);
        var others = _nodes.FindAll(static other => other.IsAlive);
        _nodes.Add(node);
        Tell($"{node.Tag} joins");
        var left = others.Count;
        if (left == 0)
            node.Ledger.MetAll();
        foreach (var other in others)
        {
            Later(500, () => Meet(other, node));
            Later(500, () =>
            {
                Meet(node, other);
                if (--left == 0)
                    node.Ledger.MetAll();
            });
        }
        Ticks(node);

        static void Meet(SimNode one, SimNode other)
        {
            if (!one.IsAlive || !other.IsAlive)
                return;
            one.Met.Add(other.Tag);
            one.Ledger.PeerMet(other.Tag);
            one.Told($"meets {other.Tag}");
        }
    }

    /// <summary>One at a time: two copies outlive one crash.</summary>
    public void Crash(int which)
    {
        if (
            Up is not { Count: >= 3 } up
            || !up.TrueForAll(IsSettledIn)
            || _time.Now - _crashedAt < 30_000
            || _nodes.Any(static node => node.IsAlive && node.IsLeaving)
            || !_nodes.TrueForAll(static node => !node.IsAlive || node.Ledger.IsSettled)
        )
            return;
        _crashedAt = _time.Now;
        var node = up[which % up.Count];
        node.IsAlive = false;
        Tell($"{node.Tag} crashes");
        foreach (var (key, fate) in _fates.Where(fate => fate.Value.Home == node))
        {
            fate.LoseTo(node);
            var lost = fate;
            Later(3000, 6000, () => lost.Home = lost.Home == node ? null : lost.Home);
        }
        foreach (var other in _nodes.FindAll(static other => other.IsAlive))
        {
            Later(1000, () => other.Ledger.PeerReachability(node.Tag, isReachable: false));
            Later(3000, 6000, () => Forget(other, node));
        }
    }

    public void Leave(int which)
    {
        if (Up is not { Count: >= 2 } up || !up.TrueForAll(IsSettledIn) || _time.Now - _crashedAt < 1100)
            return;
        var node = up[which % up.Count];
        node.IsLeaving = true;
        Tell($"{node.Tag} leaves");
        var owned = _fates.Values.Where(fate => fate.Home == node).ToList();
        var left = owned.Count;
        foreach (var fate in owned)
        {
            fate.Move(node, () =>
            {
                if (--left == 0)
                    LeaveLedger();
            });
        }
        if (left == 0 && owned.Count == 0)
            LeaveLedger();

        void LeaveLedger()
        {
            if (!node.IsAlive)
                return;
            foreach (var other in _nodes.FindAll(other => other.IsAlive && other != node))
                Later(MaxDelay, () => other.Ledger.PeerLeaving(node.Tag));
            node.Ledger.Leave(() => Later(0, Go));
            Later(3000, 3000, Go);
        }

        void Go()
        {
            if (!node.IsAlive)
                return;
            node.IsAlive = false;
            Tell($"{node.Tag} has left");
            foreach (var other in _nodes.FindAll(static other => other.IsAlive))
                Later(500, () => Forget(other, node));
        }
    }

    /// <summary>Everybody knows it: it is not known yet what may be entrusted to one that has just come.</summary>
    private bool IsSettledIn(SimNode node) => _time.Now - node.JoinedAt > 1100;

    public void Rebalance(int which)
    {
        if (FateOf(which) is { Home: { } home } fate)
            fate.Move(home, static () => { });
    }

    public void Call(int which) => Send(FateOf(which).Key, wantsStart: true, waker: "");

    public void Retire(int which) => FateOf(which).Retire();

    /// <summary>Its next start throws.</summary>
    public void FailNextStart(int which) => FateOf(which).FailsNext = true;

    public void Pass(int milliseconds)
    {
        var until = _time.Now + milliseconds;
        while (_events.TryPeek(out _, out var next) && next.At <= until)
        {
            var what = _events.Dequeue();
            _time.Now = Math.Max(_time.Now, next.At);
            what();
        }
        _time.Now = until;
    }

    /// <summary>Nothing more happens for some minutes: then everything that lived lives, and nobody keeps what is void.</summary>
    public void AssertAllLive()
    {
        foreach (var fate in _fates.Values)
            fate.FailsNext = false;
        Pass(240_000);
        foreach (var fate in _fates.Values)
            Assert.True(fate.MayBeAtRest, $"{fate.Key.Id} does not live, though it is: {fate}{StoryOf(fate.Key)}");
        foreach (var node in _nodes.FindAll(static node => node.IsAlive))
        {
            Assert.True(node.Ledger.IsSettled, $"{node.Tag} has not come to rest: {node.Ledger.UnhostedCount} wait to be woken");
            Assert.Equal(0, node.Ledger.Bytes);
        }
    }

    private void Tell(string what)
    {
        _story.Enqueue($"{_time.Now,7} {what}");
        if (_story.Count > 400)
            _story.Dequeue();
    }

    private string StoryOf(EntityKey key) =>
        "\n"
        + string.Join(
            '\n',
            _story.Where(line =>
                !line.Contains(" = e", StringComparison.Ordinal) || line.Contains(" = " + key.Id, StringComparison.Ordinal)
            )
        )
        + "\n";

    // ---- The network and the shards

    private void Later(int most, Action what) => Later(0, most, what);

    private void Later(int least, int most, Action what) => _events.Enqueue(what, (_time.Now + _random.Next(least, most + 1), ++_order));

    private void Ticks(SimNode node) => Later(200, 250, () =>
    {
        if (!node.IsAlive)
            return;
        node.Ledger.Tick();
        Ticks(node);
    });

    private static void Forget(SimNode node, SimNode gone)
    {
        node.Met.Remove(gone.Tag);
        node.Told($"knows that {gone.Tag} is gone");
        node.Ledger.PeerGone(gone.Tag);
    }

    private void Carry(SimNode from, string to, IClusterMessage message)
    {
        object id = message switch
        {
            StoreEntityRecord m => (from.Tag, to, m.Number),
            EntityRecordReply m => (to, from.Tag, m.Number),
            QueryEntity m => (from.Tag, to, m.Request, "?"),
            EntityQueryReply m => (to, from.Tag, m.Request, "?"),
            _ => throw new InvalidOperationException(),
        };
        if (_random.Next(10) == 0 && _dropped.Add(id))
            return;
        Later(MaxDelay, Arrive);
        if (_random.Next(10) == 0)
            Later(5000, Arrive); // once more, and late

        void Arrive()
        {
            if (_nodes.Find(node => node.Tag == to) is { IsAlive: true } receiver && receiver.Met.Contains(from.Tag))
            {
                Tell($"{from.Tag} to {to}: {message}".Replace("Id = e", " = e", StringComparison.Ordinal));
                receiver.Ledger.Receive(from.Tag, message);
            }
        }
    }

    private Fate FateOf(int which)
    {
        var key = new EntityKey("sim", "e" + (which % 3));
        if (!_fates.TryGetValue(key, out var fate))
            _fates.Add(key, fate = new Fate(this, key));
        return fate;
    }

    /// <summary>By the region: to where its shard is, which is given a home if it has none.</summary>
    private void Send(EntityKey key, bool wantsStart, string waker)
    {
        if (_random.Next(10) == 0 && !wantsStart)
            return;
        Later(MaxDelay, () =>
        {
            var fate = _fates[key];
            if (fate.IsMoving || (fate.Home is null && Up.Count == 0))
                return;
            fate.Home ??= Up[_random.Next(Up.Count)];
            if (fate.Home.IsAlive && !fate.Home.IsLeaving)
                fate.Get(wantsStart, waker);
        });
    }
}
