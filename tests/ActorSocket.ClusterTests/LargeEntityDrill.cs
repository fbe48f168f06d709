using System.Diagnostics;
using ActorSocket.ClusterTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClusterTests;

/// <summary>
/// 300 entities that tick ten times a second, at the size that docs/PERFORMANCE-CLUSTER.md reports; no part of the usual run:
/// <c>dotnet test tests/ActorSocket.ClusterTests -c Release -p:Measure=true --filter FullyQualifiedName~LargeEntityDrill --logger
/// "console;verbosity=detailed"</c>.
/// </summary>
[Trait("Category", "Drill")]
public sealed class LargeEntityDrill(ITestOutputHelper output)
{
    private const int Entities = 300;
    private static readonly TimeSpan WholeAgain = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_rolling_restart_of_three_nodes_loses_no_state_and_stops_no_entity_for_long()
    {
        await using var cluster = await StartAsync();
        foreach (var node in cluster.Nodes.ToArray())
        {
            await node.TerminateAsync();
            Assert.Equal(0, await node.EndAsync(WholeAgain));
            await AllAsync(cluster, "after a node was stopped");
            await (await cluster.AddAsync()).ReadyAsync();
            await cluster.WholeAsync(WholeAgain);
            await AllAsync(cluster, "after a node has joined");
        }
        var living = await AllAsync(cluster, "at the end");
        Assert.All(living, static entity => Assert.Equal(NumberOf(entity) + 1, entity.Count));
        var pauses = living.Select(static entity => entity.LongestPause).Order().ToArray();
        output.WriteLine(
            $"the longest pause between two ticks, of 100 ms: half of the entities {pauses[Entities / 2]} ms at most, 99 % "
            + $"{pauses[Entities * 99 / 100]} ms, the longest {pauses[^1]} ms");
        Assert.InRange(pauses[^1], 0, 10_000);
    }

    [Fact]
    public async Task After_a_crash_all_tick_again()
    {
        await using var cluster = await StartAsync();
        var victim = cluster.Nodes[^1];
        var gone = (await victim.CountersAsync()).Length;
        victim.Kill();
        var since = Stopwatch.GetTimestamp();
        await victim.EndAsync(WholeAgain);
        await AllAsync(cluster, "after the crash");
        output.WriteLine($"{gone} of {Entities} lived on the node that was killed; all tick again after {Stopwatch.GetElapsedTime(since)}");
        Assert.InRange(Stopwatch.GetElapsedTime(since), TimeSpan.Zero, WholeAgain);
    }

    private static async Task<TestCluster> StartAsync()
    {
        var cluster = await TestCluster.StartAsync(3, "--ActorSocket:Cluster:StableAfter=00:00:03");
        for (var i = 0; i < Entities; i++)
            await cluster.Nodes[i % 3].CountAsync($"10/{i}", i + 1);
        await AllAsync(cluster, "at the start");
        return cluster;
    }

    /// <summary>All of them, each once it has ticked where it lives now.</summary>
    private static async Task<CounterState[]> AllAsync(TestCluster cluster, string when)
    {
        CounterState[] ticking = [];
        await NodeProcess.UntilAsync(
            async () =>
            {
                var all = await Task.WhenAll(cluster.Living.ToArray().Select(static node => node.CountersAsync()));
                ticking = [.. all.SelectMany(static some => some).Where(static entity => entity.Ticks > 0)];
                return ticking.Select(static entity => entity.Id).Distinct(StringComparer.Ordinal).Count() == Entities;
            },
            $"every entity to tick {when}",
            WholeAgain,
            () => $"{ticking.Length} tick\n{cluster.Explain()}");
        return ticking;
    }

    private static int NumberOf(CounterState entity) =>
        int.Parse(entity.Id.Split('/')[1], System.Globalization.CultureInfo.InvariantCulture);
}
