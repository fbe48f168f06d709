using ActorSocket.Clustering;
using ActorSocket.Presence;
using ActorSocket.Recovery;
using CsCheck;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Tests.Cluster.Rooms;

/// <summary>
/// Users of three nodes that come, go and crash, with messages on their way meanwhile. Real are what a node knows of users
/// (<see cref="UserTables"/>), its announcements (<see cref="OwnRooms{TPeer}"/>) and what two nodes tell each other
/// (<see cref="RoomExchange"/>); that these bear a bad network DirectoryModelTests show, so that here it keeps its order.
/// </summary>
public sealed class UserModelTests
{
    private const int Grace = 10;

    private enum Do { Connect, Leave, Deliver, Crash, Wait }

    private static readonly Gen<(Do What, int Node, int Other, int User)[]> Steps = Gen.Select(
        Gen.Frequency(
            (6, Gen.Const(Do.Connect)),
            (4, Gen.Const(Do.Leave)),
            (10, Gen.Const(Do.Deliver)),
            (1, Gen.Const(Do.Crash)),
            (2, Gen.Const(Do.Wait))
        ),
        Gen.Int[0, 2],
        Gen.Int[1, 2],
        Gen.Int[0, 4]
    ).Array[1, 150];

    [Fact]
    public void Whoever_comes_goes_or_crashes_in_the_end_every_node_knows_who_is_there_and_on_how_many_devices() => Steps.Sample(
        static steps =>
        {
            var world = new World();
            foreach (var (what, node, other, user) in steps)
                world.Take(what, node, (node + other) % 3, user);
            world.Settle();
        },
        iter: 2_000);

    private sealed class World
    {
        private readonly ManualTime _time = new();
        private readonly Queue<Packed>[,] _wire = new Queue<Packed>[3, 3];
        private readonly Member[] _nodes = new Member[3];
        private int _devices;

        public World()
        {
            for (var node = 0; node < 3; node++)
                Start(node);
        }

        public void Take(Do what, int node, int other, int user)
        {
            switch (what)
            {
                case Do.Connect:
                    _nodes[node].Devices.Add((++_devices, $"user {user}"));
                    _nodes[node].Table.Came(_devices, $"user {user}");
                    break;
                case Do.Leave when _nodes[node].Devices.Count > 0:
                    var gone = _nodes[node].Devices[user % _nodes[node].Devices.Count];
                    _nodes[node].Devices.Remove(gone);
                    _nodes[node].Table.Gone(gone.Device);
                    break;
                case Do.Deliver:
                    _nodes[node].Flush();
                    Deliver(node, other);
                    break;
                case Do.Crash: // and another process takes its place
                    Start(node);
                    break;
                case Do.Wait:
                    _time.Advance(4);
                    break;
            }
        }

        public void Settle()
        {
            for (var round = 0; round < 8; round++)
            {
                foreach (var node in _nodes)
                    node.Flush();
                for (var from = 0; from < 3; from++)
                {
                    for (var to = 0; to < 3; to++)
                    {
                        while (from != to && Deliver(from, to))
                        {
                            // Until there is nothing.
                        }
                    }
                }
            }
            _time.Advance(Grace);
            var expected = _nodes
                .SelectMany(static node => node.Devices)
                .GroupBy(static device => device.User, StringComparer.Ordinal)
                .Select(static user => (user.Key, user.Count()))
                .Order()
                .ToArray();
            foreach (var node in _nodes)
            {
                Assert.Equal(expected, node.Table.OnlineIds.Select(id => (id, node.Table.Find(id)!.Devices)).Order());
                Assert.Equal(expected.Length, node.Table.Online);
            }
        }

        private bool Deliver(int from, int to)
        {
            if (!_wire[from, to].TryDequeue(out var message))
                return false;
            _nodes[to].Receive(from, message.Unpack());
            return true;
        }

        /// <summary>A new process, which the others meet; what was under way to and from the old one is lost with it.</summary>
        private void Start(int index)
        {
            for (var other = 0; other < 3; other++)
            {
                _wire[index, other] = new();
                _wire[other, index] = new();
            }
            var node = _nodes[index] = new Member(_time, (to, message) => _wire[index, to].Enqueue(message));
            for (var other = 0; other < 3; other++)
            {
                if (other == index || _nodes[other] is not { } peer)
                    continue;
                peer.Lose(index);
                peer.Meet(index);
                node.Meet(other);
            }
        }
    }

    private sealed class Member
    {
        private readonly Action<int, Packed> _send;
        private readonly UserTables _tables;
        private readonly OwnRooms<int> _own;
        private readonly Dictionary<int, (RoomExchange Exchange, Remote Node)> _peers = [];

        public Member(ManualTime time, Action<int, Packed> send)
        {
            _send = send;
            _own = new OwnRooms<int>(time, TimeSpan.FromSeconds(5));
            _tables = new UserTables(time, (ns, user, devices) => _own.SetDevices(ns, user, devices), static (_, _, _) => { });
            Table = _tables.Hold("/");
            Table.Configure(TimeSpan.FromSeconds(Grace), 10);
        }

        public UserTable Table { get; }

        public List<(int Device, string User)> Devices { get; } = [];

        public void Meet(int other)
        {
            var node = new Remote();
            var exchange = new RoomExchange(
                message => _send(other, message),
                change =>
                {
                    Assert.True(change.IsUser);
                    _tables.Set(node, change.NamespaceOfUser, change.Room, change.Devices);
                },
                static _ => { },
                static _ => { }
            );
            _peers.Add(other, (exchange, node));
            exchange.Tell(_own.Everything());
        }

        public void Lose(int other)
        {
            if (_peers.Remove(other, out var lost))
                _tables.NodeGone(lost.Node);
        }

        public void Flush()
        {
            if (!_own.HasChanges)
                return;
            var batch = _own.Begin([]);
            foreach (var (exchange, _) in _peers.Values)
                exchange.Tell(batch);
        }

        public void Receive(int from, IClusterMessage message)
        {
            var exchange = _peers[from].Exchange;
            switch (message)
            {
                case Announce m: exchange.OnAnnounce(m); break;
                case AnnounceReply m: exchange.OnAnnounceReply(m); break;
                case RoomSyncReply m: exchange.OnRoomSyncReply(m); break;
            }
        }
    }

    private sealed class Remote : IRemoteNode
    {
        public string Tag => "";
    }
}
