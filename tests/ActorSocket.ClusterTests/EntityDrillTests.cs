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
            string[] ids = [.. Enumerable.Range(0, 30).Select(static number => "entity " + number)];
            for (var i = 0; i < ids.Length; i++)
                Assert.Equal(i, (await cluster.Nodes[i % 3].CountAsync(ids[i], i)).Count);
            foreach (var node in cluster.Nodes.ToArray())
            {
                await node.TerminateAsync();
                Assert.Equal(0, await node.EndAsync(WholeAgain));
                await AllTickAsync(cluster, ids, "after a node was stopped");
                await (await cluster.AddAsync()).ReadyAsync();
                await cluster.WholeAsync(WholeAgain);
                await AllTickAsync(cluster, ids, "after a node has joined");
            }
            var living = await LivingAsync(cluster);
            for (var i = 0; i < ids.Length; i++)
                Assert.Equal(i, living[ids[i]].Count);
            Assert.DoesNotContain(living.Values, static entity => entity.Origin == "Lost");

            await NodeProcess.UntilAsync(async () => (await cluster.Nodes[^1].CountersAsync()).Length > 0, "an entity on the last node", WholeAgain, cluster.Explain);
            var victim = cluster.Nodes[^1];
            var lost = (await victim.CountersAsync()).Select(static entity => entity.Id).ToHashSet(StringComparer.Ordinal);
            victim.Kill();
            await victim.EndAsync(WholeAgain);
            await AllTickAsync(cluster, ids, "after a crash");
            living = await LivingAsync(cluster);
            for (var i = 0; i < ids.Length; i++)
            {
                var isLost = living[ids[i]].Origin == "Lost";
                Assert.True(isLost || !lost.Contains(ids[i]), $"{ids[i]} was on the node that crashed, and is {living[ids[i]].Origin}");
                Assert.Equal(isLost ? 0 : i, living[ids[i]].Count);
            }
        }
        catch
        {
            output.WriteLine(cluster.Explain());
            throw;
        }
    }

    /// <summary>Each lives on one node, and ticks there.</summary>
    private static async Task AllTickAsync(TestCluster cluster, string[] ids, string when)
    {
        var missing = "";
        await NodeProcess.UntilAsync(
            async () =>
            {
                var before = await LivingAsync(cluster);
                await Task.Delay(1500); // two ticks and more
                var after = await LivingAsync(cluster);
                missing = string.Join(", ", ids.Where(id => !(before.TryGetValue(id, out var then) && after.TryGetValue(id, out var now) && now.Node == then.Node && now.Ticks > then.Ticks)));
                return missing.Length == 0;
            },
            $"every entity to tick {when}",
            WholeAgain,
            () => $"missing: {missing}\n{cluster.Explain()}");
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
