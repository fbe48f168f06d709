using ActorSocket.Clustering;
using ActorSocket.IntegrationTests.Persistence;

namespace ActorSocket.IntegrationTests.Cluster.Entities;

/// <summary>Seats whose sockets and entity are on different nodes, which leave and crash.</summary>
public sealed class SeatMoveTests
{
    [Fact]
    public async Task A_seat_is_lost_on_one_node_and_returned_to_on_another_by_recovery_and_by_its_token()
    {
        var seating = new Seating();
        await using var first = await seating.StartAsync();
        await using var second = await seating.StartAsync(first);
        await using var third = await seating.StartAsync(first);
        await Node.MeetAsync(first, second, third);
        var id = await seating.OneOnAsync(second, first);
        var client = await PollingClient.ConnectAsync(first, "client");
        var token = await seating.TakeAsync(first, id, client);
        var claim = await Seating.ClaimOfAsync(client);
        await ReplicaAsync(first, second, third);
        await client.DisposeAsync();
        await seating.UntilAsync(id, "joined 1", "lost 1");

        var again = await PollingClient.ConnectAsync(third, "client", claim);
        Assert.Equal(Seating.SocketIdOf(client), Seating.SocketIdOf(again));
        await seating.UntilAsync(id, "joined 1", "lost 1", "returned 1");
        await again.DisposeAsync();
        await seating.UntilAsync(id, "joined 1", "lost 1", "returned 1", "lost 1");

        var other = await PollingClient.ConnectAsync(first, "client");
        await seating.ReturnAsync(first, id, token, other);
        third.Server.To("game:" + id).Emit("hello");
        Assert.Contains("hello", await other.NextAsync(), StringComparison.Ordinal);
        await other.SendAsync("41");
        await seating.UntilAsync(
            id, "joined 1", "lost 1", "returned 1", "lost 1", "returned 1", "left 1 Disconnected");
        await seating.Of(first).InvokeAsync(id, "retire"); // it looks for the socket before until it cannot be recovered any more
        await Node.UntilAsync(
            () => Array.TrueForAll((Node[])[first, second, third], static node => node.Server.Server.WatchedSockets.Count == 0),
            "nobody to watch anything any more"
        );
        await other.DisposeAsync();
    }

    [Fact]
    public async Task Seats_are_taken_and_returned_to_while_a_node_that_has_nothing_to_do_with_them_is_unreachable()
    {
        var seating = new Seating();
        await using var node = await seating.StartAsync();
        await Node.MeetAsync(node);
        await using var client = await PollingClient.ConnectAsync(node, "client");
        await using var other = await PollingClient.ConnectAsync(node, "other");
        var peers = ((ClusterAdapter)node.Server.Server.Adapter).Peers;
        var away = new Peer("away--", Akka.Actor.ActorRefs.Nobody, [], new LinkHub());
        away.SetReachable(false);
        peers.Add(away);
        try
        {
            var token = await seating.TakeAsync(node, "a", client);
            await seating.ReturnAsync(node, "a", token, other);
        }
        finally
        {
            peers.Remove(away);
        }
        Assert.Equal(["joined 1", "lost 1", "returned 1"], seating.StoryOf("a"));
    }

    [Fact]
    public async Task A_client_that_returns_before_the_crash_of_its_node_is_known_has_its_seat_at_once()
    {
        var seating = new Seating();
        await using var first = await seating.StartAsync();
        await using var second = await seating.StartAsync(first);
        await using var third = await seating.StartAsync(first);
        await Node.MeetAsync(first, second, third);
        var id = await seating.OneOnAsync(second, first);
        var token = await seating.TakeAsync(third, id, await PollingClient.ConnectAsync(third, "client"));
        await using var again = await PollingClient.ConnectAsync(first, "client");
        await third.CrashAsync();
        await seating.ReturnAsync(first, id, token, again); // within RequestTimeout
        Assert.Equal(["joined 1", "lost 1", "returned 1"], seating.StoryOf(id));
        await Node.UntilAsync(() => first.UpMembers == 2, "the other node to be removed");
        await again.SendAsync("41");
        await seating.UntilAsync(id, "joined 1", "lost 1", "returned 1", "left 1 Disconnected");
    }

    [Fact]
    public async Task When_a_node_crashes_the_seats_of_its_sockets_are_lost_and_kept()
    {
        var seating = new Seating();
        await using var first = await seating.StartAsync();
        await using var second = await seating.StartAsync(first);
        await using var third = await seating.StartAsync(first);
        await Node.MeetAsync(first, second, third);
        var id = await seating.OneOnAsync(second, first);
        var gone = await PollingClient.ConnectAsync(third, "gone");
        await using var stays = await PollingClient.ConnectAsync(first, "stays");
        var token = await seating.TakeAsync(first, id, gone);
        await seating.TakeAsync(first, id, stays);
        await third.CrashAsync();
        await seating.UntilAsync(id, "joined 1", "joined 2", "lost 1");
        await using var again = await PollingClient.ConnectAsync(first, "gone");
        await seating.ReturnAsync(first, id, token, again);
        Assert.Equal(["joined 1", "joined 2", "lost 1", "returned 1"], seating.StoryOf(id));
    }

