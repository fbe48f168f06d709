using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.TestKit.Tests;

/// <summary>Queues for matches, as an application has them: clients wait, are told where to play, and sit down there.</summary>
public sealed class MatchQueueTests
{
    private static readonly ConditionalWeakTable<ActorSocketServer, Classes> Mapped = new(); // of each node

    [Fact]
    public async Task Two_are_matched_and_find_their_seats_and_a_third_has_none()
    {
        await using var server = await StartAsync();
        var (ada, bob, eve) = (await server.ConnectAsync(), await server.ConnectAsync(), await server.ConnectAsync());
        Assert.Equal(1, await ada.EmitWithAckAsync<long>("queue", "ada", 1500));
        await server.AdvanceAsync(TimeSpan.FromSeconds(5));
        await ada.ExpectNothingAsync();
        await bob.EmitWithAckAsync<long>("queue", "bob", 1562);
        await server.AdvanceAsync(TimeSpan.FromSeconds(1));
        await bob.ExpectNothingAsync(); // bob accepts fifty, and ten more with each second
        await server.AdvanceAsync(TimeSpan.FromSeconds(0.5));
        var (hers, his) = (await ada.ExpectAsync<SeatReservation>("matched"), await bob.ExpectAsync<SeatReservation>("matched"));
        Assert.Equal(hers!.Id, his!.Id);
        Assert.Equal(0, await eve.EmitWithAckAsync<int>("waiting"));

        Assert.Equal("ada", await ada.EmitWithAckAsync<string>("play", hers.Id, hers.Token));
        Assert.Equal("bob", await bob.EmitWithAckAsync<string>("play", his.Id, his.Token));
        Assert.Equal(["ada 1500", "bob 1562"], (await eve.EmitWithAckAsync<string[]>("players", hers.Id))!);
        Assert.Equal("SEATS_FULL", await CodeOfAsync(server, duels => duels.ReserveAsync(hers.Id, ["eve"])));
    }

