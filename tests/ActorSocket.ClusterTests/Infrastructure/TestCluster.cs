using System.Collections.Immutable;
using ActorSocket.ClientTests.Infrastructure;
using System.Text.Json;
using System.Runtime.CompilerServices;
using Xunit.Abstractions;

namespace ActorSocket.ClusterTests.Infrastructure;

/// <summary>Some nodes that are one cluster, and a balancer before them.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private ImmutableList<NodeProcess> _all = []; // the soak looks through it while nodes are added
    private readonly string[] _options;
    private readonly Network? _network;

    private TestCluster(string[] options, Network? network = null)
    {
        _options = options;
        _network = network;
    }

    /// <summary>The nodes as they were started; one that was killed stays in its place.</summary>
    public IReadOnlyList<NodeProcess> Nodes => _all;

    public IEnumerable<NodeProcess> Living => _all.Where(static node => !node.HasExited);

    public Balancer Balancer { get; private set; } = null!;

    public static Task<TestCluster> StartAsync(int count, params string[] options) => StartAsync(count, null, options);

    public static async Task<TestCluster> StartAsync(int count, Network? network, string[] options)
    {
        var cluster = new TestCluster(options, network);
        try
        {
            await cluster.AddAsync();
            await cluster._all[0].ListensAsync(); // who asks a seed that is not there asks again only 5 seconds later
            for (var i = 1; i < count; i++)
                await cluster.AddAsync();
            await Task.WhenAll(cluster._all.Select(static node => node.ReadyAsync()));
            cluster.Balancer = await Balancer.StartAsync([.. cluster._all]);
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
        return cluster;
    }

    /// <summary>One more node, which joins by the oldest that lives.</summary>
    public Task<NodeProcess> AddAsync()
    {
        var port = Ports.Free();
        var publicPort = _network is null ? port : Ports.Free();
        string[] known = _network?.Add(publicPort, port) ?? [];
        var host = _network?.NameOf(_all.FindIndex(static node => !node.HasExited) is >= 0 and var oldest ? oldest : 0) ?? "127.0.0.1";
        var seed = Living.FirstOrDefault()?.PublicPort ?? publicPort;
        var node = NodeProcess.Start(Ports.Free(), port, publicPort, $"{host}:{seed}", [.. _options, .. known]);
        _all = _all.Add(node);
        return Task.FromResult(node);
    }

    /// <summary>The node on which an id was born.</summary>
    public NodeProcess HomeOf(string id) => _all.Single(node => id.StartsWith(node.Tag, StringComparison.Ordinal));

    /// <summary>Whether every living node knows every other one, and nothing of those that are gone.</summary>
    public async Task<bool> IsWholeAsync()
    {
        var living = Living.ToArray();
        foreach (var node in living)
        {
            if (await node.StatusAsync("/ready") != System.Net.HttpStatusCode.OK)
                return false;
            var state = await node.StateAsync();
            var others = living.Where(other => other != node).Select(static other => other.Tag);
            if (
                state.Unsynchronised > 0
                || !others.Order(StringComparer.Ordinal).SequenceEqual(state.Peers.Order(StringComparer.Ordinal), StringComparer.Ordinal)
            )
                return false;
        }
        return true;
    }

    public Task WholeAsync(TimeSpan limit) => NodeProcess.UntilAsync(IsWholeAsync, "the cluster to be whole", limit, Explain);

    /// <summary>
    /// Waits until the nodes hold no connection, and nothing that a connection leaves behind. Whose goodbye was lost is noticed by the
    /// heartbeat, within 45 s.
    /// </summary>
    public async Task EmptyAsync()
    {
        NodeState[] states = [];
        await NodeProcess.UntilAsync(
            async () =>
            {
                states = await Task.WhenAll(Living.Select(static node => node.StateAsync()));
                return states.All(static state =>
                    state is { Sessions: 0, Sockets: 0, Links: 0, WaitingElsewhere: 0, AnswersOnTheirWay: 0 }
                );
            },
            "the nodes to be empty of sessions, sockets, links and requests",
            TimeSpan.FromSeconds(60),
            () => $"{string.Join('\n', (object[])states)}\n{Explain()}");
    }

    /// <summary>Checks that the sockets' home saw each of <c>{ reasons: { socket id: reason or [reasons] } }</c>, once.</summary>
    public async Task SawAsync(JsonElement result)
    {
        if (!result.TryGetProperty("reasons", out var reasons))
            return;
        foreach (var expected in reasons.EnumerateObject())
        {
            var home = HomeOf(expected.Name);
            var possible = expected.Value.ValueKind is JsonValueKind.Array ? expected.Value.EnumerateArray().ToArray() : [expected.Value];
            await home.SeenAnyAsync(possible.Select(reason => $"{expected.Name} disconnect {reason.GetString()}"));
            var ends = (await home.JournalAsync(expected.Name))
                .Select(static line => line.Split(' ')[1])
                .Where(static word => word is "disconnecting" or "disconnect");
            Assert.Equal("disconnecting disconnect", string.Join(' ', ends));
        }
    }

    /// <summary>A handler threw: some do, on purpose.</summary>
    private const string HandlerFailed = "fail: ActorSocket[1]";

    /// <summary>No node may have lost an exception, or failed to write a message, or printed an error.</summary>
    /// <param name="mayFail">Whether Akka may report errors: nodes were lost.</param>
    public async Task AssertQuietAsync(bool mayFail = false)
    {
        foreach (var node in Living)
            await node.StateAsync(collect: true); // finds tasks that failed without a witness
        foreach (var node in _all)
        {
            var output = node.Output.Replace(HandlerFailed, "", StringComparison.Ordinal);
            string[] bad = mayFail
                ? ["UNOBSERVED", "SerializationException", "NullReferenceException"]
                : ["UNOBSERVED", "SerializationException", "NullReferenceException", "fail: "];
            Assert.All(
                bad,
                word =>
                    Assert.True(
                        !output.Contains(word, StringComparison.Ordinal),
                        $"node {node.Tag} printed \"{word}\":\n{Around(output, word)}"
                    )
            );
        }
    }

    private static string Around(string output, string word)
    {
        var lines = output.Split('\n');
        var first = Array.FindIndex(lines, line => line.Contains(word, StringComparison.Ordinal));
        return string.Join('\n', lines[Math.Max(0, first - 2)..Math.Min(lines.Length, first + 20)]);
    }

    public string Explain() =>
        string.Concat(
            _all.Select(static node =>
                $"---- {node.Tag} (port {node.HttpPort}{(node.HasExited ? $", ended with {node.ExitCode}" : "")})\n{node.Output}\n"
            )
        );

    public async ValueTask DisposeAsync()
    {
        if (Balancer is not null)
            await Balancer.DisposeAsync();
        foreach (var node in _all)
            await node.DisposeAsync();
    }
}

