using ActorSocket.Emitting;
using System.Collections.Concurrent;
using System.Diagnostics;
using Akka.Actor;
using ActorSocket.Clustering;
using Microsoft.Extensions.DependencyInjection;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.IntegrationTests.Cluster.Rooms;

/// <summary>Which rooms have members where, over several actor systems with real remoting.</summary>
public sealed class DirectoryTests
{
    [Fact]
    public async Task A_join_is_done_when_every_other_node_sends_its_broadcasts_there()
    {
        await using var cluster = await ThreeNodes.StartAsync();
        for (var round = 0; round < 50; round++)
        {
            var from = cluster.Nodes[round % 3];
            // Many at once, so that rounds have many changes or one.
            var rooms = Enumerable.Range(0, 1 + (round % 7)).Select(i => $"room {round} {i}").ToArray();
            await Task.WhenAll(rooms.Select(room => ((ClusterAdapter)from.Server.Server.Adapter).AnnounceAsync("/", room)))
                .WaitAsync(Node.Patience);
            foreach (var other in cluster.Nodes.Where(other => other != from))
                Assert.All(rooms, room => Assert.Equal([from.Server.Server.Engine.Ids.NodeTag], TagsFor(other, room)));
        }
    }

    [Fact]
    public async Task Rooms_that_were_there_before_a_node_came_are_known_to_it_when_it_is_ready()
    {
        await using var first = await Node.StartAsync();
        await Node.MeetAsync(first);
        await Task.WhenAll(
                Enumerable.Range(0, 2_000).Select(i => ((ClusterAdapter)first.Server.Server.Adapter).AnnounceAsync("/", $"old {i}"))
            )
            .WaitAsync(Node.Patience);
        await using var second = await Node.JoinAsync(first);
        await Node.MeetAsync(first, second);
        await Node.UntilAsync(
            () => ((ClusterAdapter)second.Server.Server.Adapter).Peers.Unsynchronised.Length == 0,
            "the new node to have caught up"
        );
        Assert.Equal(2_000, ((ClusterAdapter)second.Server.Server.Adapter).Peers.RoomCount);
        Assert.Single(TagsFor(second, "old 1999"));
        Assert.Empty(TagsFor(second, "other"));
    }

    [Fact]
    public async Task A_room_that_is_left_is_withdrawn_later_and_a_join_meanwhile_is_done_at_once()
    {
        await using var first = await Node.StartAsync();
        await using var second = await Node.JoinAsync(first);
        await Node.MeetAsync(first, second);
        var own = ((ClusterAdapter)first.Server.Server.Adapter);
        await own.AnnounceAsync("/", "left").WaitAsync(Node.Patience);
        await own.AnnounceAsync("/", "left and joined").WaitAsync(Node.Patience);
        own.Withdraw("/", "left");
        own.Withdraw("/", "left and joined");
        await own.AnnounceAsync("/", "left and joined").WaitAsync(Node.Patience);
        Assert.Single(TagsFor(second, "left")); // not yet
        await Node.UntilAsync(() => TagsFor(second, "left").Length == 0, "the room to be withdrawn");
        Assert.Single(TagsFor(second, "left and joined"));
        // And it can be joined anew.
        await own.AnnounceAsync("/", "left").WaitAsync(Node.Patience);
        Assert.Single(TagsFor(second, "left"));
    }

    [Fact]
    public async Task What_a_node_had_is_forgotten_when_it_leaves()
    {
        await using var cluster = await ThreeNodes.StartAsync();
        await Task.WhenAll(cluster.Nodes.Select(node => ((ClusterAdapter)node.Server.Server.Adapter).AnnounceAsync("/", "shared")))
            .WaitAsync(Node.Patience);
        var (first, second, third) = (cluster.Nodes[0], cluster.Nodes[1], cluster.Nodes[2]);
        Assert.Equal(2, TagsFor(first, "shared").Length);
        await third.StopAsync();
        foreach (var (node, other) in new[] { (first, second), (second, first) })
        {
            await Node.UntilAsync(
                () => ((ClusterAdapter)node.Server.Server.Adapter).Peers.All.Length == 1,
                "the node that left to be forgotten"
            );
            Assert.Equal([other.Server.Server.Engine.Ids.NodeTag], TagsFor(node, "shared"));
        }
    }

