using System.Collections.Concurrent;
using ActorSocket.Clustering;

namespace ActorSocket.IntegrationTests.Cluster.Entities;

/// <summary>Entities on nodes that come, leave and crash: nobody calls them meanwhile.</summary>
public sealed class EntityMoveTests
{
    [Fact]
    public async Task When_a_node_leaves_its_entities_go_on_ticking_elsewhere_without_being_called()
    {
        var pulses = new Pulses();
        await using var first = await pulses.StartAsync();
        await using var second = await pulses.StartAsync(first);
        await using var third = await pulses.StartAsync(first);
        await Node.MeetAsync(first, second, third);
        string[] ids = [.. Enumerable.Range(0, 12).Select(static number => "leaving " + number)];
        foreach (var id in ids)
            Assert.Equal(5, (await pulses.CallAsync(first, id, 5)).Count);
        Assert.Contains(ids, id => pulses.NodeOf(id) == third.Server.NodeTag);

        await third.StopAsync();
        await pulses.AllBeatAsync(ids, first, second);
        foreach (var id in ids)
            Assert.Equal(6, (await pulses.CallAsync(second, id, 1)).Count);
        Assert.All(ids, id => Assert.NotEqual(EntityOrigin.Lost, pulses.OriginOf(id)));
        foreach (var node in (Node[])[first, second])
            await Node.UntilAsync(
                () => ((ClusterAdapter)node.Server.Server.Adapter).Entities.Ledger is { UnhostedCount: 0, Bytes: 0 },
                "nothing to be kept any more"
            );
    }

    [Fact]
    public async Task What_an_entity_of_another_node_refuses_arrives_with_its_code_and_its_data()
    {
        var pulses = new Pulses();
        await using var first = await pulses.StartAsync();
        await using var second = await pulses.StartAsync(first);
        await Node.MeetAsync(first, second);
        var id = await pulses.OneOnAsync(second, first, "refusing");
        var error = await Assert.ThrowsAsync<EntityCallException>(() => pulses.Of(first).InvokeAsync(id, "refuse", 3));
        var refusal = Assert.IsType<EventException>(error.InnerException);
        Assert.Equal(("sold out", "SOLD_OUT"), (refusal.Message, refusal.Code));
        Assert.Equal(new Answer(3, second.Server.NodeTag), Assert.IsType<SocketArgument>(refusal.Data).As<Answer>());
        error = await Assert.ThrowsAsync<EntityCallException>(() => pulses.Of(first).InvokeAsync(id, "complain", 3));
        Assert.Equal(("xxx", null), (error.Message, error.InnerException));
    }

    [Fact]
    public async Task A_rolling_restart_loses_no_state_and_no_tick()
    {
        var pulses = new Pulses();
        var nodes = new List<Node> { await pulses.StartAsync() };
        nodes.Add(await pulses.StartAsync(nodes[0]));
        nodes.Add(await pulses.StartAsync(nodes[0]));
        await Node.MeetAsync([.. nodes]);
        string[] ids = [.. Enumerable.Range(0, 30).Select(static number => "rolling " + number)];
        foreach (var id in ids)
            await pulses.CallAsync(nodes[0], id, 5);
        for (var i = 0; i < 3; i++)
        {
            await nodes[0].StopAsync();
            await nodes[0].DisposeAsync();
            nodes.RemoveAt(0);
            nodes.Add(await pulses.StartAsync(nodes[0]));
            await Node.MeetAsync([.. nodes]);
        }
        await pulses.AllBeatAsync(ids, [.. nodes]);
        foreach (var id in ids)
            Assert.Equal(6, (await pulses.CallAsync(nodes[0], id, 1)).Count);
        foreach (var node in nodes)
            await node.DisposeAsync();
    }

    [Fact]
    public async Task What_moves_to_a_node_that_joins_goes_on_ticking_there()
    {
        var pulses = new Pulses();
        await using var first = await pulses.StartAsync();
        await using var second = await pulses.StartAsync(first);
        await Node.MeetAsync(first, second);
        string[] ids = [.. Enumerable.Range(0, 24).Select(static number => "joining " + number)];
        foreach (var id in ids)
            await pulses.CallAsync(first, id, 5);
        await using var third = await pulses.StartAsync(first);
        await Node.MeetAsync(first, second, third);
        await Node.UntilAsync(
            () => ids.Any(id => pulses.NodeOf(id) == third.Server.NodeTag),
            "an entity to move to the node that has joined"
        );
        await pulses.AllBeatAsync(ids, first, second, third);
        foreach (var id in ids)
            Assert.Equal(6, (await pulses.CallAsync(third, id, 1)).Count);
    }

