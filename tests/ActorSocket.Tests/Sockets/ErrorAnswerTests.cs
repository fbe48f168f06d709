using System.Text.Json;

namespace ActorSocket.Tests.Sockets;

/// <summary>Who asked for an acknowledgement hears of what went wrong, in one shape (docs/adr/0009).</summary>
public sealed class ErrorAnswerTests : ServerTest
{
    private const string Internal = """[{"error":{"message":"Internal server error","code":"INTERNAL_ERROR"}}]""";

    [Theory]
    [InlineData("plain", """[{"error":{"message":"no ž"}}]""")]
    [InlineData("coded", """[{"error":{"message":"sold out","code":"SOLD_OUT","data":{"left":2}}}]""")]
    [InlineData("later", """[{"error":{"message":"later"}}]""")]
    [InlineData("value later", """[{"error":{"message":"value later"}}]""")]
    [InlineData("with ack", """[{"error":{"message":"with ack"}}]""")]
    [InlineData("boom", Internal)]
    [InlineData("boom later", Internal)]
    [InlineData("cancelled", Internal)]
    [InlineData("unwritable", Internal)]
    [InlineData("wrapped", Internal)]
    public async Task A_handler_that_throws_answers_with_an_error(string name, string answer)
    {
        var (_, session, webSocket) = await JoinAsync(Handle);
        session.Send($"427[\"{name}\"]");
        Assert.Equal("437" + answer, await webSocket.NextAsync());
        session.Send("428[\"fine\"]");
        Assert.Equal("438[true]", await webSocket.NextAsync()); // and goes on
    }

    [Theory]
    [InlineData("boom", "InvalidOperationException: secret")]
    [InlineData("boom later", "InvalidOperationException: secret")]
    [InlineData("number", "Argument 2 cannot be read as System.Int32.")]
    public async Task Details_are_shown_where_they_are_allowed(string name, string message)
    {
        var (_, session, webSocket) = await JoinAsync(Handle, static options => options.EnableDetailedErrors = true);
        session.Send($"421[\"{name}\",1,\"x\"]");
        Assert.Equal(message, (await ErrorAsync(webSocket, "431")).GetProperty("message").GetString());
        session.Send("422[\"coded\"]"); // what is meant for the client stays as it is
        Assert.Equal("""432[{"error":{"message":"sold out","code":"SOLD_OUT","data":{"left":2}}}]""", await webSocket.NextAsync());
    }

