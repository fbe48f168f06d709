using ActorSocket.Protocol.SocketIo;
using Akka.Actor;

namespace ActorSocket.Tests.Engine.Sessions;

public sealed class HeartbeatTests : ServerTest
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(25), Timeout = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_session_is_pinged_after_the_interval_and_again_after_each_pong()
    {
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(NewServer(static o => o.ConnectTimeout = TimeSpan.FromHours(1)), webSocket);
        for (var i = 0; i < 3; i++)
        {
            Clock.Advance(Interval);
            Assert.Equal("2", await webSocket.NextAsync());
            session.Send("3");
            await HandledAsync(session.Session);
        }
    }

    [Fact]
    public async Task A_session_that_misses_its_pong_is_closed_and_its_sid_forgotten()
    {
        var server = NewServer();
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(server, webSocket);
        Clock.Advance(Interval);
        Assert.Equal("2", await webSocket.NextAsync());
        await HandledAsync(session.Session);
        Clock.Advance(Timeout);
        await ExpectTerminatedAsync(session.Session);
        Assert.Equal("close", await webSocket.NextAsync());
        await webSocket.Closed.Task.WaitAsync(Patience);
        Assert.False(server.Engine.Sessions.TryGet(session.Connection.Sid, out _));
    }

    [Fact]
    public async Task Other_traffic_does_not_stand_in_for_a_pong()
    {
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(NewServer(static o => o.ConnectTimeout = TimeSpan.FromHours(1)), webSocket);
        Clock.Advance(Interval);
        Assert.Equal("2", await webSocket.NextAsync());
        session.Send("6");
        await HandledAsync(session.Session);
        Clock.Advance(Timeout);
        await ExpectTerminatedAsync(session.Session);
    }

    [Fact]
    public async Task A_ping_to_a_polling_client_releases_its_waiting_get()
    {
        var session = await OpenAsync(NewServer());
        var poll = session.Park();
        Clock.Advance(Interval);
        Assert.Equal("2", await poll.WaitAsync(Patience));
    }

    [Fact]
    public async Task The_pong_deadline_rests_while_reading_is_paused_but_not_for_ever()
    {
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(NewServer(static o => o.ConnectTimeout = TimeSpan.FromHours(1)), webSocket);
        Clock.Advance(Interval);
        Assert.Equal("2", await webSocket.NextAsync());
        session.Session.Tell(ActorSocket.Sessions.SessionProtocol.ReadingPaused.Instance);
        await HandledAsync(session.Session);
        Clock.Advance(Timeout);
        await HandledAsync(session.Session);
        Clock.Advance(TimeSpan.FromSeconds(10));
        await ExpectTerminatedAsync(session.Session);
    }

    [Fact]
    public async Task A_polling_session_whose_time_is_over_is_unknown_though_nobody_has_said_so_yet()
    {
        var server = NewServer();
        var session = await OpenAsync(server);
        Clock.Advance(Interval);
        Assert.Equal("2", await session.PollAsync());
        await HandledAsync(session.Session);
        var wait = session.Connection.HeartbeatDeadline!;
        wait.Cancel(); // as if its alarm were late
        Clock.Advance(Timeout - TimeSpan.FromTicks(1));
        Assert.True(server.Engine.Sessions.TryGet(session.Connection.Sid, out _));
        Clock.Advance(TimeSpan.FromTicks(1));
        Assert.False(server.Engine.Sessions.TryGet(session.Connection.Sid, out _));
        await ExpectTerminatedAsync(session.Session);
    }

    [Fact]
    public async Task A_pong_that_was_read_counts_before_the_session_has_heard_of_it()
    {
        var server = NewServer(static o => o.ConnectTimeout = TimeSpan.FromHours(1));
        var session = await OpenAsync(server);
        Clock.Advance(Interval);
        Assert.Equal("2", await session.PollAsync());
        await HandledAsync(session.Session);
        session.Send("3");
        Assert.Null(session.Connection.HeartbeatDeadline);
        Assert.True(server.Engine.Sessions.TryGet(session.Connection.Sid, out _));
    }

    [Fact]
    public async Task A_pong_counts_though_its_deadline_was_set_while_it_was_read()
    {
        var server = NewServer(static o => o.ConnectTimeout = TimeSpan.FromHours(1));
        var session = await OpenAsync(server);
        Clock.Advance(Interval);
        Assert.Equal("2", await session.PollAsync());
        await HandledAsync(session.Session);
        Assert.NotNull(session.Connection.HeartbeatDeadline);
        session.Session.Tell(ActorSocket.Sessions.SessionProtocol.PongReceived.Instance); // whoever read it took back what was there then
        await HandledAsync(session.Session);
        Clock.Advance(Timeout);
        Assert.True(server.Engine.Sessions.TryGet(session.Connection.Sid, out _));
    }

    [Fact]
    public async Task A_polling_client_that_fetches_much_bit_by_bit_gets_its_ping_in_time_and_lives()
    {
        var server = NewServer(static o =>
        {
            o.ConnectTimeout = TimeSpan.FromHours(1);
            o.MaxPacketsPerPoll = 16;
        });
        var session = await OpenAsync(server);
        for (var i = 0; i < 5000; i++)
            session.Connection.Outbound.Append(EncodedFrame.Control("4x"u8));
        var got = 0;
        while (got < 5000)
        {
            var packets = (await session.PollAsync()).Split('|');
            if (packets.Contains("2"))
                session.Send("3");
            got += packets.Count(static packet => packet == "4x");
            await HandledAsync(session.Session);
            Clock.Advance(TimeSpan.FromMilliseconds(500)); // a slow round trip: 2 min 36 s in all
            await HandledAsync(session.Session);
        }
        Assert.True(server.Engine.Sessions.TryGet(session.Connection.Sid, out _));
    }

    private async Task ExpectTerminatedAsync(IActorRef session) => await ExpectTerminatedAsync(session, Patience);
}
