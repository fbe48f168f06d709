using System.Text;
using ActorSocket.Delivery;
using ActorSocket.Protocol;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Tests.Engine.Delivery;

/// <summary>
/// What a message may cost, counted instead of timed: bytes allocated and writes. A change that makes the hot path dearer fails here.
/// </summary>
public sealed class HotPathTests : ServerTest
{
    private const long AtOnce = long.MaxValue; // counted in one go: the sum of two is what is expected

    [Fact]
    public void Delivering_to_a_member_allocates_nothing()
    {
        var outbound = Nowhere.NewOutbound(new OutboundLimits(1 << 20, 1 << 10));
        var frame = EncodedFrame.Control("42[\"tick\",1]"u8);
        Assert.Equal(0, Allocations.Of(0, () =>
        {
            outbound.Cork();
            outbound.Append(frame);
            outbound.Uncork();
        }));
    }

    [Fact]
    public void Delivering_a_volatile_packet_allocates_nothing_whether_it_leaves_or_is_dropped()
    {
        var outbound = Nowhere.NewOutbound(new OutboundLimits(1 << 20, 1 << 10));
        var frame = EncodedFrame.Control("42[\"tick\",1]"u8);
        Assert.Equal(0, Allocations.Of(0, () =>
        {
            outbound.Cork();
            Assert.True(outbound.Append(frame, isVolatile: true));
            Assert.True(outbound.Append(frame));
            outbound.Uncork();
        }));
        var polling = new Outbound(new Nowhere(), new Flusher(), new OutboundLimits(1000, 10));
        Assert.Equal(0, Allocations.Of(0, () => Assert.False(polling.Append(frame, isVolatile: true))));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_broadcast_allocates_for_the_packet_and_nothing_for_each_member(bool isVolatile)
    {
        var few = await AllocatedByBroadcastAsync(2, isVolatile);
        var many = await AllocatedByBroadcastAsync(50, isVolatile);
        Assert.Equal(few, many);
        Assert.InRange(few, 1, 400);
    }

    [Fact]
    public async Task An_event_with_two_primitive_arguments_allocates_little_until_its_handler_has_run()
    {
        long sum = 0;
        var (socket, session, webSocket) = await JoinAsync(socket => socket.On("move", (int x, int y) => sum += x + y));
        var text = "42[\"move\",12,345]"u8.ToArray();

        var reading = AllocatedByRead(session, webSocket, text);
        // On the socket's: arguments read and the handler called.
        var decoder = DecoderOf(socket);
        Assert.True(decoder.AddText(text.AsSpan(1), out var packet));
        var handling = Allocations.Of(AtOnce, () => Assert.True(socket.RaiseEventAsync(packet!).AsTask().IsCompletedSuccessfully));

        Assert.True(sum > 0);
        Assert.InRange(reading + handling, 1, 200);
    }

    [Fact]
    public async Task An_event_for_one_WebSocket_allocates_nothing()
    {
        var (socket, _, _) = await JoinAsync();
        var text = new string('x', 64);
        Assert.Equal(0, Allocations.Of(0, () => socket.Emit("move", 12, text)));
    }

    [Fact]
    public async Task An_echo_of_64_characters_allocates_its_packet_and_the_object_that_answers()
    {
        var (socket, session, webSocket) = await JoinAsync(socket =>
            socket.On("echo", static (SocketArguments payload, Ack ack) => ack.Send(payload))
        );
        var text = Encoding.UTF8.GetBytes($"421[\"echo\",\"{new string('x', 64)}\"]");

        var reading = AllocatedByRead(session, webSocket, text);
        var decoder = DecoderOf(socket);
        SocketIoPacket? packet = null;
        var answering = Allocations.Of(AtOnce, () =>
        {
            Assert.True(decoder.AddText(text.AsSpan(1), out packet));
            Assert.True(socket.RaiseEventAsync(packet!).AsTask().IsCompletedSuccessfully);
        });
        var decoding = Allocations.Of(AtOnce, () => Assert.True(decoder.AddText(text.AsSpan(1), out packet)));

        Assert.InRange(answering - decoding, 1, 40); // the Ack
        Assert.InRange(reading + answering - decoding, 1, 290);
    }

    [Fact]
    public async Task All_that_a_handler_emits_leaves_in_one_write()
    {
        var (_, session, webSocket) = await JoinAsync(socket => socket.On("go", (Ack ack) =>
        {
            for (var i = 0; i < 5; i++)
                socket.Emit("step", i);
            ack.Send("done");
        }));
        var before = webSocket.Writes;
        session.Send("427[\"go\"]");
        for (var i = 0; i < 5; i++)
            Assert.Equal($"42[\"step\",{i}]", await webSocket.NextAsync());
        Assert.Equal("437[\"done\"]", await webSocket.NextAsync());
        Assert.Equal(1, webSocket.Writes - before);
    }

    [Fact]
    public async Task The_answers_to_all_events_of_one_read_leave_in_one_write()
    {
        var (_, session, webSocket) = await JoinAsync(socket =>
            socket.On("echo", static (SocketArguments payload, Ack ack) => ack.Send(payload))
        );
        var before = webSocket.Writes;
        for (var i = 0; i < 16; i++)
            session.Connection.Inbound.AddText(webSocket, Encoding.UTF8.GetBytes($"42{i}[\"echo\",{i}]"));
        session.Connection.Inbound.EndOfRead();
        for (var i = 0; i < 16; i++)
            Assert.Equal($"43{i}[{i}]", await webSocket.NextAsync());
        Assert.Equal(1, webSocket.Writes - before);
    }

    [Fact]
    public async Task What_is_broadcast_while_a_write_is_under_way_leaves_in_one_write_after_it()
    {
        var (socket, _, webSocket) = await JoinAsync();
        var gate = new TaskCompletionSource();
        webSocket.Gate = gate.Task;
        var before = webSocket.Writes;
        socket.Namespace.Emit("tick", 0);
        await AwaitConditionAsync(() => Task.FromResult(webSocket.Writes > before), Patience, TimeSpan.FromMilliseconds(5));
        for (var i = 1; i <= 100; i++)
            socket.Namespace.Emit("tick", i);
        gate.SetResult();
        for (var i = 0; i <= 100; i++)
            Assert.Equal($"42[\"tick\",{i}]", await webSocket.NextAsync());
        Assert.Equal(2, webSocket.Writes - before);
    }

    private static PacketDecoder DecoderOf(Socket socket) =>
        new(new ProtocolLimits(), socket.Namespace.Services.Server.Names, socket.Namespace.Services.Server.Json);

    /// <summary>On the thread that reads: decoded, and told to the socket in a batch.</summary>
    private static long AllocatedByRead(TestSession session, FakeWebSocket webSocket, byte[] text) => Allocations.Of(AtOnce, () =>
    {
        session.Connection.Inbound.AddText(webSocket, text);
        session.Connection.Inbound.EndOfRead();
    });

    private async Task<long> AllocatedByBroadcastAsync(int members, bool isVolatile)
    {
        var server = NewServer();
        var io = server.Namespaces.GetOrAdd("/", server).Face;
        for (var i = 0; i < members; i++)
        {
            var webSocket = new FakeWebSocket();
            var session = await OpenAsync(server, webSocket);
            session.Send("40");
            await webSocket.NextAsync();
        }
        await AwaitConditionAsync(() => Task.FromResult(io.Services.All.Count == members), Patience, TimeSpan.FromMilliseconds(5));
        await io.SocketsJoinAsync("room");
        var room = isVolatile ? io.To("room").Volatile : io.To("room");
        return Allocations.Of(AtOnce, () => room.Emit("tick", 1));
    }
}
