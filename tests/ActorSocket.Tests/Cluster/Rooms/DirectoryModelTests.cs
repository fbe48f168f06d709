using ActorSocket.Clustering;
using CsCheck;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Tests.Cluster.Rooms;

/// <summary>
/// The directory of three nodes, over a network that loses, doubles and delays whatever it likes, held against what each node has told.
/// Real are the rooms of a node
/// (<see cref="OwnRooms{TPeer}"/>) and what two nodes tell each other (<see cref="RoomExchange"/>); the test is the network, the clock and
/// who is reachable.
/// </summary>
public sealed class DirectoryModelTests
{
    private static readonly Do[] Often =
    [
        Do.Open,
        Do.Open,
        Do.Open,
        Do.Close,
        Do.Close,
        Do.Begin,
        Do.Begin,
        Do.Deliver,
        Do.Deliver,
        Do.Deliver,
        Do.Deliver,
        Do.DeliverFirst,
        Do.DeliverFirst,
        Do.DeliverFirst,
        Do.DeliverFirst,
        Do.Lose,
        Do.Double,
        Do.Timers,
        Do.Timers,
        Do.Meet,
        Do.Meet,
        Do.BecomeUnreachable,
        Do.BecomeReachable,
        Do.Wait,
    ];

    private static readonly Gen<Step[]> Steps = Gen.Select(
        Gen.OneOfConst(Often), Gen.Int[0, 2], Gen.Int[1, 2], Gen.Int[0, 3], Gen.Int[0, 10_000],
        static (what, node, other, room, pick) => new Step(what, node, (node + other) % 3, $"room {room}", pick)).Array[1, 250];

    private enum Do { Open, Close, Begin, Deliver, DeliverFirst, Lose, Double, Timers, Meet, BecomeUnreachable, BecomeReachable, Wait }

    private readonly record struct Step(Do What, int Node, int Other, string Room, int Pick);

    [Fact]
    public void Whatever_is_lost_doubled_or_late_who_has_joined_is_reached_and_in_the_end_all_know_all() => Steps.Sample(
        static steps =>
        {
            var world = new World();
            foreach (var step in steps)
            {
                world.Take(step);
                world.Check();
            }
            world.Settle();
        },
        iter: 4_000);

    private sealed class World
    {
        private readonly ManualTime _time = new();
        private readonly List<(int From, int To, Packed Message)> _wire = [];
        private readonly Member[] _nodes;

        public World() =>
            _nodes = [
                .. Enumerable.Range(0, 3).Select(index => new Member(index, _time, (to, message) => _wire.Add((index, to, message)))),
            ];

        public void Take(Step step)
        {
            var (node, other) = (_nodes[step.Node], step.Other);
            switch (step.What)
            {
                case Do.Open: node.Open(step.Room); break;
                case Do.Close: node.Close(step.Room); break;
                case Do.Begin: node.Begin(); break;
                case Do.Meet: node.Meet(other); break;
                case Do.Timers: node.OnTimers(); break;
                case Do.BecomeUnreachable: node.SetReachable(other, false, _nodes[other].ToldOf(node.Index)); break;
                case Do.BecomeReachable: node.SetReachable(other, true, 0); break;
                case Do.Wait:
                    _time.Seconds += 3;
                    foreach (var each in _nodes)
                        each.Rooms.WithdrawClosed();
                    break;
                default: OnWire(step); break;
            }
        }

        private void OnWire(Step step)
        {
            if (_wire.Count == 0)
                return;
            var at = step.What == Do.DeliverFirst ? 0 : step.Pick % _wire.Count;
            var (from, to, message) = _wire[at];
            if (step.What != Do.Double)
                _wire.RemoveAt(at);
            if (step.What != Do.Lose)
                Receive(from, to, message);
        }

        private void Receive(int from, int to, Packed message) => _nodes[to].Receive(from, message.Unpack(), _nodes[from].ToldOf(to));

