using System.Runtime.CompilerServices;

namespace ActorSocket.Tests.Sockets;

/// <summary>Sequences that a client reads or writes, packet by packet (docs/guide/streams.md).</summary>
public sealed class StreamingTests : ServerTest
{
    [Fact]
    public async Task A_handlers_sequence_is_begun_by_the_first_question_and_goes_as_far_as_it_is_asked()
    {
        var begun = 0;
        var (socket, session, webSocket) = await JoinAsync(socket => socket.On("count", () => CountAsync(() => begun++)));
        session.Send("421[\"count\"]");
        Assert.Equal("431[{\"stream\":\"1\"}]", await webSocket.NextAsync());
        Assert.Equal(0, begun);
        session.Send("42[\"stream:pull\",\"1\",2]");
        Assert.Equal("42[\"stream:next\",\"1\",0]", await webSocket.NextAsync());
        Assert.Equal("42[\"stream:next\",\"1\",1]", await webSocket.NextAsync());
        await HandledAsync(socket.Actor);
        Assert.True(webSocket.WroteNothing);
        session.Send("422[\"stream:pull\",1,5]"); // a number will do; who retries gets an answer
        var rest = new List<string>();
        while (!rest.Contains("42[\"stream:end\",\"1\"]", StringComparer.Ordinal) || rest.Count < 3)
            rest.Add(await webSocket.NextAsync());
        Assert.Equal(
            ["42[\"stream:end\",\"1\"]", "42[\"stream:next\",\"1\",2]", "432[]"],
            rest.Order(StringComparer.Ordinal),
            StringComparer.Ordinal);
        Assert.Equal(1, begun);
        Assert.Equal(0, socket.Streams!.Count);
    }

