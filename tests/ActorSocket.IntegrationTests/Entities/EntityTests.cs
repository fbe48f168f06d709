using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;

namespace ActorSocket.IntegrationTests.Entities;

/// <summary>Entities on one node without a cluster, and on two.</summary>
public sealed class EntityTests
{
    [Fact]
    public async Task Each_id_has_one_instance_whose_calls_run_one_at_a_time_and_in_order()
    {
        await using var node = await StartAsync();
        var tallies = node.Server.MapEntities<Tally>("tally");
        var calls = Enumerable.Range(0, 50).Select(number => tallies.InvokeAsync<int>("a", "note", number)).ToList();
        Assert.Equal(Enumerable.Range(1, 50), (await Task.WhenAll(calls)).ToList()); // each sees what came before it
        Assert.Equal(Enumerable.Range(0, 50), (await tallies.InvokeAsync<List<int>>("a", "notes"))!);
        tallies.Send("b", "note", 7);
        Assert.Equal([7], (await tallies.InvokeAsync<List<int>>("b", "notes"))!);
        Assert.NotEqual(await tallies.InvokeAsync<Guid>("a", "instance"), await tallies.InvokeAsync<Guid>("b", "instance"));
        Assert.Equal(await tallies.InvokeAsync<Guid>("a", "instance"), await tallies.InvokeAsync<Guid>("a", "instance"));
        Assert.Equal("a /", await tallies.InvokeAsync<string>("a", "surroundings"));
        Assert.Equal("ä$/ x /", await tallies.InvokeAsync<string>("ä$/ x", "surroundings")); // any id
    }

    [Fact]
    public async Task Ticks_come_at_their_rate_and_not_into_a_call()
    {
        await using var node = await StartAsync();
        var tallies = node.Server.MapEntities<Tally>("tally");
        var hold = new TaskCompletionSource();
        Tally.Holds["ticking"] = hold;
        var held = tallies.InvokeAsync<int>("ticking", "hold"); // how many ticks there were while it ran
        await TicksAsync("another", 10); // as many come due for the one that is held
        hold.SetResult();
        Assert.Equal(0, await held.WaitAsync(Node.Patience));
        await TicksAsync("ticking", await tallies.InvokeAsync<int>("ticking", "ticks") + 5);

        async Task TicksAsync(string id, int wanted)
        {
            while (await tallies.InvokeAsync<int>(id, "ticks") < wanted)
                await Task.Yield();
        }
    }

    [Fact]
    public async Task One_that_retires_is_gone_and_the_next_call_starts_a_new_one()
    {
        await using var node = await StartAsync();
        var tallies = node.Server.MapEntities<Tally>("tally");
        var first = await tallies.InvokeAsync<Guid>("a", "instance");
        Assert.Equal(1, await tallies.InvokeAsync<int>("a", "note", 1));
        var retired = tallies.InvokeAsync<Guid>("a", "retire");
        var after = tallies.InvokeAsync<int>("a", "note", 2); // waits already: handled before the end, or by the next one
        Assert.Equal(first, await retired);
        Assert.Contains(await after, (int[])[1, 2]);
        await Node.UntilAsync(() => Tally.Ended.ContainsKey(first), "the instance to be disposed of");
        Assert.NotEqual(first, await tallies.InvokeAsync<Guid>("a", "instance"));
    }