        /// <summary>What must hold at every moment.</summary>
        public void Check()
        {
            foreach (var node in _nodes)
            {
                foreach (var other in _nodes.Where(other => other != node))
                {
                    var link = node.Links[other.Index];
                    // Rounds are taken in order and once, whatever the network does: what is known is what was told up to some round.
                    Assert.True(link.Known.SetEquals(other.ToldUpTo(node.Index, link.Exchange?.Taken ?? 0)));
                    // A join that this node has confirmed is done when a broadcast from here reaches the room.
                    foreach (var (room, by) in other.ConfirmedBy)
                    {
                        if (by.Contains(node.Index) && other.IsJoined(room))
                            Assert.True(
                                !link.IsSynchronised || link.Known.Contains(room),
                                $"{node.Index} does not reach {room} on {other.Index}"
                            );
                    }
                }
            }
        }

        /// <summary>The network is well again, and nobody does anything more.</summary>
        public void Settle()
        {
            foreach (var node in _nodes)
            {
                foreach (var other in _nodes.Where(other => other != node))
                {
                    node.Meet(other.Index);
                    node.SetReachable(other.Index, true, 0);
                }
            }
            for (var turn = 0; turn < 400; turn++)
            {
                foreach (var node in _nodes)
                {
                    node.Begin();
                    node.OnTimers();
                }
                var due = _wire.ToArray();
                _wire.Clear();
                foreach (var (from, to, message) in due)
                    Receive(from, to, message);
                Check();
                if (_wire.Count == 0 && _nodes.All(node => node.IsSettled))
                    break;
            }
            Assert.Empty(_wire); // nobody asks or repeats any more
            foreach (var node in _nodes)
            {
                Assert.Subset(node.All.ToHashSet(StringComparer.Ordinal), node.OpenRooms);
                Assert.True(node.IsSettled);
                foreach (var other in _nodes.Where(other => other != node))
                    Assert.True(node.Links[other.Index].Known.SetEquals(other.All));
                Assert.All(node.Joins, static join => Assert.True(join.IsCompleted));
            }
        }
    }

    private sealed class Link
    {
        public RoomExchange? Exchange { get; set; }

        public HashSet<string> Known { get; } = new(StringComparer.Ordinal);

        public bool IsSynchronised { get; set; }

        public bool IsReachable { get; set; } = true;

        /// <summary>What the other node had told when this one came to doubt: an answer that makes it sure again must cover that.</summary>
        public long Doubted { get; set; }

        /// <summary>Unreachable before it was met.</summary>
        public bool WasLost { get; set; }

        /// <summary>What this node has told the other, after each round.</summary>
        public List<HashSet<string>> Told { get; } = [new(StringComparer.Ordinal)];
    }

    private sealed class Member(int index, TimeProvider time, Action<int, Packed> send)
    {
        private readonly Dictionary<string, int> _open = new(StringComparer.Ordinal); // a socket's own room may have another's name
        private readonly Dictionary<string, List<Task>> _joins = new(StringComparer.Ordinal);

        public int Index => index;

        public OwnRooms<int> Rooms { get; } = new(time, TimeSpan.FromSeconds(5));

        public Link[] Links { get; } = [new(), new(), new()];

        /// <summary>Of each room that was announced: who had to confirm it.</summary>
        public Dictionary<string, HashSet<int>> ConfirmedBy { get; } = new(StringComparer.Ordinal);

        public IEnumerable<Task> Joins => _joins.Values.SelectMany(static joins => joins);

        public HashSet<string> OpenRooms => [.. _open.Keys];

        /// <summary>Those that are announced, with or without members.</summary>
        public IEnumerable<string> All => Rooms.Everything().Changes.Select(static change => change.Room);

        public bool IsSettled =>
            Links.Where((_, other) => other != index).All(static link => link is { IsSynchronised: true, Exchange.Unconfirmed: 0 })
            && !Rooms.HasChanges;

