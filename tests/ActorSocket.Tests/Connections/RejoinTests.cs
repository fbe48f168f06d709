using ActorSocket.Sockets;
using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace ActorSocket.Tests.Connections;

/// <summary>
/// A client that asks for a namespace again before it has its answer, as React's StrictMode lets it: the later one counts, and nobody else
/// suffers.
/// </summary>
public sealed class RejoinTests : ServerTest
{
    private readonly ConcurrentQueue<TaskCompletionSource> _middleware = new();
    private int _connections;

    [Theory]
    [InlineData("/slow", "40/slow,", "40/slow,")]
    [InlineData("/slow", "40/slow,", "41/slow,", "40/slow,")]
    [InlineData("/slow", "40/slow,", "41/slow,", "40/slow,", "40/slow,", "41/slow,", "40/slow,")]
    [InlineData("/dyn-1", "40/dyn-1,", "41/dyn-1,", "40/dyn-1,")]
    public async Task The_later_of_two_attempts_is_answered_once_and_the_other_namespaces_stay(string name, params string[] packets)
    {
        var (session, webSocket, _) = await StartAsync();
        foreach (var packet in packets)
            session.Send(packet);
        var answer = webSocket.NextAsync();
        await AwaitConditionAsync(
            () =>
            {
                LetIn();
                return Task.FromResult(answer.IsCompleted);
            },
            Patience,
            TimeSpan.FromMilliseconds(5));
        Assert.StartsWith($"40{name},{{", await answer, StringComparison.Ordinal);
        session.Send($"42{name},1[\"echo\",7]");
        Assert.Equal($"43{name},1[7]", await webSocket.NextAsync());
        session.Send("""421["echo",8]""");
        Assert.Equal("431[8]", await webSocket.NextAsync());
        Assert.Equal(1, _connections);
    }

    [Fact]
    public async Task A_client_that_leaves_before_it_is_let_in_gets_no_answer_and_may_come_back()
    {
        var (session, webSocket, _) = await StartAsync();
        session.Send("40/slow,");
        await AwaitAssertAsync(() => Assert.Single(_middleware), Patience);
        session.Send("41/slow,");
        Assert.True(_middleware.TryDequeue(out var first));
        first.SetResult();
        session.Send("""421["echo",1]""");
        Assert.Equal("431[1]", await webSocket.NextAsync());
        session.Send("40/slow,");
        await AwaitAssertAsync(() => Assert.Single(_middleware), Patience);
        Assert.True(_middleware.TryDequeue(out var second));
        second.SetResult();
        Assert.StartsWith("40/slow,{", await webSocket.NextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_connected_and_asks_anew_gets_a_new_socket_that_handles_what_it_sent_meanwhile()
    {
        var (session, webSocket, server) = await StartAsync();
        session.Send("40/slow,");
        await LetInAsync();
        var first = await webSocket.NextAsync();
        // the answer to the first crossed a disconnect() that the client does not tell, since it was not connected
        session.Send("40/slow,");
        session.Send("""42/slow,1["echo",7]""");
        await LetInAsync();
        var second = await webSocket.NextAsync();
        Assert.StartsWith("40/slow,{", second, StringComparison.Ordinal);
        Assert.NotEqual(first, second, StringComparer.Ordinal);
        Assert.Equal("43/slow,1[7]", await webSocket.NextAsync());
        await AwaitAssertAsync(() => Assert.Single(server.Namespaces.GetOrAdd("/slow", server).Face.Sockets), Patience);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_second_CONNECT_for_the_main_namespace_ends_the_connection_as_ever(bool isAlone)
    {
        var (session, webSocket, _) = await StartAsync();
        if (!isAlone)
        {
            session.Send("40/slow,");
            await LetInAsync();
            await webSocket.NextAsync();
        }
        session.Send("40");
        Assert.Equal("close", (await webSocket.NextAsync())[..5]);
    }

    [Fact]
    public async Task Attempts_that_were_given_up_count_until_their_middleware_is_done()
    {
        var (session, webSocket, server) = await StartAsync(static options => options.MaxNamespacesPerConnection = 4);
        for (var i = 1; i <= 3; i++)
        {
            session.Send("40/slow,");
            await AwaitAssertAsync(() => Assert.Equal(i, _middleware.Count), Patience);
        }
        for (var i = 0; i < 20; i++)
            session.Send("40/slow,");
        await HandledAsync(session.Session);
        await HandledAsync(server.Namespaces.GetOrAdd("/slow", server).Actor);
        Assert.Equal(3, _middleware.Count);
        while (_middleware.TryDequeue(out var step))
            step.SetResult();
        Assert.StartsWith("40/slow,{", await webSocket.NextAsync(), StringComparison.Ordinal);
        session.Send("""421["echo",1]""");
        Assert.Equal("431[1]", await webSocket.NextAsync());
        var answer = "44/dyn-1,";
        for (var i = 0; i < 1000 && answer.StartsWith("44/dyn-1,", StringComparison.Ordinal); i++)
        {
            session.Send("40/dyn-1,"); // there is room again in a moment: when the middleware of those that were given up has ended
            var next = webSocket.NextAsync();
            await AwaitConditionAsync(() => Task.FromResult(LetIn() || next.IsCompleted), Patience, TimeSpan.FromMilliseconds(5));
            answer = await next;
        }
        Assert.StartsWith("40/dyn-1,{", answer, StringComparison.Ordinal);
        Assert.Equal(2, _connections);
    }

    private bool LetIn()
    {
        var any = _middleware.TryDequeue(out var step);
        step?.SetResult();
        return any;
    }

    private async Task LetInAsync()
    {
        TaskCompletionSource? step = null;
        await AwaitAssertAsync(() => Assert.True(_middleware.TryDequeue(out step)), Patience);
        step!.SetResult();
    }

    /// <summary>A client that is connected to "/".</summary>
    private async Task<(TestSession Session, FakeWebSocket WebSocket, ServerServices Server)> StartAsync(
        Action<ActorSocketOptions>? configure = null
    )
    {
        var server = NewServer(configure);
        var io = new ActorSocketServer(server);
        io.OnConnection(static socket => socket.On("echo", static (int number) => number));
        foreach (var ns in (Namespace[])[io.Of("/slow"), io.OfDynamic(new Regex("^/dyn-", RegexOptions.None, TimeSpan.FromSeconds(1)))])
        {
            ns.Use(async (_, next) =>
            {
                var step = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _middleware.Enqueue(step);
                await step.Task;
                await next();
            });
            ns.OnConnection(socket =>
            {
                Interlocked.Increment(ref _connections);
                socket.On("echo", static (int number) => number);
            });
        }
        var (session, webSocket) = await ConnectAsync(server);
        return (session, webSocket, server);
    }
}
