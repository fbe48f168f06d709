using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using ActorSocket.ClusterTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClusterTests;

/// <summary>
/// The figures of docs/PERFORMANCE-CLUSTER.md and of "Measured" in docs/SCALE.md; no part of the usual run: <c>dotnet test
/// tests/ActorSocket.ClusterTests -c Release -p:Measure=true --filter Category=Measurement --logger "console;verbosity=detailed"</c>.
/// </summary>
[Trait("Category", "Measurement")]
public sealed class Measurements(ITestOutputHelper output)
{
    private static readonly HttpClient Patient = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromMinutes(20) };

    [Fact]
    public async Task A_request_at_the_wrong_node_and_at_the_right_one()
    {
        await using var cluster = await TestCluster.StartAsync(3);
        var (home, other) = (cluster.Nodes[0], cluster.Nodes[1]);
        var client = await WireClient.ConnectAsync(home.Url, other.Url);
        foreach (
            var (title, node) in new[]
            {
                ("warm-up", home),
                ("warm-up", other),
                ("right node", home),
                ("wrong node", other),
                ("right node", home),
                ("wrong node", other),
            }
        )
        {
            var (posts, echoes) = (new double[1_000], new double[1_000]);
            for (var i = 0; i < posts.Length; i++)
            {
                var start = Stopwatch.GetTimestamp();
                using (var post = await Patient.PostAsync(client.UrlOn(node.Url), new StringContent($"42[\"echo\",{i}]")))
                    Assert.True(post.IsSuccessStatusCode);
                posts[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                var text = await Patient.GetStringAsync(client.UrlOn(node.Url));
                echoes[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                if (text == "2")
                    await Patient.PostAsync(client.UrlOn(node.Url), new StringContent("3"));
            }
            output.WriteLine($"{title}: POST {Percentiles(posts)}; POST and the GET with its echo {Percentiles(echoes)}");
        }
    }

    [Fact]
    public async Task A_join_on_one_three_and_five_nodes()
    {
        foreach (var count in new[] { 1, 3, 5 })
        {
            await using var cluster = await TestCluster.StartAsync(count);
            await cluster.WholeAsync(TimeSpan.FromSeconds(60));
            await JoinsAsync(cluster.Nodes[0], "warm", 3_000);
            output.WriteLine(
                $"{count} nodes: first join of a room, one after the other {Percentiles(await JoinsAsync(cluster.Nodes[0], "cold", 3_000))}"
            );
            var seconds = await cluster.Nodes[0].OpenRoomsAsync("many", 100_000);
            output.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"{count} nodes: {100_000 / seconds:N0} such joins a second, 10 000 at a time")
            );
        }
    }

    [Fact]
    public async Task A_delivery_on_another_node_and_on_this_one()
    {
        foreach (var members in new[] { 1, 50 })
        {
            await using var cluster = await TestCluster.StartAsync(3);
            var (home, other) = (cluster.Nodes[0], cluster.Nodes[1]);
            var sockets = new List<RawWebSocket>();
            for (var i = 0; i < members; i++)
            {
                foreach (var (node, room) in new[] { (home, "local"), (other, "remote") })
                {
                    var socket = await RawWebSocket.OpenAsync(new Uri(node.Url, "/socket.io/?EIO=4&transport=websocket"));
                    await socket.SendAsync("40");
                    await socket.ReadForAsync("40{");
                    await socket.SendAsync($"420[\"join\",\"{room}\"]");
                    await socket.ReadForAsync("430");
                    sockets.Add(socket);
                }
            }
            var reading = sockets.ConvertAll(static socket => socket.DrainAsync());
            var rounds = members == 1 ? 50_000 : 10_000;
            foreach (var room in new[] { "local", "remote", "local", "remote", "local", "remote" })
            {
                var before = await ProcessorAsync(cluster);
                (await Patient.PostAsync(new Uri(home.Url, $"/test/emit?room={room}&count={rounds}"), null)).EnsureSuccessStatusCode();
                var used = await ProcessorAsync(cluster) - before;
                output.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{members} members, {room}: {used * 1000 / rounds / members:F2} µs of all nodes' processors a delivery"
                    )
                );
            }
            sockets.ForEach(static socket => socket.Dispose());
            await Task.WhenAll(reading);
        }
    }

    [Fact]
    public async Task A_million_rooms_on_three_nodes()
    {
        await using var cluster = await TestCluster.StartAsync(3);
        var before = await Task.WhenAll(cluster.Nodes.Select(static node => node.StateAsync(collect: true)));
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(cluster.Nodes.Select(static (node, i) => node.OpenRoomsAsync($"a-room-of-node-{i}", 333_334)));
        var took = Stopwatch.GetElapsedTime(start);
        var after = await Task.WhenAll(cluster.Nodes.Select(static node => node.StateAsync(collect: true)));
        output.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"1 000 002 rooms opened and confirmed everywhere in {took.TotalSeconds:F1} s")
        );
        for (var i = 0; i < 3; i++)
        {
            output.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"node {i}: {after[i].RoomsElsewhere} rooms elsewhere; heap {before[i].Bytes / 1e6:F0} -> {after[i].Bytes / 1e6:F0} "
                    + $"MB, {(after[i].Bytes - before[i].Bytes) / 1e6:F0} MB more for 1 000 002 rooms; working set "
                    + $"{after[i].WorkingSet / 1e6:F0} MB; processor "
                    + $"{(after[i].ProcessorMilliseconds - before[i].ProcessorMilliseconds) / 1000:F1} s"
                )
            );
        }
        output.WriteLine(
            $"then, first join of a room, one after the other: {Percentiles(await JoinsAsync(cluster.Nodes[0], "one more", 2_000))}"
        );
        var late = await cluster.AddAsync();
        start = Stopwatch.GetTimestamp();
        await late.ReadyAsync();
        output.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"a fourth node is ready {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s after its start"
            )
        );
        await late.UntilAsync(
            async () => await late.StateAsync() is { Unsynchronised: 0, RoomsElsewhere: > 1_000_000 },
            "the fourth node to know all rooms",
            TimeSpan.FromMinutes(3)
        );
        output.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"and knows all rooms {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s after it")
        );
    }

    private static async Task<double[]> JoinsAsync(NodeProcess node, string prefix, int count)
    {
        using var response = await Patient.PostAsync(
            new Uri(node.Url, $"/test/joins?prefix={Uri.EscapeDataString(prefix)}&count={count}"),
            null
        );
        return (await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<double[]>())!;
    }

    private static async Task<double> ProcessorAsync(TestCluster cluster) =>
        (await Task.WhenAll(cluster.Nodes.Select(static node => node.StateAsync()))).Sum(static state => state.ProcessorMilliseconds);

    private static string Percentiles(double[] values)
    {
        Array.Sort(values);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"p50 {values[values.Length / 2]:F2} ms, p99 {values[values.Length * 99 / 100]:F2} ms"
        );
    }
}
