using System.Text.Json;
using ActorSocket.ClientTests.Infrastructure;
using ActorSocket.ClusterTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClusterTests;

/// <summary>
/// Connection state recovery when a client comes back by another node than the one it was lost on: that one lives, has left, or was
/// killed. In the bare protocol: a client in a room loses its connection on node A; a second one, on C, goes on emitting all the while; the
/// first comes back by B or C.
/// </summary>
public sealed class RecoveryTests(ITestOutputHelper output)
{
    private const string Recovery = "--ActorSocket:ConnectionStateRecovery:MaxDisconnectionDuration=00:01:00";

    public enum Fate { Lives, Leaves, IsKilled }

    [Theory]
    [InlineData(Fate.Lives, 1)]
    [InlineData(Fate.Lives, 2)]
    [InlineData(Fate.Leaves, 1)]
    [InlineData(Fate.Leaves, 2)]
    [InlineData(Fate.IsKilled, 1)]
    [InlineData(Fate.IsKilled, 2)]
    public async Task A_client_that_comes_back_by_another_node_has_missed_nothing_and_gets_nothing_twice(Fate fate, int comesBackBy)
    {
        await using var cluster = await TestCluster.StartAsync(3, Recovery);
        try
        {
            var (a, back, c) = (cluster.Nodes[0], cluster.Nodes[comesBackBy], cluster.Nodes[2]);
            var lost = await JoinedAsync(a, "den");
            var talker = await JoinedAsync(c, "elsewhere");
            await SayAsync(talker, 1);
            var first = await lost.Client.PollForAsync("42[\"said\",1", a.Url);
            var offset = Arguments(first)[^1].GetString()!;

            // Its connection ends; what is said from now on it has to be told later.
            if (fate is Fate.Lives)
                await lost.Client.PostAsync("1");
            await SayAsync(talker, 2);
            await SayAsync(talker, 3);
            if (fate is Fate.Leaves)
            {
                await a.TerminateAsync();
                Assert.Equal(0, await a.EndAsync(TimeSpan.FromSeconds(25)));
            }
            else if (fate is Fate.IsKilled)
            {
                await ReplicatedAsync(a);
                a.Kill();
            }
            await SayAsync(talker, 4);
            var again = await WireClient.OpenAsync(back.Url);
            using var goOn = new CancellationTokenSource();
            var saying = SayOnAsync(talker, 5, goOn.Token);
            await again.PostAsync($"40{{\"pid\":\"{lost.Pid}\",\"offset\":\"{offset}\"}}");

            var packets = new List<string>();
            while (!packets.Exists(static packet => packet.StartsWith("40{", StringComparison.Ordinal)))
                packets.AddRange((await again.PollAsync()).Split('\x1e'));
            await goOn.CancelAsync();
            var lastSaid = await saying;
            var end = $"42[\"said\",{lastSaid}";
            while (!packets.Exists(packet => packet.StartsWith(end, StringComparison.Ordinal)))
                packets.AddRange((await again.PollAsync()).Split('\x1e'));

            var reply = JsonElement.Parse(packets.Find(static packet => packet.StartsWith("40{", StringComparison.Ordinal))![2..]);
            Assert.Equal(lost.Id, reply.GetProperty("sid").GetString());
            var heard = packets
                .Where(static packet => packet.StartsWith("42[\"said\"", StringComparison.Ordinal))
                .Select(static packet => Arguments(packet)[1].GetInt32());
            Assert.Equal(Enumerable.Range(2, lastSaid - 1), heard);

            // It is the socket that it was: in its room, for everybody, wherever it is now.
            await cluster.WholeAsync(TimeSpan.FromSeconds(25));
            await talker.Client.PostAsync($"429[\"fetch\",[\"den\"]]");
            Assert.Equal($"439[[\"{lost.Id}\"]]", await talker.Client.PollForAsync("439", c.Url));
        }
        catch
        {
            output.WriteLine(cluster.Explain());
            throw;
        }
    }

