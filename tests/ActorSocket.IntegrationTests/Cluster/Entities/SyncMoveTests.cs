using ActorSocket.IntegrationTests.Persistence;

namespace ActorSocket.IntegrationTests.Cluster.Entities;

/// <summary>Clients on several nodes follow an entity that moves, and one whose node crashes.</summary>
public sealed class SyncMoveTests
{
    [Fact]
    public async Task Clients_of_all_nodes_miss_nothing_and_get_the_whole_after_a_move()
    {
        using var file = new StoreFile();
        await using var first = await StartAsync(file, null);
        var second = await StartAsync(file, first);
        await Node.MeetAsync(first.Node, second.Node);
        var id = await OneOnAsync(second, first);
        await using var seated = await Follower.ConnectAsync(first.Node);
        await using var watcher = await Follower.ConnectAsync(first.Node);
        var there = await Follower.ConnectAsync(second.Node);
        await first.Entities.InvokeAsync(id, "sit", seated.SocketId);
        for (var count = 1; count <= 100; count++)
        {
            await first.Entities.InvokeAsync(id, "count");
            if (count == 30)
                await second.Entities.InvokeAsync(id, "watch", watcher.SocketId);
            if (count == 60)
                await first.Entities.InvokeAsync(id, "watch", there.SocketId);
        }
        foreach (var follower in (Follower[])[seated, watcher, there])
        {
            await follower.UntilAsync(static shown => shown.GetProperty("count").GetInt32() == 100);
            Assert.Equal(1, follower.Wholes);
        }

        await second.Node.StopAsync();
        await second.DisposeAsync();
        foreach (var follower in (Follower[])[seated, watcher])
        {
            await follower.NextWholeAsync();
            Assert.Equal(100, follower.Shown.GetProperty("count").GetInt32());
        }
        await first.Entities.InvokeAsync(id, "count");
        foreach (var follower in (Follower[])[seated, watcher])
        {
            await follower.UntilAsync(static shown => shown.GetProperty("count").GetInt32() == 101);
            Assert.Equal(2, follower.Wholes);
        }
    }

    [Fact]
    public async Task After_a_crash_of_the_entitys_node_everybody_gets_the_whole_as_it_was_saved_last()
    {
        using var file = new StoreFile();
        await using var first = await StartAsync(file, null);
        await using var second = await StartAsync(file, first);
        await using var third = await StartAsync(file, first);
        await Node.MeetAsync(first.Node, second.Node, third.Node);
        var id = await OneOnAsync(third, first);
        await using var seated = await Follower.ConnectAsync(first.Node);
        await using var watcher = await Follower.ConnectAsync(second.Node);
        await first.Entities.InvokeAsync(id, "sit", seated.SocketId);
        await first.Entities.InvokeAsync(id, "watch", watcher.SocketId);
        await first.Entities.InvokeAsync(id, "count");
        await first.Entities.InvokeAsync(id, "save");
        Follower[] followers = [seated, watcher];
        foreach (var follower in followers)
            await follower.UntilAsync(static shown => shown.GetProperty("count").GetInt32() == 1);
        await third.Node.CrashAsync();
        foreach (var follower in followers)
            await follower.NextWholeAsync();
        await second.Entities.InvokeAsync(id, "count");
        foreach (var follower in followers)
            await follower.UntilAsync(static shown => shown.GetProperty("count").GetInt32() == 2);
    }

    private static Task<EntityNode<Counter>> StartAsync(StoreFile file, EntityNode<Counter>? seed) =>
        file.StartNodeAsync<Counter>(seed?.Node, static options => options.SaveInterval = TimeSpan.FromMilliseconds(100));

    private static async Task<string> OneOnAsync(EntityNode<Counter> node, EntityNode<Counter> other)
    {
        for (var number = 0; ; number++)
        {
            var id = "counter " + number;
            if (await other.Entities.InvokeAsync<string>(id, "where") == node.Node.Server.NodeTag)
                return id;
        }
    }

    internal sealed class CounterState
    {
        public int Count { get; set; }

        public string Filling { get; set; } = new('x', 100);
    }

    internal sealed class Counter(ActorSocketServer io) : RoomEntity<CounterState>
    {
        public override TimeSpan SyncInterval => TimeSpan.FromMilliseconds(10);

        public override object SyncView() => State;

        [Event("where")]
        public string Where() => io.NodeTag;

        [Event("count")]
        public void Count() => State.Count++;

        [Event("save")]
        public Task Save() => SaveAsync();

        [Event("sit")]
        public Task SitAsync(string socketId) => Seats.TakeAsync(socketId);

        [Event("watch")]
        public Task WatchAsync(string socketId) => Sync.WatchAsync(socketId);
    }
}
