using System.Collections.Concurrent;
using ActorSocket.Clustering;

namespace ActorSocket.IntegrationTests.Cluster.Rooms;

/// <summary>How many are in a room, which rooms there are and which users are online, over several nodes with real remoting.</summary>
public sealed class PresenceTests
{
    [Fact]
    public async Task Members_are_counted_and_rooms_are_listed_over_all_nodes()
    {
        static void Map(ActorSocketServer io) =>
            io.OnConnection(static socket => socket.On("join", async (string room) => await socket.JoinAsync(room)));
        await using var first = await Node.StartAsync(map: Map);
        await using var second = await Node.JoinAsync(first, Map);
        await Node.MeetAsync(first, second);
        await using var ada = await PollingClient.ConnectAsync(first, "Ada");
        await using var bob = await PollingClient.ConnectAsync(second, "Bob");
        await using var eve = await PollingClient.ConnectAsync(second, "Eve");
        await first.Server.Sockets.Single().JoinAsync(["red", "blue"]);
        foreach (var socket in second.Server.Sockets)
            await socket.JoinAsync(["red", "green"]);
        foreach (var io in (ActorSocketServer[])[first.Server, second.Server])
        {
            Assert.Equal(
                (3, 1, 2, 0, 3),
                (
                    await io.CountAsync("red"),
                    await io.CountAsync("blue"),
                    await io.CountAsync("green"),
                    await io.CountAsync("nobody"),
                    await io.CountAsync()
                )
            );
            Assert.Equal((3, 1), (await io.To("blue", "green").CountAsync(), await io.In("red").Except("green").CountAsync()));
            Assert.Equal(1, await io.CountAsync(second.Server.Sockets.First().Id)); // its own room is known by its name
            Assert.Equal(["blue", "green", "red"], await io.RoomsAsync());
            Assert.Equal(["blue", "green"], await io.RoomsAsync(limit: 2));
            Assert.Equal(["red"], await io.RoomsAsync(after: "green", limit: 2));
            Assert.Equal(["green"], await io.RoomsAsync("g"));
        }
        Assert.Equal((1, 2), (await first.Server.To("red").Local.CountAsync(), await second.Server.To("red").Local.CountAsync()));

        // A room that is left counts no member at once, though the directory keeps it for a while.
        await first.Server.Sockets.Single().LeaveAsync(["red", "blue"]);
        Assert.Equal((2, 0), (await second.Server.CountAsync("red"), await second.Server.CountAsync("blue")));
        Assert.Equal(["green", "red"], await second.Server.RoomsAsync());
    }

    [Fact]
    public async Task A_node_that_does_not_answer_is_said_with_what_the_others_did()
    {
        await using var node = await Node.StartAsync();
        await Node.MeetAsync(node);
        await using var client = await PollingClient.ConnectAsync(node, "Ada");
        var silent = new Peer("silent", Akka.Actor.ActorRefs.Nobody, [], new LinkHub());
        var peers = ((ClusterAdapter)node.Server.Server.Adapter).Peers;
        peers.Add(silent);
        try
        {
            var counted = await Assert.ThrowsAsync<ClusterTimeoutException>(() =>
                node.Server.Timeout(TimeSpan.FromMilliseconds(200)).CountAsync()
            );
            Assert.Equal((1, 1), (counted.Missing, counted.Count));
        }
        finally
        {
            peers.Remove(silent);
        }
    }

    [Fact]
    public async Task Users_are_known_on_every_node_who_joins_later_too_and_a_crash_takes_its_own_along()
    {
        await using var first = await StartAsync(null);
        await using var second = await StartAsync(first.Node);
        await Node.MeetAsync(first.Node, second.Node);
        await using var ada = await ConnectAsync(first, "ada");
        await using var again = await ConnectAsync(second, "ada");
        await using var bob = await ConnectAsync(second, "bob");
        foreach (var node in (Online[])[first, second])
        {
            await Node.UntilAsync(() => node.DevicesOf("ada") == 2 && node.DevicesOf("bob") == 1, "both to be known");
            Assert.Equal(["ada", "bob"], node.Users.List().Select(static user => user.UserId), StringComparer.Ordinal);
        }

        var third = await StartAsync(first.Node);
        await using (third)
        {
            await Node.MeetAsync(first.Node, second.Node, third.Node);
            await Node.UntilAsync(() => third.DevicesOf("ada") == 2 && third.DevicesOf("bob") == 1, "the new node to know both");
            var eve = await ConnectAsync(third, "eve");
            var tablet = await ConnectAsync(third, "bob");
            await Node.UntilAsync(() => first.DevicesOf("eve") == 1 && second.DevicesOf("bob") == 2, "the third node's to be known");
            await third.Node.CrashAsync();
        }
        foreach (var node in (Online[])[first, second])
        {
            await Node.UntilAsync(() => !node.Users.IsOnline("eve"), "the users of the node that crashed to be gone");
            Assert.Equal((2, 1), (node.DevicesOf("ada"), node.DevicesOf("bob")));
            Assert.False(node.Users.Find("eve")!.IsOnline);
            await Node.UntilAsync(() => node.Heard.Contains("eve left", StringComparer.Ordinal), "the end of the user to be told");
            Assert.Equal(
                ["ada came", "bob came", "eve came", "eve left"],
                node.Heard.Order(StringComparer.Ordinal),
                StringComparer.Ordinal
            );
        }
    }