    [Fact]
    public async Task When_the_entitys_node_crashes_its_seats_are_those_that_were_saved_and_their_stories_go_on()
    {
        using var file = new StoreFile();
        var seating = new Seating { StorePath = file.Path };
        await using var first = await seating.StartAsync();
        await using var second = await seating.StartAsync(first);
        await using var third = await seating.StartAsync(first);
        await Node.MeetAsync(first, second, third);
        var id = await seating.OneOnAsync(third, first);
        await using var stays = await PollingClient.ConnectAsync(first, "stays");
        var lost = await PollingClient.ConnectAsync(first, "lost");
        var gone = await PollingClient.ConnectAsync(third, "gone");
        await seating.TakeAsync(first, id, stays);
        var lostToken = await seating.TakeAsync(first, id, lost);
        var goneToken = await seating.TakeAsync(first, id, gone);
        await lost.DisposeAsync();
        await seating.UntilAsync(id, "joined 1", "joined 2", "joined 3", "lost 2");
        await seating.Of(first).InvokeAsync(id, "save");

        await third.CrashAsync();
        await seating.UntilAsync(id, "joined 1", "joined 2", "joined 3", "lost 2", "lost 3");
        Assert.False(seating.HomeOf(id) == third.Server.NodeTag);
        await using var lostAgain = await PollingClient.ConnectAsync(first, "lost");
        await using var goneAgain = await PollingClient.ConnectAsync(second, "gone");
        await seating.ReturnAsync(second, id, lostToken, lostAgain);
        await seating.ReturnAsync(first, id, goneToken, goneAgain);
        Assert.Equal(["returned 2", "returned 3"], seating.StoryOf(id)[5..]);
        Assert.Equal(
            ["1  (Connected)", "2  (Connected)", "3  (Connected)"],
            (await seating.Of(first).InvokeAsync<string[]>(id, "members"))!
        );
        Assert.Equal(3, await seating.Of(first).InvokeAsync<int>(id, "joined"));
    }

    [Fact]
    public async Task An_entity_that_moves_takes_its_seats_along_and_grace_times_go_on()
    {
        var seating = new Seating();
        await using var first = await seating.StartAsync();
        var second = await seating.StartAsync(first);
        await Node.MeetAsync(first, second);
        var id = await seating.OneOnAsync(second, first);
        var lost = await PollingClient.ConnectAsync(first, "lost");
        var late = await PollingClient.ConnectAsync(first, "late");
        await using var stays = await PollingClient.ConnectAsync(first, "stays");
        var token = await seating.TakeAsync(first, id, lost);
        await seating.TakeAsync(first, id, late);
        await lost.DisposeAsync();
        await seating.UntilAsync(id, "joined 1", "joined 2", "lost 1");
        await seating.TakeAsync(first, id, stays);
        await second.StopAsync();
        await second.DisposeAsync();
        await Node.UntilAsync(() => seating.HomeOf(id) == first.Server.NodeTag, "the entity to move");

        await using var again = await PollingClient.ConnectAsync(first, "lost");
        await seating.ReturnAsync(first, id, token, again);
        await late.DisposeAsync(); // watched from its new node
        await seating.UntilAsync(id, "joined 1", "joined 2", "lost 1", "joined 3", "returned 1", "lost 2");
        await seating.Of(first).InvokeAsync(id, "set", 10, false, 50);
        await seating.UntilAsync(
            id, "joined 1", "joined 2", "lost 1", "joined 3", "returned 1", "lost 2", "left 2 GraceTimeOver");
    }

    [Fact]
    public async Task One_without_a_state_takes_its_seats_along_too()
    {
        RoomEntities<Bench> benches = null!;
        await using var first = await Node.StartAsync(map: io => benches = MapBenches(io));
        var second = await Node.JoinAsync(first, static io => MapBenches(io));
        await Node.MeetAsync(first, second);
        await using var client = await PollingClient.ConnectAsync(first, "client");
        string[] ids = [.. Enumerable.Range(0, 8).Select(static number => "bench " + number)];
        foreach (var id in ids)
            Assert.Equal(1, await benches.InvokeAsync<long>(id, "sit", Seating.SocketIdOf(client)));
        await second.StopAsync();
        await second.DisposeAsync();
        foreach (var id in ids)
            Assert.Equal(1, await benches.InvokeAsync<long>(id, "number", Seating.SocketIdOf(client)));
        await client.SendAsync("41"); // watched from where each lives now
        foreach (var id in ids)
            await Node.UntilAsync(
                () => benches.InvokeAsync<long>(id, "number", Seating.SocketIdOf(client)).Result == 0,
                "the seat to be left"
            );

        static RoomEntities<Bench> MapBenches(ActorSocketServer io)
        {
            io.OnConnection(static _ => { });
            return io.MapEntities<Bench>("bench");
        }
    }

    private sealed class Bench : RoomEntity
    {
        [Event("sit")]
        public async Task<long> SitAsync(string socketId) => (await Seats.TakeAsync(socketId)).Number;

        [Event("number")]
        public long Number(string socketId) => Seats.Find(socketId)?.Number ?? 0;
    }

    private static Task ReplicaAsync(Node of, params Node[] others) => Node.UntilAsync(
        () => others.Any(other =>
            ((ClusterAdapter)other.Server.Server.Adapter).Recovery.Replicas.Find(of.Server.NodeTag, "/") is not null),
        "another node to have the first one's replica");
}
