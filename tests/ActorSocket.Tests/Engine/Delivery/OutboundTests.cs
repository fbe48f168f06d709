using System.Text;
using ActorSocket.Delivery;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Protocol.EngineIo;

namespace ActorSocket.Tests.Engine.Delivery;

public sealed class OutboundTests
{
    private readonly Owner _owner = new();

    [Fact]
    public async Task A_poll_gets_all_that_is_queued_in_order()
    {
        var outbound = NewOutbound();
        outbound.Append(Frame("a"));
        outbound.Append(Frame("b"));
        Assert.Equal(["a", "b"], await PollAsync(outbound));
    }

    [Fact]
    public async Task A_packet_for_which_a_parser_writes_nothing_is_not_sent()
    {
        var outbound = NewOutbound();
        outbound.Append(Frame("a"));
        Assert.True(outbound.Append(EncodedFrame.Of([], [], compress: true)));
        outbound.Append(EncodedFrame.Of("4"u8, [], compress: true)); // an empty text is one
        Assert.Equal(["a", "4"], await PollAsync(outbound));
    }

    [Fact]
    public async Task A_packet_that_goes_to_nobody_else_is_kept_for_a_poll_though_its_bytes_are_written_over()
    {
        var outbound = NewOutbound();
        byte[] bytes = [0x81, 1, (byte)'a'];
        Assert.True(outbound.Append(new EncodedPacket(bytes, 2, [])));
        bytes[2] = (byte)'b';
        Assert.True(outbound.Append(new EncodedPacket([], 0, []))); // a parser writes nothing for it
        Assert.True(outbound.Append(new EncodedPacket(bytes, 2, [])));
        Assert.Equal(["a", "b"], await PollAsync(outbound));
    }

    [Fact]
    public async Task A_poll_gets_all_two_thousand_packets_that_are_queued()
    {
        var outbound = NewOutbound();
        for (var i = 0; i < 2000; i++)
            outbound.Append(Frame("p" + i));
        Assert.Equal(string.Join(',', Enumerable.Range(0, 2000).Select(static i => "p" + i)), string.Join(',', await PollAsync(outbound)));
    }

