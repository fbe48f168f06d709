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

    internal sealed class Sums : RoomEntity
    {
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
