using Akka.Actor;

namespace ActorSocket.Tests.Sockets;

public sealed class SocketTests : ServerTest
{
    [Fact]
    public async Task Connect_is_answered_before_the_connection_handler_speaks()
    {
        var server = NewServer();
        server.Namespaces.GetOrAdd("/", server).Face.OnConnection(static socket => socket.Emit("hello", 1));
        var webSocket = new FakeWebSocket();
        (await OpenAsync(server, webSocket)).Send("40");
        Assert.StartsWith("40{\"sid\":", await webSocket.NextAsync(), StringComparison.Ordinal);
        Assert.Equal("42[\"hello\",1]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task A_returned_value_is_the_acknowledgement()
    {
        var (_, session, webSocket) = await JoinAsync(static socket => socket.On("double", (int n) => 2 * n));
        session.Send("""427["double",21]""");
        Assert.Equal("437[42]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task Events_wait_for_an_unfinished_handler_but_an_ack_passes_it()
    {
        var (_, session, webSocket) = await JoinAsync(static socket =>
        {
            socket.On("first", async () => socket.Emit("got", await socket.EmitWithAckAsync<int>("ask")));
            socket.On("second", () => socket.Emit("second"));
        });
        session.Send("""42["first"]""");
        Assert.Equal("420[\"ask\"]", await webSocket.NextAsync());
        session.Send("""42["second"]""");
        session.Send("430[5]");
        Assert.Equal("42[\"got\",5]", await webSocket.NextAsync());
        Assert.Equal("42[\"second\"]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task An_acknowledgement_that_does_not_come_in_time_is_a_timeout_and_a_late_one_is_ignored()
    {
        var outcome = new TaskCompletionSource<Exception>();
        Socket? self = null;
        var (_, session, webSocket) = await JoinAsync(socket => (self = socket).On("go", async () =>
        {
            try
            {
                await socket.Timeout(TimeSpan.FromSeconds(5)).EmitWithAckAsync<int>("ask");
            }
            catch (TimeoutException error)
            {
                outcome.TrySetResult(error);
            }
        }));
        session.Send("""42["go"]""");
        Assert.Equal("420[\"ask\"]", await webSocket.NextAsync());
        var socketActor = self!.Actor;
        await HandledAsync(socketActor);
        Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("operation has timed out", (await outcome.Task.WaitAsync(Patience)).Message);
        session.Send("430[1]");
        await HandledAsync(socketActor);
    }

    [Fact]
    public async Task A_disconnect_fails_the_acknowledgements_that_are_awaited()
    {
        var outcome = new TaskCompletionSource<Exception>();
        var (_, session, webSocket) = await JoinAsync(socket => socket.On("go", async () =>
        {
            try
            {
                await socket.EmitWithAckAsync<int>("ask");
            }
            catch (SocketDisconnectedException error)
            {
                outcome.TrySetResult(error);
            }
        }));
        session.Send("""42["go"]""");
        Assert.Equal("420[\"ask\"]", await webSocket.NextAsync());
        session.Send("41");
        Assert.Equal(
            "client namespace disconnect",
            Assert.IsType<SocketDisconnectedException>(await outcome.Task.WaitAsync(Patience)).Reason.ToString()
        );
    }

    [Fact]
    public async Task Who_asks_when_the_client_is_gone_is_told_why_it_went()
    {
        var outcome = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var (_, session, _) = await JoinAsync(socket =>
            socket.OnDisconnect(async _ => outcome.SetResult(await Record.ExceptionAsync(() => socket.EmitWithAckAsync<int>("late"))))
        );
        session.Send("41");
        Assert.Equal(
            "client namespace disconnect",
            Assert.IsType<SocketDisconnectedException>(await outcome.Task.WaitAsync(Patience)).Reason.ToString()
        );
    }

    [Fact]
    public async Task The_middleware_cannot_ask_a_client_that_is_not_connected_yet()
    {
        var server = NewServer();
        var outcome = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Namespaces.GetOrAdd("/", server).Face.Use(async (socket, next) =>
        {
            outcome.SetResult(await Record.ExceptionAsync(() => socket.EmitWithAckAsync<int>("early")));
            await next();
        });
        (await OpenAsync(server, new FakeWebSocket())).Send("40");
        Assert.Contains(
            "not connected yet",
            Assert.IsType<InvalidOperationException>(await outcome.Task.WaitAsync(Patience)).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(-5000)]
    [InlineData(1e12)]
    public async Task A_time_limit_that_no_timer_can_keep_is_refused_at_once_and_harms_no_socket(double milliseconds)
    {
        var limit = TimeSpan.FromMilliseconds(milliseconds);
        var (socket, session, webSocket) = await JoinAsync(static socket => socket.On("fine", static () => 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => socket.Timeout(limit));
        Assert.Throws<ArgumentOutOfRangeException>(() => socket.Volatile.Timeout(limit));
        Assert.Throws<ArgumentOutOfRangeException>(() => socket.Namespace.Timeout(limit));
        session.Send("""420["fine"]""");
        Assert.Equal("430[1]", await webSocket.NextAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_refusal_that_the_step_before_loses_is_a_refusal_all_the_same(bool isAwaited)
    {
        var server = NewServer();
        var root = server.Namespaces.GetOrAdd("/", server).Face;
        root.Use(async (_, next) =>
        {
            var rest = next();
            if (isAwaited)
                await Record.ExceptionAsync(() => rest);
        });
        root.Use(static async (_, _) =>
        {
            await Task.Yield();
            throw new ConnectErrorException("no");
        });
        var webSocket = new FakeWebSocket();
        (await OpenAsync(server, webSocket)).Send("40");
        Assert.Equal("44{\"message\":\"no\"}", await webSocket.NextAsync());
    }

    [Fact]
    public async Task A_handler_that_throws_harms_nothing_and_is_reported()
    {
        var reported = new TaskCompletionSource<Exception>();
        var (_, session, webSocket) = await JoinAsync(socket =>
        {
            socket.On("boom", (Action)(static () => throw new InvalidOperationException("boom")));
            socket.On("fine", static () => 1);
            socket.OnError(error => reported.TrySetResult(error));
        });
        session.Send("""42["boom"]""");
        session.Send("""421["fine"]""");
        Assert.Equal("431[1]", await webSocket.NextAsync());
        Assert.Equal("boom", (await reported.Task.WaitAsync(Patience)).Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_answers_a_broadcast_with_something_else_costs_nobody_the_other_answers(bool oneIsSilent)
    {
        var server = NewServer();
        var ns = server.Namespaces.GetOrAdd("/", server).Face;
        var clients = new List<(TestSession Session, FakeWebSocket WebSocket)>();
        for (var i = 0; i < (oneIsSilent ? 4 : 3); i++)
        {
            var webSocket = new FakeWebSocket();
            clients.Add((await OpenAsync(server, webSocket), webSocket));
            clients[i].Session.Send("40");
            Assert.StartsWith("40{", await webSocket.NextAsync(), StringComparison.Ordinal);
        }
        var asked = ns.Timeout(TimeSpan.FromSeconds(5)).EmitWithAckAsync<int>("ask");
        foreach (var (_, webSocket) in clients)
            Assert.Equal("420[\"ask\"]", await webSocket.NextAsync());
        clients[0].Session.Send("430[1]");
        clients[1].Session.Send("430[{\"no\":\"number\"}]");
        clients[2].Session.Send("430[3]");
        foreach (var socket in ns.Sockets)
            await HandledAsync(socket.Actor);
        if (oneIsSilent)
        {
            await HandledAsync(ns.Services.Actor);
            Clock.Advance(TimeSpan.FromSeconds(6));
        }
        var error = await Assert.ThrowsAsync<AckTimeoutException>(() => asked).WaitAsync(Patience);
        Assert.Equal([1, 3], error.Responses.Select(static response => response[0].As<int>()).Order());
        Assert.IsType<System.Text.Json.JsonException>(Assert.Single(error.Errors));
    }

    [Fact]
    public async Task A_handler_is_told_of_the_disconnect_by_its_token()
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var errors = 0;
        var (socket, session, _) = await JoinAsync(one =>
        {
            one.OnError(_ => errors++);
            one.On("work", async (int number, CancellationToken disconnected) =>
            {
                started.SetResult();
                using var registration = disconnected.Register(cancelled.SetResult);
                await Task.Delay(Timeout.Infinite, disconnected); // as an application waits: cancelled, it throws
                return number;
            });
        });
        session.Send("""420["work",1]""");
        await started.Task.WaitAsync(Patience);
        Assert.False(socket.Disconnected.IsCancellationRequested);
        session.Send("41");
        await HandledAsync(socket.Actor);
        Assert.True(socket.Disconnected.IsCancellationRequested);
        Assert.False(cancelled.Task.IsCompleted); // what was received is handled, though not for ever
        Clock.Advance(new ActorSocketOptions().LastEventsTimeout);
        await cancelled.Task.WaitAsync(Patience);
        Assert.Equal(0, errors); // that it ends so is no fault of its own
    }

    [Fact]
    public async Task What_is_emitted_after_the_disconnect_is_dropped()
    {
        var (socket, session, webSocket) = await JoinAsync();
        await socket.DisconnectAsync();
        Assert.Equal("41", await webSocket.NextAsync());
        socket.Emit("after");
        socket.Namespace.To(socket.Id).Emit("after");
        await Assert.ThrowsAsync<SocketDisconnectedException>(() => socket.EmitWithAckAsync<int>("after"));
        session.Send("40");
        Assert.StartsWith("40{", await webSocket.NextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_several_volatile_packets_of_one_turn_the_first_leaves()
    {
        var (_, session, webSocket) = await JoinAsync(static socket => socket.On("go", () =>
        {
            for (var i = 0; i < 3; i++)
                socket.Volatile.Emit("vol", i);
            socket.Emit("end");
            socket.Volatile.Emit("vol", 9);
        }));
        session.Send("""42["go"]""");
        Assert.Equal("42[\"vol\",0]", await webSocket.NextAsync());
        Assert.Equal("42[\"end\"]", await webSocket.NextAsync());
        session.Send("""42["go"]""");
        Assert.Equal("42[\"vol\",0]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task A_client_that_has_left_and_come_back_is_not_told_of_the_end_of_its_former_socket()
    {
        var sockets = new List<Socket>();
        var (entered, goes) = (new TaskCompletionSource(), new TaskCompletionSource());
        var server = NewServer();
        server.Namespaces.GetOrAdd("/", server).Face.OnConnection(socket =>
        {
            sockets.Add(socket);
            socket.On("compute", () =>
            {
                entered.SetResult();
                goes.Task.Wait(Patience);
            });
        });
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(server, webSocket);
        session.Send("40");
        Assert.StartsWith("40{", await webSocket.NextAsync(), StringComparison.Ordinal);
        session.Send("""42["compute"]""");
        await entered.Task.WaitAsync(Patience);
        var disconnected = sockets[0].DisconnectAsync();
        session.Send("41");
        session.Send("40");
        Assert.StartsWith("40{", await webSocket.NextAsync(), StringComparison.Ordinal);
        goes.SetResult();
        await disconnected.AsTask().WaitAsync(Patience);
        sockets[1].Emit("still here");
        Assert.Equal("42[\"still here\"]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task Events_of_a_socket_that_left_while_their_handlers_ran_do_not_count_for_ever()
    {
        var goes = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var server = NewServer(static options => options.MaxInboundEvents = 1);
        server.Namespaces.GetOrAdd("/", server).Face.OnConnection(socket => socket.On("slow", () => goes.Task));
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(server, webSocket);
        for (var i = 0; i < 2; i++)
        {
            session.Send("40");
            Assert.StartsWith("40{", await webSocket.NextAsync(), StringComparison.Ordinal);
            var actor = SocketOf(session, server).Actor;
            Watch(actor);
            session.Send("""42["slow"]""");
            await HandledAsync(actor);
            session.Send("41");
            await HandledAsync(actor);
            Clock.Advance(new ActorSocketOptions().LastEventsTimeout);
            await ExpectTerminatedAsync(actor, Patience);
        }
        goes.SetResult();
        await session.Connection.Backlog.ReadableAsync().AsTask().WaitAsync(Patience);
    }

    [Fact]
    public async Task Disconnecting_sees_the_rooms_and_disconnect_does_not()
    {
        var seen = new TaskCompletionSource<(int Before, int After)>();
        var before = 0;
        var (_, session, webSocket) = await JoinAsync(socket =>
        {
            socket.On("join", async (string room, Ack ack) =>
            {
                await socket.JoinAsync(room);
                ack.Send();
            });
            socket.OnDisconnecting(_ => before = socket.Rooms.Count);
            socket.OnDisconnect((Action<DisconnectReason>)(_ => seen.TrySetResult((before, socket.Rooms.Count))));
        });
        session.Send("""421["join","a"]""");
        Assert.Equal("431[]", await webSocket.NextAsync());
        session.Send("41");
        Assert.Equal((2, 0), await seen.Task.WaitAsync(Patience));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_emitted_after_a_disconnect_that_nobody_awaited_is_not_delivered(bool close)
    {
        var (socket, session, webSocket) = await JoinAsync();
        socket.Emit("before");
        var disconnected = socket.DisconnectAsync(close ? DisconnectScope.Connection : DisconnectScope.Namespace);
        Assert.False(socket.Connected);
        socket.Emit("after");
        socket.Volatile.Emit("after");
        socket.Namespace.Emit("after");
        socket.Namespace.To(socket.Id).Emit("after");
        var asked = await Record.ExceptionAsync(() => socket.EmitWithAckAsync<int>("after"));
        Assert.Equal("server namespace disconnect", Assert.IsType<SocketDisconnectedException>(asked).Reason.ToString());
        await disconnected;
        Assert.Equal("42[\"before\"]", await webSocket.NextAsync());
        Assert.Equal("41", await webSocket.NextAsync());
        if (close)
        {
            Assert.Equal("close", await webSocket.NextAsync());
            return;
        }
        session.Send("40");
        Assert.StartsWith("40{", await webSocket.NextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_room_of_half_an_emoji_is_one_room_whoever_names_it()
    {
        var (socket, _, webSocket) = await JoinAsync();
        await socket.JoinAsync("a\ud83d");
        Assert.Contains("a\ufffd", socket.Rooms, StringComparer.Ordinal);
        socket.Namespace.To("a\ud83d").Emit("one");
        socket.Namespace.To("a\ufffd").Emit("two"); // as another node sends it
        Assert.Equal("42[\"one\"]", await webSocket.NextAsync());
        Assert.Equal("42[\"two\"]", await webSocket.NextAsync());
        await socket.LeaveAsync("a\ud83d");
        Assert.Single(socket.Rooms);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_disconnects_a_whole_connection_sends_nothing_more_to_its_other_namespaces(bool byActor)
    {
        var server = NewServer();
        var other = new TaskCompletionSource<Socket>(TaskCreationOptions.RunContinuationsAsynchronously);
        var main = new TaskCompletionSource<Socket>(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Namespaces.GetOrAdd("/other", server).Face.OnConnection(other.SetResult);
        server.Namespaces.GetOrAdd("/", server).Face.OnConnection(main.SetResult);
        var (session, webSocket) = await ConnectAsync(server);
        session.Send("40/other,");
        Assert.StartsWith("40/other,", await webSocket.NextAsync(), StringComparison.Ordinal);
        var (socket, sibling) = (await main.Task.WaitAsync(Patience), await other.Task.WaitAsync(Patience));
        sibling.Emit("before");
        Assert.Equal("42/other,[\"before\"]", await webSocket.NextAsync());
        if (byActor)
        {
            socket.Actor.Tell(new SocketMessages.Disconnect(DisconnectScope.Connection));
            await AwaitConditionAsync(() => Task.FromResult(!sibling.Connected), Patience, TimeSpan.FromMilliseconds(1));
            sibling.Emit("after");
        }
        else
        {
            var disconnected = socket.DisconnectAsync(DisconnectScope.Connection);
            Assert.False(sibling.Connected);
            sibling.Emit("after");
            await disconnected;
        }
        var goodbyes = new[] { await webSocket.NextAsync(), await webSocket.NextAsync() };
        Assert.Equal(["41", "41/other,"], goodbyes.Order(StringComparer.Ordinal), StringComparer.Ordinal);
        Assert.Equal("close", await webSocket.NextAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Once_the_disconnect_is_awaited_the_socket_is_in_no_room_and_its_handlers_have_seen_them(bool close)
    {
        for (var i = 0; i < 20; i++)
        {
            var seen = 0;
            var (socket, _, _) = await JoinAsync(one => one.OnDisconnecting(_ => seen = one.Rooms.Count));
            await socket.JoinAsync("a");
            await socket.DisconnectAsync(close ? DisconnectScope.Connection : DisconnectScope.Namespace);
            Assert.Empty(socket.Rooms);
            Assert.Equal(2, seen);
        }
    }

    [Fact]
    public async Task The_socket_joins_the_room_of_its_id_when_the_middleware_has_let_it_in()
    {
        var server = NewServer();
        string[]? inMiddleware = null;
        var connected = new TaskCompletionSource<Socket>(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Namespaces.GetOrAdd("/", server).Face
            .Use(async (socket, next) =>
            {
                await socket.JoinAsync("early");
                inMiddleware = [.. socket.Rooms];
                await next();
            })
            .OnConnection(connected.SetResult);
        var webSocket = new FakeWebSocket();
        (await OpenAsync(server, webSocket)).Send("40");
        var socket = await connected.Task.WaitAsync(Patience);
        Assert.Equal(["early"], inMiddleware!);
        Assert.Equal(new[] { socket.Id, "early" }.Order(StringComparer.Ordinal), socket.Rooms.Order(StringComparer.Ordinal));
        Assert.StartsWith("40{", await webSocket.NextAsync(), StringComparison.Ordinal);
        socket.Namespace.To(socket.Id).Emit("own");
        Assert.Equal("42[\"own\"]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task Middleware_of_the_socket_may_change_the_acknowledgement()
    {
        var kept = new List<string>();
        var (_, session, webSocket) = await JoinAsync(socket =>
        {
            socket.Use((e, next) =>
            {
                var ack = e.Ack;
                e.SetAck(answer =>
                {
                    kept.Add($"{e.Name} {answer.Count}");
                    ack?.Send(new { result = answer }, answer.Count);
                });
                return next();
            });
            socket.Use(static (e, next) =>
            {
                if (e.Name == "twice")
                {
                    var ack = e.Ack!;
                    e.SetAck(answer => ack.Send(answer, answer));
                }
                else if (e.Name == "by middleware")
                {
                    e.Ack!.Send("no handler");
                    return Task.CompletedTask;
                }
                return next();
            });
            socket.On("value", static (int number) => number);
            socket.On("twice", static async () =>
            {
                await Task.Yield();
                return new byte[] { 1 };
            });
            socket.On("by ack", static (Ack<int> ack) =>
            {
                Assert.True(ack.IsWanted);
                ack.Send(1);
                Assert.False(ack.IsWanted);
                ack.Send(2);
            });
            socket.On("boom", static object () => throw new EventException("boom"));
            socket.On("never mind", static () => 5);
        });
        session.Send("421[\"value\",7]");
        Assert.Equal("431[{\"result\":[7]},1]", await webSocket.NextAsync());
        session.Send("422[\"twice\"]");
        Assert.StartsWith("46", await webSocket.NextAsync(), StringComparison.Ordinal);
        await webSocket.NextAsync();
        await webSocket.NextAsync();
        session.Send("423[\"by ack\"]");
        Assert.Equal("433[{\"result\":[1]},1]", await webSocket.NextAsync());
        session.Send("424[\"by middleware\"]");
        Assert.Equal("434[{\"result\":[\"no handler\"]},1]", await webSocket.NextAsync());
        session.Send("425[\"boom\"]"); // no answer: an error
        Assert.Equal("435[{\"error\":{\"message\":\"boom\"}}]", await webSocket.NextAsync());
        session.Send("42[\"never mind\"]"); // nobody has asked but the middleware
        session.Send("426[\"value\",8]");
        Assert.Equal("436[{\"result\":[8]},1]", await webSocket.NextAsync());
        Assert.Equal(["value 1", "twice 2", "by ack 1", "by middleware 1", "never mind 1", "value 1"], kept, StringComparer.Ordinal);
    }

    [Fact]
    public async Task Middleware_of_the_socket_may_change_the_arguments_and_the_name_of_an_event()
    {
        var (_, session, webSocket) = await JoinAsync(static socket =>
        {
            socket.Use(static (e, next) =>
            {
                if (e.Name == "upload")
                    e.SetArguments([e.Arguments[0].As<string>()!.Trim(), new byte[] { 7, 8 }, e.Arguments[1].As<int>() + 1]);
                return next();
            });
            socket.Use(static (e, next) =>
            {
                if (e.Name == "old name")
                    e.Name = "new name";
                return next();
            });
            socket.On("upload", static (string text, byte[] added, int number) => $"{text} {Convert.ToHexString(added)} {number}");
            socket.On("new name", static (SocketArguments arguments) => arguments.Count);
        });
        session.Send("""421["upload"," x ",41]""");
        Assert.Equal("431[\"x 0708 42\"]", await webSocket.NextAsync());
        session.Send("""422["old name",1,2,3]""");
        Assert.Equal("432[3]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task The_list_of_sockets_cannot_be_changed_by_who_asks_for_it()
    {
        var (socket, _, webSocket) = await JoinAsync();
        var sockets = socket.Namespace.Sockets;
        Assert.Equal([socket], sockets);
        Assert.False(sockets is Socket[]);
        Assert.True(sockets is ICollection<Socket> { IsReadOnly: true });
        await socket.DisconnectAsync();
        Assert.Equal([socket], sockets);
        Assert.Equal("41", await webSocket.NextAsync());
    }

    [Fact]
    public async Task As_many_names_of_events_as_there_are_replies_cost_the_same_each_and_are_forgotten()
    {
        const int Replies = 20_000;
        var handled = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var (socket, session, webSocket) = await JoinAsync();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Replies; i++)
        {
            socket.Once("reply:" + i, (int number) => handled.TrySetResult(number));
            socket.On("topic:" + i, (int number) => number).Dispose();
        }
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / Replies, 0, 4_000); // bytes for each pair; it was 600 000
        session.Send("""42["reply:19999",7]""");
        Assert.Equal(7, await handled.Task.WaitAsync(Patience));
        socket.On("topic:5", static (int number) => number + 1);
        session.Send("""421["topic:5",7]""");
        Assert.Equal("431[8]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task A_connection_that_ends_while_its_middleware_runs_leaves_nothing_behind()
    {
        var server = NewServer();
        var entered = new TaskCompletionSource<Socket>();
        var connected = false;
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Namespaces.GetOrAdd("/", server).Face
            .Use(async (socket, next) =>
            {
                entered.TrySetResult(socket);
                await socket.Disconnected.WaitAsync();
                await next(); // too late
                left.SetResult();
            })
            .OnConnection(_ => connected = true);
        var session = await OpenAsync(server, new FakeWebSocket());
        session.Send("40");
        var actor = (await entered.Task.WaitAsync(Patience)).Actor;
        Watch(actor);
        session.Connection.Fail(session.Connection.CurrentTransport, DisconnectReason.TransportClose, null);
        await FishForMessageAsync<Terminated>(m => m.ActorRef.Equals(actor), Patience);
        await left.Task.WaitAsync(Patience);
        Assert.False(connected);
    }

    [Fact]
    public async Task A_users_actor_gets_the_sockets_events_and_tells_it_what_to_do()
    {
        var (_, session, webSocket) = await JoinAsync(socket => socket.ForwardTo(TestActor));
        var connected = await FishForMessageAsync<SocketMessages.Connected>(static _ => true, Patience);
        session.Send("""42["hi",7]""");
        var hi = await FishForMessageAsync<SocketMessages.Event>(static _ => true, Patience);
        Assert.Equal(("hi", 7), (hi.Name, hi.Arguments[0].As<int>()));
        connected.Socket.Actor.Tell(new SocketMessages.Emit("answer", [8]), TestActor);
        Assert.Equal("42[\"answer\",8]", await webSocket.NextAsync());
        connected.Socket.Actor.Tell(new SocketMessages.Join("room"), TestActor);
        await FishForMessageAsync<SocketMessages.Done>(static _ => true, Patience);
        Assert.Contains("room", connected.Socket.Rooms, StringComparer.Ordinal);
        session.Send("41");
        var gone = await FishForMessageAsync<SocketMessages.Disconnected>(static _ => true, Patience);
        Assert.Equal("client namespace disconnect", gone.Reason.ToString());
    }
}