    [Fact]
    public async Task After_a_crash_an_entity_starts_by_itself_knows_that_it_is_lost_and_is_not_what_it_was_before_it_moved()
    {
        var pulses = new Pulses();
        await using var first = await pulses.StartAsync();
        await using var second = await pulses.StartAsync(first);
        await Node.MeetAsync(first, second);
        string[] ids = [.. Enumerable.Range(0, 24).Select(static number => "crashing " + number)];
        foreach (var id in ids)
            Assert.Equal(3, (await pulses.CallAsync(first, id, 3)).Count);
        await using var third = await pulses.StartAsync(first);
        await Node.MeetAsync(first, second, third);
        await Node.UntilAsync(
            () => ids.Any(id => pulses.NodeOf(id) == third.Server.NodeTag),
            "an entity to move to the node that has joined"
        );
        var moved = Array.FindAll(ids, id => pulses.NodeOf(id) == third.Server.NodeTag);
        foreach (var id in moved)
            Assert.Equal(7, (await pulses.CallAsync(first, id, 4)).Count);

        await third.CrashAsync();
        await pulses.AllBeatAsync(ids, first, second);
        foreach (var id in moved)
        {
            Assert.Equal(EntityOrigin.Lost, pulses.OriginOf(id));
            Assert.Equal(0, (await pulses.CallAsync(first, id, 0)).Count); // not 3
        }
        foreach (var id in ids.Except(moved, StringComparer.Ordinal))
            Assert.Equal(3, (await pulses.CallAsync(second, id, 0)).Count);
    }

    [Fact]
    public async Task A_start_that_fails_leaves_what_was_handed_over_where_it_is_even_when_that_leaves_too()
    {
        var pulses = new Pulses();
        var first = await pulses.StartAsync();
        await using var second = await pulses.StartAsync(first);
        await Node.MeetAsync(first, second);
        var id = await pulses.OneOnAsync(first, second, "failing");
        await pulses.CallAsync(first, id, 5);
        pulses.Failing[id] = "not today";
        await first.StopAsync();
        await first.DisposeAsync();
        var failure = await Assert.ThrowsAsync<EntityCallException>(() => pulses.CallAsync(second, id, 1));
        Assert.Contains("not today", failure.Message, StringComparison.Ordinal);

        await using var third = await pulses.StartAsync(second);
        await Node.MeetAsync(second, third);
        await second.StopAsync();
        Assert.Contains(
            "not today",
            (await Assert.ThrowsAsync<EntityCallException>(() => pulses.CallAsync(third, id, 1))).Message,
            StringComparison.Ordinal
        );
        pulses.Failing.Clear();
        Assert.Equal(6, (await pulses.CallAsync(third, id, 1)).Count);
        Assert.Equal(EntityOrigin.HandedOver, pulses.OriginOf(id));
    }

