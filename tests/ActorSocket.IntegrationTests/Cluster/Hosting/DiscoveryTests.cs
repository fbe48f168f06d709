using System.Net;
using System.Net.Sockets;
using ActorSocket.Clustering;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.IntegrationTests.Cluster.Hosting;

/// <summary>How nodes find each other by a name; each has an address of its own on the loopback network, and all the same port.</summary>
public sealed class DiscoveryTests
{
    private static readonly string[] Addresses = ["127.0.0.2", "127.0.0.3", "127.0.0.4"];
    private readonly int _port = Node.FreePort(Addresses);

    [Fact]
    public async Task Nodes_that_start_at_once_form_one_cluster_and_a_late_one_joins_it()
    {
        var answers = 0;
        Task<IPAddress[]> AskAsync(string name, CancellationToken cancellationToken)
        {
            Assert.Equal("nodes.test", name);
            // The list comes by and by, in any order, with another family's addresses in it.
            return Interlocked.Increment(ref answers) switch
            {
                1 => throw new SocketException((int)SocketError.HostNotFound),
                2 => Task.FromResult<IPAddress[]>([IPAddress.Parse(Addresses[1])]),
                _ => Task.FromResult<IPAddress[]>([IPAddress.Parse(Addresses[1]), IPAddress.IPv6Loopback, IPAddress.Parse(Addresses[0])]),
            };
        }
        await using var second = await StartAsync(1, AskAsync);
        await using var first = await StartAsync(0, AskAsync);
        await Node.MeetAsync(first, second);
        Assert.Contains(
            first.Log.Concat(second.Log),
            static line => line == "Warning: No node was found by the name nodes.test (HostNotFound); asking again."
        );

        await using var late = await StartAsync(2, (_, _) => Task.FromResult<IPAddress[]>([.. Addresses.Select(IPAddress.Parse)]));
        await Node.MeetAsync(first, second, late);
        Assert.Single(new[] { first, second, late }.Select(static node => node.Cluster.State.Leader).Distinct());
    }

    [Fact]
    public async Task A_node_that_is_listed_but_gone_holds_up_the_others_only_until_the_list_is_without_it()
    {
        // The first of the list is nobody: no other forms a cluster while it is listed.
        var listed = Addresses;
        Task<IPAddress[]> AskAsync(string name, CancellationToken cancellationToken) =>
            Task.FromResult<IPAddress[]>([.. listed.Select(IPAddress.Parse)]);
        await using var second = await StartAsync(1, AskAsync);
        await using var third = await StartAsync(2, AskAsync);
        Assert.Equal(0, second.UpMembers);
        listed = Addresses[1..];
        await Node.MeetAsync(second, third);
    }

    [Fact]
    public async Task A_node_whose_address_is_not_in_the_list_says_so()
    {
        await using var node = await StartAsync(0, static (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("127.0.0.9")]));
        await Node.UntilAsync(
            () =>
                node.Log.Any(line =>
                    line.StartsWith(
                        $"Warning: The address of this node, akka.tcp://actorsocket@127.0.0.2:{_port}, is not among those of nodes.test",
                        StringComparison.Ordinal
                    )
                ),
            "the warning"
        );
        Assert.False(node.IsReady);
    }

    [Fact]
    public async Task What_the_port_is_bound_to_is_logged_with_a_warning_where_the_world_may_reach_it()
    {
        await using var quiet = await Node.StartAsync();
        Assert.Contains(
            quiet.Log,
            line =>
                line.StartsWith(
                    $"Information: The cluster port is bound to 127.0.0.1:{quiet.Cluster.SelfAddress.Port}, without TLS; other nodes "
                    + "know this one as akka.tcp://actorsocket@127.0.0.1:",
                    StringComparison.Ordinal
                )
        );
        Assert.DoesNotContain(quiet.Log, static line => line.StartsWith("Warning", StringComparison.Ordinal));

        // A name in .test is nobody's; here it would have to resolve, so the log is asked by itself.
        var log = new Hearer();
        new ClusterJoin(
            quiet.Cluster,
            new ActorSocketClusterOptions
            {
                Port = 1,
                Hostname = "node.example.test",
                SeedNodes = { "x:1" },
            },
            SeedLookUp.Dns,
            log,
            TimeProvider.System
        ).Start(default);
        Assert.Contains(
            log.Lines,
            static line =>
                line.StartsWith(
                    "Warning: The cluster port listens on node.example.test, which is no private address, without TLS",
                    StringComparison.Ordinal
                )
        );
        log.Lines.Clear();
        new ClusterJoin(
            quiet.Cluster,
            new ActorSocketClusterOptions
            {
                Port = 1,
                Hostname = "node.example.test",
                SeedNodes = { "x:1" },
                Tls = new(),
            },
            SeedLookUp.Dns,
            log,
            TimeProvider.System
        ).Start(default);
        Assert.Contains("with mutual TLS", Assert.Single(log.Lines), StringComparison.Ordinal);
    }

    private Task<Node> StartAsync(int address, Func<string, CancellationToken, Task<IPAddress[]>> askAsync) => Node.StartAsync(
        cluster =>
        {
            cluster.Port = _port;
            cluster.Hostname = Addresses[address];
            cluster.SeedDns = "nodes.test";
        },
        services: services => services.AddSingleton(new SeedLookUp(askAsync)));

    private sealed class Hearer : Microsoft.Extensions.Logging.ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(Microsoft.Extensions.Logging.LogLevel logLevel) => true;

        public void Log<TState>(
            Microsoft.Extensions.Logging.LogLevel logLevel,
            Microsoft.Extensions.Logging.EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => Lines.Add($"{logLevel}: {formatter(state, exception)}");
    }
}