/// <summary>Three nodes that the tests of a collection share; none of them harms the cluster.</summary>
public sealed class SharedCluster : IAsyncLifetime
{
    internal TestCluster Cluster { get; private set; } = null!;

    public async Task InitializeAsync() => Cluster = await TestCluster.StartAsync(3);

    public async Task DisposeAsync()
    {
        if (Cluster is null)
            return;
        try
        {
            await Cluster.EmptyAsync();
            await Cluster.AssertQuietAsync();
        }
        finally
        {
            await Cluster.DisposeAsync();
        }
    }
}

[CollectionDefinition(Name)]
public sealed class SharedClusterGroup : ICollectionFixture<SharedCluster>
{
    public const string Name = "Shared cluster";
}

/// <summary>Tests whose behaviour is written in a script of the real client; every request goes to the next node.</summary>
public abstract class ClusterClientTest(SharedCluster shared, ITestOutputHelper output)
{
    private protected TestCluster Cluster => shared.Cluster;

    protected ITestOutputHelper Output => output;

    /// <summary>Runs a case, checks what the nodes saw, and that nothing is left of it.</summary>
    protected async Task<JsonElement> RunAsync(string script, string mode, [CallerMemberName] string name = "")
    {
        try
        {
            await using var client = await ScriptClient.StartJavaScriptAsync(script, name, Cluster.Balancer.Url, mode);
            var result = await client.FinishAsync();
            await Cluster.SawAsync(result);
            await Cluster.EmptyAsync();
            await Cluster.AssertQuietAsync(); // here, since a failure of the shared cluster's own end fails no test
            return result;
        }
        catch
        {
            output.WriteLine(Cluster.Explain());
            throw;
        }
    }
}