    [Fact]
    public async Task A_state_that_no_node_has_room_for_is_counted_logged_and_its_entity_told()
    {
        var pulses = new Pulses { Configure = static cluster => cluster.MaxEntityStateBytes = 1000 };
        await using var first = await pulses.StartAsync();
        await using var second = await pulses.StartAsync(first);
        await Node.MeetAsync(first, second);
        var large = await pulses.OneOnAsync(second, first, "large");
        var small = await pulses.OneOnAsync(second, first, "small");
        pulses.Padding[large] = 2000;
        await pulses.CallAsync(first, large, 5);
        await pulses.CallAsync(first, small, 5);
        // Else it may start there, with what the node that leaves still has, before that has found out that nobody has room for it.
        pulses.Failing[large] = "not before the other node has left";
        await second.StopAsync();
        pulses.Failing.Clear();
        await pulses.AllBeatAsync([large, small], first);
        Assert.Equal((EntityOrigin.Lost, EntityOrigin.HandedOver), (pulses.OriginOf(large), pulses.OriginOf(small)));
        Assert.Contains(
            first.Log,
            static line => line.StartsWith("Warning: This node has no room for the state of a \"pulse\"", StringComparison.Ordinal)
        );
        Assert.Contains(second.Log, static line => line.StartsWith("Error: The states of 1 entities", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_result_that_is_too_long_is_the_same_error_on_its_own_node_and_from_another()
    {
        var pulses = new Pulses();
        await using var first = await pulses.StartAsync();
        await using var second = await pulses.StartAsync(first);
        await Node.MeetAsync(first, second);
        var id = await pulses.OneOnAsync(first, second, "long");
        foreach (var node in (Node[])[first, second])
        {
            var entities = pulses.Of(node);
            Assert.Equal(190_000, (await entities.InvokeAsync<string>(id, "text", 190_000))!.Length);
            foreach (var length in (int[])[200_000, 250_000, 300_000, 5_000_000])
                Assert.Contains(
                    "at most 200000",
                    (await Assert.ThrowsAsync<EntityCallException>(() => entities.InvokeAsync<string>(id, "text", length))).Message,
                    StringComparison.Ordinal
                );
            Assert.Equal(
                2001,
                (await Assert.ThrowsAsync<EntityCallException>(() => entities.InvokeAsync<string>(id, "complain", 300_000))).Message.Length
            );
        }
    }

    /// <summary>What the entities of one test do, on whichever node.</summary>
    private sealed class Pulses
    {
        private readonly ConcurrentDictionary<Node, RoomEntities<Pulse>> _entities = new();

        public Action<ActorSocketClusterOptions>? Configure { get; init; }

        public ConcurrentDictionary<string, (string Node, EntityOrigin Origin, long Beats)> Beating { get; } = new(StringComparer.Ordinal);

        public ConcurrentDictionary<string, string> Failing { get; } = new(StringComparer.Ordinal);

        public ConcurrentDictionary<string, int> Padding { get; } = new(StringComparer.Ordinal);

        public async Task<Node> StartAsync(Node? seed = null)
        {
            RoomEntities<Pulse> entities = null!;
            var node = await Node.StartAsync(
                cluster =>
                {
                    cluster.StableAfter = TimeSpan.FromSeconds(2);
                    if (seed is not null)
                        cluster.SeedNodes.Add(seed.Seed);
                    Configure?.Invoke(cluster);
                },
                io => entities = io.MapEntities<Pulse>("pulse"),
                services => Microsoft.Extensions.DependencyInjection.ServiceCollectionServiceExtensions.AddSingleton(services, this),
                hocon: "akka.coordinated-shutdown.run-by-actor-system-terminate = off, akka.cluster.sharding.rebalance-interval = 1s");
            _entities[node] = entities;
            return node;
        }

        public RoomEntities<Pulse> Of(Node node) => _entities[node];

        public async Task<Answer> CallAsync(Node node, string id, int add) => (await _entities[node].InvokeAsync<Answer>(id, "add", add))!;

        /// <summary>An id of an entity that lives on the first of the two.</summary>
        public async Task<string> OneOnAsync(Node node, Node other, string name)
        {
            for (var number = 0; ; number++)
            {
                var id = $"{name} {number}";
                if ((await CallAsync(other, id, 0)).Node == node.Server.NodeTag)
                    return id;
            }
        }

        public string NodeOf(string id) => Beating[id].Node;

        public EntityOrigin OriginOf(string id) => Beating[id].Origin;

        /// <summary>Waits until each has ticked three times more, on one of these nodes.</summary>
        public async Task AllBeatAsync(string[] ids, params Node[] nodes)
        {
            string[] tags = [.. nodes.Select(static node => node.Server.NodeTag)];
            await Node.UntilAsync(
                () => ids.All(id => tags.Contains(NodeOf(id), StringComparer.Ordinal)),
                $"all to live on {string.Join(", ", tags)}"
            );
            var before = ids.ToDictionary(static id => id, id => Beating[id].Beats, StringComparer.Ordinal);
            await Node.UntilAsync(() => ids.All(id => Beating[id].Beats >= before[id] + 3), "all to tick");
        }
    }

    private sealed record Answer(int Count, string Node);

    private sealed class Pulse(ActorSocketServer io, Pulses pulses) : RoomEntity
    {
        private int _count;

        public override TimeSpan TickInterval => TimeSpan.FromMilliseconds(100);

        public override async Task OnStartedAsync(EntityStart start)
        {
            await Task.Yield();
            if (pulses.Failing.TryGetValue(Id, out var failure))
                throw new InvalidOperationException(failure);
            _count = start.GetState<Memory>()?.Count ?? 0;
            pulses.Beating[Id] = (io.NodeTag, start.Origin, pulses.Beating.TryGetValue(Id, out var before) ? before.Beats : 0);
        }

        [Event("add")]
        public Answer Add(int number) => new(_count += number, io.NodeTag);

        [Event("text")]
        public static string Text(int length) => new('x', length);

        [Event("refuse")]
        public string Refuse(int left) => throw new EventException("sold out", new Answer(left, io.NodeTag)) { Code = "SOLD_OUT" };

        [Event("complain")]
        public static string Complain(int length) => throw new InvalidOperationException(Text(length));

        public override Task OnTickAsync(TimeSpan elapsed)
        {
            Assert.True(elapsed > TimeSpan.Zero);
            pulses.Beating[Id] = pulses.Beating[Id] with { Beats = pulses.Beating[Id].Beats + 1 };
            return Task.CompletedTask;
        }

        public override object? HandOver() => new Memory(_count, new string('x', pulses.Padding.GetValueOrDefault(Id)));

        private sealed record Memory(int Count, string Padding);
    }
}