    [Fact]
    public async Task Each_way_to_return_a_sequence_is_one()
    {
        var (_, session, webSocket) = await JoinAsync(static socket =>
        {
            socket.On("a", () => Task.FromResult(CountAsync()));
            socket.On("b", () => ValueTask.FromResult(CountAsync()));
            socket.On("c", async () =>
            {
                await Task.Yield();
                return CountAsync();
            });
            socket.On("d", static IAsyncEnumerable<int>? () => null);
        });
        for (var i = 0; i < 3; i++)
        {
            session.Send($"42{i}[\"{(char)('a' + i)}\"]");
            Assert.Equal($"43{i}[{{\"stream\":\"{i + 1}\"}}]", await webSocket.NextAsync());
        }
        session.Send("423[\"d\"]");
        Assert.Equal("433[null]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task A_sequence_that_fails_says_so_and_one_that_is_given_up_is_cancelled()
    {
        var ended = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var (socket, session, webSocket) = await JoinAsync(socket =>
        {
            socket.On("fails", () => FailAsync());
            socket.On("endless", () => EndlessAsync(ended));
        });
        session.Send("421[\"fails\"]");
        await webSocket.NextAsync();
        session.Send("42[\"stream:pull\",\"1\",9]");
        Assert.Equal("42[\"stream:next\",\"1\",\"text\"]", await webSocket.NextAsync());
        Assert.Equal(
            "42[\"stream:error\",\"1\",{\"error\":{\"message\":\"Internal server error\",\"code\":\"INTERNAL_ERROR\"}}]",
            await webSocket.NextAsync()
        );
        session.Send("422[\"endless\"]");
        await webSocket.NextAsync();
        session.Send("42[\"stream:pull\",\"2\",1]");
        Assert.Equal("42[\"stream:next\",\"2\",1]", await webSocket.NextAsync());
        session.Send("42[\"stream:cancel\",\"2\"]");
        Assert.True(await ended.Task.WaitAsync(Patience));
        await AwaitAssertAsync(() => Assert.Equal(0, socket.Streams!.Count), Patience);
    }

    [Fact]
    public async Task What_a_handler_does_not_read_is_given_back_when_it_has_ended()
    {
        var late = NewSource<IAsyncEnumerable<int>>();
        var (socket, session, webSocket) = await JoinAsync(
            socket =>
            {
                socket.On("ignores", static (IAsyncEnumerable<int> _) => 1);
                socket.On("keeps", async (IAsyncEnumerable<int> numbers) =>
                {
                    await Task.Yield();
                    late.SetResult(numbers);
                });
                socket.On("binds", static (IAsyncEnumerable<int> _, int number) => number);
            },
            static options => options.MaxStreams = 1
        );
        foreach (var (name, rest) in new[] { ("ignores", ""), ("keeps", ""), ("binds", ",\"no number\""), ("ignores", "") })
        {
            session.Send($"42[\"{name}\",{{\"stream\":\"{name}\"}}{rest}]");
            Assert.Equal($"42[\"stream:cancel\",\"{name}\"]", await webSocket.NextAsync());
        }
        Assert.Equal(0, socket.Streams!.Count);
        var numbers = await late.Task.WaitAsync(Patience);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await numbers.GetAsyncEnumerator().MoveNextAsync());
    }

    [Fact]
    public async Task What_a_returned_sequence_may_read_is_given_back_with_it()
    {
        var (socket, session, webSocket) = await JoinAsync(static socket =>
            socket.On("double", (IAsyncEnumerable<int> all) => DoubleAsync(all)));
        session.Send("""421["double",{"stream":"a"}]""");
        Assert.Equal("""431[{"stream":"1"}]""", await webSocket.NextAsync());
        session.Send("""42["stream:pull","1",1]""");
        Assert.Equal("""42["stream:pull","a",16]""", await webSocket.NextAsync());
        session.Send("""42["stream:next","a",4]""");
        Assert.Equal("""42["stream:next","1",8]""", await webSocket.NextAsync());
        session.Send("""42["stream:cancel","1"]""");
        Assert.Equal("""42["stream:cancel","a"]""", await webSocket.NextAsync());

        session.Send("""422["double",{"stream":"b"}]""");
        Assert.Equal("""432[{"stream":"2"}]""", await webSocket.NextAsync());
        session.Send("""42["stream:cancel","2"]"""); // before anything was read
        Assert.Equal("""42["stream:cancel","b"]""", await webSocket.NextAsync());
        Assert.Equal(0, socket.Streams!.Count);

        static async IAsyncEnumerable<int> DoubleAsync(IAsyncEnumerable<int> all)
        {
            await foreach (var one in all)
                yield return 2 * one;
        }
    }

    [Fact]
    public async Task A_client_that_leaves_ends_what_it_reads_and_what_it_writes()
    {
        var (written, read) = (NewSource<Exception?>(), NewSource<bool>());
        var (_, session, webSocket) = await JoinAsync(socket =>
        {
            socket.On("endless", () => EndlessAsync(read));
            socket.On("sum", async (IAsyncEnumerable<int> numbers) =>
            {
                var sum = 0;
                try
                {
                    await foreach (var number in numbers)
                        sum += number;
                }
                catch (Exception error)
                {
                    written.SetResult(error);
                    throw;
                }
            });
        });
        session.Send("421[\"endless\"]");
        await webSocket.NextAsync();
        session.Send("42[\"stream:pull\",\"1\",1]");
        await webSocket.NextAsync();
        session.Send("42[\"sum\",{\"stream\":\"mine\"}]");
        Assert.Equal("42[\"stream:pull\",\"mine\",16]", await webSocket.NextAsync());
        session.Send("42[\"stream:next\",\"mine\",1]");
        session.Send("41");
        Assert.IsType<SocketDisconnectedException>(await written.Task.WaitAsync(Patience));
        Assert.True(await read.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task What_a_client_sends_goes_past_the_events_that_wait_and_more_is_asked_for_as_it_is_read()
    {
        var (_, session, webSocket) = await JoinAsync(static socket =>
        {
            socket.On("sum", static async (string name, IAsyncEnumerable<int> numbers) =>
            {
                var sum = 0;
                await foreach (var number in numbers)
                    sum += number;
                return $"{name} {sum}";
            });
            socket.On("other", static () => true);
        }, static options => options.MaxInboundEvents = 4);
        session.Send("421[\"sum\",\"all\",{\"stream\":7}]");
        Assert.Equal("42[\"stream:pull\",7,16]", await webSocket.NextAsync());
        for (var i = 0; i < 10; i++)
            session.Send($"42{i + 10}[\"other\"]"); // they wait, and would make reading pause
        Assert.True(session.Connection.Backlog.ReadableAsync().AsTask().IsCompleted);
        for (var i = 1; i <= 8; i++)
            session.Send($"42[\"stream:next\",7,{i}]");
        Assert.Equal("42[\"stream:pull\",7,8]", await webSocket.NextAsync());
        session.Send("42[\"stream:end\",7]");
        Assert.Equal("431[\"all 36\"]", await webSocket.NextAsync());
        for (var i = 0; i < 10; i++)
            Assert.Equal($"43{i + 10}[true]", await webSocket.NextAsync());
        Assert.Equal(0, session.Connection.Backlog.AnswersOwed);
    }

    [Fact]
    public async Task A_client_that_sends_more_than_it_was_asked_for_is_refused()
    {
        var go = NewSource<bool>();
        var (socket, session, webSocket) = await JoinAsync(socket => socket.On("sum", async (IAsyncEnumerable<int> numbers) =>
        {
            var reading = numbers.GetAsyncEnumerator();
            var first = reading.MoveNextAsync().AsTask();
            await go.Task;
            await first;
            while (await reading.MoveNextAsync())
            {
            }
        }));
        session.Send("421[\"sum\",{\"stream\":\"x\"}]");
        await webSocket.NextAsync();
        for (var i = 0; i < 40; i++)
            session.Send($"42[\"stream:next\",\"x\",{i}]");
        await HandledAsync(socket.Actor);
        go.SetResult(true);
        string answer;
        do
            answer = await webSocket.NextAsync();
        while (answer.StartsWith("42[", StringComparison.Ordinal));
        Assert.Contains("more of its stream than it was asked for", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task There_are_no_more_streams_than_allowed()
    {
        var (_, session, webSocket) = await JoinAsync(
            static socket => socket.On("count", static () => CountAsync()),
            static options => options.MaxStreams = 2
        );
        for (var i = 1; i <= 2; i++)
        {
            session.Send($"42{i}[\"count\"]");
            await webSocket.NextAsync();
        }
        session.Send("423[\"count\"]");
        Assert.Equal("433[{\"error\":{\"message\":\"Too many streams\",\"code\":\"TOO_MANY_STREAMS\"}}]", await webSocket.NextAsync());
        session.Send("42[\"stream:cancel\",\"1\"]");
        session.Send("424[\"count\"]");
        Assert.Equal("434[{\"stream\":\"3\"}]", await webSocket.NextAsync());
    }

    [Theory]
    [InlineData("5")]
    [InlineData("{}")]
    [InlineData("{\"stream\":\"\"}")]
    [InlineData("{\"stream\":{}}")]
    [InlineData("[1,2]")]
    public async Task What_is_no_stream_is_a_bad_argument(string argument)
    {
        var (_, session, webSocket) = await JoinAsync(static socket => socket.On("sum", static (IAsyncEnumerable<int> numbers) => { }));
        session.Send($"421[\"sum\",{argument}]");
        Assert.Equal(
            "431[{\"error\":{\"message\":\"Argument 1 is not of the expected shape.\",\"code\":\"BAD_ARGUMENT\"}}]",
            await webSocket.NextAsync()
        );
    }

    [Fact]
    public async Task With_recovery_elements_are_not_kept_for_who_comes_back()
    {
        var (socket, session, webSocket) = await JoinAsync(
            static socket => socket.On("texts", static () => FailAsync()),
            static options => options.ConnectionStateRecovery = new RecoveryOptions()
        );
        session.Send("421[\"texts\"]");
        await webSocket.NextAsync();
        var before = socket.Namespace.Services.Recovery!.Last;
        session.Send("42[\"stream:pull\",\"1\",1]");
        // A text that comes last would be taken for an offset: so there is one behind it.
        Assert.StartsWith("42[\"stream:next\",\"1\",\"text\",\"", await webSocket.NextAsync(), StringComparison.Ordinal);
        Assert.Equal(before, socket.Namespace.Services.Recovery.Last);
    }

    private static TaskCompletionSource<T> NewSource<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static async IAsyncEnumerable<int> CountAsync(Action? begun = null)
    {
        begun?.Invoke();
        for (var i = 0; i < 3; i++)
        {
            await Task.Yield();
            yield return i;
        }
    }

    private static async IAsyncEnumerable<string> FailAsync()
    {
        yield return "text";
        await Task.Yield();
        throw new InvalidOperationException("secret");
    }

    private static async IAsyncEnumerable<int> EndlessAsync(
        TaskCompletionSource<bool> ended, [EnumeratorCancellation] CancellationToken token = default)
    {
        try
        {
            for (var i = 1; ; i++)
            {
                yield return i;
                await Task.Yield();
            }
        }
        finally
        {
            ended.SetResult(token.IsCancellationRequested);
        }
    }
}
