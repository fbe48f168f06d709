using ActorSocket.Clustering;
using ActorSocket.Entities;
using CsCheck;

namespace ActorSocket.Tests.Cluster.Entities;

/// <summary>
/// Sockets and those who watch them over nodes that come and crash, with a network that loses, doubles and delays: once all is quiet, each
/// watcher's last word is what is so, and nobody remembers a watch that is over.
/// </summary>
public sealed class SocketWatchesModelTests
{
    private enum Happening { Connect, Lose, Leave, Watch, Unwatch, Crash, Join, Wait, WaitLong }

    private static readonly Gen<Happening> AnyHappening = Gen.Frequency(
        (6, Gen.Const(Happening.Connect)),
        (5, Gen.Const(Happening.Lose)),
        (1, Gen.Const(Happening.Leave)),
        (5, Gen.Const(Happening.Watch)),
        (2, Gen.Const(Happening.Unwatch)),
        (1, Gen.Const(Happening.Crash)),
        (2, Gen.Const(Happening.Join)),
        (6, Gen.Const(Happening.Wait)),
        (2, Gen.Const(Happening.WaitLong))
    );

    [Fact]
    public void The_last_word_is_what_is_so_whatever_the_network_does_and_whoever_crashes() =>
        Gen.Select(Gen.Int, Gen.Select(AnyHappening, Gen.Int[0, 59]).Array[1, 100]).Sample(
            static (seed, happenings) =>
            {
                var world = new World(seed);
                foreach (var (what, which) in happenings)
                {
                    switch (what)
                    {
                        case Happening.Connect: world.Connect(which); break;
                        case Happening.Lose: world.End(which, isRecoverable: true); break;
                        case Happening.Leave: world.End(which, isRecoverable: false); break;
                        case Happening.Watch: world.Watch(which); break;
                        case Happening.Unwatch: world.Unwatch(which); break;
                        case Happening.Crash: world.Crash(which); break;
                        case Happening.Join: world.Join(); break;
                        case Happening.Wait: world.Pass(which * 10); break;
                        default: world.Pass(which * 300); break;
                    }
                }
                world.AssertTrue();
            },
            iter: 1000,
            print: static what => $"seed {what.Item1}: {string.Join(", ", what.Item2.Select(static one => one.Item1 + " " + one.Item2))}");

    [Fact]
    public void A_socket_that_is_there_is_known_to_its_own_node_and_its_watcher_only()
    {
        var world = new World(1, isLossy: false);
        world.Join();
        world.Join();
        world.Pass(2000);
        world.Connect(1); // to the second node
        world.Watch(1); // of the first
        world.Pass(2000);
        Assert.Equal([0, 1, 0], world.SightCounts);
        world.End(1, isRecoverable: true);
        world.Pass(2000);
        Assert.Equal([1, 1, 1], world.SightCounts); // it may come back anywhere
        world.AssertTrue();
    }

    private sealed class World
    {
        private const int Sockets = 4;

        private readonly Random _random;
        private readonly bool _isLossy;
        private readonly LedgerWorld.VirtualTime _time = new();
        private readonly PriorityQueue<Action, (long At, long Order)> _events = new();
        private readonly List<SimNode> _nodes = [];
        private readonly string?[] _homes = new string?[Sockets]; // where each was born
        private readonly HashSet<string> _left = [];
        private long _order;
        private bool _isQuiet;

        public World(int seed, bool isLossy = true)
        {
            (_random, _isLossy) = (new Random(seed), isLossy);
            Join();
        }

        public IEnumerable<int> SightCounts => _nodes.Select(static node => node.Watches.SightCount);

        private List<SimNode> Alive => _nodes.FindAll(static node => node.IsAlive);

        public void Join()
        {
            var others = Alive;
            if (others.Count >= 4)
                return;
            var node = new SimNode("n" + _nodes.Count, this, _time);
            _nodes.Add(node);
            var left = others.Count;
            if (left == 0)
                node.MeetAll();
            foreach (var other in others)
            {
                Later(500, () => Meet(other, node));
                Later(500, () =>
                {
                    Meet(node, other);
                    if (--left == 0)
                        node.MeetAll();
                });
            }
            Tick(node);

            void Meet(SimNode one, SimNode other)
            {
                if (other.IsAlive)
                    one.Watches.PeerMet(other.Tag);
            }

            void Tick(SimNode ticking) => At(_time.Now + 1000, () =>
            {
                if (!ticking.IsAlive)
                    return;
                ticking.Watches.Tick();
                Tick(ticking);
            });
        }

        public void Crash(int which)
        {
            var alive = Alive.FindAll(static node => node.HasMetAll);
            if (alive.Count < 2)
                return;
            var node = alive[which % alive.Count];
            node.IsAlive = false;
            foreach (var other in Alive)
                Later(3000, () => other.Watches.PeerGone(node.Tag));
        }