    [Fact]
    public async Task What_a_method_throws_is_thrown_to_its_caller_and_the_entity_goes_on()
    {
        await using var node = await StartAsync();
        var tallies = node.Server.MapEntities<Tally>("tally");
        await tallies.InvokeAsync<int>("a", "note", 1);
        Assert.Equal("on purpose", (await Assert.ThrowsAsync<EntityCallException>(() => tallies.InvokeAsync<int>("a", "fail"))).Message);
        Assert.Equal(
            "A \"tally\" has no method \"nothing\".",
            (await Assert.ThrowsAsync<EntityCallException>(() => tallies.InvokeAsync<int>("a", "nothing"))).Message
        );
        await Assert.ThrowsAsync<EntityCallException>(() => tallies.InvokeAsync<int>("a", "note", "no number"));
        await Assert.ThrowsAsync<ArgumentException>(() => tallies.InvokeAsync<int>("a", "note", new string('x', 200_000)));
        await Assert.ThrowsAsync<ArgumentException>(() => tallies.InvokeAsync<int>("", "note", 1));
        Assert.Equal(2, await tallies.InvokeAsync<int>("a", "note", 2));
    }

    [Fact]
    public async Task One_that_cannot_start_fails_its_calls_with_the_reason_and_is_tried_again_by_the_next()
    {
        await using var node = await StartAsync();
        var fragile = node.Server.MapEntities<Fragile>("fragile");
        foreach (var fault in (string[])["in its constructor", "in its start"])
        {
            Fragile.Fault = fault;
            var calls = Enumerable.Range(0, 5).Select(_ => fragile.InvokeAsync<bool>(fault, "works")).ToList();
            foreach (var call in calls)
                Assert.Contains(fault, (await Assert.ThrowsAsync<EntityCallException>(() => call)).Message, StringComparison.Ordinal);
            Fragile.Fault = "";
            Assert.True(await fragile.InvokeAsync<bool>(fault, "works"));
        }
    }

    [Fact]
    public async Task There_are_no_more_than_MaxEntities_whatever_ids_clients_choose()
    {
        await using var node = await StartAsync();
        var tallies = node.Server.MapEntities<Tally>("tally", static options => options.MaxEntities = 10);
        for (var number = 0; number < 10; number++)
            await tallies.InvokeAsync<int>("id " + number, "note", 1);
        for (var number = 0; number < 30; number++)
            Assert.Contains(
                "MaxEntities",
                (await Assert.ThrowsAsync<EntityCallException>(() => tallies.InvokeAsync<int>("another " + number, "note", 1))).Message,
                StringComparison.Ordinal
            );
        Assert.Equal(2, await tallies.InvokeAsync<int>("id 3", "note", 1)); // those that are there go on
        await tallies.InvokeAsync<Guid>("id 3", "retire");
        await Node.UntilAsync(() => TryAsync(tallies).Result, "the place to be free");

        static async Task<bool> TryAsync(RoomEntities<Tally> tallies)
        {
            try
            {
                return await tallies.InvokeAsync<int>("another", "note", 1) == 1;
            }
            catch (EntityCallException)
            {
                return false;
            }
        }
    }

    [Fact]
    public async Task One_that_nobody_calls_retires_after_its_IdleTimeout_though_it_ticks_and_without_one_never()
    {
        await using var node = await StartAsync();
        var forever = node.Server.MapEntities<Tally>("forever");
        var tallies = node.Server.MapEntities<Tally>("tally", static options => options.IdleTimeout = TimeSpan.FromSeconds(1));
        var lasting = await forever.InvokeAsync<Guid>("a", "instance");
        var (idle, used) = (await tallies.InvokeAsync<Guid>("idle", "instance"), await tallies.InvokeAsync<Guid>("used", "instance"));
        while (!Tally.Ended.ContainsKey(idle))
        {
            if (await tallies.InvokeAsync<Guid>("used", "instance") is var now && now != used)
                used = now; // the machine had other things to do for a second
            await Task.Yield();
        }
        Assert.NotEqual(idle, await tallies.InvokeAsync<Guid>("idle", "instance"));
        Assert.Equal(lasting, await forever.InvokeAsync<Guid>("a", "instance"));
        Assert.Throws<ArgumentException>(() =>
            node.Server.MapEntities<Tally>("wrong", static options => options.IdleTimeout = TimeSpan.Zero)
        );
        Assert.Throws<ArgumentException>(() => node.Server.MapEntities<Tally>("wrong", static options => options.MaxEntities = 0));
    }

