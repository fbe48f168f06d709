using ActorSocket.Emitting;
using ActorSocket.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ActorSocket.Tests.Recovery;

/// <summary>
/// What a client's offset means, whatever it saw last; in the bare protocol, with an offset as the official client takes it: the last
/// argument, if it is a text.
/// </summary>
public sealed class OffsetTests : RecoveryTest
{
    public enum Last { VolatileText, VolatileName, VolatileBroadcast, VolatileNumber, VolatileBinary, Question }

    [Theory]
    [InlineData(Last.VolatileText, false)]
    [InlineData(Last.VolatileName, false)]
    [InlineData(Last.VolatileBroadcast, false)]
    [InlineData(Last.VolatileNumber, false)]
    [InlineData(Last.VolatileBinary, false)]
    [InlineData(Last.Question, false)]
    [InlineData(Last.VolatileText, true)]
    [InlineData(Last.VolatileName, true)]
    [InlineData(Last.VolatileNumber, true)]
    public async Task Whatever_a_client_sees_last_it_recovers_with_exactly_what_it_missed(Last last, bool isFirst)
    {
        var server = StartServer();
        var ns = server.Namespaces.GetOrAdd("/", server).Face;
        var first = await JoinAsync(server);
        var offset = "";
        if (!isFirst)
        {
            first.Socket.Emit("seen", 1);
            offset = await SeeAsync(first, offset);
        }
        await ReadyAsync(first);
        switch (last)
        {
            case Last.VolatileText: first.Socket.Volatile.Emit("status", "connected"); break;
            case Last.VolatileName: first.Socket.Volatile.Emit("tick"); break;
            case Last.VolatileBroadcast: ns.Volatile.Emit("status", "connected"); break;
            case Last.VolatileNumber: first.Socket.Volatile.Emit("at", 7); break;
            case Last.VolatileBinary: first.Socket.Volatile.Emit("blob", new byte[] { 1 }); break;
            case Last.Question: _ = first.Socket.EmitWithAckAsync<int>("question", "text"); break;
        }
        offset = await SeeAsync(first, offset);
        if (last is Last.VolatileBinary)
            await first.WebSocket.NextAsync();
        first.Socket.Emit("unseen", 2); // under way when the connection breaks
        await LoseAsync(first);
        ns.Emit("missed", 3);
        Assert.Equal(["unseen 2", "missed 3"], await RecoveredAsync(server, first, offset));
    }

    [Fact]
    public async Task What_the_middleware_says_does_not_cost_the_recovery()
    {
        var server = StartServer();
        var ns = server.Namespaces.GetOrAdd("/", server).Face;
        ns.Use(static (socket, next) =>
        {
            socket.Emit("hello", "from the middleware");
            return next();
        });
        ns.Emit("before", 1);
        var (webSocket, session) = await OpenAsync(server);
        session.Send("40");
        var offset = OffsetIn(await webSocket.NextAsync(), "");
        var first = await JoinedAsync(server, webSocket, session);
        await LoseAsync(first);
        ns.Emit("missed", 2);
        Assert.Equal(["missed 2"], await RecoveredAsync(server, first, offset));
    }

    [Fact]
    public async Task A_client_that_has_received_nothing_gets_all_since_its_connect_and_nothing_from_before()
    {
        var server = StartServer();
        var ns = server.Namespaces.GetOrAdd("/", server).Face;
        ns.Emit("before", 1);
        var first = await JoinAsync(server);
        await LoseAsync(first);
        ns.Emit("missed", 2);
        Assert.Equal(["missed 2"], await RecoveredAsync(server, first, ""));
        // The same again: it has been told of nothing that it could take an offset from.
        var idle = await JoinAsync(server);
        await LoseAsync(idle);
        Assert.Empty(await RecoveredAsync(server, idle, ""));
    }

    [Fact]
    public async Task An_offset_from_before_the_socket_is_none()
    {
        var server = StartServer();
        var ns = server.Namespaces.GetOrAdd("/", server).Face;
        var (first, offset) = await JoinAndSeeAsync(server);
        await LoseAsync(first);
        ns.Emit("missed by the first", 2);
        // It was not let in again as who it was; the official client keeps the offset all the same.
        foreach (var old in new[] { offset, "ZZZZZZ7" })
        {
            var second = await ComeBackAsync(server, "ZZZZZZ0123456789012345678901", old);
            await LoseAsync(second);
            ns.Emit("missed", 3);
            Assert.Equal(["missed 3"], await RecoveredAsync(server, second, old));
        }
    }