    [Fact]
    public async Task A_join_waits_for_a_node_that_says_nothing_for_a_second_and_no_longer()
    {
        var told = new ConcurrentQueue<IClusterMessage>();
        await using var node = await Node.StartAsync();
        await using var silent = await ClusterSystem.JoinAsync(node, (message, sender, self) =>
        {
            told.Enqueue(message);
            if (message is Hello hello)
                sender.Tell(hello with { Tag = "silent", Key = new byte[32], HasShards = false }, self); // and never confirms anything
        });
        await Node.UntilAsync(() => told.OfType<RoomSyncReply>().Any(), "the silent node to be met, and told what rooms there are");
        var start = Stopwatch.GetTimestamp();
        await ((ClusterAdapter)node.Server.Server.Adapter).AnnounceAsync("/", "room").WaitAsync(Node.Patience);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0.9, 10);
        // It was told, and is again and again; and since it has not said what it has, it gets every broadcast.
        await Node.UntilAsync(
            () => told.OfType<Announce>().Count(static round => round.Changes.Any(static change => change.Room == "room")) >= 2,
            "the round to be repeated"
        );
        Assert.Equal(["silent"], TagsFor(node, "any room"));
    }

    [Theory]
    [InlineData(ClusterProtocol.Version + 1, "json")]
    [InlineData(ClusterProtocol.Version, "another parser")]
    public async Task A_node_of_another_protocol_or_parser_is_no_peer_and_the_log_says_so_once(int version, string parser)
    {
        var greetings = 0;
        await using var node = await Node.StartAsync();
        await using var stranger = await ClusterSystem.JoinAsync(node, (message, sender, self) =>
        {
            if (message is not Hello hello)
                return;
            Interlocked.Increment(ref greetings);
            sender.Tell(hello with { Tag = "strang", Version = version, Parser = parser }, self);
        });
        await Node.UntilAsync(() => Volatile.Read(ref greetings) >= 3, "the node to have said hello three times");
        Assert.Empty(((ClusterAdapter)node.Server.Server.Adapter).Peers.All);
        Assert.Single(
            node.Log,
            static line =>
                line.StartsWith("Error: ", StringComparison.Ordinal) && line.Contains("cannot work with this one", StringComparison.Ordinal)
        );
        await ((ClusterAdapter)node.Server.Server.Adapter).AnnounceAsync("/", "room").WaitAsync(Node.Patience); // nobody is waited for
    }

    [Fact]
    public async Task Rounds_are_taken_in_order_and_once_and_a_gap_makes_the_node_send_everything_there()
    {
        IActorRef? peer = null, own = null;
        var told = new ConcurrentQueue<IClusterMessage>();
        await using var node = await Node.StartAsync();
        await using var other = await ClusterSystem.JoinAsync(node, (message, sender, self) =>
        {
            told.Enqueue(message);
            if (message is Hello hello)
                sender.Tell(hello with { Tag = "others", Key = new byte[32], HasShards = false }, self);
            if (message is Announce round)
                sender.Tell(new AnnounceReply(round.Sequence), self);
            own = self;
            peer ??= message is Hello ? sender : null;
        });
        var peers = ((ClusterAdapter)node.Server.Server.Adapter).Peers;
        await Node.UntilAsync(() => peers.All.Length == 1 && Volatile.Read(ref peer) is not null, "the other node to be met");

        peer!.Tell(new Announce(1, [new RoomChange("/", "one", true)]), own);
        peer.Tell(new RoomSyncReply(1, 0), own);
        await Node.UntilAsync(() => peers.Unsynchronised.Length == 0, "the peer to be synchronised");
        Assert.Equal(["others"], TagsFor(node, "one"));
        Assert.Empty(TagsFor(node, "two"));

        peer.Tell(new Announce(3, [new RoomChange("/", "three", true)]), own); // the second was lost
        await Node.UntilAsync(() => peers.Unsynchronised.Length == 1, "the gap to be seen");
        Assert.Equal(["others"], TagsFor(node, "two"));
        await Node.UntilAsync(() => told.OfType<RoomSyncRequest>().Any(static asked => asked.Ask > 0), "the node to ask what it missed");

        peer.Tell(new Announce(2, [new RoomChange("/", "two", true), new RoomChange("/", "one", false)]), own);
        peer.Tell(new Announce(3, [new RoomChange("/", "three", true)]), own);
        peer.Tell(new Announce(2, [new RoomChange("/", "one", true)]), own); // an old one once more: confirmed, not taken
        peer.Tell(new RoomSyncReply(3, told.OfType<RoomSyncRequest>().Last().Ask), own);
        await Node.UntilAsync(() => peers.Unsynchronised.Length == 0, "the gap to be closed");
        Assert.Equal([false, true, true], new[] { "one", "two", "three" }.Select(room => TagsFor(node, room).Length == 1));
        await Node.UntilAsync(() => told.OfType<AnnounceReply>().LastOrDefault()?.Sequence == 3, "the last round to be confirmed");
    }

    [Fact]
    public async Task Word_that_is_lost_is_asked_for_and_told_again_until_it_has_come()
    {
        var told = new ConcurrentQueue<IClusterMessage>();
        var asked = 0;
        IActorRef? peer = null; // only a hello has a sender
        await using var node = await Node.StartAsync();
        await using var other = await ClusterSystem.JoinAsync(node, (message, sender, self) =>
        {
            told.Enqueue(message);
            if (message is Hello hello)
            {
                peer = sender;
                sender.Tell(hello with { Tag = "others", Key = new byte[32], HasShards = false }, self);
                sender.Tell(new Announce(1, [new RoomChange("/", "one", true)]), self); // and the RoomSyncReply behind it is lost
            }
            if (message is RoomSyncRequest ask && Interlocked.Increment(ref asked) >= 3) // so are the first answers
                peer!.Tell(new RoomSyncReply(1, ask.Ask), self);
        });
        var peers = ((ClusterAdapter)node.Server.Server.Adapter).Peers;
        await Node.UntilAsync(() => peers is { All.Length: 1, Unsynchronised.Length: 0 }, "the peer to be synchronised");
        Assert.Empty(TagsFor(node, "two"));
        Assert.Equal(["others"], TagsFor(node, "one"));
        // What stands is told without being asked, however often: broadcasts that were lost are counted though none follows.
        await Node.UntilAsync(
            () => told.OfType<PeerStatus>().Count(static standing => standing.HasShards) >= 2,
            "the node to say twice how many broadcasts there were, and that its shards are there"
        );
    }

    [Fact]
    public async Task What_was_meant_for_a_process_that_is_gone_does_not_reach_the_one_that_came_to_its_address()
    {
        // nobody is downed meanwhile
        await using var node = await Node.StartAsync(static cluster => cluster.StableAfter = TimeSpan.FromMinutes(5));
        var first = await ClusterSystem.JoinAsync(node, static (message, sender, self) =>
        {
            if (message is Hello hello)
                sender.Tell(hello with { Tag = "others", Key = new byte[32], HasShards = false }, self);
        });
        var peers = ((ClusterAdapter)node.Server.Server.Adapter).Peers;
        await Node.UntilAsync(() => peers.All.Length == 1, "the other node to be met");
        var links = peers.All[0].Links;
        var address = first.Address;
        await first.CrashAsync();

        var batches = new ConcurrentQueue<LinkBatch>();
        var second = await ClusterSystem.StartAsync(address.Port!.Value, (message, _, _) =>
        {
            if (message is LinkBatch batch)
                batches.Enqueue(batch);
        });
        try
        {
            // By its path the second one's actor is reached; what the node still tells the first one goes the same way.
            var byPath = node
                .Services.GetRequiredService<ActorSystem>()
                .ActorSelection(new RootActorPath(address) + "user/actorsocket/peers/links");
            await Node.UntilAsync(
                () =>
                {
                    links.TellAnswerLeft(7);
                    byPath.Tell(Packed.Of(new LinkBatch([], 77)));
                    return batches.Count(static batch => batch.Number == 77) >= 20;
                },
                "the second process to be reached by the path");
            Assert.All(batches, static batch => Assert.Equal(77, batch.Number));
        }
        finally
        {
            await second.CrashAsync();
        }
    }

    /// <summary>The nodes that a broadcast to a room goes to.</summary>
    private static string[] TagsFor(Node node, string room)
    {
        var services = node.Server.Server;
        return [.. ((ClusterAdapter)services.Adapter).Peers.For("/", RoomSelection.Everyone.To([room])).Select(static peer => peer.Tag)];
    }

    private sealed class ThreeNodes(Node[] nodes) : IAsyncDisposable
    {
        public Node[] Nodes => nodes;

        public static async Task<ThreeNodes> StartAsync()
        {
            var first = await Node.StartAsync();
            Node[] nodes = [first, .. await Task.WhenAll(Node.JoinAsync(first), Node.JoinAsync(first))];
            await Node.MeetAsync(nodes);
            foreach (var node in nodes)
                await Node.UntilAsync(
                    () => ((ClusterAdapter)node.Server.Server.Adapter).Peers is { All.Length: 2, Unsynchronised.Length: 0 },
                    "the nodes to know each other's rooms"
                );
            return new ThreeNodes(nodes);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var node in nodes)
                await node.DisposeAsync();
        }
    }
}
