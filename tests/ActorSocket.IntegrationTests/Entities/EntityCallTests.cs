namespace ActorSocket.IntegrationTests.Entities;

/// <summary>Entities are called in the shape in which clients are asked.</summary>
public sealed class EntityCallTests
{
    [Fact]
    public async Task Entities_are_called_with_as_many_arguments_and_their_limit_is_named()
    {
        await using var node = await Node.StartAsync(static o => o.Port = null);
        var sums = node.Server.MapEntities<Sums>("sums");
        CancellationToken token = default;
        Assert.Equal(0, await sums.InvokeAsync<int>("a", "count", token));
        Assert.Equal(8, await sums.InvokeAsync<int>("a", "count", 1, 2, 3, 4, 5, 6, 7, 8, token));
        Assert.Equal(9, await sums.InvokeCoreAsync<int>("a", "count", [1, 2, 3, 4, 5, 6, 7, 8, 9], token));
        Assert.Equal(1, await sums.InvokeAsync<int>("a", "count", (string[])["a", "b"]));
        await sums.InvokeAsync("a", "count", 1);
        await sums.InvokeAsync("a", "nothing", token);
        Assert.Equal(2, (await sums.InvokeAsync<SocketArguments>("a", "echo", 1, 2))!.Count);
        sums.Send("a", "count", 1, 2, 3, 4, 5, 6, 7, 8);
        sums.SendCore("a", "count", [1]);
        await Assert.ThrowsAsync<EntityCallException>(() => sums.InvokeAsync("a", "unknown"));

        foreach (var limit in (TimeSpan[])[TimeSpan.FromMilliseconds(30), TimeSpan.Zero])
        {
            var call = sums.Timeout(limit).InvokeAsync("b", "waits");
            var error = await Assert.ThrowsAsync<TimeoutException>(() => call.WaitAsync(Node.Patience));
            Assert.Equal($"The \"sums\" did not answer \"waits\" within {limit}.", error.Message);
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => sums.Timeout(TimeSpan.FromMilliseconds(-1)));
    }

    [Fact]
    public async Task A_call_that_is_not_answered_in_time_is_sent_again_as_often_as_was_said()
    {
        await using var node = await Node.StartAsync(static o => o.Port = null);
        var sums = node.Server.MapEntities<Sums>("sums").Timeout(TimeSpan.FromMilliseconds(50));
        Assert.Equal(0, await sums.InvokeAsync<int>("a", "runs"));
        var persistent = sums.Retries(1000);
        var call = persistent.InvokeAsync<int>("a", "held");
        await Assert.ThrowsAsync<TimeoutException>(() => sums.InvokeAsync("a", "runs")); // its turn does not come
        var failure = await Assert.ThrowsAsync<TimeoutException>(() => sums.Retries(2).InvokeAsync("a", "runs"));
        Assert.Equal("The \"sums\" did not answer \"runs\" within 00:00:00.0500000, nor any of 2 times more.", failure.Message);
        Sums.Held.SetResult();
        Assert.True(await call.WaitAsync(Node.Patience) > 1); // the answer of a later one: that of the first came too late
        using var cut = new CancellationTokenSource();
        var endless = persistent.InvokeAsync("b", "waits", cut.Token);
        await cut.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => endless.WaitAsync(Node.Patience));
        Assert.Throws<ArgumentOutOfRangeException>(() => sums.Retries(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => sums.Retries(1001));
    }

    [Fact]
    public async Task What_is_sent_and_cannot_be_done_is_told_in_the_log()
    {
        await using var node = await Node.StartAsync(static o => o.Port = null);
        var sums = node.Server.MapEntities<Sums>("sums", static options => options.MaxEntities = 1);
        sums.Send("a", "unknown", "a client's text");
        await LoggedAsync("it has no method of that name");
        sums.Send("b", "count");
        await LoggedAsync("it could not start");
        sums.Send("a", "waits");
        for (var i = 0; i < 1025; i++)
            sums.Send("a", "count");
        await LoggedAsync("too many are waiting for it");
        Assert.DoesNotContain(node.Log, static line => line.Contains("a client's text", StringComparison.Ordinal));

        Task LoggedAsync(string reason) => Node.UntilAsync(
            () => node.Log.Any(line => line.Contains(
                $"sent to an entity of class sums, without waiting for an answer, was not done: {reason}.", StringComparison.Ordinal)),
            reason);
    }

    internal sealed class Sums : RoomEntity
    {
        public static readonly TaskCompletionSource Held = new(TaskCreationOptions.RunContinuationsAsynchronously);

        private int _runs;

        [Event("runs")]
        public int Runs() => _runs;

        [Event("held")]
        public async Task<int> HeldAsync()
        {
            _runs++;
            await Held.Task;
            return _runs;
        }

        [Event("count")]
        public static int Count(SocketArguments all) => all.Count;

        [Event("echo")]
        public static SocketArguments Echo(SocketArguments all) => all;

        [Event("nothing")]
        public static void Nothing()
        {
        }

        [Event("waits")]
        public static Task WaitsAsync() => new TaskCompletionSource().Task;
    }
}