    [Theory]
    [InlineData("""["number",1,"hunter2"]""", "Argument 2 cannot be read as a whole number.")]
    [InlineData("""["number",1,300.5]""", "Argument 2 cannot be read as a whole number.")]
    [InlineData("""["flag","hunter2"]""", "Argument 1 cannot be read as true or false.")]
    [InlineData("""["text",{"hunter2":1}]""", "Argument 1 cannot be read as text.")]
    [InlineData("""["bytes","hunter2"]""", "Argument 1 cannot be read as binary data.")]
    [InlineData("""["order",{"count":"hunter2"}]""", "Argument 1 is not of the expected shape.")]
    [InlineData("""["list",["hunter2"]]""", "Argument 1 is not of the expected shape.")]
    [InlineData("""["as",1,"hunter2"]""", "Argument 2 cannot be read as a number.")]
    public async Task What_cannot_be_bound_is_said_without_the_clients_text_and_the_servers_types(string packet, string message)
    {
        var (_, session, webSocket) = await JoinAsync(Handle);
        session.Send("421" + packet);
        Assert.Equal("431[{\"error\":{\"message\":\"" + message + "\",\"code\":\"BAD_ARGUMENT\"}}]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task Another_clients_wrong_answer_is_no_fault_of_who_sent_the_event()
    {
        var (_, session, webSocket) = await JoinAsync(static socket =>
            socket.On("ask", async () => await socket.EmitWithAckAsync<int>("question"))
        );
        session.Send("421[\"ask\"]");
        Assert.Equal("420[\"question\"]", await webSocket.NextAsync());
        session.Send("430[\"no number\"]");
        Assert.Equal("431" + Internal, await webSocket.NextAsync());
    }

    [Fact]
    public async Task Data_may_be_binary()
    {
        var (_, session, webSocket) = await JoinAsync(static socket =>
            socket.On("bytes", static object () => throw new EventException("look", new { bytes = (byte[])[7] }))
        );
        session.Send("421[\"bytes\"]");
        Assert.Equal(
            """461-1[{"error":{"message":"look","data":{"bytes":{"_placeholder":true,"num":0}}}}]""",
            await webSocket.NextAsync()
        );
        Assert.Equal("<07>", await webSocket.NextAsync());
    }

    [Fact]
    public async Task Data_that_cannot_be_written_is_left_out()
    {
        var (_, session, webSocket) = await JoinAsync(static socket =>
        {
            socket.On("delegate", static object () => throw new EventException("no", (Action)(static () => { })) { Code = "NO" });
            socket.On("getter", static object () => throw new EventException("no", new Unwritable()));
        });
        session.Send("421[\"delegate\"]");
        Assert.Equal("""431[{"error":{"message":"no","code":"NO"}}]""", await webSocket.NextAsync());
        session.Send("422[\"getter\"]");
        Assert.Equal("""432[{"error":{"message":"no"}}]""", await webSocket.NextAsync());
    }

    [Fact]
    public async Task Only_an_event_that_asks_and_has_no_answer_yet_gets_one()
    {
        var thrown = 0;
        var (_, session, webSocket) = await JoinAsync(socket =>
        {
            socket.OnError(_ => thrown++);
            Handle(socket);
            socket.On("answered", static (Ack ack) =>
            {
                ack.Send(1);
                throw new EventException("too late");
            });
            socket.On("answered later", static async (Ack<int> ack) =>
            {
                ack.Send(1);
                await Task.Yield();
                throw new InvalidOperationException("too late");
            });
        });
        session.Send("42[\"plain\"]");
        session.Send("42[\"boom later\"]");
        session.Send("421[\"answered\"]");
        session.Send("422[\"answered later\"]");
        session.Send("423[\"fine\"]");
        Assert.Equal(
            ["431[1]", "432[1]", "433[true]"],
            new[] { await webSocket.NextAsync(), await webSocket.NextAsync(), await webSocket.NextAsync() }
        );
        Assert.Equal(4, thrown);
    }

    [Fact]
    public async Task An_answer_that_comes_after_the_error_is_not_sent()
    {
        Ack? kept = null;
        var (_, session, webSocket) = await JoinAsync(socket =>
        {
            Handle(socket);
            socket.On("keep", (Ack ack) =>
            {
                kept = ack;
                throw new EventException("no");
            });
        });
        session.Send("421[\"keep\"]");
        Assert.Equal("""431[{"error":{"message":"no"}}]""", await webSocket.NextAsync());
        Assert.False(kept!.IsWanted);
        kept.Send("yes");
        session.Send("422[\"fine\"]");
        Assert.Equal("432[true]", await webSocket.NextAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_several_handlers_the_first_that_answers_or_throws_counts(bool isLater)
    {
        var ran = new List<string>();
        var (_, session, webSocket) = await JoinAsync(socket =>
        {
            Handle(socket);
            socket.On("first throws", Throwing("first", isLater));
            socket.On("first throws", () => ran.Add("second"));
            socket.On("second throws", () => { ran.Add("first"); });
            socket.On("second throws", Throwing("second", isLater));
            socket.On("first answers", static () => 1);
            socket.On("first answers", Throwing("second", isLater));
        });
        session.Send("421[\"first throws\"]");
        Assert.Equal("""431[{"error":{"message":"first"}}]""", await webSocket.NextAsync());
        session.Send("422[\"second throws\"]");
        Assert.Equal("""432[{"error":{"message":"second"}}]""", await webSocket.NextAsync());
        session.Send("423[\"first answers\"]");
        Assert.Equal("433[1]", await webSocket.NextAsync());
        session.Send("424[\"fine\"]");
        Assert.Equal("434[true]", await webSocket.NextAsync());
        Assert.Equal(["first"], ran);

        static Func<Task> Throwing(string message, bool isLater) => async () =>
        {
            if (isLater)
                await Task.Yield();
            throw new EventException(message);
        };
    }

    [Fact]
    public async Task With_AutoAck_an_event_whose_handler_failed_is_answered_with_the_error()
    {
        var (_, session, webSocket) = await JoinAsync(Handle, static options => options.AutoAck = true);
        session.Send("421[\"boom\"]");
        Assert.Equal("431" + Internal, await webSocket.NextAsync());
        session.Send("422[\"plain\"]");
        Assert.Equal("""432[{"error":{"message":"no ž"}}]""", await webSocket.NextAsync());
        session.Send("423[\"nothing\"]");
        Assert.Equal("433[]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task Errors_come_in_the_order_of_their_events()
    {
        var (_, session, webSocket) = await JoinAsync(Handle);
        for (var i = 0; i < 40; i++)
            session.Send($"42{i}[\"{(i % 4) switch { 0 => "fine", 1 => "boom", 2 => "boom later", _ => "plain" }}\"]");
        for (var i = 0; i < 40; i++)
            Assert.StartsWith($"43{i}[", await webSocket.NextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Middleware_listeners_and_whatever_it_wraps_answer_likewise()
    {
        var (_, session, webSocket) = await JoinAsync(static socket =>
        {
            Handle(socket);
            socket.OnAny(static e =>
            {
                if (e.Name == "heard")
                    throw new EventException("by a listener");
            });
            socket.Use(static async (e, next) =>
            {
                if (e.Name == "refused")
                    throw new EventException("by middleware") { Code = "REFUSED" };
                if (e.Name == "dropped")
                    return;
                if (e.Name == "broken")
                    throw new InvalidOperationException("secret");
                try
                {
                    await next();
                }
                catch (InvalidOperationException) when (e.Name == "boom")
                {
                    throw new EventException("translated");
                }
                catch (InvalidOperationException) when (e.Name == "boom later")
                {
                    e.Ack?.Send("caught");
                }
            });
        });
        (string Event, string Answer)[] cases =
        [
            ("heard", """{"error":{"message":"by a listener"}}"""),
            ("refused", """{"error":{"message":"by middleware","code":"REFUSED"}}"""),
            ("broken", """{"error":{"message":"Internal server error","code":"INTERNAL_ERROR"}}"""),
            ("boom", """{"error":{"message":"translated"}}"""),
            ("boom later", "\"caught\""),
            ("plain", """{"error":{"message":"no ž"}}"""),
        ];
        session.Send("420[\"dropped\"]"); // as ever: nobody answers it
        for (var i = 0; i < cases.Length; i++)
        {
            session.Send($"42{i + 1}[\"{cases[i].Event}\"]");
            Assert.Equal($"43{i + 1}[{cases[i].Answer}]", await webSocket.NextAsync());
        }
    }

    [Fact]
    public async Task An_unknown_event_is_answered_only_where_that_is_wanted()
    {
        var (_, session, webSocket) = await JoinAsync(Handle);
        session.Send("421[\"unknown\"]");
        session.Send("422[\"fine\"]");
        Assert.Equal("432[true]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task An_event_is_unknown_when_nothing_listens_to_it()
    {
        const string unknown = """[{"error":{"message":"Unknown event","code":"UNKNOWN_EVENT"}}]""";
        var (socket, session, webSocket) = await JoinAsync(
            static socket =>
            {
                Handle(socket);
                socket.Once("once", static () => 1);
            },
            static options => options.AnswerUnknownEvents = true
        );
        session.Send("42[\"unknown\"]"); // asks for nothing
        session.Send("421[\"unknown\"]");
        Assert.Equal("431" + unknown, await webSocket.NextAsync());
        session.Send("422[\"once\"]");
        Assert.Equal("432[1]", await webSocket.NextAsync());
        session.Send("423[\"once\"]");
        Assert.Equal("433" + unknown, await webSocket.NextAsync());
        session.Send("424[\"nothing\"]"); // its handler answers nothing
        socket.Use(static (_, next) => next());
        session.Send("425[\"unknown\"]");
        Assert.Equal("435" + unknown, await webSocket.NextAsync());
        using (socket.OnAny(static e => e.Ack?.Send("anything")))
        {
            session.Send("426[\"unknown\"]");
            Assert.Equal("436[\"anything\"]", await webSocket.NextAsync());
        }
        using (socket.OnAny(static _ => { })) // may answer later, as the actor of ForwardTo
        {
            session.Send("427[\"unknown\"]");
            session.Send("428[\"fine\"]");
            Assert.Equal("438[true]", await webSocket.NextAsync());
        }
    }

    [Fact]
    public async Task Who_has_left_gets_nothing_and_costs_nothing()
    {
        var (go, left) = (new TaskCompletionSource(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var (socket, session, webSocket) = await JoinAsync(socket =>
        {
            socket.OnDisconnect(_ => left.TrySetResult());
            socket.On("wait", async () =>
            {
                await go.Task;
                throw new EventException("nobody hears it");
            });
        });
        session.Send("421[\"wait\"]");
        session.Send("41");
        await HandledAsync(socket.Actor);
        go.SetResult();
        await left.Task.WaitAsync(Patience);
        Assert.True(webSocket.WroteNothing);
    }

    [Fact]
    public async Task Who_was_sent_away_by_the_handler_gets_no_answer()
    {
        var (_, session, webSocket) = await JoinAsync(socket =>
        {
            socket.On("kick", async () =>
            {
                await socket.DisconnectAsync();
                throw new EventException("nobody hears it");
            });
        });
        session.Send("421[\"kick\"]");
        Assert.Equal("41", await webSocket.NextAsync());
        await HandledAsync(session.Session);
        Assert.True(webSocket.WroteNothing);
    }

    [Fact]
    public async Task Who_sends_an_event_again_hears_of_its_own_attempt()
    {
        var runs = 0;
        var (_, session, webSocket) = await JoinAsync(socket => socket.On(
            "order",
            async (string key) =>
            {
                await Task.Yield();
                return ++runs == 1 ? throw new EventException("not yet") : runs;
            },
            new HandlerOptions { IdempotencyKey = static arguments => arguments[0].As<string>() }
        ));
        session.Send("421[\"order\",\"k\"]");
        Assert.Equal("""431[{"error":{"message":"not yet"}}]""", await webSocket.NextAsync());
        session.Send("422[\"order\",\"k\"]");
        Assert.Equal("432[2]", await webSocket.NextAsync());
        session.Send("423[\"order\",\"k\"]");
        Assert.Equal("433[2]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task A_middleware_of_the_namespace_shows_details_where_they_are_allowed()
    {
        foreach (var detailed in new[] { false, true })
        {
            var server = NewServer(options => options.EnableDetailedErrors = detailed);
            server.Namespaces.GetOrAdd("/", server).Face.Use(static (_, _) => throw new InvalidOperationException("secret"));
            var webSocket = new FakeWebSocket();
            (await OpenAsync(server, webSocket)).Send("40");
            Assert.Equal(
                detailed ? "44{\"message\":\"InvalidOperationException: secret\"}" : "44{\"message\":\"Internal server error\"}",
                await webSocket.NextAsync()
            );
        }
    }

    private static async Task<JsonElement> ErrorAsync(FakeWebSocket webSocket, string header)
    {
        var answer = await webSocket.NextAsync();
        Assert.StartsWith(header, answer, StringComparison.Ordinal);
        return JsonElement.Parse(answer[header.Length..])[0].GetProperty("error");
    }

    private static void Handle(Socket socket)
    {
        socket.On("fine", static () => true);
        socket.On("nothing", static () => { });
        socket.On("plain", static object () => throw new EventException("no ž"));
        socket.On("coded", static object () => throw new EventException("sold out", new { left = 2 }) { Code = "SOLD_OUT" });
        socket.On("later", static async Task () =>
        {
            await Task.Yield();
            throw new EventException("later");
        });
        socket.On("value later", static async Task<int> () =>
        {
            await Task.Yield();
            throw new EventException("value later");
        });
        socket.On("with ack", static void (Ack ack) => throw new EventException("with ack"));
        socket.On("boom", static void () => throw new InvalidOperationException("secret"));
        socket.On("boom later", static async Task () =>
        {
            await Task.Yield();
            throw new InvalidOperationException("secret");
        });
        socket.On("cancelled", static async Task () => await Task.Delay(-1, new CancellationToken(canceled: true)));
        socket.On("unwritable", static () => new Unwritable());
        socket.On("wrapped", static void () => throw new InvalidOperationException("secret", new EventException("not meant for it")));
        socket.On("number", static (int _, int number) => number);
        socket.On("flag", static (bool flag) => flag);
        socket.On("text", static (string text) => text);
        socket.On("bytes", static (byte[] bytes) => bytes.Length);
        socket.On("order", static (Order order) => order.Count);
        socket.On("list", static (int[] list) => list.Length);
        socket.On("as", static (SocketArguments all) => all[1].As<double>());
    }

    private sealed record Order(int Count);

    private sealed class Unwritable(bool isBroken = true)
    {
        public string Secret => isBroken ? throw new InvalidOperationException("secret") : "";
    }
}
