using System.Diagnostics;
using System.Net;
using System.Text.Json;
using ActorSocket.ClientTests.Infrastructure;
using ActorSocket.ClusterTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClusterTests;

/// <summary>
/// Nodes die, leave, stand still and come back while official clients talk to each other without a pause, a third each by WebSocket, by
/// long-polling and across the upgrade. What may never happen is checked by the clients themselves (node/cluster.mjs, <c>traffic</c>): per
/// sender in order, nothing twice, and between clients that kept their connection nothing missed.
/// </summary>
[Trait("Category", "Drill")]
public abstract class DrillTest(ITestOutputHelper output)
{
    private protected static readonly TimeSpan WholeAgain = TimeSpan.FromSeconds(25);

    /// <summary>Where clients cannot be told, heartbeats tell them.</summary>
    private protected static readonly string[] QuickHeartbeats =
    [
        "--ActorSocket:PingInterval=00:00:05",
        "--ActorSocket:PingTimeout=00:00:05",
    ];

    private protected static readonly string[] QuickToNotice = ["--ActorSocket:Cluster:StableAfter=00:00:03", .. QuickHeartbeats];

    private protected ITestOutputHelper Output => output;

    /// <summary>Runs a drill on a cluster of its own, under traffic.</summary>
    private protected async Task<Traffic> RunAsync(
        string title,
        string[] options,
        Func<TestCluster, Task> drill,
        Network? network = null,
        int clients = 24,
        params (string, string)[] pace
    )
    {
        await using var cluster = await TestCluster.StartAsync(3, network, options);
        try
        {
            var start = 0L;
            var whole = TimeSpan.Zero;
            Traffic traffic;
            await using (
                var client = await ScriptClient.StartJavaScriptAsync(
                    "cluster",
                    "traffic",
                    cluster.Balancer.Url,
                    "mixed",
                    [("CLIENTS", $"{clients}"), .. pace]
                )
            )
            {
                await client.SignalAsync("running");
                start = Stopwatch.GetTimestamp();
                await drill(cluster);
                whole = Stopwatch.GetElapsedTime(start);
                await client.ContinueAsync();
                // A request that a client gave up may wait on for as long as the server does not know.
                traffic = (await client.FinishAsync(endsByItself: false, TimeSpan.FromSeconds(120))).Deserialize<Traffic>(
                    JsonSerializerOptions.Web
                )!;
            }
            output.WriteLine(
                $"{title}: over after {whole.TotalSeconds:F1} s; {traffic.Sent} events, {traffic.Acked} acknowledged, "
                + $"{traffic.Failed.Length} failed; "
                    + $"{traffic.Talkers.Count(static talker => talker.Disconnects.Length > 0)} of {clients} clients lost their "
                    + $"connection, away for {traffic.Talkers.Max(static talker => talker.Away)} ms at most; "
                    + $"longest acknowledgement {traffic.Talkers.Max(static talker => talker.Stall)} ms"
            );
            Assert.Empty(traffic.Problems);
            // No ghosts, and nobody is missing.
            Assert.Equal(traffic.Ids.Order(StringComparer.Ordinal), traffic.Present.Order(StringComparer.Ordinal), StringComparer.Ordinal);
            await cluster.EmptyAsync();
            await AssertEachEndedOnceAsync(cluster);
            await cluster.AssertQuietAsync(mayFail: true);
            return traffic;
        }
        catch
        {
            output.WriteLine(cluster.Explain());
            throw;
        }
    }

    /// <summary>Every socket of the living nodes was told of its end exactly once.</summary>
    private static async Task AssertEachEndedOnceAsync(TestCluster cluster)
    {
        foreach (var node in cluster.Living)
        {
            var journal = (await node.JournalAsync(""))
                .Select(static line => line.Split(' '))
                .GroupBy(static words => words[0], static words => words[1], StringComparer.Ordinal);
            Assert.All(journal, static life => Assert.Equal("connect disconnecting disconnect", string.Join(' ', life)));
        }
    }

    private protected static void AssertOnlyClientsOf(Traffic traffic, params string[] tags)
    {
        foreach (
            var talker in traffic.Talkers.Where(talker =>
                talker.Kind == "websocket" && !tags.Any(tag => talker.First.StartsWith(tag, StringComparison.Ordinal))
            )
        )
            Assert.Empty(talker.Disconnects);
    }
}

/// <summary>What <c>traffic</c> of node/cluster.mjs saw.</summary>
internal sealed record Traffic(string[] Problems, string[] Ids, string[] Present, int Sent, int Acked, Failure[] Failed, Talker[] Talkers)
{
    /// <summary>Acknowledgements that failed although their socket stayed.</summary>
    public IEnumerable<Failure> FailedOnLivingSockets => Failed.Where(static failure => !failure.Lost);
}

internal sealed record Failure(string Id, int N, string Error, int After, bool Lost);

internal sealed record Talker(string Kind, string First, Loss[] Disconnects, int Away, int Stall);

internal sealed record Loss(string? Id, string Reason);

