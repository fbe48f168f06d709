namespace ActorSocket.Tests.Sockets;

/// <summary>Asking has one shape, whoever is asked.</summary>
public sealed class AskingTests : ServerTest
{
    private static readonly Func<IAckEmitter, CancellationToken, Task<int>>[] OfOne =
    [
        static (one, token) => one.EmitWithAckAsync<int>("q", token),
        static (one, token) => one.EmitWithAckAsync<int>("q", 1, token),
        static (one, token) => one.EmitWithAckAsync<int>("q", 1, 2, token),
        static (one, token) => one.EmitWithAckAsync<int>("q", 1, 2, 3, token),
        static (one, token) => one.EmitWithAckAsync<int>("q", 1, 2, 3, 4, token),
        static (one, token) => one.EmitWithAckAsync<int>("q", 1, 2, 3, 4, 5, token),
        static (one, token) => one.EmitWithAckAsync<int>("q", 1, 2, 3, 4, 5, 6, token),
        static (one, token) => one.EmitWithAckAsync<int>("q", 1, 2, 3, 4, 5, 6, 7, token),
        static (one, token) => one.EmitWithAckAsync<int>("q", 1, 2, 3, 4, 5, 6, 7, 8, token),
        static (one, token) => one.EmitWithAckCoreAsync<int>("q", [1, 2, 3, 4, 5, 6, 7, 8, 9], token),
    ];

    private static readonly Func<IAckBroadcaster, CancellationToken, Task>[] OfSeveral =
    [
        static (all, token) => all.EmitWithAckAsync<int>("q", token),
        static (all, token) => all.EmitWithAckAsync<int>("q", 1, token),
        static (all, token) => all.EmitWithAckAsync<int>("q", 1, 2, token),
        static (all, token) => all.EmitWithAckAsync<int>("q", 1, 2, 3, token),
        static (all, token) => all.EmitWithAckAsync<int>("q", 1, 2, 3, 4, token),
        static (all, token) => all.EmitWithAckAsync<int>("q", 1, 2, 3, 4, 5, token),
        static (all, token) => all.EmitWithAckAsync<int>("q", 1, 2, 3, 4, 5, 6, token),
        static (all, token) => all.EmitWithAckAsync<int>("q", 1, 2, 3, 4, 5, 6, 7, token),
        static (all, token) => all.EmitWithAckAsync<int>("q", 1, 2, 3, 4, 5, 6, 7, 8, token),
        static (all, token) => all.EmitWithAckCoreAsync<int>("q", [1, 2, 3, 4, 5, 6, 7, 8, 9], token),
    ];

