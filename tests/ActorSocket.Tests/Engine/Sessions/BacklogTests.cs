using Akka.Actor;

namespace ActorSocket.Tests.Engine.Sessions;

/// <summary>Reading waits for handlers that are slow, and never longer than its session lives.</summary>
public sealed class BacklogTests : ServerTest
{
    [Fact]
    public async Task Two_transports_that_wait_to_read_on_both_go_on_and_the_session_hears_of_one_pause()
    {
        var goes = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (socket, session, _) = await JoinAsync(one => one.On("slow", () => goes.Task), static o => o.MaxInboundEvents = 1);
        session.Send("""42["slow"]""");
        session.Send("""42["slow"]""");
        await HandledAsync(socket.Actor);
        var (first, second) = (session.Connection.Backlog.ReadableAsync().AsTask(), session.Connection.Backlog.ReadableAsync().AsTask());
        Assert.False(first.IsCompleted || second.IsCompleted);
        goes.SetResult();
        await Task.WhenAll(first, second).WaitAsync(Patience);
        await HandledAsync(session.Session);
        Clock.Advance(TimeSpan.FromSeconds(20)); // less than it is pinged after, more would be too slow for handlers
        await HandledAsync(session.Session);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_request_that_waits_for_slow_handlers_ends_with_its_session(bool fails)
    {
        var (socket, session, _) = await JoinAsync(
            static one => one.On("slow", static () => new TaskCompletionSource().Task),
            static o => o.MaxInboundEvents = 1
        );
        session.Send("""42["slow"]""");
        session.Send("""42["slow"]""");
        await HandledAsync(socket.Actor);
        var waiting = session.Connection.Backlog.ReadableAsync().AsTask();
        Assert.False(waiting.IsCompleted);
        if (fails)
            session.Session.Tell(Kill.Instance);
        else
            session.Connection.Fail(session.Connection.CurrentTransport, DisconnectReason.TransportClose, null);
        await waiting.WaitAsync(Patience);
        await session.Connection.Backlog.ReadableAsync().AsTask().WaitAsync(Patience); // nor does one that comes later
    }

    [Fact]
    public async Task Acknowledgements_that_wait_behind_a_blocked_handler_hold_up_reading_like_events()
    {
        using var goes = new ManualResetEventSlim();
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (_, session, _) = await JoinAsync(
            one => one.On("block", () =>
            {
                entered.TrySetResult();
                goes.Wait(Patience);
            }),
            static o => o.MaxInboundEvents = 4);
        session.Send("""42["block"]""");
        await entered.Task.WaitAsync(Patience);
        for (var i = 0; i < 3; i++)
            session.Send("43999[]");
        Assert.True(session.Connection.Backlog.ReadableAsync().AsTask().IsCompleted);
        session.Send("43999[]");
        var readable = session.Connection.Backlog.ReadableAsync().AsTask();
        Assert.False(readable.IsCompleted);
        goes.Set();
        await readable.WaitAsync(Patience);
    }

    [Fact]
    public async Task What_waits_counts_with_what_it_holds_and_not_only_with_what_was_sent()
    {
        var (socket, session, _) = await JoinAsync(
            static one => one.On("work", static () => new TaskCompletionSource().Task),
            static o => o.MaxInboundBytes = 1_000
        );
        session.Send($"42[\"work\"{string.Concat(Enumerable.Repeat(",0", 200))}]"); // 409 bytes, 200 arguments
        await HandledAsync(socket.Actor);
        Assert.False(session.Connection.Backlog.ReadableAsync().AsTask().IsCompleted);
    }
}
