using ActorSocket.Protocol.SocketIo;
using Akka.Actor;
using static ActorSocket.Sessions.SessionProtocol;

namespace ActorSocket.Tests.Engine.Sessions;

public sealed class ClosingTests : ServerTest
{
    [Fact]
    public async Task A_connection_that_joins_no_namespace_in_time_is_closed()
    {
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(NewServer(static o => o.PingInterval = TimeSpan.FromMinutes(5)), webSocket);
        Clock.Advance(TimeSpan.FromSeconds(45));
        await ExpectTerminatedAsync(session.Session, Patience);
        Assert.Equal("close", await webSocket.NextAsync());
    }

    [Fact]
    public async Task Joining_a_namespace_disarms_the_connect_timeout()
    {
        var server = NewServer(static o => o.PingInterval = TimeSpan.FromMinutes(5));
        server.Namespaces.GetOrAdd("/", server);
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(server, webSocket);
        session.Send("40");
        Assert.StartsWith("40{", await webSocket.NextAsync(), StringComparison.Ordinal);
        await HandledAsync(session.Session);
        Clock.Advance(TimeSpan.FromSeconds(46));
        await HandledAsync(session.Session);
    }

    [Fact]
    public async Task A_polling_client_without_a_waiting_get_learns_of_the_close_with_its_next_one()
    {
        var server = NewServer();
        var session = await OpenAsync(server);
        session.Session.Tell(new Close(DisconnectReason.ForcedClose));
        await HandledAsync(session.Session);
        Assert.Equal("6|1", await session.PollAsync());
        await ExpectTerminatedAsync(session.Session, Patience);
        Assert.False(server.Engine.Sessions.TryGet(session.Connection.Sid, out _));
    }

    [Fact]
    public async Task A_polling_client_with_a_waiting_get_is_closed_by_it()
    {
        var session = await OpenAsync(NewServer());
        var poll = session.Park();
        session.Session.Tell(new Close(DisconnectReason.ForcedClose));
        Assert.Equal("1", await poll.WaitAsync(Patience));
        await ExpectTerminatedAsync(session.Session, Patience);
    }