    [Fact]
    public async Task Who_comes_back_by_another_node_has_neither_left_nor_come()
    {
        await using var first = await StartAsync(null, TimeSpan.FromSeconds(30));
        await using var second = await StartAsync(first.Node, TimeSpan.FromSeconds(30));
        await Node.MeetAsync(first.Node, second.Node);
        var before = await ConnectAsync(first, "ada");
        await Node.UntilAsync(() => second.Heard.Contains("ada came", StringComparer.Ordinal), "the user to be known");
        await before.DisposeAsync();
        await Node.UntilAsync(() => second.DevicesOf("ada") == 0, "the device to be gone");
        Assert.True(second.Users.IsOnline("ada"));
        await using var after = await ConnectAsync(second, "ada");
        await using var fence = await ConnectAsync(second, "fence");
        foreach (var node in (Online[])[first, second])
            await Node.UntilAsync(() => node.Heard.Contains("fence came", StringComparer.Ordinal), "the fence");
        Assert.Equal(1, first.DevicesOf("ada"));
        foreach (var node in (Online[])[first, second])
            Assert.Equal(["ada came", "fence came"], node.Heard, StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_socket_that_is_lost_and_recovered_elsewhere_is_a_user_who_was_there_all_along()
    {
        static void Recover(ActorSocketOptions options) => options.ConnectionStateRecovery = new RecoveryOptions();
        await using var first = await StartAsync(null, TimeSpan.FromSeconds(30), Recover);
        await using var second = await StartAsync(first.Node, TimeSpan.FromSeconds(30), Recover);
        await Node.MeetAsync(first.Node, second.Node);
        var client = await ConnectAsync(first, "ada");
        var pid = client.Connected.GetProperty("pid").GetString();
        var socket = Assert.Single(first.Node.Server.Sockets);
        await socket.CloseConnectionAsync();
        await Node.UntilAsync(() => first.DevicesOf("ada") == 0, "the socket to be lost");
        await using var back = await PollingClient.ConnectAsync(second.Node, "ada", $$"""{"pid":"{{pid}}","user":"ada"}""");
        await Node.UntilAsync(() => first.DevicesOf("ada") == 1 && second.DevicesOf("ada") == 1, "the socket to be back");
        Assert.True(Assert.Single(second.Node.Server.Sockets).Recovered);
        foreach (var node in (Online[])[first, second])
            Assert.Equal("ada came", Assert.Single(node.Heard));
    }

    private static Task<PollingClient> ConnectAsync(Online node, string user) =>
        PollingClient.ConnectAsync(node.Node, user, $$"""{"user":"{{user}}"}""");

    private static async Task<Online> StartAsync(
        Node? first, TimeSpan? grace = null, Action<ActorSocketOptions>? configure = null)
    {
        var heard = new ConcurrentQueue<string>();
        var node = await Node.StartAsync(
            cluster =>
            {
                if (first is not null)
                    cluster.SeedNodes.Add(first.Seed);
            },
            io =>
            {
                io.UsePresence(presence =>
                {
                    presence.UserId = static socket => socket.Handshake.Auth.GetProperty("user").GetString();
                    presence.GraceTime = grace ?? TimeSpan.FromMilliseconds(200);
                });
                io.Users.OnCame(user => heard.Enqueue($"{user} came"));
                io.Users.OnLeft((user, _) => heard.Enqueue($"{user} left"));
            },
            options: configure,
            hocon: "akka.coordinated-shutdown.run-by-actor-system-terminate = off"
        );
        return new Online(node, heard);
    }

    private sealed record Online(Node Node, ConcurrentQueue<string> Heard) : IAsyncDisposable
    {
        public UserDirectory Users => Node.Server.Users;

        public int? DevicesOf(string user) => Users.Find(user)?.Devices;

        public ValueTask DisposeAsync() => Node.DisposeAsync();
    }
}
