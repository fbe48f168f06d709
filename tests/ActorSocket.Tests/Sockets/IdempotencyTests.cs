using System.Security.Claims;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sockets;

namespace ActorSocket.Tests.Sockets;

public sealed class IdempotencyTests : ServerTest
{
    private static readonly HandlerOptions ByFirstArgument = new()
    {
        IdempotencyKey = static arguments => arguments.Count > 0 ? arguments[0].As<string>() : null,
    };

    [Fact]
    public async Task The_second_arrival_is_acknowledged_with_the_first_answer_binary_included()
    {
        var runs = 0;
        var (_, session, webSocket) = await JoinAsync(socket =>
            socket.On("order", (string key) => new { Run = ++runs, Data = new byte[] { 1, 2 } }, ByFirstArgument)
        );
        foreach (var id in new[] { 5, 6 })
        {
            session.Send($$"""42{{id}}["order","a"]""");
            Assert.Equal($$$"""461-{{{id}}}[{"run":1,"data":{"_placeholder":true,"num":0}}]""", await webSocket.NextAsync());
            Assert.Equal("<0102>", await webSocket.NextAsync());
        }
        session.Send("""427["order","b"]""");
        Assert.StartsWith("461-7[{\"run\":2,", await webSocket.NextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_event_without_a_key_or_of_another_name_is_another_event()
    {
        var runs = 0;
        var (_, session, webSocket) = await JoinAsync(socket =>
        {
            socket.On("order", () => ++runs, ByFirstArgument);
            socket.On("cancel", (string key) => ++runs, ByFirstArgument);
        });
        foreach (
            var (packet, answer) in new[]
            {
                ("""420["order"]""", "430[1]"),
                ("""421["order"]""", "431[2]"),
                ("""422["order","a"]""", "432[3]"),
                ("""423["cancel","a"]""", "433[4]"),
                ("""424["cancel","a"]""", "434[4]"),
            }
        )
        {
            session.Send(packet);
            Assert.Equal(answer, await webSocket.NextAsync());
        }
    }

    [Fact]
    public async Task A_client_that_came_back_while_the_handler_runs_gets_its_answer()
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var gate = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var runs = 0;
        var server = NewServer();
        OnOrder(server, async (string key) =>
        {
            Interlocked.Increment(ref runs);
            started.TrySetResult();
            return await gate.Task;
        });
        var (first, _) = await ConnectAsync(server);
        first.Send("""420["order","a"]""");
        await started.Task.WaitAsync(Patience);
        first.Connection.Fail(null, DisconnectReason.TransportClose, null);

        var (second, webSocket) = await ConnectAsync(server);
        second.Send("""420["order","a"]""");
        second.Send("""421["order","b"]"""); // waits its turn behind the first
        gate.SetResult("done");
        Assert.Equal("430[\"done\"]", await webSocket.NextAsync());
        Assert.Equal("431[\"done\"]", await webSocket.NextAsync());
        Assert.Equal(2, runs);
    }

    [Fact]
    public async Task A_handler_that_failed_before_it_answered_runs_again_also_for_who_waited_for_it()
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var runs = 0;
        var server = NewServer();
        OnOrder(server, async (string key) =>
        {
            if (Interlocked.Increment(ref runs) > 1)
                return runs;
            started.SetResult();
            await gate.Task;
            throw new InvalidOperationException("on purpose");
        });
        var (first, _) = await ConnectAsync(server);
        var (second, webSocket) = await ConnectAsync(server);
        first.Send("""420["order","a"]""");
        await started.Task.WaitAsync(Patience);
        second.Send("""421["order","a"]""");
        gate.SetResult();
        Assert.Equal("431[2]", await webSocket.NextAsync());
        second.Send("""422["order","a"]""");
        Assert.Equal("432[2]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task An_answer_that_comes_after_the_handler_reaches_every_attempt()
    {
        Ack? late = null;
        var (_, session, webSocket) = await JoinAsync(socket =>
        {
            socket.On("order", (string key, Ack ack) => { late = ack; }, ByFirstArgument);
            socket.On("answer", () => late!.Send("late", 2));
        });
        session.Send("""420["order","a"]""");
        session.Send("""421["order","a"]""");
        session.Send("""42["answer"]""");
        Assert.Equal("430[\"late\",2]", await webSocket.NextAsync());
        Assert.Equal("431[\"late\",2]", await webSocket.NextAsync());
        Assert.False(late!.IsWanted);
    }

    [Fact]
    public async Task With_AutoAck_a_handler_without_an_answer_runs_once_and_every_attempt_is_acknowledged()
    {
        var runs = 0;
        var (_, session, webSocket) = await JoinAsync(
            socket =>
                socket.On(
                    "order",
                    (string key) =>
                    {
                        runs++;
                    },
                    ByFirstArgument
                ),
            static o => o.AutoAck = true
        );
        session.Send("""420["order","a"]""");
        Assert.Equal("430[]", await webSocket.NextAsync());
        session.Send("""421["order","a"]""");
        Assert.Equal("431[]", await webSocket.NextAsync());
        Assert.Equal(1, runs);
    }

    [Fact]
    public async Task Scopes_and_namespaces_keep_keys_apart()
    {
        var runs = 0;
        var scope = "Ada";
        var server = NewServer();
        foreach (var name in new[] { "/", "/other" })
            server
                .Namespaces.GetOrAdd(name, server)
                .Face.OnConnection(socket =>
                {
                    socket.On(
                        "order",
                        (string key) => ++runs,
                        new HandlerOptions { IdempotencyKey = ByFirstArgument.IdempotencyKey, IdempotencyScope = scope }
                    );
                });
        var (ada, toAda) = await ConnectAsync(server);
        scope = "Bob";
        var (bob, toBob) = await ConnectAsync(server);
        ada.Send("""420["order","a"]""");
        Assert.Equal("430[1]", await toAda.NextAsync());
        bob.Send("""420["order","a"]""");
        Assert.Equal("430[2]", await toBob.NextAsync());
        bob.Send("40/other,");
        Assert.StartsWith("40/other,", await toBob.NextAsync(), StringComparison.Ordinal);
        bob.Send("""42/other,0["order","a"]""");
        Assert.Equal("43/other,0[3]", await toBob.NextAsync());
        bob.Send("""421["order","a"]""");
        Assert.Equal("431[2]", await toBob.NextAsync());
    }

    [Fact]
    public async Task The_scope_is_the_authenticated_user_unless_told_otherwise()
    {
        var (socket, _, _) = await JoinAsync();
        Assert.Equal("", HandlerOptions.ScopeOf(socket));
        socket.User.AddIdentity(new ClaimsIdentity([new Claim(ClaimTypes.Name, "Ada"), new Claim(ClaimTypes.NameIdentifier, "7")], "test"));
        Assert.Equal("user:7", HandlerOptions.ScopeOf(socket));
    }

    [Fact]
    public void What_is_remembered_is_bounded_in_number_bytes_and_time()
    {
        var time = new ManualTime();
        var table = new IdempotencyTable(
            new IdempotencyOptions
            {
                MaxKeys = 3,
                MaxBytes = 3_000,
                Window = TimeSpan.FromSeconds(60),
            },
            SocketJson.Default,
            time
        );
        Assert.True(Begin("a"));
        time.Seconds = 30;
        Assert.True(Begin("b") && Begin("c"));
        Assert.False(Begin("a"));
        Assert.True(Begin("d")); // the fourth: the oldest is forgotten
        Assert.Equal(3, table.Count);
        Assert.False(Begin("b") || Begin("c") || Begin("d"));
        Assert.True(Begin("a"));
        Assert.False(Begin("c"));

        time.Seconds = 89;
        Assert.False(Begin("c"));
        time.Seconds = 90; // 60 s after it came
        Assert.True(Begin("c"));
        Assert.Equal(1, table.Count);

        Assert.True(table.TryBegin(new("", "e", "big"), out var big));
        big.Answer(new EventArguments<string>(new string('x', 4_000)));
        Assert.Equal(0, table.Count); // too big to keep, and all before it were older
        Assert.True(table.TryBegin(new("", "e", "fits"), out var fits));
        fits.Answer(new EventArguments<string>(new string('x', 1_000)));
        Assert.Equal(1, table.Count);

        bool Begin(string key)
        {
            var isNew = table.TryBegin(new("", "e", key), out var remembered);
            if (isNew)
                remembered.End(failed: false);
            return isNew;
        }
    }

    [Fact]
    public async Task Events_that_wait_for_an_answer_of_a_handler_that_is_done_count_too()
    {
        var acks = new List<Ack>();
        var (socket, session, webSocket) = await JoinAsync(
            one => one.On("order", (string key, string text, Ack ack) => acks.Add(ack), ByFirstArgument),
            static o => o.Idempotency.MaxBytes = 3_000
        );
        var table = socket.Namespace.Idempotency;
        for (var i = 0; i < 10; i++)
            session.Send($"42{i}[\"order\",\"{i}\",\"{new string('x', 500)}\"]");
        await HandledAsync(socket.Actor);
        Assert.InRange(table.Count, 3, 5);
        for (var i = 0; i < 5; i++)
            session.Send($"421{i}[\"order\",\"9\",\"{new string('x', 500)}\"]"); // the same event again and again
        await HandledAsync(socket.Actor);
        Assert.InRange(table.Count, 0, 2);
        acks[9].Send("done");
        foreach (var id in new[] { "9", "10", "11", "12" })
            Assert.Equal($"43{id}[\"done\"]", await webSocket.NextAsync());
    }

    [Fact]
    public void One_that_runs_longer_than_the_window_is_not_started_twice()
    {
        var time = new ManualTime();
        var table = new IdempotencyTable(new IdempotencyOptions { Window = TimeSpan.FromSeconds(60) }, SocketJson.Default, time);
        Assert.True(table.TryBegin(new("", "e", "slow"), out var slow));
        Assert.True(table.TryBegin(new("", "e", "quick"), out var quick));
        quick.End(failed: false);
        time.Seconds = 1_000;
        Assert.False(table.TryBegin(new("", "e", "slow"), out _));
        Assert.True(table.TryBegin(new("", "e", "quick"), out _)); // over, although an older one runs
        slow.End(failed: false);
        Assert.True(table.TryBegin(new("", "e", "slow"), out _));
    }

    [Fact]
    public void What_is_remembered_is_forgotten_in_time_though_nothing_else_comes()
    {
        var time = new ManualTime();
        var table = new IdempotencyTable(new IdempotencyOptions { Window = TimeSpan.FromSeconds(60) }, SocketJson.Default, time);
        Assert.True(table.TryBegin(new("", "e", "runs on"), out var slow));
        for (var i = 0; i < 50; i++)
        {
            Assert.True(table.TryBegin(new("", "e", $"{i}"), out var quick));
            quick.End(failed: false);
        }
        time.Advance(30);
        Assert.True(table.TryBegin(new("", "e", "later"), out var later));
        later.End(failed: false);
        time.Advance(30);
        Assert.Equal(2, table.Count);
        time.Advance(31);
        Assert.Equal(1, table.Count); // its handler runs still
        slow.End(failed: false);
        time.Advance(61);
        Assert.Equal(0, table.Count);
    }

    [Fact]
    public async Task Namespaces_that_clients_name_share_the_bounds_of_their_template_and_not_its_keys()
    {
        var runs = 0;
        var server = NewServer();
        new ActorSocketServer(server)
            .OfDynamic(static (_, _, _) => ValueTask.FromResult(true))
            .OnConnection(socket =>
            {
                socket.On("order", (string key) => ++runs, ByFirstArgument);
            });
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(server, webSocket);
        foreach (var name in (string[])["/a", "/b"])
        {
            session.Send($"40{name},");
            Assert.StartsWith($"40{name},{{", await webSocket.NextAsync(), StringComparison.Ordinal);
        }
        foreach (
            var (packet, answer) in new[]
            {
                ("""42/a,0["order","k"]""", "43/a,0[1]"),
                ("""42/b,0["order","k"]""", "43/b,0[2]"),
                ("""42/a,1["order","k"]""", "43/a,1[1]"),
            }
        )
        {
            session.Send(packet);
            Assert.Equal(answer, await webSocket.NextAsync());
        }
        Assert.Same(server.Namespaces.GetOrAdd("/a", server).Face.Idempotency, server.Namespaces.GetOrAdd("/b", server).Face.Idempotency);
    }

    private static void OnOrder(ServerServices server, Delegate handler) =>
        server.Namespaces.GetOrAdd("/", server).Face.OnConnection(socket => { socket.On("order", handler, ByFirstArgument); });
}
