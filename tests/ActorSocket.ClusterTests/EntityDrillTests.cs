using ActorSocket.ClusterTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClusterTests;

/// <summary>Entities that nobody calls, on nodes that are real processes: stopped, replaced, killed.</summary>
[Trait("Category", "Drill")]
public sealed class EntityDrillTests(ITestOutputHelper output)
{
    private static readonly TimeSpan WholeAgain = TimeSpan.FromSeconds(40);

    [Fact]
    public async Task Entities_tick_on_with_their_state_through_SIGTERM_a_rolling_restart_and_a_join_and_know_of_a_crash()
    {
        await using var cluster = await TestCluster.StartAsync(3, "--ActorSocket:Cluster:StableAfter=00:00:03");
        try
        {
            var counts = new Dictionary<string, int>(StringComparer.Ordinal);
            for (var i = 0; i < 30; i++)
                counts[$"entity {i}"] = (await cluster.Nodes[i % 3].CountAsync($"entity {i}", i + 1)).Count;
            var living = new Dictionary<string, CounterState>(StringComparer.Ordinal);
            foreach (var node in cluster.Nodes.ToArray())
            {
                await node.TerminateAsync();
                Assert.Equal(0, await node.EndAsync(WholeAgain));
                await AllTickAsync(cluster, counts.Keys, "after a node was stopped");
                await (await cluster.AddAsync()).ReadyAsync();
                await cluster.WholeAsync(WholeAgain);
                living = await AllTickAsync(cluster, counts.Keys, "after a node has joined");
            }
            Assert.All(counts, counted => Assert.Equal(counted.Value, living[counted.Key].Count));

            var victim = cluster.Nodes[^1];
            await NodeProcess.UntilAsync(
                async () => (await victim.CountersAsync()).Length > 0,
                "an entity on the last node",
                WholeAgain,
                cluster.Explain
            );
            foreach (var entity in await victim.CountersAsync())
                // from now on what it was handed over with is too little
                counts[entity.Id] = (await victim.CountAsync(entity.Id, 1000)).Count;
            victim.Kill();
            await victim.EndAsync(WholeAgain);
            living = await AllTickAsync(cluster, counts.Keys, "after a crash");
            Assert.Contains(living.Values, static entity => entity.Count == CounterState.Lost);
            Assert.All(
                counts,
                counted =>
                    Assert.True(
                        living[counted.Key].Count is var count && (count == counted.Value || count == CounterState.Lost),
                        $"{counted} came back with {count}"
                    )
            );
        }
        catch
        {
            output.WriteLine(cluster.Explain());
            throw;
        }
    }

    /// <summary>
    /// Each lives on one node, and has ticked there since it was first seen there: one that moves meanwhile is seen anew.
    /// </summary>
    private static async Task<Dictionary<string, CounterState>> AllTickAsync(
        TestCluster cluster,
        IReadOnlyCollection<string> ids,
        string when
    )
    {
        var missing = "";
        var after = new Dictionary<string, CounterState>(StringComparer.Ordinal);
        var first = new Dictionary<string, CounterState>(StringComparer.Ordinal);
        await NodeProcess.UntilAsync(
            async () =>
            {
                after = await LivingAsync(cluster);
                foreach (var (id, now) in after)
                {
                    if (!first.TryGetValue(id, out var then) || then.Node != now.Node || then.Ticks > now.Ticks)
                        first[id] = now;
                }
                missing = string.Join(", ", ids.Where(id => !(after.TryGetValue(id, out var now) && now.Ticks > first[id].Ticks)));
                return missing.Length == 0;
            },
            $"every entity to tick {when}",
            WholeAgain,
            () => $"missing: {missing}\n{cluster.Explain()}");
        return after;
    }

    private static async Task<Dictionary<string, CounterState>> LivingAsync(TestCluster cluster)
    {
        var living = new Dictionary<string, CounterState>(StringComparer.Ordinal);
        foreach (var node in cluster.Living.ToArray())
        {
            foreach (var entity in await node.CountersAsync())
                living[entity.Id] = entity;
        }
        return living;
    }
}