        /// <summary>A socket that is nowhere, and has not left, comes (back) to a node: for the first time, or recovered.</summary>
        public void Connect(int which)
        {
            var (socket, nodes) = ("s" + (which % Sockets), Alive.FindAll(static node => node.HasMetAll));
            if (nodes.Count == 0 || _left.Contains(socket) || nodes.Exists(node => node.Sockets.Contains(socket)))
                return;
            var node = nodes[which % nodes.Count];
            _homes[which % Sockets] ??= node.Tag;
            node.Sockets.Add(socket);
            node.Changed(socket, SocketPresence.Here);
        }

        public void End(int which, bool isRecoverable)
        {
            var socket = "s" + (which % Sockets);
            foreach (var node in Alive)
            {
                if (!node.Sockets.Remove(socket))
                    continue;
                if (!isRecoverable)
                    _left.Add(socket);
                node.Changed(socket, isRecoverable ? SocketPresence.Gone : SocketPresence.Left);
            }
        }

        public void Watch(int which)
        {
            var (alive, number) = (Alive, which % Sockets);
            var node = alive[which / Sockets % alive.Count];
            if (node.Words.TryAdd("s" + number, null))
                node.Watches.Watch("/", "s" + number, _homes[number]);
        }

        public void Unwatch(int which)
        {
            var (alive, socket) = (Alive, "s" + (which % Sockets));
            var node = alive[which / Sockets % alive.Count];
            if (node.Words.Remove(socket))
                node.Watches.Unwatch(socket);
        }

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

        public void AssertTrue()
        {
            _isQuiet = true;
            Pass(30_000);
            foreach (var node in Alive)
            {
                foreach (var (socket, word) in node.Words)
                {
                    var isHere = Alive.Exists(other => other.Sockets.Contains(socket));
                    Assert.True(
                        isHere ? word == SocketPresence.Here
                            : word == SocketPresence.Gone || (word == SocketPresence.Left && _left.Contains(socket)),
                        $"{node.Tag} takes {socket} to be {word}, and it is {(isHere ? "here" : "gone")}."
                    );
                }
            }
            foreach (var node in Alive)
            {
                foreach (var socket in node.Words.Keys)
                    node.Watches.Unwatch(socket);
                node.Words.Clear();
            }
            for (var i = 0; i < Sockets; i++)
                End(i, isRecoverable: true); // what was said to be unwatched and never heard so hears it then
            Pass(200_000);
            foreach (var node in Alive)
            {
                Assert.Equal((0, 0), (node.Watches.Count, node.Watches.SightCount));
                Assert.Empty(node.Followed);
            }
        }

        private void Later(int most, Action what) => At(_time.Now + _random.Next(1, most), what);

        private void At(long at, Action what) => _events.Enqueue(what, (at, ++_order));

        private void Send(string from, string to, IClusterMessage message)
        {
            var isOwn = from == to;
            if (!isOwn && !_isQuiet && _isLossy && _random.Next(4) == 0)
                return;
            for (var copies = !isOwn && !_isQuiet && _isLossy && _random.Next(6) == 0 ? 2 : 1; copies > 0; copies--)
            {
                Later(isOwn ? 2 : 300, () =>
                {
                    if (_nodes.Find(node => node.Tag == to) is { IsAlive: true } receiver)
                        receiver.Watches.Receive(from, message);
                });
            }
        }

        private sealed class SimNode : ISocketWatchNetwork
        {
            private readonly World _world;

            public SimNode(string tag, World world, TimeProvider time)
            {
                (Tag, _world) = (tag, world);
                Watches = new SocketWatches(tag, this, time);
            }

            public string Tag { get; }

            public SocketWatches Watches { get; }

            public bool IsAlive { get; set; } = true;

            public bool HasMetAll { get; private set; }

            public HashSet<string> Sockets { get; } = new(StringComparer.Ordinal);

            public HashSet<string> Followed { get; } = new(StringComparer.Ordinal);

            /// <summary>The last one of each socket that is watched here.</summary>
            public Dictionary<string, SocketPresence?> Words { get; } = new(StringComparer.Ordinal);

            public void MeetAll()
            {
                HasMetAll = true;
                Watches.MetAll();
            }

            public void Changed(string socket, SocketPresence presence)
            {
                if (Followed.Contains(socket))
                    Watches.Changed(socket, presence);
            }

            public void Tell(string tag, IClusterMessage message) => _world.Send(Tag, tag, message);

            public void Follow(string socketId) => Assert.True(Followed.Add(socketId));

            public void Unfollow(string socketId) => Assert.True(Followed.Remove(socketId));

            public bool IsHere(string ns, string socketId) => Sockets.Contains(socketId);

            public void Report(string socketId, SocketPresence presence)
            {
                Assert.NotEqual(presence, Words[socketId]); // only what is new
                Words[socketId] = presence;
            }
        }
    }
}
