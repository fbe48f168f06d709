using ActorSocket.Connections;
using Akka.Actor;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Tests.Actors;

/// <summary>Whoever waits is told, also when the actor that was to tell it is gone, or goes meanwhile.</summary>
public sealed class WaitTests : ServerTest
{
    [Fact]
    public async Task Whoever_waits_for_a_socket_is_told_when_all_actors_stop_and_nobody_waits_afterwards()
    {
        var (socket, _, _) = await JoinAsync();
        await socket.JoinAsync("room");
        var root = socket.Namespace.Services.Server.Root;
        var asked = socket.EmitWithAckAsync<int>("ask");
        var askedInTime = socket.Timeout(TimeSpan.FromDays(1)).EmitWithAckAsync<int>("ask");
        Watch(root);
        Sys.Stop(root);
        var joining = socket.JoinAsync("another").AsTask();
        var leaving = socket.LeaveAsync("room").AsTask();
        var late = socket.EmitWithAckAsync<int>("late");
        await FishForMessageAsync<Terminated>(m => m.ActorRef.Equals(root), Patience);
        foreach (var waiting in (Task[])[asked, askedInTime, late])
            await Assert.ThrowsAsync<SocketDisconnectedException>(() => waiting.WaitAsync(Patience));
        await joining.WaitAsync(Patience);
        await leaving.WaitAsync(Patience);
        await socket.JoinAsync("later");
        await socket.LeaveAsync("room");
        await socket.DisconnectAsync();
        await socket.DisconnectAsync(DisconnectScope.Connection);
        await Assert.ThrowsAsync<SocketDisconnectedException>(() => socket.EmitWithAckAsync<int>("later").WaitAsync(Patience));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Joining_and_leaving_end_when_the_namespaces_actor_stops_before_it_comes_to_them(bool leaves)
    {
        var (socket, _, _) = await JoinAsync();
        await socket.JoinAsync("room");
        socket.Namespace.Services.Actor.Tell(PoisonPill.Instance);
        var waiting = leaves ? socket.LeaveAsync("room") : socket.JoinAsync("another"); // behind it in the mailbox
        await waiting.AsTask().WaitAsync(Patience);
    }

    [Fact]
    public async Task Leaving_a_room_of_a_dynamic_namespace_that_was_cleaned_up_ends()
    {
        var server = NewServer(static o => o.CleanupEmptyChildNamespaces = true);
        var io = new ActorSocketServer(server);
        Socket? socket = null;
        io.OfDynamic(static (_, _, _) => ValueTask.FromResult(true)).OnConnection(one => { socket = one; });
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(server, webSocket);
        session.Send("40/a,");
        Assert.StartsWith("40/a,{", await webSocket.NextAsync(), StringComparison.Ordinal);
        await HandledAsync(socket!.Actor);
        var (actor, ns) = (socket.Actor, socket.Namespace.Services.Actor);
        Watch(actor);
        session.Send("41/a,");
        await FishForMessageAsync<Terminated>(m => m.ActorRef.Equals(actor), Patience);
        await HandledAsync(ns);
        Watch(ns);
        Clock.Advance(TimeSpan.FromSeconds(10));
        await FishForMessageAsync<Terminated>(m => m.ActorRef.Equals(ns), Patience);
        await socket.LeaveAsync("room").AsTask().WaitAsync(Patience);
        await socket.JoinAsync("room").AsTask().WaitAsync(Patience);
    }

    [Fact]
    public async Task A_broadcast_whose_clients_are_gone_ends_in_its_time_without_any_actor()
    {
        var (socket, _, _) = await JoinAsync();
        var root = socket.Namespace.Services.Server.Root;
        Watch(root);
        var asked = socket.Namespace.Timeout(TimeSpan.FromSeconds(5)).EmitWithAckAsync<int>("ask");
        Sys.Stop(root);
        await FishForMessageAsync<Terminated>(m => m.ActorRef.Equals(root), Patience);
        Clock.Advance(TimeSpan.FromSeconds(6));
        await Assert.ThrowsAsync<AckTimeoutException>(() => asked.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_broadcast_that_is_given_up_leaves_no_question_behind()
    {
        var (socket, session, webSocket) = await JoinAsync(
            static socket => socket.On("slow", () => socket.Disconnected.WaitAsync()),
            static o => o.MaxInboundEvents = 1
        );
        using var source = new CancellationTokenSource();
        var asked = socket.Namespace.Timeout(TimeSpan.FromDays(1)).EmitWithAckAsync<int>("ask", source.Token);
        Assert.Equal("420[\"ask\"]", await webSocket.NextAsync());
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked.WaitAsync(Patience));
        await HandledAsync(socket.Actor);
        session.Send("""42["slow"]""");
        session.Send("""42["slow"]""");
        await HandledAsync(socket.Actor);
        Assert.False(session.Connection.Backlog.ReadableAsync().AsTask().IsCompleted); // it would, while the client owed an answer
    }

    /// <summary>The connection has a place for everything that waits; each is given back once, however its socket ends.</summary>
    [Theory]
    [InlineData("crash")]
    [InlineData("disconnect")]
    [InlineData("leave")]
    [InlineData("poison")]
    public async Task What_was_told_to_a_socket_that_stops_does_not_count_for_ever(string end)
    {
        using var goes = new ManualResetEventSlim();
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (socket, session, _) = await JoinAsync(
            one => one.On("block", () =>
            {
                entered.TrySetResult();
                goes.Wait(Patience);
            }),
            static o => o.MaxInboundEvents = 4);
        var actor = socket.Actor;
        Watch(actor);
        session.Send("""42["block"]""");
        await entered.Task.WaitAsync(Patience);
        if (end == "crash")
            actor.Tell(Kill.Instance);
        var disconnected = end == "disconnect" ? socket.DisconnectAsync() : default;
        for (var i = 0; i < 20; i++)
            session.Send("""42["block"]""");
        session.Send("43999[1]");
        if (end == "leave")
            session.Send("41");
        if (end == "poison")
            actor.Tell(PoisonPill.Instance);
        Assert.False(session.Connection.Backlog.ReadableAsync().AsTask().IsCompleted);
        goes.Set();
        await FishForMessageAsync<Terminated>(m => m.ActorRef.Equals(actor), Patience);
        await disconnected.AsTask().WaitAsync(Patience);
        await session.Connection.Backlog.ReadableAsync().AsTask().WaitAsync(Patience);
        Assert.False(
            socket.TryTakeOn(
                new ConnectionEvents.PacketsRead(new(SocketIoPacketType.Event, "/", -1, "late", SocketArguments.Empty, 4), null)
            )
        );
        for (var i = 0; i < 4; i++)
            Assert.True(session.Connection.Backlog.ReadableAsync().AsTask().IsCompleted);
    }
}
