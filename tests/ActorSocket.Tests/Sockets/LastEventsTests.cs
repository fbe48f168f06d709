using System.Collections.Concurrent;
using Akka.Actor;

namespace ActorSocket.Tests.Sockets;

/// <summary>What a client had sent before it left is handled, in order, before its disconnect is raised (docs/adr/0003).</summary>
public sealed class LastEventsTests : ServerTest
{
    public static TheoryData<string, string> Ends => new()
    {
        { "client", "client namespace disconnect" },
        { "transport", "transport close" },
        { "ping", "ping timeout" },
        { "shutdown", "server shutting down" },
        { "rubbish", "forced close" },
    };

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task Events_that_came_before_the_end_are_handled_in_order_before_disconnecting(string end, string reason)
    {
        var seen = new ConcurrentQueue<string>();
        var goes = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (socket, session, webSocket) = await JoinAsync(socket =>
        {
            socket.On("slow", async () =>
            {
                await goes.Task;
                seen.Enqueue("slow");
            });
            socket.On("log", async (int number, CancellationToken token) =>
            {
                await Task.Yield();
                seen.Enqueue($"{number} {socket.Connected} {token.IsCancellationRequested} {string.Join(',', socket.Rooms.Skip(1))}");
                socket.Emit("into the void");
            });
            socket.OnDisconnecting(why => seen.Enqueue($"disconnecting {why} {socket.Rooms.Count}"));
            socket.OnDisconnect(_ => gone.SetResult());
        });
        await socket.JoinAsync("a");
        session.Send("""42["slow"]""");
        for (var i = 0; i < 5; i++)
            session.Send($"42[\"log\",{i}]");
        await HandledAsync(socket.Actor);
        switch (end)
        {
            case "client":
                session.Send("41");
                break;
            case "transport":
                session.Connection.Fail(webSocket, DisconnectReason.TransportClose, null);
                break;
            case "ping":
                session.Session.Tell(ActorSocket.Sessions.SessionProtocol.PongOverdue.Instance);
                break;
            case "shutdown":
                session.Session.Tell(new ActorSocket.Sessions.SessionProtocol.Close(DisconnectReason.ServerShuttingDown));
                break;
            case "rubbish":
                session.Send("4nonsense");
                break;
        }
        await socket.Disconnected.WaitAsync();
        Assert.Empty(seen);
        goes.SetResult();
        await gone.Task.WaitAsync(Patience);
        Assert.Equal(
            ["slow", .. Enumerable.Range(0, 5).Select(static i => $"{i} True False a"), $"disconnecting {reason} 2"],
            seen,
            StringComparer.Ordinal
        );
    }

    [Fact]
    public async Task Events_of_the_read_that_ends_the_connection_are_handled()
    {
        var seen = new ConcurrentQueue<int>();
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var server = NewServer();
        server.Namespaces.GetOrAdd("/", server).Face.OnConnection(socket =>
        {
            socket.On("log", async (int number) =>
            {
                await Task.Yield();
                seen.Enqueue(number);
            });
            socket.OnDisconnect(_ => gone.SetResult());
        });
        var session = await OpenAsync(server);
        session.Send("40");
        await session.PollAsync();
        session.Send("42[\"log\",1]\u001e42[\"log\",2]\u001e42[\"log\",3]\u001e41");
        await gone.Task.WaitAsync(Patience);
        Assert.Equal([1, 2, 3], seen);
    }

    [Fact]
    public async Task A_handler_that_never_ends_holds_up_the_disconnect_for_a_bounded_time_and_what_waited_is_counted()
    {
        var dropped = new ConcurrentQueue<(long, string?)>();
        using var listener = new System.Diagnostics.Metrics.MeterListener();
        listener.InstrumentPublished = (instrument, it) =>
        {
            if (instrument.Name == "actorsocket.server.dropped_events")
                it.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) =>
        {
            foreach (var tag in tags)
            {
                if (tag.Key == "actorsocket.reason" && Equals(tag.Value, "client namespace disconnect"))
                    dropped.Enqueue((count, tag.Value as string));
            }
        });
        listener.Start();
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var handled = 0;
        var (socket, session, _) = await JoinAsync(socket =>
        {
            socket.On("forever", async (CancellationToken token) =>
            {
                token.Register(cancelled.SetResult);
                await new TaskCompletionSource().Task;
            });
            socket.On("log", () => handled++);
            socket.OnDisconnect(_ => gone.SetResult());
        });
        session.Send("""42["forever"]""");
        session.Send("""42["log"]""");
        session.Send("""42["log"]""");
        session.Send("41");
        await socket.Disconnected.WaitAsync();
        await HandledAsync(socket.Actor);
        Assert.False(gone.Task.IsCompleted || cancelled.Task.IsCompleted);
        Clock.Advance(new ActorSocketOptions().LastEventsTimeout);
        await gone.Task.WaitAsync(Patience);
        await cancelled.Task.WaitAsync(Patience);
        Assert.Equal(0, handled);
        Assert.Contains((2, "client namespace disconnect"), dropped);
    }

    [Fact]
    public async Task A_handler_that_waits_for_the_client_ends_at_once_and_the_next_event_is_handled()
    {
        var seen = new ConcurrentQueue<string>();
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (_, session, webSocket) = await JoinAsync(socket =>
        {
            socket.On("ask", async () => await socket.EmitWithAckAsync<int>("question"));
            socket.On("ask late", async () => await socket.EmitWithAckAsync<int>("too late"));
            socket.On("log", () => seen.Enqueue("log"));
            socket.OnError(error => seen.Enqueue(error.GetType().Name)); // none: that its client left is no failure of a handler
            socket.OnDisconnect(_ => gone.SetResult());
        });
        session.Send("""42["ask"]""");
        Assert.Equal("420[\"question\"]", await webSocket.NextAsync());
        session.Send("""42["ask late"]""");
        session.Send("""42["log"]""");
        session.Send("41");
        await gone.Task.WaitAsync(Patience);
        Assert.Equal(["log"], seen, StringComparer.Ordinal);
    }

    [Fact]
    public async Task What_waits_when_the_server_disconnects_is_not_handled()
    {
        var (handled, gone) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var goes = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (socket, session, webSocket) = await JoinAsync(socket =>
        {
            socket.On("guarded", async () =>
            {
                await goes.Task;
                await socket.DisconnectAsync();
            });
            socket.On("log", () => handled++);
            socket.OnDisconnect(_ => gone.SetResult());
        });
        session.Send("""42["guarded"]""");
        session.Send("""42["log"]""");
        await HandledAsync(socket.Actor);
        goes.SetResult();
        Assert.Equal("41", await webSocket.NextAsync());
        await gone.Task.WaitAsync(Patience);
        Assert.Equal(0, handled);
    }

    [Fact]
    public async Task With_no_time_for_them_last_events_are_dropped()
    {
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var handled = 0;
        var (socket, session, _) = await JoinAsync(
            socket =>
            {
                socket.On("forever", static () => new TaskCompletionSource().Task);
                socket.On("log", () => handled++);
                socket.OnDisconnect(_ => gone.SetResult());
            },
            static options => options.LastEventsTimeout = TimeSpan.Zero);
        session.Send("""42["forever"]""");
        session.Send("""42["log"]""");
        session.Send("41");
        await socket.Disconnected.WaitAsync();
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        await gone.Task.WaitAsync(Patience);
        Assert.Equal(0, handled);
    }
}
