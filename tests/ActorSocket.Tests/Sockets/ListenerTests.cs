namespace ActorSocket.Tests.Sockets;

public sealed class ListenerTests : ServerTest
{
    [Fact]
    public async Task Once_handles_one_event_and_others_go_on()
    {
        var (_, session, webSocket) = await JoinAsync(static socket =>
        {
            socket.Once("e", (int n) => socket.Emit("once", n));
            socket.On("e", (int n) => socket.Emit("on", n));
        });
        session.Send("""42["e",1]""");
        session.Send("""42["e",2]""");
        await ExpectAsync(webSocket, "42[\"once\",1]", "42[\"on\",1]", "42[\"on\",2]");
    }

    [Fact]
    public async Task Handlers_are_removed_one_by_one_by_name_or_all()
    {
        IDisposable? one = null;
        var (socket, session, webSocket) = await JoinAsync(socket =>
        {
            one = socket.On("a", () => socket.Emit("a1"));
            socket.On("a", () => socket.Emit("a2"));
            socket.On("b", () => socket.Emit("b"));
            socket.On("c", () => socket.Emit("c"));
        });
        one!.Dispose();
        session.Send("""42["a"]""");
        await ExpectAsync(webSocket, "42[\"a2\"]");
        socket.Off("a");
        session.Send("""42["a"]""");
        session.Send("""42["b"]""");
        await ExpectAsync(webSocket, "42[\"b\"]");
        socket.Off();
        socket.On("d", () => socket.Emit("d"));
        session.Send("""42["b"]""");
        session.Send("""42["c"]""");
        session.Send("""42["d"]""");
        await ExpectAsync(webSocket, "42[\"d\"]");
    }

    [Fact]
    public async Task Catch_all_listeners_run_in_order_before_handlers_and_can_be_removed()
    {
        var seen = new List<string>();
        var (socket, session, webSocket) = await JoinAsync(socket =>
        {
            socket.OnAny(e => seen.Add("first " + e.Name));
            socket.PrependAny(e =>
            {
                seen.Add("before " + e.Arguments[0].As<int>());
                return Task.CompletedTask;
            });
            socket.On("e", () =>
            {
                seen.Add("handler");
                socket.Emit("done");
            });
        });
        session.Send("""42["e",7]""");
        await ExpectAsync(webSocket, "42[\"done\"]");
        Assert.Equal(["before 7", "first e", "handler"], seen);
        socket.OffAny();
        session.Send("""42["e",7]""");
        await ExpectAsync(webSocket, "42[\"done\"]");
        Assert.Equal(4, seen.Count);
    }

