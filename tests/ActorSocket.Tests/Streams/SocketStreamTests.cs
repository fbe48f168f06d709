using Akka.Streams;
using Akka.Streams.Dsl;

namespace ActorSocket.Tests.Streams;

public sealed class SocketStreamTests : ServerTest
{
    [Fact]
    public async Task A_client_s_events_are_a_source_until_it_leaves()
    {
        Task<IEnumerable<int>>? numbers = null;
        var (_, session, webSocket) = await JoinAsync(socket => numbers = socket.EventSource("n")
            .Select(e =>
            {
                e.Ack!.Send();
                return e.Arguments[0].As<int>();
            })
            .Grouped(100).RunWith(Sink.First<IEnumerable<int>>(), Sys));
        for (var i = 0; i < 40; i++)
        {
            session.Send($"42{i}[\"n\",{i}]");
            session.Send("42[\"other\",1]");
        }
        for (var i = 0; i < 40; i++)
            Assert.Equal($"43{i}[]", await webSocket.NextAsync());
        session.Send("41");
        Assert.Equal(Enumerable.Range(0, 40), await numbers!.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_source_that_runs_after_its_client_has_left_is_empty()
    {
        var (socket, session, _) = await JoinAsync();
        session.Send("41");
        await socket.Disconnected.WaitAsync();
        Assert.Empty(await socket.EventSource("n").RunWith(Sink.Seq<SocketEvent>(), Sys).WaitAsync(Patience));
    }

    [Fact]
    public async Task A_stream_that_lags_holds_up_the_client_and_nothing_is_lost()
    {
        Task<ISinkQueue<SocketEvent>>? running = null;
        var (socket, session, webSocket) = await JoinAsync(
            socket =>
            {
                running = Task.FromResult(
                    socket
                        .EventSource("n", bufferSize: 2)
                        .RunWith(Sink.Queue<SocketEvent>().WithAttributes(Attributes.CreateInputBuffer(1, 1)), Sys)
                );
                socket.On("last", (Ack ack) => ack.Send("handled"));
            },
            options => options.MaxInboundEvents = 4);
        var taken = await running!;
        for (var i = 0; i < 20; i++)
            session.Send($"42[\"n\",{i}]");
        session.Send("421[\"last\"]");
        Assert.False(session.Connection.Backlog.ReadableAsync().AsTask().IsCompleted); // the transport would not read on
        await HandledAsync(socket.Actor);
        Assert.True(webSocket.WroteNothing);
        for (var i = 0; i < 20; i++)
            Assert.Equal(i, (await taken.PullAsync().WaitAsync(Patience)).Value.Arguments[0].As<int>());
        Assert.Equal("431[\"handled\"]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task Handlers_that_overlap_keep_the_order_of_a_source()
    {
        Task<IEnumerable<int>>? numbers = null;
        var (_, session, _) = await JoinAsync(
            socket =>
                numbers = socket
                    .EventSource("n", bufferSize: 1)
                    .Select(e => e.Arguments[0].As<int>())
                    .Grouped(100)
                    .RunWith(Sink.First<IEnumerable<int>>(), Sys),
            options => options.MaxConcurrentHandlers = 8
        );
        for (var i = 0; i < 100; i++)
            session.Send($"42[\"n\",{i}]");
        Assert.Equal(Enumerable.Range(0, 100), await numbers!.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_stream_that_ends_lets_the_events_go()
    {
        Task<SocketEvent>? first = null;
        var (socket, session, webSocket) = await JoinAsync(socket =>
            first = socket.EventSource("n", bufferSize: 1).RunWith(Sink.First<SocketEvent>(), Sys)
        );
        session.Send("421[\"n\",1]");
        var taken = await first!.WaitAsync(Patience);
        taken.Ack!.Send("taken");
        Assert.Equal("431[\"taken\"]", await webSocket.NextAsync());
        for (var i = 0; i < 10; i++)
            session.Send("42[\"n\",2]");
        socket.On("last", (Ack ack) => ack.Send());
        session.Send("422[\"last\"]");
        Assert.Equal("432[]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task A_room_is_a_sink()
    {
        var (socket, _, webSocket) = await JoinAsync();
        await socket.JoinAsync("red");
        await Source.From(Enumerable.Range(0, 3)).RunWith(socket.Namespace.To("red").EventSink<int>("tick"), Sys).WaitAsync(Patience);
        for (var i = 0; i < 3; i++)
            Assert.Equal($"42[\"tick\",{i}]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task A_sink_with_acknowledgements_runs_at_the_client_s_pace()
    {
        var (socket, session, webSocket) = await JoinAsync();
        var asked = 0;
        var done = Source.From(Enumerable.Range(0, 6)).Select(i => { Interlocked.Increment(ref asked); return i; })
            .RunWith(socket.Timeout(TimeSpan.FromSeconds(30)).AckedSink<int>("chunk", inFlight: 2), Sys);
        for (var i = 0; i < 6; i++)
        {
            Assert.Equal($"42{i}[\"chunk\",{i}]", await webSocket.NextAsync());
            if (i % 2 == 0)
                continue;
            Assert.True(webSocket.WroteNothing); // two are in flight
            Assert.InRange(asked, i, i + 3);
            session.Send($"43{i - 1}[]");
            session.Send($"43{i}[]");
        }
        await done.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_sink_with_acknowledgements_fails_when_the_client_leaves()
    {
        var (socket, session, webSocket) = await JoinAsync();
        var done = Source.Repeat(1).RunWith(socket.Timeout(TimeSpan.FromSeconds(30)).AckedSink<int>("chunk"), Sys);
        await webSocket.NextAsync();
        session.Send("41");
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => done.WaitAsync(Patience));
        Assert.IsType<SocketDisconnectedException>(failure is AggregateException { InnerException: { } inner } ? inner : failure);
    }

    [Fact]
    public async Task A_buffer_without_room_is_refused()
    {
        var (socket, _, _) = await JoinAsync();
        Assert.Throws<ArgumentOutOfRangeException>(() => socket.EventSource("n", bufferSize: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => socket.Timeout(TimeSpan.FromSeconds(1)).AckedSink<int>("n", inFlight: 0));
    }
}
