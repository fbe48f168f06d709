using Akka.Actor;

namespace ActorSocket.Tests.Actors;

/// <summary>Where what sets a client up fails, none of its events is handled.</summary>
public sealed class FailClosedTests : ServerTest
{
    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    [InlineData(true, 4)]
    public async Task A_client_whose_OnConnection_throws_is_disconnected_and_none_of_its_events_is_handled(bool isLater, int concurrency)
    {
        var server = NewServer(options => options.MaxConcurrentHandlers = concurrency);
        var goes = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (handled, reason) = (0, new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously));
        server.Namespaces.GetOrAdd("/", server).Face.OnConnection(async socket =>
        {
            socket.On("secret", () => Interlocked.Increment(ref handled));
            socket.OnDisconnect(why => reason.SetResult(why.ToString()));
            if (isLater)
                await goes.Task;
            throw new UnauthorizedAccessException("no");
        });
        server.Namespaces.GetOrAdd("/other", server).Face.OnConnection(static socket => socket.On("fine", static () => 1));
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(server, webSocket);
        session.Send("40/other,");
        Assert.StartsWith("40/other,{", await webSocket.NextAsync(), StringComparison.Ordinal);
        session.Send("40");
        Assert.StartsWith("40{", await webSocket.NextAsync(), StringComparison.Ordinal);
        if (isLater)
        {
            session.Send("""420["secret"]""");
            session.Send("""421["secret"]""");
            await HandledAsync(Assert.Single(server.Namespaces.GetOrAdd("/", server).Face.Sockets).Actor);
            goes.SetResult();
        }
        Assert.Equal("41", await webSocket.NextAsync());
        Assert.Equal("server namespace disconnect", await reason.Task.WaitAsync(Patience));
        session.Send("""422["secret"]"""); // crossed our DISCONNECT
        session.Send("""42/other,3["fine"]""");
        Assert.Equal("43/other,3[1]", await webSocket.NextAsync());
        Assert.Equal(0, handled);
    }

    [Fact]
    public async Task A_socket_whose_actor_of_the_applications_stops_is_disconnected()
    {
        var handler = CreateTestProbe();
        var (_, session, webSocket) = await JoinAsync(socket => socket.ForwardTo(handler.Ref));
        session.Send("""42["hi"]""");
        await handler.FishForMessageAsync<SocketMessages.Event>(static _ => true, Patience);
        Sys.Stop(handler.Ref);
        Assert.Equal("41", await webSocket.NextAsync());
    }

    [Fact]
    public async Task A_namespace_whose_OnNewNamespace_throws_lets_nobody_in_and_clients_wait_for_one_that_is_slow()
    {
        var server = NewServer();
        var io = new ActorSocketServer(server);
        var goes = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var failing = true;
        io.OnNewNamespace(async ns =>
        {
            await goes.Task;
            if (failing)
                throw new InvalidOperationException("no guard");
            ns.OnConnection(static socket => socket.Emit("guarded"));
        });
        io.OfDynamic(
            new System.Text.RegularExpressions.Regex("^/room-", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1))
        );
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(server, webSocket);
        session.Send("40/room-1,");
        await HandledAsync(server.Root);
        Assert.True(webSocket.WroteNothing);
        goes.SetResult();
        Assert.Equal("44/room-1,{\"message\":\"Internal server error\"}", await webSocket.NextAsync());
        failing = false;
        session.Send("40/room-1,");
        Assert.StartsWith("40/room-1,{", await webSocket.NextAsync(), StringComparison.Ordinal);
        Assert.Equal("42/room-1,[\"guarded\"]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task A_command_that_cannot_be_carried_out_is_answered_with_its_failure_and_the_socket_lives()
    {
        var (socket, session, webSocket) = await JoinAsync(static socket => socket.On("fine", static () => 1));
        foreach (
            SocketMessages.ISocketCommand command in (SocketMessages.ISocketCommand[])
                [
                    new SocketMessages.Emit("connect", []),
                    new SocketMessages.Emit("x", [(Action)(() => { })]),
                    new SocketMessages.Broadcast(["r"], "disconnect", []),
                    new SocketMessages.Join(new string('x', 300)),
                    new SocketMessages.Join(null!),
                    new SocketMessages.Leave(null!),
                    new SocketMessages.Broadcast(null!, "x", []),
                    new SocketMessages.Emit(null!, []),
                ]
        )
        {
            socket.Actor.Tell(command, TestActor);
            Assert.NotNull((await ExpectMsgAsync<Status.Failure>(Patience)).Cause);
        }
        session.Send("""421["fine"]""");
        Assert.Equal("431[1]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task A_command_of_nobody_that_cannot_be_carried_out_is_raised_as_an_error()
    {
        var reported = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        var (socket, _, _) = await JoinAsync(socket => socket.OnError(error => { reported.TrySetResult(error); }));
        socket.Actor.Tell(new SocketMessages.Emit("connect", []), ActorRefs.NoSender);
        Assert.IsType<ArgumentException>(await reported.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_refusal_whose_data_cannot_be_serialised_is_a_refusal_without_data()
    {
        var server = NewServer();
        server
            .Namespaces.GetOrAdd("/", server)
            .Face.Use(static (_, _) => throw new ConnectErrorException("no", new { Broken = (Action)(() => { }) }));
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(server, webSocket);
        session.Send("40");
        Assert.Equal("44{\"message\":\"no\"}", await webSocket.NextAsync());
        session.Send("40"); // and may be asked again
        Assert.Equal("44{\"message\":\"no\"}", await webSocket.NextAsync());
    }
}