        public bool IsJoined(string room) => _open.ContainsKey(room) && _joins[room].All(static join => join.IsCompleted);

        public void Open(string room)
        {
            _open[room] = _open.GetValueOrDefault(room) + 1;
            var done = new TaskCompletionSource();
            Rooms.Open("/", room, done);
            if (!_joins.TryGetValue(room, out var joins))
                _joins[room] = joins = [];
            joins.Add(done.Task);
        }

        public void Close(string room)
        {
            if (!_open.TryGetValue(room, out var times))
                return;
            if (times == 1)
                _open.Remove(room);
            else
                _open[room] = times - 1;
            Rooms.Close("/", room);
        }

        public void Begin()
        {
            if (!Rooms.HasChanges)
                return;
            HashSet<int> by = [.. Enumerable.Range(0, 3).Where(other => Links[other] is { Exchange: not null, IsReachable: true })];
            var round = Rooms.Begin(by);
            foreach (var change in round.Changes)
            {
                ConfirmedBy.Remove(change.Room);
                if (change.HasMembers)
                    ConfirmedBy[change.Room] = by;
            }
            foreach (var link in Links)
                link.Exchange?.Tell(round);
        }

        public void Meet(int other)
        {
            var link = Links[other];
            if (link.Exchange is not null)
                return;
            link.Exchange = new RoomExchange(
                message =>
                {
                    if (message.Unpack() is Announce round && round.Sequence == link.Told.Count)
                        link.Told.Add(Changed(link.Told[^1], round.Changes));
                    send(other, message);
                },
                change => Change(link.Known, change),
                synchronised =>
                {
                    if (synchronised)
                        Assert.True(
                            link.Exchange!.Taken >= Math.Max(1, link.Doubted),
                            "an answer from before the doubt was taken for one to it"
                        );
                    link.IsSynchronised = synchronised;
                },
                round => Rooms.Confirm(round, other));
            if (!link.IsReachable || link.WasLost)
                link.Exchange.MarkUnsynchronised();
            link.Exchange.Tell(Rooms.Everything());
        }

        public void OnTimers()
        {
            foreach (var link in Links)
            {
                link.Exchange?.ResendLost();
                if (link.IsReachable)
                    link.Exchange?.Ask();
            }
        }

        public void SetReachable(int other, bool isReachable, long told)
        {
            var link = Links[other];
            if (link.IsReachable == isReachable)
                return;
            link.IsReachable = isReachable;
            link.Doubted = Math.Max(link.Doubted, told);
            link.WasLost |= link.Exchange is null;
            if (isReachable)
                link.Exchange?.Ask();
            else
                link.Exchange?.MarkUnsynchronised();
        }

        public void Receive(int from, IClusterMessage message, long toldByOther)
        {
            var link = Links[from];
            var wasSure = link.IsSynchronised;
            switch (message)
            {
                case Announce m: link.Exchange?.OnAnnounce(m); break; // else it is not met yet
                case AnnounceReply m: link.Exchange?.OnAnnounceReply(m); break;
                case RoomSyncRequest m: link.Exchange?.OnRoomSyncRequest(m); break;
                case RoomSyncReply m: link.Exchange?.OnRoomSyncReply(m); break;
            }
            if (wasSure && !link.IsSynchronised)
                link.Doubted = Math.Max(link.Doubted, toldByOther);
        }

        public long ToldOf(int to) => Links[to].Told.Count - 1;

        public HashSet<string> ToldUpTo(int to, long round) => Links[to].Told[(int)round];

        private static HashSet<string> Changed(HashSet<string> rooms, IReadOnlyList<RoomChange> changes)
        {
            var changed = new HashSet<string>(rooms, StringComparer.Ordinal);
            foreach (var change in changes)
                Change(changed, change);
            return changed;
        }

        private static void Change(HashSet<string> rooms, RoomChange change)
        {
            if (change.HasMembers)
                rooms.Add(change.Room);
            else
                rooms.Remove(change.Room);
        }
    }
}