    [Fact]
    public async Task Each_number_of_arguments_arrives_as_it_is_and_the_token_ends_the_wait()
    {
        var (socket, session, webSocket) = await JoinAsync();
        var remote = Assert.Single(await socket.Namespace.FetchSocketsAsync());
        IAckEmitter[] clients = [socket, socket.Timeout(Patience), remote, remote.Timeout(Patience)];
        var id = 0;
        foreach (var client in clients)
        {
            for (var arguments = 0; arguments < OfOne.Length; arguments++)
            {
                using var source = new CancellationTokenSource();
                var answered = OfOne[arguments](client, source.Token);
                Assert.Equal(Packet(id, arguments), await webSocket.NextAsync());
                session.Send($"43{id++}[7]");
                Assert.Equal(7, await answered.WaitAsync(Patience));
                var cancelled = OfOne[arguments](client, source.Token);
                Assert.Equal(Packet(id++, arguments), await webSocket.NextAsync());
                await source.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(Patience));
            }
        }
        var room = socket.Namespace.To(socket.Id).Timeout(Patience);
        for (var arguments = 0; arguments < OfSeveral.Length; arguments++)
        {
            using var source = new CancellationTokenSource();
            var cancelled = OfSeveral[arguments](room, source.Token);
            Assert.Equal(Packet(id++, arguments), await webSocket.NextAsync());
            await source.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(Patience));
        }

        static string Packet(int id, int arguments) =>
            $"42{id}[{string.Join(',', Enumerable.Range(1, arguments).Select(static one => $"{one}").Prepend("\"q\""))}]";
    }

    [Fact]
    public async Task A_list_stays_one_argument_and_one_without_a_result_completes_with_the_acknowledgement()
    {
        string[] texts = ["a", "b"];
        var (socket, session, webSocket) = await JoinAsync();
        var remote = Assert.Single(await socket.Namespace.FetchSocketsAsync());
        Func<Task>[] questions =
        [
            () => socket.EmitWithAckAsync("q", texts),
            () => socket.Timeout(Patience).EmitWithAckAsync("q", texts),
            () => remote.EmitWithAckAsync("q", texts),
            () => remote.Timeout(Patience).EmitWithAckAsync("q", texts),
            () => socket.Namespace.To(socket.Id).Timeout(Patience).EmitWithAckAsync("q", texts),
            () => socket.EmitWithAckCoreAsync("q", [texts]),
        ];
        for (var id = 0; id < questions.Length; id++)
        {
            var answered = questions[id]();
            Assert.Equal($"42{id}[\"q\",[\"a\",\"b\"]]", await webSocket.NextAsync());
            Assert.False(answered.IsCompleted);
            session.Send(id % 2 == 0 ? $"43{id}[]" : $"43{id}[{{\"of\":\"any type\"}},1]");
            await answered.WaitAsync(Patience);
        }
        socket.Emit("e", texts);
        Assert.Equal("42[\"e\",[\"a\",\"b\"]]", await webSocket.NextAsync());
        socket.EmitCore("e", texts);
        Assert.Equal("42[\"e\",\"a\",\"b\"]", await webSocket.NextAsync());
        socket.Send(1, 2, 3, 4, 5, 6, 7, 8);
        Assert.Equal("42[\"message\",1,2,3,4,5,6,7,8]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task Acknowledgements_take_as_many_arguments()
    {
        var (_, session, webSocket) = await JoinAsync(static socket =>
        {
            socket.On("eight", static (Ack ack) => ack.Send(1, "2", 3, "4", 5, "6", 7, "8"));
            socket.On("list", static (Ack ack) => ack.SendCore([1, (int[])[2, 3]]));
        });
        session.Send("421[\"eight\"]");
        session.Send("422[\"list\"]");
        Assert.Equal("431[1,\"2\",3,\"4\",5,\"6\",7,\"8\"]", await webSocket.NextAsync());
        Assert.Equal("432[1,[2,3]]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task Every_question_that_is_not_answered_in_time_fails_alike()
    {
        var (socket, _, webSocket) = await JoinAsync();
        var remote = Assert.Single(await socket.Namespace.FetchSocketsAsync());
        var limit = TimeSpan.FromSeconds(3);
        Task[] questions =
        [
            socket.Timeout(limit).EmitWithAckAsync("q"),
            remote.EmitWithAckAsync("q"), // five seconds, as for other nodes
            remote.Timeout(limit).EmitWithAckAsync("q"),
            socket.Namespace.To(socket.Id).Timeout(limit).EmitWithAckAsync("q"),
        ];
        var called = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        socket.Timeout(limit).Emit("q", (Exception? error, int _) => called.SetResult(error));
        for (var i = 0; i <= questions.Length; i++)
            Assert.StartsWith("42", await webSocket.NextAsync(), StringComparison.Ordinal);
        Clock.Advance(limit);
        Assert.False(questions[1].IsCompleted);
        Clock.Advance(TimeSpan.FromSeconds(2));
        foreach (var question in questions)
        {
            var error = await Assert.ThrowsAsync<AckTimeoutException>(() => question.WaitAsync(Patience));
            Assert.Equal((1, "operation has timed out"), (error.Missing, error.Message));
            Assert.Empty(error.Responses);
            AssertOnlyUnanswered(error);
        }
        var told = Assert.IsType<AckTimeoutException>(await called.Task.WaitAsync(Patience));
        Assert.Equal(1, told.Missing);
        AssertOnlyUnanswered(told);

        void AssertOnlyUnanswered(AckTimeoutException error)
        {
            Assert.Equal([socket.Id], error.Unanswered);
            Assert.Empty(error.Answered);
            Assert.Empty(error.Left);
        }
    }

    [Fact]
    public async Task A_broadcast_names_who_answered_who_did_not_and_who_left()
    {
        var io = new ActorSocketServer(NewServer());
        var clients = new List<(Socket Socket, TestSession Session, FakeWebSocket WebSocket)>();
        for (var i = 0; i < 5; i++)
        {
            var (session, webSocket) = await ConnectAsync(io.Server);
            clients.Add((SocketOf(session, io.Server), session, webSocket));
        }
        var question = io.Timeout(TimeSpan.FromSeconds(3)).EmitWithAckAsync<int>("q");
        foreach (var (_, _, webSocket) in clients)
            Assert.Equal("420[\"q\"]", await webSocket.NextAsync());
        clients[0].Session.Send("430[\"no number\"]");
        await HandledAsync(clients[0].Socket.Actor);
        clients[1].Session.Send("430[7]");
        await HandledAsync(clients[1].Socket.Actor);
        clients[2].Session.Send("41");
        await clients[4].Socket.DisconnectAsync();
        await AwaitConditionAsync(() => Task.FromResult(io.Sockets.Count == 3), Patience, TimeSpan.FromMilliseconds(5));
        Clock.Advance(TimeSpan.FromSeconds(3));
        var error = await Assert.ThrowsAsync<AckTimeoutException>(() => question.WaitAsync(Patience));
        Assert.Equal((3, 1, 1), (error.Missing, error.Responses.Count, error.Errors.Count));
        Assert.Equal([clients[1].Socket.Id, clients[0].Socket.Id], error.Answered); // first those who answered as was asked
        Assert.Equal([clients[3].Socket.Id], error.Unanswered);
        Assert.Equal(
            new[] { clients[2].Socket.Id, clients[4].Socket.Id }.Order(StringComparer.Ordinal),
            error.Left.Order(StringComparer.Ordinal),
            StringComparer.Ordinal
        );
    }

    [Fact]
    public async Task Who_answered_with_something_else_is_named_when_all_have_answered()
    {
        var (socket, session, webSocket) = await JoinAsync();
        var question = socket.Namespace.Timeout(TimeSpan.FromSeconds(3)).EmitWithAckAsync<int>("q");
        await webSocket.NextAsync();
        session.Send("430[\"no number\"]");
        var error = await Assert.ThrowsAsync<AckTimeoutException>(() => question.WaitAsync(Patience));
        Assert.Equal([socket.Id], error.Answered);
        Assert.Empty(error.Unanswered);
        Assert.Empty(error.Left);
    }

    [Fact]
    public async Task A_broadcast_says_how_many_have_not_answered()
    {
        var io = new ActorSocketServer(NewServer());
        var (answers, silent) = (new FakeWebSocket(), new FakeWebSocket());
        var session = await OpenAsync(io.Server, answers);
        session.Send("40");
        (await OpenAsync(io.Server, silent)).Send("40");
        await AwaitConditionAsync(() => Task.FromResult(io.Sockets.Count == 2), Patience, TimeSpan.FromMilliseconds(5));
        var question = io.Timeout(TimeSpan.FromSeconds(3)).EmitWithAckAsync<int>("q");
        Assert.StartsWith("40{", await answers.NextAsync(), StringComparison.Ordinal);
        Assert.Equal("420[\"q\"]", await answers.NextAsync());
        session.Send("430[\"no number\"]");
        await Task.WhenAll(io.Sockets.Select(static socket => HandledAsync(socket.Actor)));
        Clock.Advance(TimeSpan.FromSeconds(3));
        var error = await Assert.ThrowsAsync<AckTimeoutException>(() => question.WaitAsync(Patience));
        Assert.Equal((1, 0, 1), (error.Missing, error.Responses.Count, error.Errors.Count));
    }

    [Fact]
    public async Task An_answer_that_cannot_be_read_fails_alike_wherever_the_socket_is()
    {
        var (socket, session, webSocket) = await JoinAsync();
        var remote = Assert.Single(await socket.Namespace.FetchSocketsAsync());
        IAckEmitter[] clients = [socket, remote];
        for (var id = 0; id < clients.Length; id++)
        {
            var question = clients[id].EmitWithAckAsync<int>("q");
            await webSocket.NextAsync();
            session.Send($"43{id}[\"no number\"]");
            await Assert.ThrowsAsync<System.Text.Json.JsonException>(() => question.WaitAsync(Patience));
        }
    }

    [Fact]
    public async Task A_typed_client_may_ask_a_socket_of_any_node()
    {
        var (socket, session, webSocket) = await JoinAsync();
        var remote = Assert.Single(await socket.Namespace.FetchSocketsAsync());
        var answered = remote.As<IClient>().SumAsync(1, 2, 3, 4, 5, 6, 7, [1, 2]);
        Assert.Equal("451-0[\"sum\",1,2,3,4,5,6,7,{\"_placeholder\":true,\"num\":0}]", await webSocket.NextAsync());
        await webSocket.NextAsync();
        session.Send("430[36]");
        Assert.Equal(36, await answered.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_delegate_is_no_argument()
    {
        var (socket, _, webSocket) = await JoinAsync();
        var error = Assert.Throws<ArgumentException>(() => socket.Emit("e", 1, 2, 3, 4, (int answer) => { }));
        Assert.Contains("three arguments", error.Message, StringComparison.Ordinal);
        Assert.True(webSocket.WroteNothing);
    }

    internal interface IClient
    {
        [Event("sum")]
        Task<int> SumAsync(int a, int b, int c, int d, int e, int f, int g, byte[] h);
    }
}
