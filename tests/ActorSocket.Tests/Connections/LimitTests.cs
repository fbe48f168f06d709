using ActorSocket.Sessions;

namespace ActorSocket.Tests.Connections;

/// <summary>The limits of one connection that are not the decoder's: below, at and above each.</summary>
public sealed class LimitTests : ServerTest
{
    [Fact]
    public async Task A_connection_has_as_many_namespaces_as_the_limit()
    {
        var server = NewServer(static o => o.MaxNamespacesPerConnection = 2);
        foreach (var name in (string[])["/a", "/b", "/c"])
            server.Namespaces.GetOrAdd(name, server);
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(server, webSocket);
        await SendAsync("40/a,", "40/a,{");
        await SendAsync("40/b,", "40/b,{");
        await SendAsync("40/c,", "44/c,{\"message\":\"Too many namespaces\"}");
        session.Send("41/a,");
        await SendAsync("40/c,", "40/c,{"); // one that was left makes room

        async Task SendAsync(string packet, string answer)
        {
            session.Send(packet);
            Assert.StartsWith(answer, await webSocket.NextAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_socket_is_in_as_many_rooms_as_the_limit_and_the_caller_is_told()
    {
        var (socket, _, _) = await JoinAsync(configure: static o => o.MaxRoomsPerSocket = 2);
        await socket.JoinAsync("1");
        await socket.JoinAsync("2");
        await socket.JoinAsync("2"); // in it already
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => socket.JoinAsync("3").AsTask());
        Assert.Contains("MaxRoomsPerSocket", error.Message, StringComparison.Ordinal);
        await socket.LeaveAsync("1");
        await socket.JoinAsync("3");
        Assert.Equal(new HashSet<string>(StringComparer.Ordinal) { socket.Id, "2", "3" }, socket.Rooms.ToHashSet(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_room_name_has_256_bytes_at_most()
    {
        var (socket, _, _) = await JoinAsync();
        await socket.JoinAsync(new string('r', 256));
        await socket.JoinAsync(new string('ä', 128));
        await Assert.ThrowsAsync<ArgumentException>(() => socket.JoinAsync(new string('r', 257)).AsTask());
        await Assert.ThrowsAsync<ArgumentException>(() => socket.JoinAsync(new string('ä', 128) + "r").AsTask());
    }

    [Fact]
    public async Task The_oldest_acknowledgement_over_the_limit_is_given_up_and_says_which_limit()
    {
        var (socket, session, webSocket) = await JoinAsync(configure: static o => o.MaxPendingAcks = 2);
        var first = socket.EmitWithAckAsync<int>("ask");
        var second = socket.EmitWithAckAsync<int>("ask");
        await HandledAsync(socket.Actor);
        Assert.False(first.IsCompleted);
        var third = socket.EmitWithAckAsync<int>("ask");
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => first.WaitAsync(Patience));
        Assert.Contains("MaxPendingAcks", error.Message, StringComparison.Ordinal);
        foreach (var id in (int[])[0, 1, 2])
            Assert.Equal($"42{id}[\"ask\"]", await webSocket.NextAsync());
        session.Send("430[0]"); // too late: ignored
        session.Send("431[1]");
        session.Send("432[2]");
        Assert.Equal((1, 2), (await second.WaitAsync(Patience), await third.WaitAsync(Patience)));
    }

    [Theory]
    [InlineData(4, false)]
    [InlineData(5, true)]
    public async Task Reading_pauses_beyond_the_limit_of_events_that_wait_and_goes_on_at_half_of_it(int waiting, bool pauses)
    {
        var done = new Queue<TaskCompletionSource>();
        var (socket, session, _) = await JoinAsync(
            configure: static o => o.MaxInboundEvents = 4,
            onConnection: socket =>
                socket.On(
                    "work",
                    () =>
                    {
                        done.Enqueue(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
                        return done.Peek().Task;
                    }
                )
        );
        for (var i = 0; i < waiting; i++)
            session.Send("""42["work"]""");
        await HandledAsync(socket.Actor);
        var readable = session.Connection.Backlog.ReadableAsync().AsTask();
        Assert.Equal(pauses, !readable.IsCompleted);
        while (waiting > 2)
        {
            Assert.Equal(pauses, !readable.IsCompleted);
            await FinishOneAsync();
        }
        await readable.WaitAsync(Patience);

        async Task FinishOneAsync()
        {
            var running = done.Dequeue();
            waiting--;
            running.SetResult();
            await AwaitConditionAsync(() => Task.FromResult(done.Count == 1 || waiting == 0), Patience, TimeSpan.FromMilliseconds(5));
        }
    }

    [Fact]
    public async Task Reading_pauses_beyond_the_limit_of_bytes_that_wait()
    {
        var (socket, session, _) = await JoinAsync(
            configure: static o => o.MaxInboundBytes = 100,
            onConnection: static socket => socket.On("work", static (string _) => new TaskCompletionSource().Task)
        );
        session.Send($"42[\"work\",\"{new string('x', 89)}\"]"); // 100 bytes of JSON
        await HandledAsync(socket.Actor);
        Assert.True(session.Connection.Backlog.ReadableAsync().AsTask().IsCompleted);
        session.Send("""42["work",""]""");
        await HandledAsync(socket.Actor);
        Assert.False(session.Connection.Backlog.ReadableAsync().AsTask().IsCompleted);
    }

    [Fact]
    public async Task Reading_does_not_pause_while_the_client_owes_an_acknowledgement_up_to_four_times_the_limit()
    {
        var (socket, session, _) = await JoinAsync(
            configure: static o => o.MaxInboundEvents = 2,
            onConnection: static socket => socket.On("work", () => socket.EmitWithAckAsync<int>("ask"))
        );
        for (var i = 0; i < 8; i++)
            session.Send("""42["work"]""");
        await HandledAsync(socket.Actor); // the handler has asked
        await HandledAsync(socket.Actor); // and what it asked is counted
        Assert.True(session.Connection.Backlog.ReadableAsync().AsTask().IsCompleted);
        session.Send("""42["work"]""");
        await HandledAsync(socket.Actor);
        Assert.False(session.Connection.Backlog.ReadableAsync().AsTask().IsCompleted);
    }

    [Fact]
    public async Task A_second_connect_while_the_first_is_under_way_takes_its_place()
    {
        var server = NewServer();
        var attempts = 0;
        server
            .Namespaces.GetOrAdd("/", server)
            .Face.Use((_, next) => Interlocked.Increment(ref attempts) == 1 ? new TaskCompletionSource().Task : next());
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(server, webSocket);
        session.Send("40");
        await AwaitAssertAsync(() => Assert.Equal(1, attempts), Patience);
        session.Send("40");
        Assert.StartsWith("40{", await webSocket.NextAsync(), StringComparison.Ordinal);
    }
}
