using System.Text;
using ActorSocket.Clustering;
using ActorSocket.Listings;
using ActorSocket.Recovery;
using CsCheck;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Tests.Cluster.Listings;

/// <summary>
/// Entities of three nodes that list themselves, change, move and end, while nodes crash and messages are lost, doubled and late. Real are
/// what a node knows (<see cref="ListingTables"/>) and what two nodes tell each other (<see cref="ListingExchange"/>).
/// </summary>
public sealed class ListingModelTests
{
    private enum Do { Publish, Withdraw, Move, Deliver, Late, Lose, Double, Crash, Leave, Meet, Tick, Wait }

    private static readonly Gen<(Do What, int Node, int Other, int Room)[]> Steps = Gen.Select(
        Gen.Frequency(
            (8, Gen.Const(Do.Publish)),
            (3, Gen.Const(Do.Withdraw)),
            (4, Gen.Const(Do.Move)),
            (12, Gen.Const(Do.Deliver)),
            (2, Gen.Const(Do.Late)),
            (2, Gen.Const(Do.Lose)),
            (2, Gen.Const(Do.Double)),
            (1, Gen.Const(Do.Crash)),
            (1, Gen.Const(Do.Leave)),
            (1, Gen.Const(Do.Meet)),
            (3, Gen.Const(Do.Tick)),
            (1, Gen.Const(Do.Wait))
        ),
        Gen.Int[0, 2],
        Gen.Int[1, 2],
        Gen.Int[0, 6]
    ).Array[1, 150];

    [Fact]
    public void Whatever_crashes_moves_or_is_lost_in_the_end_every_node_knows_what_each_entity_said_last() => Steps.Sample(
        static steps =>
        {
            var world = new World();
            foreach (var (what, node, other, room) in steps)
                world.Take(what, node, (node + other) % 3, room);
            world.Settle();
        },
        iter: 3_000);

    [Fact]
    public void Of_what_changes_while_a_message_is_on_its_way_only_the_last_is_told()
    {
        var world = new World();
        world.Settle();
        for (var i = 0; i < 1000; i++)
            world.Take(Do.Publish, 0, 1, 1);
        Assert.Equal(1, world.OnTheirWay(0, 1));
        world.Settle();
        Assert.InRange(world.Told(0, 1), 1, 10); // the first, the last, and the empty ones of the time around
    }

    [Fact]
    public void Many_are_told_in_messages_of_a_bounded_size()
    {
        var world = new World();
        for (var i = 0; i < 2000; i++)
            world.Take(Do.Publish, 0, 1, i);
        world.Settle();
        Assert.InRange(world.Longest, 10_000, 64 * 1024);
    }

    [Fact]
    public void Telling_everything_takes_as_long_as_it_takes_and_is_not_begun_anew_meanwhile()
    {
        var world = new World();
        for (var i = 0; i < 5000; i++)
            world.Take(Do.Publish, 0, 1, i);
        world.Take(Do.Meet, 1, 0, 0); // one that is only now met
        world.Take(Do.Meet, 0, 1, 0);
        for (var second = 0; second < 60; second++) // three messages each way, those that are repeated among them
        {
            world.Take(Do.Tick, 0, 1, 0);
            world.Take(Do.Tick, 1, 0, 0);
            for (var i = 0; i < 3; i++)
            {
                world.Take(Do.Deliver, 0, 1, 0);
                world.Take(Do.Deliver, 1, 0, 0);
            }
        }
        Assert.Equal(5000, world.Known(1));
    }

    [Fact]
    public void Of_a_node_that_does_not_answer_no_more_notes_are_kept_than_so_many_and_it_is_told_all_when_it_does()
    {
        var world = new World();
        for (var i = 0; i < 250_000; i++)
        {
            world.Take(Do.Publish, 0, 1, i);
            if (i >= 10)
                world.Take(Do.Withdraw, 0, 1, i);
        }
        Assert.InRange(world.Notes(0, 1), 0, 200_000);
        world.Settle();
        Assert.Equal(10, world.Known(1));
    }

    private sealed class World
    {
        private readonly ManualTime _time = new();
        private readonly List<(Packed Message, Node From, Node To)>[,] _wire = new List<(Packed, Node, Node)>[3, 3];
        private readonly Node[] _nodes = new Node[3];
        private readonly Dictionary<string, Life> _lives = new(StringComparer.Ordinal);
        private readonly int[,] _told = new int[3, 3];
        private long _generation;
        private int _tags;

        public World()
        {
            for (var from = 0; from < 3; from++)
            {
                for (var to = 0; to < 3; to++)
                    _wire[from, to] = [];
            }
            for (var node = 0; node < 3; node++)
                Start(node);
        }

        public int Longest { get; private set; }

        public int OnTheirWay(int from, int to) => _wire[from, to].Count;

        public int Notes(int node, int other) => _nodes[node].Exchanges[other]!.Untold;

        public int Known(int node) => _nodes[node].Tables.Of("game").Count;

        public int Told(int from, int to) => _told[from, to];