    /// <summary>It has been on another node since: this socket is an old copy, and what it has seen there nobody here can say.</summary>
    [Fact]
    public async Task An_offset_of_another_node_that_the_client_did_not_come_with_recovers_nothing()
    {
        var server = StartServer();
        var first = await ComeBackAsync(server, "ZZZZZZ0123456789012345678901", "ZZZZZZ7");
        await LoseAsync(first);
        var second = await ComeBackAsync(server, first.Secret, "ZZZZZZ8");
        Assert.NotEqual(first.Id, second.Id, StringComparer.Ordinal);
    }

    /// <summary>
    /// The official client keeps what comes before the CONNECT, and the offset from before it until the CONNECT is there.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_breaks_off_before_it_knows_that_it_is_recovered_is_not_told_the_same_again(bool hasSeenAll)
    {
        var server = StartServer();
        var ns = server.Namespaces.GetOrAdd("/", server).Face;
        var (first, offset) = await JoinAndSeeAsync(server);
        await LoseAsync(first);
        ns.Emit("missed", 2);
        ns.Emit("missed", 3);
        var (webSocket, session) = await OpenAsync(server);
        session.Send(Claim(first.Secret, offset));
        var told = await SeeAsync(new Joined(first.Socket, session, webSocket, first.Secret), offset);
        told = await SeeAsync(new Joined(first.Socket, session, webSocket, first.Secret), told);
        var again = await JoinedAsync(server, webSocket, session);
        Assert.Equal(first.Id, again.Id);
        await LoseAsync(again);
        ns.Emit("missed", 4);
        if (hasSeenAll)
            Assert.Equal(["missed 4"], await RecoveredAsync(server, again, told));
        else
            Assert.NotEqual(first.Id, (await ComeBackAsync(server, first.Secret, offset)).Id, StringComparer.Ordinal);
    }

    [Fact]
    public async Task With_another_parser_it_is_the_same()
    {
        var server = StartServer(static o => o.Parser = new WaitingParser());
        var ns = server.Namespaces.GetOrAdd("/", server).Face;
        var (first, offset) = await JoinAndSeeAsync(server);
        await ReadyAsync(first);
        first.Socket.Volatile.Emit("status", "connected");
        offset = await SeeAsync(first, offset);
        await LoseAsync(first);
        ns.Emit("missed", 3);
        Assert.Equal(["missed 3"], await RecoveredAsync(server, first, offset));
    }

    // ---- No code of the application's under the gate: it may wait for another thread that emits.

    [Fact]
    public async Task A_listener_of_what_goes_out_may_wait_for_another_thread_that_emits()
    {
        var server = StartServer();
        var ns = server.Namespaces.GetOrAdd("/", server).Face;
        var first = await JoinAsync(server);
        var emitted = new List<bool>();
        first.Socket.OnAnyOutgoing(e =>
        {
            if (e.Name is "outer")
                emitted.Add(OnAnotherThread(() => ns.Emit("inner")));
        });
        first.Socket.Emit("outer");
        ns.Emit("outer");
        first.Socket.Volatile.Emit("outer", "text");
        ns.Volatile.Emit("outer", "text");
        server
            .Namespaces.GetOrAdd("/", server)
            .Deliver(
                RoomSelection.Everyone,
                new(server.Packets.Event("/", "outer", -1, new EventArguments())),
                isVolatile: false,
                "OTHERS",
                1
            );
        Assert.Equal([true, true, true, true, true], emitted);
    }

    [Fact]
    public async Task A_listener_of_what_was_missed_may_wait_for_another_thread_that_emits()
    {
        var server = StartServer(static o => o.ConnectionStateRecovery = new RecoveryOptions { SkipMiddlewares = false });
        var ns = server.Namespaces.GetOrAdd("/", server).Face;
        var emitted = new List<bool>();
        ns.Use((socket, next) =>
        {
            socket.OnAnyOutgoing(e =>
            {
                if (e.Name is "missed")
                    emitted.Add(OnAnotherThread(() => ns.Emit("inner")));
            });
            return next();
        });
        var first = await JoinAsync(server);
        await LoseAsync(first);
        ns.Emit("missed", 3);
        Assert.Equal(["missed 3"], await RecoveredAsync(server, first, ""));
        await HandledAsync(Assert.Single(ns.Sockets).Actor);
        Assert.Equal([true], emitted);
    }

    private sealed record Slow(int Value);

    private sealed class WaitingConverter(Func<bool> wait) : JsonConverter<Slow>
    {
        public List<bool> Waited { get; } = [];

