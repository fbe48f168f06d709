using System.Collections.Concurrent;

namespace ActorSocket.IntegrationTests.Persistence;

/// <summary>Entities with a store on nodes that leave and crash: nobody calls them meanwhile.</summary>
public sealed class PersistentEntityMoveTests
{
    [Fact]
    public async Task After_a_crash_they_go_on_elsewhere_by_themselves_with_what_was_saved_last()
    {
        using var file = new StoreFile();
        await using var first = await file.StartNodeAsync<Clock>(null, NeverSaved);
        await using var second = await file.StartNodeAsync<Clock>(first.Node, NeverSaved);
        await using var third = await file.StartNodeAsync<Clock>(first.Node, NeverSaved);
        await Node.MeetAsync(first.Node, second.Node, third.Node);
        string[] ids = [.. Enumerable.Range(0, 12).Select(static number => "crash " + number)];
        foreach (var id in ids)
        {
            Assert.Equal(1, await first.Entities.InvokeAsync<int>(id, "count"));
            await first.Entities.InvokeAsync(id, "save");
            Assert.Equal(2, await first.Entities.InvokeAsync<int>(id, "count"));
        }
        var crashed = Array.FindAll(ids, id => Clock.NodeOf(id) == third.Node.Server.NodeTag);
        Assert.NotEmpty(crashed);

        await third.Node.CrashAsync();
        await Node.UntilAsync(() => Array.TrueForAll(crashed, id => Clock.NodeOf(id) != third.Node.Server.NodeTag), "all to live again");
        foreach (var id in ids)
        {
            var isCrashed = crashed.Contains(id);
            Assert.Equal(isCrashed ? EntityOrigin.Restored : EntityOrigin.New, Clock.OriginOf(id));
            Assert.Equal(isCrashed ? 2 : 3, await second.Entities.InvokeAsync<int>(id, "count"));
        }
    }

    [Fact]
    public async Task A_rolling_restart_while_the_store_is_away_loses_no_state_and_no_timer()
    {
        using var file = new StoreFile();
        var nodes = new List<EntityNode<Clock>> { await file.StartNodeAsync<Clock>(null, SavedSoon) };
        nodes.Add(await file.StartNodeAsync<Clock>(nodes[0].Node, SavedSoon));
        await Node.MeetAsync([.. nodes.Select(static node => node.Node)]);
        string[] ids = [.. Enumerable.Range(0, 10).Select(static number => "rolling " + number)];
        foreach (var id in ids)
            Assert.Equal(1, await nodes[0].Entities.InvokeAsync<int>(id, "count"));
        foreach (var node in nodes)
            WatchedStore.Of(node.Node).IsDown = true;
        foreach (var id in ids)
        {
            Assert.Equal(2, await nodes[0].Entities.InvokeAsync<int>(id, "count"));
            await nodes[0].Entities.InvokeAsync(id, "ring-in", 1);
            await nodes[0].Entities.InvokeAsync(id, "alarm-in", 3_600_000);
        }
        for (var round = 0; round < 2; round++)
        {
            nodes.Add(await file.StartNodeAsync<Clock>(nodes[0].Node, SavedSoon));
            WatchedStore.Of(nodes[^1].Node).IsDown = round == 0;
            await Node.MeetAsync([.. nodes.Select(static node => node.Node)]);
            await nodes[0].Node.StopAsync();
            await nodes[0].DisposeAsync();
            nodes.RemoveAt(0);
            await Node.UntilAsync(() => nodes[0].Node.UpMembers == nodes.Count, "the node to be gone");
        }
        await nodes[0].Node.StopAsync();
        await nodes[0].DisposeAsync();
        await using var last = nodes[1];
        await Node.UntilAsync(() => last.Node.UpMembers == 1, "the node to be gone");
        foreach (var id in ids)
        {
            await Node.UntilAsync(() => last.Entities.InvokeAsync<int>(id, "rings").Result == 1, "the timer that came due on the way");
            Assert.Equal(3, await last.Entities.InvokeAsync<int>(id, "count"));
            Assert.True(await last.Entities.InvokeAsync<bool>(id, "stop-alarm"));
            Assert.NotEqual(EntityOrigin.Lost, Clock.OriginOf(id));
        }
    }