public sealed class CrashDrill(ITestOutputHelper output) : DrillTest(output)
{
    [Theory]
    [InlineData(0)] // the oldest: the coordinator of the shards goes with it
    [InlineData(2)]
    public async Task A_killed_node_costs_only_its_own_clients(int index)
    {
        var victim = "";
        var traffic = await RunAsync($"kill -9 of node {index}", QuickHeartbeats, async cluster =>
        {
            var node = cluster.Nodes[index];
            victim = node.Tag;
            var client = await WireClient.ConnectAsync(node.Url, cluster.Nodes[1].Url);
            node.Kill();
            await node.EndAsync(TimeSpan.FromSeconds(5));
            await cluster.WholeAsync(WholeAgain);
            foreach (var living in cluster.Living)
            {
                var start = Stopwatch.GetTimestamp();
                await WireClient.RefusedAsync(await client.GetAsync(living.Url), 1);
                Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(1), "the id of a dead node is refused at once");
            }
        });
        AssertOnlyClientsOf(traffic, victim);
        Assert.DoesNotContain(traffic.Present, id => id.StartsWith(victim, StringComparison.Ordinal));
        Assert.Empty(traffic.FailedOnLivingSockets);
        Assert.InRange(traffic.Talkers.Max(static talker => talker.Away), 0, 10_000);
    }
}

public sealed class HeavyTrafficDrill(ITestOutputHelper output) : DrillTest(output)
{
    [Fact]
    public async Task Large_broadcasts_leave_the_heartbeats_between_nodes_alone()
    {
        await using var cluster = await TestCluster.StartAsync(3);
        var readers = new List<RawWebSocket>();
        foreach (var node in cluster.Nodes)
        {
            var socket = await RawWebSocket.OpenAsync(new Uri(node.Url, "/socket.io/?EIO=4&transport=websocket"));
            await socket.SendAsync("40");
            await socket.ReadForAsync("40{");
            await socket.SendAsync("420[\"join\",\"heavy\"]");
            await socket.ReadForAsync("430");
            readers.Add(socket);
        }
        var reading = readers.ConvertAll(static socket => socket.DrainAsync());
        using var http = new HttpClient { Timeout = TimeSpan.FromMinutes(2) };
        var start = Stopwatch.GetTimestamp();
        (
            await http.PostAsync(new Uri(cluster.Nodes[0].Url, "/test/emit?room=heavy&count=1000&bytes=100000"), null)
        ).EnsureSuccessStatusCode();
        await cluster.WholeAsync(WholeAgain); // answered by every node's actors, behind what they were sent
        Output.WriteLine($"100 MB to each of two nodes in {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s");
        Assert.All(cluster.Nodes, static node => Assert.DoesNotContain("UNREACHABLE", node.Output, StringComparison.Ordinal));
        readers.ForEach(static socket => socket.Dispose());
        await Task.WhenAll(reading);
    }
}

public sealed class LostAnswerDrill(ITestOutputHelper output) : DrillTest(output)
{
    /// <summary>
    /// HTTP clients repeat a GET whose connection was reset: the session must not go on as if they had got what the first one was answered.
    /// </summary>
    [Fact]
    public async Task An_answer_that_died_with_the_node_it_went_by_ends_the_session()
    {
        await using var cluster = await TestCluster.StartAsync(3);
        var (home, other, victim) = (cluster.Nodes[0], cluster.Nodes[1], cluster.Nodes[2]);
        var client = await WireClient.ConnectAsync(home.Url, other.Url);
        var get = client.GetAsync(victim.Url);
        await victim.UntilAsync(async () => (await victim.StateAsync()).WaitingElsewhere == 1, "the GET to wait");
        await victim.PauseAsync();
        // its echo goes to a node that no longer moves
        Assert.Equal("ok", await WireClient.TextOf(await client.PostAsync("42[\"echo\",\"lost\"]", other.Url)));
        victim.Kill();
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => get);
        Assert.Equal("ok", await WireClient.TextOf(await client.PostAsync("42[\"echo\",\"next\"]", other.Url)));
        await WireClient.RefusedAsync(await client.GetAsync(other.Url), 1); // and not: "next"
        await WireClient.RefusedAsync(await client.GetAsync(home.Url), 1);
    }
}

public sealed class LeaveDrill(ITestOutputHelper output) : DrillTest(output)
{
    [Fact]
    public async Task A_rolling_restart_costs_no_acknowledgement_on_the_nodes_that_stay()
    {
        var traffic = await RunAsync("rolling restart of three nodes", QuickHeartbeats, async cluster =>
        {
            foreach (var node in cluster.Nodes.ToArray())
            {
                var start = Stopwatch.GetTimestamp();
                await node.TerminateAsync();
                Assert.Equal(0, await node.EndAsync(WholeAgain));
                Output.WriteLine($"left in {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s");
                await cluster.WholeAsync(WholeAgain);
                var next = await cluster.AddAsync();
                await next.ReadyAsync();
                cluster.Balancer.Target([.. cluster.Living]);
                await cluster.WholeAsync(WholeAgain);
                Output.WriteLine($"replaced in {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s");
            }
        });
        Assert.Empty(traffic.FailedOnLivingSockets);
        Assert.InRange(traffic.Talkers.Max(static talker => talker.Away), 0, 10_000);
    }