    [Fact]
    public async Task Many_entities_come_and_retire_and_nothing_is_left_of_them()
    {
        await using var node = await StartAsync();
        var tallies = node.Server.MapEntities<Quiet>("quiet");
        var all = Enumerable.Range(0, 2_000).Select(static number => "id " + number).ToArray();
        foreach (var some in all.Chunk(500))
            await Task.WhenAll(some.Select(id => tallies.InvokeAsync<int>(id, "touch")));
        foreach (var some in all.Chunk(500))
            await Task.WhenAll(some.Select(id => tallies.InvokeAsync<int>(id, "retire")));
        await Node.UntilAsync(() => Quiet.Living == 0, "all to be gone");
    }

    [Fact]
    public async Task Ticks_keep_their_rate_beside_calls_and_tell_the_time_that_has_passed()
    {
        await using var node = await StartAsync();
        var metronomes = node.Server.MapEntities<Metronome>("metronome");
        var start = Stopwatch.GetTimestamp();
        var first = (await metronomes.InvokeAsync<double[]>("a", "times"))!.Length;
        double[] times;
        do
        {
            times = (await metronomes.InvokeAsync<double[]>("a", "times"))!; // as fast as it goes
        }
        while (times.Length < 120);
        var passed = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Assert.InRange(times.Length, 120, first + (passed * 60) + 2); // never more than were due
        Assert.InRange(times.Sum(), 0.0, passed + 0.1);
        // each tells all that has passed since the one before
        Assert.InRange(times.Sum(), (times.Length - 1) / 60.0 * 0.99, double.MaxValue);
    }

    [Fact]
    public async Task One_that_is_asked_too_much_says_so_and_one_that_is_silent_is_given_up()
    {
        await using var node = await StartAsync(cluster => cluster.RequestTimeout = TimeSpan.FromSeconds(2));
        var tallies = node.Server.MapEntities<Tally>("tally");
        var hold = new TaskCompletionSource();
        Tally.Holds["busy"] = hold;
        // it has started: what waits from here on waits for what it holds
        Assert.Empty((await tallies.InvokeAsync<List<int>>("busy", "notes"))!);
        var held = tallies.InvokeAsync<int>("busy", "hold");
        await Node.UntilAsync(() => Tally.Holding.ContainsKey("busy"), "it to hold"); // who is held does not wait
        var waiting = Enumerable.Range(0, 1024).Select(number => tallies.InvokeAsync<int>("busy", "note", number)).ToList();
        Assert.Contains(
            "asked too much",
            (await Assert.ThrowsAsync<EntityCallException>(() => tallies.InvokeAsync<int>("busy", "note", 0))).Message,
            StringComparison.Ordinal
        );
        await Assert.ThrowsAsync<TimeoutException>(() => held);
        foreach (var late in waiting)
            await Assert.ThrowsAsync<TimeoutException>(() => late);
        hold.SetResult();
        Assert.Equal(1024, (await NotesAsync())!.Count); // they were made all the same

        async Task<List<int>?> NotesAsync()
        {
            while (true)
            {
                try
                {
                    return await tallies.InvokeAsync<List<int>>("busy", "notes");
                }
                catch (EntityCallException)
                {
                    await Task.Yield(); // it has not come to the first that waits yet
                }
            }
        }
    }

    [Fact]
    public async Task A_class_that_cannot_be_called_is_not_mapped()
    {
        await using var node = await StartAsync();
        Assert.Throws<ArgumentException>(() => node.Server.MapEntities<Mute>("mute"));
        Assert.Throws<ArgumentException>(() => node.Server.MapEntities<Tally>("no/name"));
        node.Server.MapEntities<Tally>("tally");
        Assert.Throws<ArgumentException>(() => node.Server.MapEntities<Quiet>("tally"));
        Assert.Throws<InvalidOperationException>(() => new Tally(node.Server).Id);
    }