    [Fact]
    public async Task Who_does_not_come_in_time_frees_the_seat()
    {
        await using var server = await StartAsync();
        var (ada, bob) = (await server.ConnectAsync(), await server.ConnectAsync());
        await ada.EmitWithAckAsync<long>("queue", "ada", 0);
        await bob.EmitWithAckAsync<long>("queue", "bob", 0);
        await server.AdvanceAsync(TimeSpan.FromSeconds(1));
        var seat = await ada.ExpectAsync<SeatReservation>("matched");
        await server.AdvanceAsync(TimeSpan.FromSeconds(16));
        var late = await Assert.ThrowsAnyAsync<Exception>(() => ada.EmitWithAckAsync<string>("play", seat!.Id, seat.Token));
        Assert.Contains("never there", late.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_finds_nobody_is_told_and_who_cancels_or_goes_is_out()
    {
        await using var server = await StartAsync();
        var (ada, bob, eve) = (await server.ConnectAsync(), await server.ConnectAsync(), await server.ConnectAsync());
        await ada.EmitWithAckAsync<long>("queue", "ada", 0);
        await server.AdvanceAsync(TimeSpan.FromSeconds(29));
        await ada.ExpectNothingAsync();
        await server.AdvanceAsync(TimeSpan.FromSeconds(1.5));
        Assert.Equal("timedOut", await ada.ExpectAsync<string>("unmatched"));

        await ada.EmitWithAckAsync<long>("queue", "ada", 0);
        Assert.True(await ada.EmitWithAckAsync<bool>("cancel"));
        Assert.Equal("cancelled", await ada.ExpectAsync<string>("unmatched"));
        Assert.False(await ada.EmitWithAckAsync<bool>("cancel"));

        await ada.EmitWithAckAsync<long>("queue", "ada", 0);
        await ada.DropAsync();
        await server.SettleAsync();
        await bob.EmitWithAckAsync<long>("queue", "bob", 0);
        await server.AdvanceAsync(TimeSpan.FromSeconds(2));
        await bob.ExpectNothingAsync();
        Assert.Equal(1, await eve.EmitWithAckAsync<int>("waiting"));
    }

    [Fact]
    public async Task A_party_plays_together_and_leaves_together()
    {
        await using var server = await StartAsync();
        var (ada, bob, eve) = (await server.ConnectAsync(), await server.ConnectAsync(), await server.ConnectAsync());
        await ada.EmitWithAckAsync<long>("party", bob.Id);
        await bob.DropAsync();
        Assert.Equal("playerGone", await ada.ExpectAsync<string>("unmatched"));
        await server.SettleAsync();
        Assert.Equal(0, await eve.EmitWithAckAsync<int>("waiting"));
        await ada.EmitWithAckAsync<long>("party", eve.Id);
        await server.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(
            (await ada.ExpectAsync<SeatReservation>("matched"))!.Id,
            (await eve.ExpectAsync<SeatReservation>("matched"))!.Id
        );
    }

    [Fact]
    public async Task Requests_that_cannot_be_are_refused_with_a_code()
    {
        await using var server = await StartAsync();
        var ada = await server.ConnectAsync();
        var queue = server.Services.GetRequiredService<RoomEntities<DuelQueue, IMatchQueue>>().Get("any");
        await queue.JoinAsync(MatchRequest.Of(ada.Id));
        Assert.Equal("ALREADY_QUEUED", await CodeOfAsync(() => queue.JoinAsync(MatchRequest.Of(ada.Id))));
        Assert.Equal("BAD_REQUEST", await CodeOfAsync(() => queue.JoinAsync(new MatchRequest([]))));
        var three = new[] { new MatchPlayer("a"), new MatchPlayer("b"), new MatchPlayer("c") };
        Assert.Equal("BAD_REQUEST", await CodeOfAsync(() => queue.JoinAsync(new MatchRequest(three))));
        Assert.Equal("BAD_REQUEST", await CodeOfAsync(() => queue.JoinAsync(new MatchRequest([three[0], three[0]]))));
        var much = JsonSerializer.SerializeToElement(new string('x', 4100));
        Assert.Equal("BAD_REQUEST", await CodeOfAsync(() => queue.JoinAsync(new MatchRequest([three[0]], Properties: much))));
        for (var i = 0; i < 4; i++)
            await queue.JoinAsync(MatchRequest.Of((await server.ConnectAsync()).Id, rank: 10_000 * (i + 1)));
        var late = await server.ConnectAsync();
        Assert.Equal("QUEUE_FULL", await CodeOfAsync(() => queue.JoinAsync(MatchRequest.Of(late.Id))));
        Assert.Equal(5, await queue.CountAsync());
    }

    [Fact]
    public async Task When_no_place_is_found_they_wait_on_in_their_order()
    {
        await using var server = await StartAsync();
        var (ada, bob) = (await server.ConnectAsync(), await server.ConnectAsync());
        await ada.EmitWithAckAsync<long>("queue", "refused", 0);
        await bob.EmitWithAckAsync<long>("queue", "bob", 0);
        await server.AdvanceAsync(TimeSpan.FromSeconds(10));
        await ada.ExpectNothingAsync();
        await bob.ExpectNothingAsync();
        Assert.True(await ada.EmitWithAckAsync<bool>("cancel"));
        await ada.ExpectAsync("unmatched");
        var eve = await server.ConnectAsync();
        await eve.EmitWithAckAsync<long>("queue", "eve", 0);
        await server.AdvanceAsync(TimeSpan.FromSeconds(10)); // he is passed over for a while, longer each time
        await bob.ExpectAsync("matched");
        await eve.ExpectAsync("matched");

        await ada.EmitWithAckAsync<long>("queue", "refused", 0);
        await eve.EmitWithAckAsync<long>("queue", "eve", 0);
        await server.AdvanceAsync(TimeSpan.FromSeconds(31));
        Assert.Equal("timedOut", await eve.ExpectAsync<string>("unmatched")); // and not put off for ever
    }

    [Fact]
    public async Task Who_could_not_be_placed_together_do_not_choose_each_other_again_and_again()
    {
        await using var server = await StartAsync();
        var (ada, bob, eve) = (await server.ConnectAsync(), await server.ConnectAsync(), await server.ConnectAsync());
        await ada.EmitWithAckAsync<long>("queue", "refused", 0);
        await bob.EmitWithAckAsync<long>("queue", "bob", 0);
        await server.AdvanceAsync(TimeSpan.FromSeconds(0.6)); // it has been tried, and they wait for a second
        await eve.EmitWithAckAsync<long>("queue", "eve", 0);
        await server.AdvanceAsync(TimeSpan.FromSeconds(15));
        await bob.ExpectAsync("matched");
        await eve.ExpectAsync("matched");
        await ada.ExpectNothingAsync();
    }

    [Fact]
    public async Task Who_waits_goes_on_waiting_when_the_queue_moves_and_is_told_when_it_is_lost()
    {
        await using var cluster = await ActorSocketTestCluster.StartAsync(4, Services, Map);
        var id = await IdOnAsync(cluster.Nodes[0], cluster.Nodes[1]);
        var queue = QueuesOf(cluster.Nodes[1]).Get(id);
        var (ada, bob) = (await cluster.Nodes[1].ConnectAsync(), await cluster.Nodes[2].ConnectAsync());
        await queue.JoinAsync(MatchRequest.Of(ada.Id, "ada"));
        await cluster.Nodes[0].LeaveAsync();
        await cluster.UntilWholeAsync();
        await queue.JoinAsync(MatchRequest.Of(bob.Id, "bob"));
        Assert.Equal(
            (await ada.ExpectAsync<SeatReservation>("matched"))!.Id,
            (await bob.ExpectAsync<SeatReservation>("matched"))!.Id
        );

        var other = await IdOnAsync(cluster.Nodes[2], cluster.Nodes[1]);
        queue = QueuesOf(cluster.Nodes[1]).Get(other);
        await queue.JoinAsync(MatchRequest.Of(ada.Id, "ada"));
        cluster.Nodes[1].Patience = TimeSpan.FromSeconds(60);
        await cluster.Nodes[2].CrashAsync();
        await cluster.UntilWholeAsync();
        Assert.Equal("queueLost", await ada.ExpectAsync<string>("unmatched"));
        await queue.JoinAsync(MatchRequest.Of(ada.Id, "ada"));
    }

    /// <summary>A queue that lives on a node.</summary>
    private static async Task<string> IdOnAsync(ActorSocketTestNode node, ActorSocketTestNode asker)
    {
        var queues = QueuesOf(asker).ByName;
        for (var number = 0; ; number++)
        {
            if (await queues.InvokeAsync<string>("queue " + number, "where") == node.Io.NodeTag)
                return "queue " + number;
        }
    }

    /// <summary>A call in the moment in which its shard moves may be lost.</summary>
    private static RoomEntities<DuelQueue, IMatchQueue> QueuesOf(ActorSocketTestNode node) =>
        node.Services.GetRequiredService<RoomEntities<DuelQueue, IMatchQueue>>().Retries(5);

    private static Task<ActorSocketTestServer> StartAsync() => ActorSocketTestServer.StartAsync(Services, Map, new VirtualClock());

    private static void Services(IServiceCollection services)
    {
        services.AddActorSocket();
        services.AddSingleton(static services => Mapped.GetOrCreateValue(services.GetRequiredService<ActorSocketServer>()).Duels!);
        services.AddSingleton(static services => Mapped.GetOrCreateValue(services.GetRequiredService<ActorSocketServer>()).Queues!);
    }

    private static void Map(ActorSocketServer io)
    {
        var mapped = Mapped.GetOrCreateValue(io);
        var duels = mapped.Duels = io.MapEntities<Duel>("duel");
        var queue = mapped.Queues = io.MapEntities<DuelQueue, IMatchQueue>("duel-queue");
        io.OnConnection(socket =>
        {
            socket.On("queue", (string name, double rank) => queue.Get("any").JoinAsync(MatchRequest.Of(socket.Id, name, rank)));
            socket.On("party", (string other) => queue.Get("any").JoinAsync(
                new MatchRequest([new MatchPlayer(socket.Id, "one"), new MatchPlayer(other, "two")])));
            socket.On("cancel", () => queue.Get("any").CancelAsync(socket.Id));
            socket.On("waiting", () => queue.Get("any").CountAsync());
            socket.On("play", (string id, string token) => duels.InvokeAsync<string>(id, "sit", token, socket.Id));
            socket.On("players", (string id) => duels.InvokeAsync<string[]>(id, "players"));
        });
    }

    private static Task<string?> CodeOfAsync(ActorSocketTestServer server, Func<RoomEntities<Duel>, Task> call) =>
        CodeOfAsync(() => call(server.Services.GetRequiredService<RoomEntities<Duel>>()));

    private static async Task<string?> CodeOfAsync(Func<Task> call) =>
        ((EventException)(await Assert.ThrowsAsync<EntityCallException>(call)).InnerException!).Code;

    private sealed class Classes
    {
        public RoomEntities<Duel>? Duels { get; set; }

        public RoomEntities<DuelQueue, IMatchQueue>? Queues { get; set; }
    }

    public sealed class Duel : RoomEntity
    {
        private string[] _players = [];

        public override Task OnStartedAsync(EntityStart start)
        {
            Seats.Capacity = 2;
            return Task.CompletedTask;
        }

        public override Task OnReservedAsync(IReadOnlyList<Seat> seats, SocketArgument options)
        {
            if (options.As<GameMatch>() is { } match)
                _players = [.. match.Tickets.Select(static ticket => $"{ticket.Request.Players[0].Name} {ticket.Request.Rank}")];
            return seats.Any(static seat => seat.Name == "refused") ? throw new EventException("not you") : Task.CompletedTask;
        }

        [Event("sit")]
        public async Task<string> SitAsync(string token, string socketId) => (await Seats.ReturnAsync(token, socketId)).Name;

        [Event("players")]
        public string[] Players() => _players;
    }

#pragma warning disable CA1711 // players queue here
    public sealed class DuelQueue(RoomEntities<Duel> duels, ActorSocketServer io) : MatchQueue<Duel>(duels)
#pragma warning restore CA1711
    {
        protected override MatchRules Rules => new()
        {
            RankRange = 50,
            RankRangeGrowth = 10,
            Timeout = TimeSpan.FromSeconds(30),
            MaxTickets = 5,
        };

        [Event("where")]
        public string Where() => io.NodeTag;
    }
}