    [Fact]
    public async Task Nodes_that_all_leave_at_once_end_in_time()
    {
        await using var cluster = await TestCluster.StartAsync(3);
        await using var client = await ScriptClient.StartJavaScriptAsync("cluster", "traffic", cluster.Balancer.Url, "mixed");
        await client.SignalAsync("running");
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(cluster.Nodes.Select(static node => node.TerminateAsync()));
        try
        {
            await Task.WhenAll(cluster.Nodes.Select(async node =>
            {
                Assert.Equal(0, await node.EndAsync(WholeAgain));
                Output.WriteLine($"{node.Tag} ended after {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s");
            }));
        }
        catch
        {
            Output.WriteLine(cluster.Explain());
            throw;
        }
        client.Kill();
    }
}

public sealed class PauseDrill(ITestOutputHelper output) : DrillTest(output)
{
    [Fact]
    public async Task A_short_pause_is_noticed_by_nobody_but_the_paused()
    {
        var traffic = await RunAsync("SIGSTOP for 5 s", [], async cluster =>
        {
            var node = cluster.Nodes[2];
            await node.PauseAsync();
            cluster.Balancer.Target(cluster.Nodes[0], cluster.Nodes[1]);
            await Task.Delay(TimeSpan.FromSeconds(5)); // the drill itself: how long it stands still
            await node.ContinueAsync();
            cluster.Balancer.Target([.. cluster.Nodes]);
            await cluster.WholeAsync(WholeAgain);
        });
        Assert.Empty(traffic.Failed);
        Assert.All(traffic.Talkers.Where(static talker => talker.Kind == "websocket"), static talker => Assert.Empty(talker.Disconnects));
    }

    [Fact]
    public async Task A_node_that_stands_still_for_long_is_downed_and_ends_when_it_goes_on()
    {
        var paused = "";
        var traffic = await RunAsync(
            "SIGSTOP until downed",
            QuickToNotice,
            async cluster =>
            {
                var node = cluster.Nodes[2];
                paused = node.Tag;
                await node.PauseAsync();
                cluster.Balancer.Target(cluster.Nodes[0], cluster.Nodes[1]);
                await NodeProcess.UntilAsync(
                    async () =>
                        !(await cluster.Nodes[0].StateAsync()).Peers.Contains(paused)
                        && !(await cluster.Nodes[1].StateAsync()).Peers.Contains(paused),
                    "the others to down it",
                    WholeAgain,
                    cluster.Explain
                );
                await node.ContinueAsync();
                Assert.Equal(1, await node.EndAsync(WholeAgain));
                await cluster.WholeAsync(WholeAgain);
            }
        );
        AssertOnlyClientsOf(traffic, paused);
        Assert.Empty(traffic.FailedOnLivingSockets);
    }
}

public sealed class PartitionDrill(ITestOutputHelper output) : DrillTest(output)
{
    [Fact]
    public async Task The_minority_takes_nobody_and_ends_and_the_majority_goes_on()
    {
        await using var network = new Network();
        var minority = "";
        var traffic = await RunAsync(
            "partition, 1 against 2",
            QuickToNotice,
            async cluster =>
            {
                var node = cluster.Nodes[2];
                minority = node.Tag;
                network.Cut(2, 0);
                network.Cut(2, 1);
                await node.UntilAsync(
                    async () => await node.StatusAsync("/ready") == HttpStatusCode.ServiceUnavailable,
                    "the minority to be not ready",
                    TimeSpan.FromSeconds(15)
                );
                Assert.Equal(HttpStatusCode.ServiceUnavailable, await node.StatusAsync("/socket.io/?EIO=4&transport=polling"));
                foreach (var other in cluster.Nodes.Take(2))
                    Assert.Equal(HttpStatusCode.OK, await other.StatusAsync("/ready"));
                Assert.Equal(1, await node.EndAsync(WholeAgain));
                await cluster.WholeAsync(WholeAgain);
            },
            network: network
        );
        AssertOnlyClientsOf(traffic, minority);
        Assert.DoesNotContain(traffic.Present, id => id.StartsWith(minority, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Connections_between_nodes_that_are_reset_again_and_again_leave_the_rooms_right()
    {
        await using var network = new Network();
        await using var cluster = await TestCluster.StartAsync(3, network, []);
        for (var round = 0; round < 5; round++)
        {
            foreach (var (one, other) in new[] { (0, 1), (1, 2), (0, 2) })
                network.Reset(one, other);
            await using var client = await ScriptClient.StartJavaScriptAsync(
                "cluster",
                "Rooms_heal_after_a_loss_between_nodes",
                cluster.Balancer.Url,
                "websocket"
            );
            try
            {
                await client.FinishAsync();
            }
            catch
            {
                Output.WriteLine(cluster.Explain());
                throw;
            }
        }
        await cluster.WholeAsync(WholeAgain);
        await cluster.EmptyAsync();
    }
}