    [Fact]
    public async Task Outgoing_events_are_seen_as_their_receiver_sees_them()
    {
        var seen = new List<string>();
        var (socket, session, webSocket) = await JoinAsync(static socket => socket.On("ask", static () => 1));
        socket.OnAnyOutgoing(e => seen.Add($"{e.Name} {string.Join(',', e.Arguments.Select(static argument => argument.ToString()))}"));
        var first = socket.PrependAnyOutgoing(e => seen.Add("before " + e.Name));
        socket.Emit("direct", 1, "two");
        first.Dispose();
        socket.Namespace.Emit("broadcast", new { a = true });
        socket.Emit("binary", new byte[] { 1 });
        _ = socket.EmitWithAckAsync<int>("question");
        socket.Broadcast.Emit("not to itself");
        session.Send("""421["ask"]"""); // an acknowledgement is no event
        await ExpectAsync(
            webSocket,
            "42[\"direct\",1,\"two\"]",
            "42[\"broadcast\",{\"a\":true}]",
            "451-[\"binary\",{\"_placeholder\":true,\"num\":0}]",
            "<01>",
            "420[\"question\"]",
            "431[1]"
        );
        Assert.Equal(
            ["before direct", "direct 1,\"two\"", "broadcast {\"a\":true}", "binary {\"_placeholder\":true,\"num\":0}", "question "],
            seen
        );
        socket.OffAnyOutgoing();
        socket.Emit("unseen");
        Assert.Equal(5, seen.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_volatile_event_that_is_dropped_is_seen_nevertheless(bool isRecoverable)
    {
        var seen = new List<string>();
        var (socket, _, webSocket) = await JoinAsync(
            static _ => { },
            options => options.ConnectionStateRecovery = isRecoverable ? new RecoveryOptions() : null
        );
        socket.OnAnyOutgoing(e => seen.Add(e.Name));
        webSocket.Gate = new TaskCompletionSource().Task;
        socket.Emit("keeps the writer busy");
        socket.Volatile.Emit("dropped", 1);
        socket.Volatile.Emit("dropped with an offset", "text");
        socket.Namespace.Volatile.Emit("dropped for all", "text");
        _ = socket.Volatile.EmitWithAckAsync<int>("dropped question");
        Assert.Equal(
            ["keeps the writer busy", "dropped", "dropped with an offset", "dropped for all", "dropped question"],
            seen,
            StringComparer.Ordinal
        );
    }

    [Fact]
    public async Task Only_the_first_of_several_handlers_acknowledges()
    {
        var (_, session, webSocket) = await JoinAsync(static socket =>
        {
            socket.On("e", static () => 1);
            socket.On("e", static (Ack ack) => ack.Send(2));
            socket.On("end", () => socket.Emit("end"));
        });
        session.Send("""425["e"]""");
        session.Send("""42["end"]""");
        await ExpectAsync(webSocket, "435[1]", "42[\"end\"]");
    }

    [Fact]
    public async Task With_auto_ack_an_event_that_nobody_acknowledged_is_acknowledged_when_its_handlers_are_done()
    {
        var release = new TaskCompletionSource();
        var (_, session, webSocket) = await JoinAsync(
            socket =>
            {
                socket.On("slow", () => release.Task);
                socket.On("own", static () => 1);
                socket.On("fails", (Action)(static () => throw new InvalidOperationException("boom")));
            },
            static o => o.AutoAck = true);
        session.Send("""421["slow"]""");
        session.Send("""422["own"]""");
        session.Send("""423["fails"]""");
        session.Send("""424["unknown"]""");
        session.Send("""425["own"]""");
        release.SetResult();
        const string failed = """433[{"error":{"message":"Internal server error","code":"INTERNAL_ERROR"}}]""";
        await ExpectAsync(webSocket, "431[]", "432[1]", failed, "435[1]");
    }

    [Fact]
    public async Task An_operator_is_a_value_and_leaves_what_it_came_from_as_it_was()
    {
        var (socket, session, webSocket) = await JoinAsync(static one => one.On("go", () =>
        {
            _ = one.Volatile.Timeout(TimeSpan.Zero).Compress(false); // sets no flag of the next emit
            one.Emit("first");
            one.Emit("second"); // a volatile one would be lost now
        }));
        session.Send("""42["go"]""");
        await ExpectAsync(webSocket, "42[\"first\"]", "42[\"second\"]");

        await socket.JoinAsync("a");
        var b = socket.Namespace.To("b");
        var both = b.To("a");
        _ = both.Except("a");
        b.Emit("not for it");
        socket.Broadcast.To("a").Emit("not for the sender");
        both.Emit("for both");
        await ExpectAsync(webSocket, "42[\"for both\"]");
    }

    [Fact]
    public async Task No_room_at_all_reaches_nobody()
    {
        var (socket, _, webSocket) = await JoinAsync();
        socket.Namespace.To().Emit("nobody");
        socket.Namespace.In([]).Emit("nobody");
        socket.Namespace.Emit("everybody");
        await ExpectAsync(webSocket, "42[\"everybody\"]");
    }

    [Fact]
    public async Task Local_on_one_node_is_everybody()
    {
        var (socket, _, webSocket) = await JoinAsync();
        await socket.JoinAsync("room");
        socket.Namespace.Local.Emit("all");
        socket.Namespace.Local.To("room").Emit("room");
        await ExpectAsync(webSocket, "42[\"all\"]", "42[\"room\"]");
    }

    [Fact]
    public async Task What_is_fetched_is_a_copy_that_can_act()
    {
        var (socket, session, webSocket) = await JoinAsync();
        socket.Data["name"] = "Ada";
        await socket.JoinAsync("a");
        var fetched = Assert.Single(await socket.Namespace.In("a").FetchSocketsAsync());
        Assert.Equal(
            (socket.Id, socket.Handshake.Url, socket.Handshake.Address, socket.Handshake.Issued),
            (fetched.Id, fetched.Handshake.Url, fetched.Handshake.Address, fetched.Handshake.Issued)
        );
        Assert.Equal(new[] { socket.Id, "a" }.Order(StringComparer.Ordinal), fetched.Rooms.Order(StringComparer.Ordinal));
        Assert.Equal("Ada", fetched.Data["name"]);

        await fetched.JoinAsync("b");
        Assert.Contains("b", socket.Rooms, StringComparer.Ordinal);
        Assert.DoesNotContain("b", fetched.Rooms, StringComparer.Ordinal);
        await fetched.LeaveAsync("a");
        Assert.DoesNotContain("a", socket.Rooms, StringComparer.Ordinal);
        fetched.Emit("hello");
        await ExpectAsync(webSocket, "42[\"hello\"]");
        var answer = fetched.Timeout(TimeSpan.FromSeconds(20)).EmitWithAckAsync<int>("ask");
        await ExpectAsync(webSocket, "420[\"ask\"]");
        session.Send("430[7]");
        Assert.Equal(7, await answer.WaitAsync(Patience));
        await fetched.DisconnectAsync();
        await ExpectAsync(webSocket, "41");
        Assert.Empty(await socket.Namespace.FetchSocketsAsync());
    }

    private static async Task ExpectAsync(FakeWebSocket webSocket, params string[] frames)
    {
        foreach (var frame in frames)
            Assert.Equal(frame, await webSocket.NextAsync());
    }
}