    [Fact]
    public async Task When_all_nodes_stop_nothing_is_lost()
    {
        using var file = new StoreFile();
        var first = await file.StartNodeAsync<Clock>(null, NeverSaved);
        var second = await file.StartNodeAsync<Clock>(first.Node, NeverSaved);
        await Node.MeetAsync(first.Node, second.Node);
        string[] ids = [.. Enumerable.Range(0, 10).Select(static number => "stopping " + number)];
        foreach (var id in ids)
            Assert.Equal(1, await first.Entities.InvokeAsync<int>(id, "count"));
        await Task.WhenAll(first.Node.StopAsync(), second.Node.StopAsync());
        await first.DisposeAsync();
        await second.DisposeAsync();
        await using var next = await file.StartNodeAsync<Clock>(null, NeverSaved);
        await Node.MeetAsync(next.Node);
        foreach (var id in ids)
        {
            Assert.Equal(2, await next.Entities.InvokeAsync<int>(id, "count"));
            Assert.Equal(EntityOrigin.Restored, Clock.OriginOf(id));
        }
    }

    [Fact]
    public async Task The_timers_of_one_without_a_store_move_along()
    {
        RoomEntities<Egg> eggs = null!;
        await using var first = await Node.StartAsync(map: io => eggs = io.MapEntities<Egg>("egg"));
        var second = await Node.JoinAsync(first, static io => io.MapEntities<Egg>("egg"));
        await Node.MeetAsync(first, second);
        string[] ids = [.. Enumerable.Range(0, 10).Select(static number => "egg " + number)];
        foreach (var id in ids)
            await eggs.InvokeAsync(id, "boil");
        await second.StopAsync();
        await second.DisposeAsync();
        foreach (var id in ids)
            await Node.UntilAsync(() => eggs.InvokeAsync<bool>(id, "done").Result, "the timer");
    }

    private static void NeverSaved(EntityOptions options) => options.SaveInterval = TimeSpan.FromHours(1);

    private static void SavedSoon(EntityOptions options) => options.SaveInterval = TimeSpan.FromMilliseconds(100);

    public sealed class ClockState
    {
        public int Count { get; set; }

        public int Rings { get; set; }
    }

    private sealed class Clock(ActorSocketServer io) : RoomEntity<ClockState>
    {
        private static readonly ConcurrentDictionary<string, (string Node, EntityOrigin Origin)> Lives = new(StringComparer.Ordinal);

        public static string NodeOf(string id) => Lives[id].Node;

        public static EntityOrigin OriginOf(string id) => Lives[id].Origin;

        public override Task OnStartedAsync(EntityStart start)
        {
            Lives[Id] = (io.NodeTag, start.Origin);
            return Task.CompletedTask;
        }

        [Event("count")]
        public int Count() => ++State.Count;

        [Event("save")]
        public Task StoreAsync() => SaveAsync();

        [Event("ring-in")]
        public void RingIn(int milliseconds) => After(TimeSpan.FromMilliseconds(milliseconds), "ring");

        [Event("alarm-in")]
        public void AlarmIn(int milliseconds) => After(TimeSpan.FromMilliseconds(milliseconds), "alarm");

        [Event("stop-alarm")]
        public bool StopAlarm() => StopTimer("alarm");

        [Event("ring")]
        private void Ring() => State.Rings++;

        [Event("alarm")]
        private static void Alarm() => throw new InvalidOperationException("an hour has passed");

        [Event("rings")]
        public int Rings() => State.Rings;
    }

    private sealed class Egg : RoomEntity
    {
        private bool _isDone;

        [Event("boil")]
        public void Boil() => After(TimeSpan.FromSeconds(1), "ready");

        [Event("ready")]
        private void Ready() => _isDone = true;

        [Event("done")]
        public bool IsDone() => _isDone;

        public override object HandOver() => _isDone;

        public override Task OnStartedAsync(EntityStart start)
        {
            _isDone = start.GetState<bool>();
            return Task.CompletedTask;
        }
    }
}
