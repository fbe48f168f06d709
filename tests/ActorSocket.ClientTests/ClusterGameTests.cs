using System.Diagnostics;
using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>
/// The demo's game on three nodes with a PostgreSQL, played and watched by official clients (node/pong.mjs) while nodes are restarted and
/// killed. Prints for how long the clients saw nothing.
/// </summary>
[Collection(DemoClusterGroup.Name)]
public sealed class ClusterGameTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task A_game_goes_on_through_a_rolling_restart_and_a_crash()
    {
        await using var database = await PostgresServer.StartAsync();
        var nodes = new List<DemoServer>();
        try
        {
            int[] ports = [Ports.Free(), Ports.Free(), Ports.Free()];
            foreach (var port in ports)
            {
                nodes.Add(await DemoServer.StartNewAsync(
                [
                    "--Game:PointsToWin=1000",
                    $"--ActorSocket:Cluster:Port={port}",
                    .. ports.Select(static (seed, i) => $"--ActorSocket:Cluster:SeedNodes:{i}=127.0.0.1:{seed}"),
                    "--ActorSocket:Persistence:Provider=PostgreSQL.15",
                    $"--ActorSocket:Persistence:ConnectionString={database.ConnectionString}",
                ]));
            }
            await using var clients = await ScriptClient.StartJavaScriptAsync(
                "pong",
                nameof(A_game_goes_on_through_a_rolling_restart_and_a_crash),
                nodes[0].Url,
                "websocket",
                ("NODES", string.Join(',', nodes.Select(static node => node.Url.GetLeftPart(UriPartial.Authority))))
            );
            await clients.SignalAsync("playing", Patience);
            foreach (var node in nodes)
            {
                Assert.Equal(0, await node.StopAsync());
                await node.StartAsync();
                await MetAsync(nodes);
            }
            await clients.ContinueAsync();
            var restarted = await clients.SignalAsync("restarted", Patience);
            output.WriteLine(restarted.ToString());

            var home = await HomeAsync(nodes);
            var killed = Stopwatch.StartNew();
            await home.KillAsync();
            await clients.ContinueAsync();
            var result = await clients.FinishAsync(limit: Patience);
            output.WriteLine($"{result} after {killed.Elapsed.TotalSeconds:0.0} s");
            Assert.All(
                result.GetProperty("restarted").EnumerateArray(),
                static gap => Assert.InRange(gap.GetInt32(), 0, 15_000)); // 0.4 to 1.1 s, and 5 s more where it had to be woken again
            Assert.All(
                result.GetProperty("crashed").EnumerateArray(),
                static gap => Assert.InRange(gap.GetInt32(), 0, 40_000)); // 21 s where the machine has nothing else to do
        }
        catch
        {
            foreach (var node in nodes)
                output.WriteLine(node.Said());
            throw;
        }
        finally
        {
            foreach (var node in nodes)
                await node.DisposeAsync();
        }
    }

    /// <summary>Each knows the others.</summary>
    private static async Task MetAsync(List<DemoServer> nodes)
    {
        foreach (var node in nodes)
        {
            await UntilAsync(
                async () => await node.MetricAsync("actorsocket_cluster_peers") == nodes.Count - 1,
                $"{node.Url} to know the others");
        }
    }

    private static async Task<DemoServer> HomeAsync(List<DemoServer> nodes)
    {
        DemoServer? home = null;
        await UntilAsync(
            async () =>
            {
                foreach (var node in nodes)
                {
                    if (await node.MetricAsync("actorsocket_server_active_entities", "actorsocket_entity=\"pong\"") is 1)
                        home = node;
                }
                return home is not null;
            },
            "the game to live somewhere");
        return home!;
    }

    /// <summary>Other processes say what is so to who asks only.</summary>
    private static async Task UntilAsync(Func<Task<bool>> isSo, string what)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await isSo())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Patience, $"Waited {Patience} for {what}.");
            await Task.Delay(50);
        }
    }
}