    [Fact]
    public async Task A_socket_is_given_back_once_and_its_predecessor_ends_wherever_it_is()
    {
        await using var cluster = await TestCluster.StartAsync(3, Recovery);
        var (a, b, c) = (cluster.Nodes[0], cluster.Nodes[1], cluster.Nodes[2]);
        var lost = await JoinedAsync(a, "den");
        var talker = await JoinedAsync(c, "elsewhere");
        await SayAsync(talker, 1);
        var offset = Arguments(await lost.Client.PollForAsync("42[\"said\",1", a.Url))[^1].GetString()!;
        // Still connected on A, as far as A knows.
        Assert.Equal(lost.Id, await ComeBackAsync(b, lost.Pid, offset));
        await WireClient.RefusedAsync(await lost.Client.GetAsync(), 1);
        Assert.NotEqual(lost.Id, await ComeBackAsync(c, lost.Pid, offset), StringComparer.Ordinal);
        Assert.NotEqual(lost.Id, await ComeBackAsync(a, lost.Pid, offset), StringComparer.Ordinal);
    }

    /// <summary>Each of its requests goes to the next node, so it comes back by another one than it was lost on.</summary>
    [Fact]
    public async Task The_official_client_recovers_behind_the_balancer()
    {
        await using var cluster = await TestCluster.StartAsync(3, Recovery);
        try
        {
            foreach (var (name, mode) in new[]
            {
                ("A_client_gets_its_socket_back_with_what_it_missed", "websocket"),
                ("A_client_gets_its_socket_back_with_what_it_missed", "polling"),
                ("A_client_gets_its_socket_back_with_what_it_missed", "upgrade"),
                ("A_socket_is_recovered_by_another_transport", "websocket"),
                ("A_socket_is_recovered_by_another_transport", "polling"),
            })
            {
                await using var client = await ScriptClient.StartJavaScriptAsync("reconnection", name, cluster.Balancer.Url, mode);
                await client.FinishAsync();
                await cluster.EmptyAsync();
            }
        }
        catch
        {
            output.WriteLine(cluster.Explain());
            throw;
        }
    }

    private static async Task<string> ComeBackAsync(NodeProcess node, string pid, string offset)
    {
        var client = await WireClient.OpenAsync(node.Url);
        await client.PostAsync($"40{{\"pid\":\"{pid}\",\"offset\":\"{offset}\"}}");
        return JsonElement.Parse((await client.PollForAsync("40{", node.Url))[2..]).GetProperty("sid").GetString()!;
    }

    private static async Task<(WireClient Client, string Id, string Pid)> JoinedAsync(NodeProcess node, string room)
    {
        var client = await WireClient.OpenAsync(node.Url);
        await client.PostAsync("40");
        var reply = JsonElement.Parse((await client.PollForAsync("40{", node.Url))[2..]);
        await client.PostAsync($"420[\"join\",\"{room}\"]");
        await client.PollForAsync("430", node.Url);
        return (client, reply.GetProperty("sid").GetString()!, reply.GetProperty("pid").GetString()!);
    }

    private static async Task SayAsync((WireClient Client, string Id, string Pid) talker, int number)
    {
        await talker.Client.PostAsync($"421[\"say\",\"den\",{number}]");
        await talker.Client.PollForAsync("431", talker.Client.Home);
    }

    /// <summary>Until it is told to stop, or has said far less than a log holds; the last number.</summary>
    private static async Task<int> SayOnAsync((WireClient Client, string Id, string Pid) talker, int number, CancellationToken until)
    {
        for (; !until.IsCancellationRequested && number < 2000; number++)
            await SayAsync(talker, number);
        return number - 1;
    }

    /// <summary>A crash loses what was not copied yet: the last 200 ms.</summary>
    private static async Task ReplicatedAsync(NodeProcess node) =>
        (await WireClient.Http.PostAsync(new Uri(node.Url, "/test/replicate"), null)).EnsureSuccessStatusCode();

    private static JsonElement[] Arguments(string packet) => [.. JsonElement.Parse(packet[2..]).EnumerateArray()];
}