    [Fact]
    public async Task A_polling_client_that_never_asks_again_is_given_up_after_thirty_seconds()
    {
        var session = await OpenAsync(NewServer());
        session.Session.Tell(new Close(DisconnectReason.ForcedClose));
        await HandledAsync(session.Session);
        Clock.Advance(TimeSpan.FromSeconds(29.9));
        await HandledAsync(session.Session);
        Clock.Advance(TimeSpan.FromSeconds(0.1));
        await ExpectTerminatedAsync(session.Session, Patience);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stop_does_not_wait_for_a_polling_client_that_does_not_come(bool joined)
    {
        var server = NewServer();
        server.Namespaces.GetOrAdd("/", server);
        var session = await OpenAsync(server);
        if (joined)
        {
            session.Send("40");
            Assert.StartsWith("40", await session.PollAsync(), StringComparison.Ordinal);
        }
        session.Connection.Outbound.Append(EncodedFrame.Control("4for nobody"u8));
        session.Session.Tell(new Close(DisconnectReason.ServerShuttingDown));
        await HandledAsync(session.Session);
        Clock.Advance(TimeSpan.FromSeconds(1));
        await ExpectTerminatedAsync(session.Session, Patience);
        Assert.Equal(0, server.Engine.Sessions.Count);
    }

    [Fact]
    public async Task A_stop_waits_for_a_polling_client_for_as_long_as_it_fetches_what_is_queued()
    {
        var session = await OpenAsync(NewServer(static o => o.MaxPacketsPerPoll = 1));
        for (var i = 0; i < 5; i++)
            session.Connection.Outbound.Append(EncodedFrame.Control("4x"u8));
        session.Session.Tell(new Close(DisconnectReason.ServerShuttingDown));
        await HandledAsync(session.Session);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal("4x", await session.PollAsync());
            Clock.Advance(TimeSpan.FromSeconds(1));
            await HandledAsync(session.Session);
        }
        Assert.True(session.Connection.TryBeginPost()); // last words, slowly
        Clock.Advance(TimeSpan.FromSeconds(1));
        await HandledAsync(session.Session);
        Clock.Advance(TimeSpan.FromSeconds(1));
        await HandledAsync(session.Session);
        session.Connection.EndPost();
        Assert.Equal("6|1", await session.PollAsync());
        await ExpectTerminatedAsync(session.Session, Patience);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stop_tells_a_WebSocket_that_the_server_goes_away(bool upgrading)
    {
        var server = NewServer();
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(server, upgrading ? null : webSocket);
        if (upgrading)
            session.Session.Tell(new UpgradeOffered(webSocket));
        session.Session.Tell(new Close(DisconnectReason.ServerShuttingDown));
        if (upgrading) // E-79: the client confirms its upgrade while its last poll is being waited for
        {
            var reply = new TaskCompletionSource<bool>();
            session.Session.Tell(new UpgradeConfirmed(webSocket, reply));
            Assert.True(await reply.Task.WaitAsync(Patience));
        }
        Assert.Equal("close 1001", await webSocket.NextAsync());
        await webSocket.Closed.Task.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_disconnect_closes_a_WebSocket_without_a_code_as_the_official_server_does()
    {
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(NewServer(), webSocket);
        session.Session.Tell(new Close(DisconnectReason.ServerNamespaceDisconnect));
        Assert.Equal("close", await webSocket.NextAsync());
    }

    [Fact]
    public async Task A_ping_from_a_client_is_a_transport_error()
    {
        var server = NewServer();
        var session = await OpenAsync(server);
        session.Send("2");
        Assert.False(server.Engine.Sessions.TryGet(session.Connection.Sid, out _)); // at once, before the actor has run
        await ExpectTerminatedAsync(session.Session, Patience);
    }

    [Fact]
    public async Task A_session_actor_that_fails_takes_nobody_with_it()
    {
        var server = NewServer();
        server.Namespaces.GetOrAdd("/", server);
        var bystander = new FakeWebSocket();
        var other = await OpenAsync(server, bystander);
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(server, webSocket);
        session.Session.Tell(Kill.Instance);
        await ExpectTerminatedAsync(session.Session, Patience);
        await webSocket.Closed.Task.WaitAsync(Patience);
        other.Send("40");
        Assert.StartsWith("40{", await bystander.NextAsync(), StringComparison.Ordinal);
        Assert.False(server.Engine.Sessions.TryGet(session.Connection.Sid, out _));
    }

    [Fact]
    public async Task The_application_closes_a_connection_after_what_is_queued_and_without_a_goodbye()
    {
        var reason = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var (socket, session, webSocket) = await JoinAsync(socket =>
        {
            socket.OnDisconnect(why =>
            {
                reason.SetResult(why.ToString());
            });
        });
        socket.Emit("last");
        await socket.CloseConnectionAsync().AsTask().WaitAsync(Patience);
        Assert.Equal("42[\"last\"]", await webSocket.NextAsync());
        Assert.Equal("close", await webSocket.NextAsync());
        Assert.Equal("forced close", await reason.Task.WaitAsync(Patience));
        await ExpectTerminatedAsync(session.Session, Patience);
        await socket.CloseConnectionAsync().AsTask().WaitAsync(Patience); // again: nothing
    }

    [Fact]
    public async Task A_handler_may_close_the_connection_and_wait_for_it()
    {
        var reason = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var (_, session, webSocket) = await JoinAsync(socket =>
        {
            socket.On("go", async () =>
            {
                await socket.CloseConnectionAsync();
                socket.Emit("too late");
            });
            socket.OnDisconnect(why => { reason.SetResult(why.ToString()); });
        });
        session.Send("42[\"go\"]");
        Assert.Equal("close", await webSocket.NextAsync());
        Assert.Equal("forced close", await reason.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task Middleware_may_close_the_connection()
    {
        var server = NewServer();
        server.Namespaces.GetOrAdd("/", server).Face.Use(static async (socket, next) =>
        {
            await socket.CloseConnectionAsync();
            await next();
        });
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(server, webSocket);
        session.Send("40");
        while (await webSocket.NextAsync() is not "close")
        {
            // The client may have been let in before.
        }
        await ExpectTerminatedAsync(session.Session, Patience);
    }

    [Theory]
    [InlineData("42{}", "forced close")] // cannot be decoded
    [InlineData("47", "forced close")]
    [InlineData("42/nowhere,[\"x\"]", "forced server close")] // out of place
    [InlineData("44{}", "forced server close")]
    public async Task A_polling_client_without_a_waiting_get_ends_for_the_official_reason(string packet, string expected)
    {
        var reason = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var server = NewServer();
        server
            .Namespaces.GetOrAdd("/", server)
            .Face.OnConnection(socket =>
            {
                socket.OnDisconnect(why =>
                {
                    reason.SetResult(why.ToString());
                });
            });
        var session = await OpenAsync(server);
        Assert.True(session.Connection.Inbound.AddPayload("40"u8));
        Assert.StartsWith("40{", await session.PollAsync().WaitAsync(Patience), StringComparison.Ordinal);
        session.Connection.Inbound.AddPayload(System.Text.Encoding.UTF8.GetBytes(packet));
        Assert.Equal(expected, await reason.Task.WaitAsync(Patience));
        Assert.Equal("6|1", await session.PollAsync());
    }
}
