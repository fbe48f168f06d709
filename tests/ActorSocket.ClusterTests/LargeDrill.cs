using ActorSocket.ClusterTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClusterTests;

/// <summary>
/// A drill at the size that docs/PERFORMANCE-CLUSTER.md reports; no part of the usual run: <c>dotnet test tests/ActorSocket.ClusterTests -c
/// Release -p:Measure=true --filter FullyQualifiedName~LargeDrill --logger "console;verbosity=detailed"</c>.
/// </summary>
[Trait("Category", "Drill")]
public sealed class LargeDrill(ITestOutputHelper output) : DrillTest(output)
{
    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task A_killed_node_of_three_with_5000_clients_costs_only_its_own(int index)
    {
        const int clients = 5_000;
        var victim = "";
        var traffic = await RunAsync($"kill -9 of node {index}, {clients} clients", [], async cluster =>
        {
            var node = cluster.Nodes[index];
            victim = node.Tag;
            node.Kill();
            await node.EndAsync(TimeSpan.FromSeconds(5));
            await cluster.WholeAsync(WholeAgain);
        }, network: null, clients, ("ROOMS", $"{clients / 10}"), ("PAUSE", "5000"), ("MORE", "2"));
        AssertOnlyClientsOf(traffic, victim);
        Assert.DoesNotContain(traffic.Present, id => id.StartsWith(victim, StringComparison.Ordinal));
        Assert.Empty(traffic.FailedOnLivingSockets);
        var away = traffic.Talkers.Select(static talker => talker.Away).Order().ToArray();
        Output.WriteLine(
            "away: half of those who lost their connection "
            + $"{away.Where(static ms => ms > 0).ElementAt(away.Count(static ms => ms > 0) / 2)} ms at most, 99 % {away[^50]} ms"
        );
        Assert.InRange(away[^1], 0, 10_000);
    }
}