        public void Take(Do what, int node, int other, int number)
        {
            var room = $"room {number}";
            var wire = _wire[node, other];
            switch (what)
            {
                case Do.Publish:
                    if (!_lives.TryGetValue(room, out var life))
                        _lives.Add(room, life = new Life(node, ++_generation));
                    Publish(room, life);
                    break;
                case Do.Withdraw when _lives.Remove(room, out var ended):
                    _nodes[ended.Node].Tables.Withdraw("game", room);
                    break;
                case Do.Move when _lives.TryGetValue(room, out var moved) && moved.Node != other:
                    _nodes[moved.Node].Tables.Depart("game", room, _time);
                    Publish(room, _lives[room] = new Life(other, ++_generation));
                    break;
                case Do.Deliver:
                    Deliver(node, other, 0);
                    break;
                case Do.Late:
                    Deliver(node, other, wire.Count - 1);
                    break;
                case Do.Lose when wire.Count > 0:
                    wire.RemoveAt(number % wire.Count);
                    break;
                case Do.Double when wire.Count > 0:
                    wire.Add(wire[number % wire.Count]);
                    break;
                case Do.Crash: // another process takes its place
                    foreach (var (lost, _) in _lives.Where(life => life.Value.Node == node).ToArray())
                        _lives.Remove(lost);
                    Start(node);
                    break;
                case Do.Leave: // in good order: its entities go on elsewhere, and another process takes its place
                    foreach (var (moving, _) in _lives.Where(life => life.Value.Node == node).ToArray())
                    {
                        _nodes[node].Tables.Depart("game", moving, _time);
                        Publish(moving, _lives[moving] = new Life(other, ++_generation));
                    }
                    Deliver(node, other, 0);
                    Start(node);
                    break;
                case Do.Meet: // one of the two has lost sight of the other, who does not know
                    Meet(_nodes[node], other);
                    break;
                case Do.Tick:
                    _nodes[node].Tick(_time);
                    break;
                case Do.Wait:
                    _time.Advance(4);
                    break;
            }
        }

        public void Settle()
        {
            for (var round = 0; round < 40; round++)
            {
                if (round is 10 or 20)
                    _time.Advance((int)ListingTables.DepartureTime.TotalSeconds + 1);
                foreach (var node in _nodes)
                    node.Tick(_time);
                for (var from = 0; from < 3; from++)
                {
                    for (var to = 0; to < 3; to++)
                    {
                        while (from != to && Deliver(from, to, 0))
                        {
                            // Until there is nothing.
                        }
                    }
                }
            }
            var expected = _lives.Select(static life => $"{life.Key} {life.Value.Generation} {life.Value.Revision}")
                .Order(StringComparer.Ordinal).ToArray();
            foreach (var node in _nodes)
            {
                Assert.Equal(
                    expected,
                    node.Tables.Of("game").All
                        .Select(static one => $"{one.Key} {one.Value.Generation} {Encoding.UTF8.GetString(one.Value.Data)}")
                        .Order(StringComparer.Ordinal),
                    StringComparer.Ordinal
                );
                Assert.All(node.Exchanges, static exchange => Assert.True(exchange is null || exchange.Untold == 0));
            }
        }

        private void Publish(string room, Life life)
        {
            life.Revision++;
            var data = Encoding.UTF8.GetBytes(life.Revision.ToString(System.Globalization.CultureInfo.InvariantCulture));
            _nodes[life.Node].Tables.Publish("game", room, new ListedEntity(life.Generation, life.Revision, data, 0, 4, false));
        }

        private void Start(int number)
        {
            var node = _nodes[number] = new Node(number, $"node {++_tags}");
            for (var other = 0; other < 3; other++)
            {
                if (other == number || _nodes[other] is not { } peer)
                    continue;
                Meet(node, other);
                Meet(peer, number);
            }
        }

        private void Meet(Node node, int other)
        {
            if (node.Peers[other] is { } before)
                node.Tables.NodeGone(before, _time);
            var peer = node.Peers[other] = new Remote(_nodes[other].Tag);
            var (from, to) = (node.Number, _nodes[other]);
            node.Exchanges[other] = new ListingExchange(node.Tables, peer, node.NextEpoch, message =>
            {
                Longest = Math.Max(Longest, message.Bytes.Length);
                _wire[from, other].Add((message, node, to));
            });
            node.Exchanges[other]!.Begin();
        }

        private bool Deliver(int from, int to, int at)
        {
            var wire = _wire[from, to];
            if (at < 0 || wire.Count == 0)
                return false;
            var (message, sender, receiver) = wire[at];
            wire.RemoveAt(at);
            if (_nodes[from] != sender || _nodes[to] != receiver || receiver.Exchanges[from] is not { } exchange)
                return true; // a process that is gone
            switch (message.Unpack())
            {
                case ListingChanges m:
                    _told[from, to]++;
                    exchange.OnChanges(m);
                    break;
                case ListingChangesReply m:
                    exchange.OnReply(m);
                    break;
            }
            return true;
        }
    }

    private sealed class Life(int node, long generation)
    {
        public int Node => node;

        public long Generation => generation;

        public int Revision { get; set; }
    }

    private sealed class Node
    {
        private long _epoch;

        public Node(int number, string tag)
        {
            (Number, Tag) = (number, tag);
            Tables.OwnChanged = (type, id) =>
            {
                foreach (var exchange in Exchanges)
                    exchange?.Mark(type, id);
            };
        }

        public int Number { get; }

        public string Tag { get; }

        public ListingTables Tables { get; } = new();

        public ListingExchange?[] Exchanges { get; } = new ListingExchange?[3];

        public IRemoteNode?[] Peers { get; } = new IRemoteNode?[3];

        public long NextEpoch() => ++_epoch;

        public void Tick(TimeProvider time)
        {
            Tables.RemoveDeparted(time);
            foreach (var exchange in Exchanges)
                exchange?.Tick();
        }
    }

    private sealed class Remote(string tag) : IRemoteNode
    {
        public string Tag => tag;
    }
}