    [Fact]
    public async Task When_a_node_leaves_its_entities_move_with_their_state_and_no_call_is_lost()
    {
        RoomEntities<Tally> here = null!, there = null!;
        await using var first = await Node.StartAsync(map: io => here = io.MapEntities<Tally>("tally"));
        await using var second = await Node.JoinAsync(first, io => there = io.MapEntities<Tally>("tally"));
        await Node.MeetAsync(first, second);
        string[] ids = [.. Enumerable.Range(0, 12).Select(static number => "entity " + number)];
        var homes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var id in ids)
        {
            Assert.Equal(1, await here.InvokeAsync<int>(id, "note", 0));
            Assert.Equal(2, await there.InvokeAsync<int>(id, "note", 1)); // the same one, from either node
            homes[id] = (await here.InvokeAsync<string>(id, "node"))!;
        }
        Assert.Equal(2, homes.Values.Distinct(StringComparer.Ordinal).Count());

        var stop = second.StopAsync();
        var number = 2;
        do
        {
            foreach (var id in ids)
                Assert.Equal(number + 1, await here.InvokeAsync<int>(id, "note", number));
            number++;
        }
        while (!stop.IsCompleted);
        await stop;

        foreach (var id in ids)
        {
            Assert.Equal(Enumerable.Range(0, number), (await here.InvokeAsync<List<int>>(id, "notes"))!);
            Assert.Equal(first.Server.NodeTag, await here.InvokeAsync<string>(id, "node"));
        }
    }

    [Fact]
    public async Task One_that_cannot_hand_over_its_state_starts_anew_elsewhere_and_holds_nobody_up()
    {
        RoomEntities<Clumsy> here = null!;
        await using var first = await Node.StartAsync(map: io => here = io.MapEntities<Clumsy>("clumsy"));
        await using var second = await Node.JoinAsync(first, static io => io.MapEntities<Clumsy>("clumsy"));
        await Node.MeetAsync(first, second);
        var probes = 0;
        await Node.UntilAsync(
            () => here.InvokeAsync<string>($"probe {++probes}", "where").Result == second.Server.NodeTag,
            "the node that joined to take its share"
        );
        string[] ids = [.. Enumerable.Range(0, 12).Select(static number => "entity " + number)];
        foreach (var id in ids)
            Assert.Equal(1, await here.InvokeAsync<int>(id, "count"));
        var start = Stopwatch.GetTimestamp();
        await second.StopAsync();
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 8); // a shard gives an entity 10 s to stop
        var moved = 0;
        foreach (var id in ids)
            moved += await here.InvokeAsync<int>(id, "count") == 1 ? 1 : 0;
        Assert.InRange(moved, 1, ids.Length - 1);
        // The node that stays has some too: shards that were on their way to the one that joined.
        var failures = first
            .Log.Concat(second.Log)
            .Count(static line => line.Contains("clumsy", StringComparison.Ordinal) && line.StartsWith("Error", StringComparison.Ordinal));
        Assert.InRange(failures, moved, 2 * (ids.Length + probes));
    }

    [Fact]
    public async Task A_call_of_an_entity_ends_with_its_token()
    {
        await using var node = await Node.StartAsync(static o => o.Port = null);
        var entities = node.Server.MapEntities<Nothing>("nothing");
        using var source = new CancellationTokenSource();
        var call = entities.InvokeAsync<int>("id", "waits", source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(Node.Patience));
        Assert.Throws<ArgumentException>(() => entities.Send("id", "waits", source.Token));
    }

    private static Task<Node> StartAsync(Action<ActorSocketClusterOptions>? configure = null) => Node.StartAsync(cluster =>
    {
        cluster.Port = null; // no cluster
        configure?.Invoke(cluster);
    });

    private sealed class Clumsy(ActorSocketServer io) : RoomEntity
    {
        private int _count;

        [Event("where")]
        public string Where() => io.NodeTag;

        [Event("count")]
        public int Count() => ++_count;

        public override object? HandOver() => throw new InvalidOperationException("on purpose");
    }

    private sealed class Tally(ActorSocketServer io) : RoomEntity, IDisposable
    {
        public static readonly ConcurrentDictionary<string, TaskCompletionSource> Holds = new(StringComparer.Ordinal);
        public static readonly ConcurrentDictionary<string, bool> Holding = new(StringComparer.Ordinal);
        public static readonly ConcurrentDictionary<Guid, bool> Ended = new();

        private readonly Guid _instance = Guid.NewGuid();
        private readonly List<int> _notes = [];
        private int _ticks;

        public override TimeSpan TickInterval => TimeSpan.FromMilliseconds(10);

        public override async Task OnStartedAsync(EntityStart start)
        {
            await Task.Yield(); // calls wait for it
            _notes.AddRange(start.State?.Deserialize<int[]>() ?? []);
        }

        [Event("note")]
        public async Task<int> NoteAsync(int number)
        {
            var before = _notes.Count;
            await Task.Yield();
            Assert.Equal(before, _notes.Count); // nobody else was here
            _notes.Add(number);
            return _notes.Count;
        }

        [Event("notes")]
        public int[] Notes() => [.. _notes];

        [Event("instance")]
        public Guid Instance() => _instance;

        [Event("surroundings")]
        public string Surroundings() => Id + " " + Namespace.Name;

        [Event("node")]
        public string Node() => io.NodeTag;

        [Event("ticks")]
        public int Ticks() => _ticks;

        [Event("hold")]
        public async Task<int> HoldAsync()
        {
            var before = _ticks;
            Holding[Id] = true;
            await Holds[Id].Task;
            return _ticks - before;
        }

        [Event("fail")]
        public static int Fail() => throw new InvalidOperationException("on purpose");

        [Event("retire")]
        public Guid End()
        {
            Retire();
            return _instance;
        }

        public override Task OnTickAsync(TimeSpan elapsed)
        {
            _ticks++;
            return Task.CompletedTask;
        }

        public override object? HandOver() => _notes;

        public void Dispose() => Ended[_instance] = true;
    }

    private sealed class Fragile : RoomEntity
    {
        private bool _hasStarted;

        public Fragile()
        {
            if (Fault == "in its constructor")
                throw new InvalidOperationException(Fault);
        }

        public static string Fault { get; set; } = "";

        public override async Task OnStartedAsync(EntityStart start)
        {
            Assert.Equal(EntityOrigin.New, start.Origin);
            await Task.Yield();
            if (Fault.Length > 0)
                throw new InvalidOperationException(Fault);
            _hasStarted = true;
        }

        [Event("works")]
        public bool Works() => _hasStarted;
    }

    private sealed class Quiet : RoomEntity, IDisposable
    {
        private static int _living;

        public Quiet() => Interlocked.Increment(ref _living);

        public static int Living => Volatile.Read(ref _living);

        [Event("touch")]
        public static int Touch() => 1;

        [Event("retire")]
        public int End()
        {
            Retire();
            return 1;
        }

        public void Dispose() => Interlocked.Decrement(ref _living);
    }

    private sealed class Metronome : RoomEntity
    {
        private readonly List<double> _times = [];

        public override TimeSpan TickInterval => TimeSpan.FromSeconds(1.0 / 60);

        [Event("times")]
        public double[] Times() => [.. _times];

        public override Task OnTickAsync(TimeSpan elapsed)
        {
            _times.Add(elapsed.TotalSeconds);
            return Task.CompletedTask;
        }
    }

    private sealed class Mute : RoomEntity;

    private sealed class Nothing : RoomEntity
    {
        [Event("waits")]
        public static Task<int> WaitsAsync() => new TaskCompletionSource<int>().Task;
    }
}
