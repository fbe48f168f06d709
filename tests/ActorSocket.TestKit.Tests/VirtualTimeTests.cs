using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.TestKit.Tests;

/// <summary>Heartbeats, limits, ticks and timers by a clock that the test advances; nothing here waits for time to pass.</summary>
public sealed class VirtualTimeTests
{
    public static TheoryData<TestTransport> Transports => [TestTransport.WebSocket, TestTransport.Polling];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Who_answers_heartbeats_stays_and_who_does_not_is_given_up(TestTransport transport)
    {
        var reasons = new List<(string, DisconnectReason)>();
        await using var server = await ActorSocketTestServer.StartAsync(
            map: io => io.OnConnection(socket => { socket.OnDisconnect(reason => reasons.Add((socket.Id, reason))); }),
            clock: new VirtualClock());
        var awake = await server.ConnectAsync(configure: o => o.Transport = transport);
        await server.AdvanceAsync(TimeSpan.FromMinutes(10));
        Assert.True(awake.IsConnected);
        Assert.Empty(reasons);

        var asleep = await server.ConnectAsync(configure: o => (o.Transport, o.AnswerPings) = (transport, false));
        await server.AdvanceAsync(TimeSpan.FromSeconds(44.9));
        Assert.True(asleep.IsConnected);
        await server.AdvanceAsync(TimeSpan.FromSeconds(0.2));
        Assert.Equal([(asleep.Id, DisconnectReason.PingTimeout)], reasons);
        await asleep.ExpectDisconnectAsync();
        Assert.True(awake.IsConnected);
    }

    [Fact]
    public async Task Acknowledgements_run_out_of_time()
    {
        await using var server = await ActorSocketTestServer.StartAsync(
            map: static io => io.OnConnection(static _ => { }),
            clock: new VirtualClock());
        var client = await server.ConnectAsync();
        var asked = client.Socket.Timeout(TimeSpan.FromMinutes(5)).EmitWithAckAsync<int>("question");
        var room = server.Io.Timeout(TimeSpan.FromMinutes(6)).EmitWithAckAsync<int>("room");
        await client.ExpectAsync("question");
        await client.ExpectAsync("room");
        await server.AdvanceAsync(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        Assert.False(asked.IsCompleted);
        await server.AdvanceAsync(TimeSpan.FromTicks(1));
        await Assert.ThrowsAsync<AckTimeoutException>(() => asked);
        Assert.False(room.IsCompleted);
        await server.AdvanceAsync(TimeSpan.FromMinutes(1));
        await Assert.ThrowsAsync<AckTimeoutException>(() => room);
    }

    [Fact]
    public async Task Entities_tick_and_run_their_timers()
    {
        RoomEntities<Game>? games = null;
        await using var server = await ActorSocketTestServer.StartAsync(
            map: io =>
            {
                games = io.MapEntities<Game>("game", static o => o.IdleTimeout = TimeSpan.FromMinutes(10));
                io.OnConnection(async socket => await socket.JoinAsync("game"));
            },
            clock: new VirtualClock());
        var client = await server.ConnectAsync();
        await games!.InvokeAsync<bool>("1", "start");
        await client.ExpectNothingAsync();
        await server.AdvanceAsync(TimeSpan.FromSeconds(1));
        for (var tick = 1; tick <= 20; tick++)
            Assert.Equal(tick, await client.ExpectAsync<int>("tick"));
        await client.ExpectNothingAsync();
        await server.AdvanceAsync(TimeSpan.FromSeconds(2));
        await client.ExpectAsync("whistle");
    }

    [Fact]
    public async Task A_lost_socket_waits_as_long_as_it_is_to()
    {
        await using var server = await ActorSocketTestServer.StartAsync(
            static services => services.AddActorSocket(static o => o.ConnectionStateRecovery = new RecoveryOptions()),
            static io => io.OnConnection(static _ => { }),
            new VirtualClock());
        var client = await server.ConnectAsync();
        server.Io.Emit("news");
        await client.ExpectAsync("news");
        await client.DropAsync();
        await server.AdvanceAsync(TimeSpan.FromSeconds(119));
        await client.ReconnectAsync();
        Assert.True(client.Recovered);
        await client.DropAsync();
        await server.AdvanceAsync(TimeSpan.FromSeconds(121));
        await client.ReconnectAsync();
        Assert.False(client.Recovered);
    }

    [Fact]
    public async Task What_the_application_waits_for_by_TimeProvider_follows()
    {
        await using var server = await ActorSocketTestServer.StartAsync(
            map: static io => io.OnConnection(static socket =>
            {
                socket.On("later", async () =>
                {
                    var time = socket.Services.GetRequiredService<TimeProvider>();
                    await Task.Delay(TimeSpan.FromMinutes(20), time);
                    return time.GetUtcNow();
                });
            }),
            clock: new VirtualClock(new DateTimeOffset(2031, 5, 1, 0, 0, 0, TimeSpan.Zero)));
        var client = await server.ConnectAsync();
        var answer = client.EmitWithAckAsync<DateTimeOffset>("later");
        await server.SettleAsync();
        await server.AdvanceAsync(TimeSpan.FromMinutes(20));
        Assert.Equal(new DateTimeOffset(2031, 5, 1, 0, 20, 0, TimeSpan.Zero), await answer);
    }

    [Fact]
    public async Task A_clock_runs_what_is_due_in_order_and_nothing_early()
    {
        var clock = new VirtualClock();
        var said = new List<string>();
        var (one, two) = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        await using var second = clock.CreateTimer(_ => said.Add($"b {clock.Elapsed}"), null, two, two);
        await using var first = clock.CreateTimer(_ => said.Add($"a {clock.Elapsed}"), null, one, Timeout.InfiniteTimeSpan);
        await clock.AdvanceAsync(TimeSpan.FromSeconds(0.5));
        Assert.Empty(said);
        await clock.AdvanceAsync(TimeSpan.FromSeconds(4));
        Assert.Equal(["a 00:00:01", "b 00:00:02", "b 00:00:04"], said);
        second.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        await clock.AdvanceAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(3, said.Count);
        Assert.Equal(TimeSpan.FromSeconds(14.5), clock.Elapsed);
    }

    [Fact]
    public async Task A_server_with_real_time_has_no_clock()
    {
        await using var server = await ActorSocketTestServer.StartAsync();
        Assert.Throws<InvalidOperationException>(() => server.Clock);
    }

    private sealed class Game : RoomEntity
    {
        private int _ticks;

        public override TimeSpan TickInterval => TimeSpan.FromMilliseconds(50);

        [Event("start")]
        public bool Start()
        {
            After(TimeSpan.FromSeconds(3), "whistle");
            return true;
        }

        [Event("whistle")]
        public void Whistle() => Namespace.To("game").Emit("whistle");

        public override Task OnTickAsync(TimeSpan elapsed)
        {
            Namespace.To("game").Emit("tick", ++_ticks);
            return Task.CompletedTask;
        }
    }
}