    [Fact]
    public async Task A_client_that_takes_few_packets_gets_them_by_so_many()
    {
        var outbound = new Outbound(_owner, new Flusher(), new OutboundLimits(1_000_000, 1000, MaxPacketsPerPoll: 16));
        for (var i = 0; i < 20; i++)
            outbound.Append(Frame("p" + i));
        Assert.Equal(16, (await PollAsync(outbound)).Length);
        Assert.Equal(["p16", "p17", "p18", "p19"], await PollAsync(outbound));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)] // attachments are base64 there
    public async Task A_poll_gets_no_more_bytes_than_a_payload_may_have(int attachments)
    {
        const int limit = 10_000;
        var outbound = new Outbound(_owner, new Flusher(), new OutboundLimits(1_000_000, 1000, MaxBytesPerPoll: limit));
        for (var i = 0; i < 50; i++)
            outbound.Append(
                EncodedFrame.Of(
                    Encoding.UTF8.GetBytes(new string('x', 100)),
                    [.. Enumerable.Repeat(new byte[900], attachments)],
                    compress: true
                )
            );
        outbound.Append(EncodedFrame.Of(Encoding.UTF8.GetBytes(new string('x', 2 * limit)), [], compress: true)); // by itself it goes
        var sizes = new List<int>();
        while (!outbound.IsEmpty)
        {
            var waiter = new PollWaiter();
            outbound.TryPark(waiter);
            sizes.Add(
                ActorSocket.Transports.PollPayload.Of(WireForm.Standard, await waiter.Answer.WaitAsync(ServerTest.Patience), "").Body.Length
            );
        }
        Assert.Equal(2 * limit, sizes[^1]);
        Assert.All(sizes[..^1], static size => Assert.InRange(size, 1, limit));
        Assert.InRange(sizes.Count, 2, 3 + (50 * (100 + (1300 * attachments)) / limit * 2));
    }

    [Fact]
    public async Task A_heartbeat_leaves_with_the_next_poll_whatever_is_queued()
    {
        var outbound = new Outbound(_owner, new Flusher(), new OutboundLimits(1_000_000, 1000, MaxPacketsPerPoll: 4));
        for (var i = 0; i < 9; i++)
            outbound.Append(Frame("p" + i));
        Assert.Equal(["p0", "p1", "p2", "p3"], await PollAsync(outbound));
        outbound.Append(EncodedFrame.Ping, urgent: true);
        Assert.Equal(["2", "p4", "p5", "p6"], await PollAsync(outbound));
        Assert.Equal(["p7", "p8"], await PollAsync(outbound));
    }

    [Fact]
    public async Task A_heartbeat_that_no_poll_has_fetched_leaves_first_on_the_websocket()
    {
        var outbound = NewOutbound();
        outbound.Append(Frame("a"));
        outbound.Append(EncodedFrame.Ping, urgent: true);
        var webSocket = new FakeWebSocket();
        Assert.True(outbound.SwitchTo(webSocket, WireForm.Standard));
        Assert.Equal(["2", "a"], [await webSocket.NextAsync(), await webSocket.NextAsync()]);
    }

    [Fact]
    public async Task A_heartbeat_overtakes_what_a_slow_WebSocket_has_not_been_given_and_tears_nothing_apart()
    {
        var outbound = NewOutbound();
        var gate = new TaskCompletionSource();
        var webSocket = new FakeWebSocket { Gate = gate.Task };
        outbound.SwitchTo(webSocket, WireForm.Standard);
        outbound.Append(Frame("first"));
        outbound.Flush(); // under way
        outbound.Append(EncodedFrame.Of("header"u8, [[1], [2]], compress: true));
        outbound.Append(EncodedFrame.Ping, urgent: true);
        outbound.Append(Frame("last"));
        outbound.Close();
        gate.SetResult();
        var got = new List<string>();
        while (got is not [.., "close"])
            got.Add(await webSocket.NextAsync());
        Assert.Equal(["first", "2", "header", "<01>", "<02>", "last", "close"], got);
        await outbound.Drained.WaitAsync(ServerTest.Patience);
    }

    [Fact]
    public void A_second_poll_is_an_overlap()
    {
        var outbound = NewOutbound();
        Assert.Equal(ParkResult.Parked, outbound.TryPark(new PollWaiter()));
        Assert.Equal(ParkResult.Overlap, outbound.TryPark(new PollWaiter()));
    }

    [Fact]
    public async Task A_volatile_packet_is_dropped_between_two_polls_and_counted()
    {
        var outbound = NewOutbound();
        Assert.False(outbound.Append(Frame("v"), isVolatile: true));
        outbound.TryPark(new PollWaiter());
        Assert.True(outbound.Append(Frame("w"), isVolatile: true));
        outbound.Flush();
        Assert.Equal(1, await _owner.Dropped.Task.WaitAsync(ServerTest.Patience)); // by the flusher or by us, whoever drains it
    }

    [Fact]
    public async Task What_is_queued_while_polling_leaves_first_on_the_websocket()
    {
        var outbound = NewOutbound();
        var webSocket = new FakeWebSocket();
        outbound.Append(Frame("a"));
        Assert.True(outbound.SwitchTo(webSocket, WireForm.Standard));
        outbound.Append(Frame("b"));
        Assert.Equal("a", await webSocket.NextAsync());
        Assert.Equal("b", await webSocket.NextAsync());
    }

    [Theory]
    [InlineData(1024, false)]
    [InlineData(1023, true)]
    public void A_reader_that_stalls_is_reported_at_the_byte_limit(int limit, bool overflows)
    {
        var outbound = new Outbound(_owner, new Flusher(), new OutboundLimits(limit, 1000));
        Assert.True(outbound.Append(Frame(new string('x', 508)))); // 512 bytes with its header
        Assert.Equal(!overflows, outbound.Append(Frame(new string('x', 508))));
        Assert.Equal(overflows, _owner.Overflowed);
    }

    [Fact]
    public void A_reader_that_stalls_is_reported_at_the_packet_limit_and_nothing_more_is_taken()
    {
        var outbound = new Outbound(_owner, new Flusher(), new OutboundLimits(1_000_000, 3));
        for (var i = 0; i < 3; i++)
            Assert.True(outbound.Append(Frame("x")));
        Assert.False(outbound.Append(Frame("x")));
        Assert.True(_owner.Overflowed);
        Assert.False(outbound.Append(Frame("x")));
    }

    [Fact]
    public void A_packet_over_the_limit_is_taken_when_nothing_is_queued()
    {
        var outbound = new Outbound(_owner, new Flusher(), new OutboundLimits(1024, 10));
        Assert.True(outbound.Append(Frame(new string('x', 5000))));
        Assert.False(_owner.Overflowed);
    }

    [Fact]
    public async Task While_a_write_is_under_way_later_packets_wait_and_leave_together()
    {
        var outbound = NewOutbound();
        var gate = new TaskCompletionSource();
        var webSocket = new FakeWebSocket { Gate = gate.Task };
        outbound.SwitchTo(webSocket, WireForm.Standard);
        outbound.Append(Frame("a"));
        outbound.Flush();
        outbound.Append(Frame("b"));
        Assert.False(outbound.Append(Frame("v"), isVolatile: true));
        outbound.Flush();
        Assert.True(webSocket.WroteNothing);
        gate.SetResult();
        Assert.Equal("a", await webSocket.NextAsync());
        Assert.Equal("b", await webSocket.NextAsync());
    }

    [Fact]
    public async Task A_close_frame_leaves_after_what_is_queued_and_nothing_after_it()
    {
        var outbound = NewOutbound();
        var webSocket = new FakeWebSocket();
        outbound.SwitchTo(webSocket, WireForm.Standard);
        outbound.Append(Frame("a"));
        Assert.True(outbound.Close());
        Assert.False(outbound.Append(Frame("late")));
        await outbound.Drained.WaitAsync(ServerTest.Patience);
        Assert.Equal("a", await webSocket.NextAsync());
        Assert.Equal("close", await webSocket.NextAsync());
        Assert.True(webSocket.WroteNothing);
    }

    [Fact]
    public async Task A_write_that_fails_is_reported()
    {
        var outbound = NewOutbound();
        outbound.SwitchTo(new FakeWebSocket { Gate = Task.FromException(new IOException("gone")) }, WireForm.Standard);
        outbound.Append(Frame("a"));
        Assert.Equal("gone", (await _owner.WriteFailed.Task.WaitAsync(ServerTest.Patience)).Message);
    }

    private Outbound NewOutbound() => new(_owner, new Flusher(), new OutboundLimits(1_000_000, 4000));

    private static EncodedFrame Frame(string text) => EncodedFrame.Control(Encoding.UTF8.GetBytes(text));

    private static async Task<string[]> PollAsync(Outbound outbound)
    {
        var waiter = new PollWaiter();
        Assert.Equal(ParkResult.Parked, outbound.TryPark(waiter));
        return Array.ConvertAll(await waiter.Answer.WaitAsync(ServerTest.Patience), static frame => Encoding.UTF8.GetString(frame.Text));
    }

    private sealed class Owner : IOutboundOwner
    {
        public bool Overflowed { get; private set; }

        public TaskCompletionSource<int> Dropped { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource<Exception> WriteFailed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void OnOverflow() => Overflowed = true;

        public void OnWriteFailed(Exception error) => WriteFailed.TrySetResult(error);

        public void OnCloseDelivered()
        {
        }

        public void OnVolatileDropped(int count) => Dropped.TrySetResult(count);

        public void OnWritten(int packets, long bytes)
        {
        }
    }
}