        public override Slow Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, Slow value, JsonSerializerOptions options)
        {
            Waited.Add(wait());
            writer.WriteNumberValue(value.Value);
        }
    }

    [Fact]
    public async Task A_converter_may_wait_for_another_thread_that_emits()
    {
        NamespaceServices? ns = null;
        var converter = new WaitingConverter(() => OnAnotherThread(() => ns!.Face.Emit("inner")));
        var server = StartServer(o => o.Json = new JsonSerializerOptions(JsonSerializerDefaults.Web) { Converters = { converter } });
        ns = server.Namespaces.GetOrAdd("/", server);
        var first = await JoinAsync(server);
        first.Socket.Emit("outer", new Slow(1));
        ns.Face.Emit("outer", new Slow(1));
        first.Socket.Volatile.Emit("outer", new Slow(1));
        Assert.Equal([true, true, true], converter.Waited);
    }

    [Fact]
    public async Task A_parser_may_wait_for_another_thread_that_emits()
    {
        var parser = new WaitingParser();
        var server = StartServer(o => o.Parser = parser);
        var ns = server.Namespaces.GetOrAdd("/", server).Face;
        var first = await JoinAsync(server);
        parser.Wait = () => OnAnotherThread(() => ns.Emit("inner"));
        first.Socket.Emit("outer");
        ns.Emit("outer");
        parser.Wait = null;
        Assert.True(parser.Waited.Count >= 4); // without the offset, and with it; again when somebody else was faster
        Assert.DoesNotContain(false, parser.Waited);
        await LoseAsync(first);
        ns.Emit("missed", 1);
        Assert.NotEmpty(await RecoveredAsync(server, first, ""));
    }

    /// <summary>The protocol's own form, written by the application.</summary>
    private sealed class WaitingParser : SocketIoParser
    {
        public Func<bool>? Wait { get; set; }

        public List<bool> Waited { get; } = [];

        public override SocketIoParserMessages Encode(in SocketIoParserPacket packet)
        {
            if (
                Wait is { } wait
                && Waited.Count < 10
                && packet.Type is SocketIoParserPacketType.Event
                && System.Text.Encoding.UTF8.GetString(packet.Json.Span).Contains("outer", StringComparison.Ordinal)
            )
                Waited.Add(wait());
            var type = (int)packet.Type;
            return new SocketIoParserMessages(
                System.Text.Encoding.UTF8.GetBytes($"{type}{packet.Id}{System.Text.Encoding.UTF8.GetString(packet.Json.Span)}"),
                packet.Attachments
            );
        }

        public override SocketIoParserDecoder CreateDecoder() => new Decoder();

        private sealed class Decoder : SocketIoParserDecoder
        {
            public override SocketIoParserPacket? AddText(ReadOnlySpan<byte> text) =>
                new SocketIoParserPacket((SocketIoParserPacketType)(text[0] - '0'), "/", null, text[1..].ToArray(), []);

            public override SocketIoParserPacket? AddBinary(ReadOnlySpan<byte> binary) => throw new FormatException("binary");
        }
    }

    private static bool OnAnotherThread(Action action)
    {
        var running = new Thread(() => action());
        running.Start();
        return running.Join(TimeSpan.FromSeconds(10));
    }

    // ----

    private async Task<(Joined First, string Offset)> JoinAndSeeAsync(ServerServices server)
    {
        var first = await JoinAsync(server);
        first.Socket.Emit("seen", 1);
        return (first, await SeeAsync(first, ""));
    }

    /// <summary>
    /// The next packet, as the official client takes its offset from it: the last argument of an event that asks for no acknowledgement, if
    /// it is a text.
    /// </summary>
    private static async Task<string> SeeAsync(Joined joined, string offset) => OffsetIn(await joined.WebSocket.NextAsync(), offset);

    private static string OffsetIn(string packet, string offset)
    {
        var start = packet.IndexOf('[', StringComparison.Ordinal);
        if (char.IsAsciiDigit(packet[start - 1]) && start > 2)
            return offset; // with an acknowledgement the last argument is a function
        var last = JsonElement.Parse(packet[start..]).EnumerateArray().Last();
        return last.ValueKind is JsonValueKind.String ? last.GetString()! : offset;
    }

    /// <summary>Comes back, and is the same socket; what it was told before that, without offsets.</summary>
    private async Task<string[]> RecoveredAsync(ServerServices server, Joined lost, string offset)
    {
        var (webSocket, session) = await OpenAsync(server);
        session.Send(
            "40" + (offset.Length == 0 ? $$"""{"pid":"{{lost.Secret}}"}""" : JsonSerializer.Serialize(new { pid = lost.Secret, offset }))
        );
        var missed = new List<string>();
        while (true)
        {
            var packet = await webSocket.NextAsync();
            var json = JsonElement.Parse(packet[packet.IndexOfAny(['[', '{'])..]);
            if (packet.StartsWith("40", StringComparison.Ordinal))
            {
                Assert.Equal(lost.Id, json.GetProperty("sid").GetString());
                return [.. missed];
            }
            if (json[0].GetString() is not ("hello" or "inner"))
                missed.Add($"{json[0]} {json[1]}");
        }
    }
}
