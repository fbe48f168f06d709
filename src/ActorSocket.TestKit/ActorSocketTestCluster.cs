using System.Net;
using ActorSocket.Clustering;
using Akka.Actor;
using Akka.Remote;
using Akka.Remote.Transport;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.TestKit;

/// <summary>
/// A cluster of several nodes in one process, each an application in memory of its own, with the same services and handlers. Clients come
/// to any node without a port; the nodes talk by Akka.Remote on 127.0.0.1. They crash, leave and are cut off when the test says so.
/// </summary>
/// <remarks>
/// Its time is real, for the nodes watch each other by it; but a crash is noticed in some three seconds, and the cluster is whole again in
/// six. Any thread.
/// </remarks>
public sealed class ActorSocketTestCluster : IAsyncDisposable
{
    private const string Hocon = """
        akka {
          loglevel = OFF
          stdout-loglevel = OFF
          # A crash is one: nobody is told.
          coordinated-shutdown.run-by-actor-system-terminate = off
          # By this nodes are cut off from each other.
          remote.dot-netty.tcp.applied-adapters = ["trttl"]
          cluster {
            gossip-interval = 200ms
            leader-actions-interval = 200ms
            failure-detector { heartbeat-interval = 250ms, acceptable-heartbeat-pause = 2s, expected-response-after = 250ms }
            distributed-data.gossip-interval = 200ms
            singleton.hand-over-retry-interval = 200ms
            sharding { retry-interval = 200ms, coordinator-failure-backoff = 500ms }
          }
        }
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan FenceTime = TimeSpan.FromSeconds(1);

    private readonly List<ActorSocketTestNode> _nodes = [];
    private readonly Action<IServiceCollection>? _services;
    private readonly Action<ActorSocketServer>? _map;
    private readonly Action<ActorSocketClusterOptions>? _configure;
    private Func<ActorSocketTestNode, ActorSocketTestNode, bool> _isCut = static (_, _) => false;
    private int _clients;

    private ActorSocketTestCluster(
        Action<IServiceCollection>? services, Action<ActorSocketServer>? map, Action<ActorSocketClusterOptions>? configure) =>
        (_services, _map, _configure) = (services, map, configure);

    /// <summary>All that were ever started, in that order.</summary>
    public IReadOnlyList<ActorSocketTestNode> Nodes => _nodes;

    private IEnumerable<ActorSocketTestNode> Running => _nodes.Where(static node => node.IsRunning);

    /// <summary>Starts one, and waits until all of its nodes know each other.</summary>
    /// <param name="nodes">How many; three, if one of them is to crash and the others are to go on.</param>
    /// <param name="services">Adds each node's services; called once for each.</param>
    /// <param name="map">Adds handlers and hubs; called once for each node.</param>
    /// <param name="configure">
    /// Sets options of the cluster: <c>StableAfter</c> is 2 s here, after which the side without the majority ends itself.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<ActorSocketTestCluster> StartAsync(
        int nodes,
        Action<IServiceCollection>? services = null,
        Action<ActorSocketServer>? map = null,
        Action<ActorSocketClusterOptions>? configure = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(nodes, 1);
        var cluster = new ActorSocketTestCluster(services, map, configure);
        try
        {
            for (var i = 0; i < nodes; i++)
                await cluster.AddAsync(cancellationToken).ConfigureAwait(false);
            await cluster.UntilWholeAsync(cancellationToken).ConfigureAwait(false);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Starts one more node, and waits until all know it.</summary>
    public async Task<ActorSocketTestNode> StartNodeAsync(CancellationToken cancellationToken = default)
    {
        var node = await AddAsync(cancellationToken).ConfigureAwait(false);
        await UntilWholeAsync(cancellationToken).ConfigureAwait(false);
        return node;
    }

    /// <summary>
    /// Cuts some nodes off from all others, and heals what was cut before: what either side sends the other is lost, and nobody is told.
    /// The side without the majority ends itself after <c>StableAfter</c> and what it takes to notice
    /// (<see cref="ActorSocketTestNode.StoppedAsync"/>); healed before, it goes on.
    /// </summary>
    public Task PartitionAsync(params IEnumerable<ActorSocketTestNode> side)
    {
        ArgumentNullException.ThrowIfNull(side);
        ActorSocketTestNode[] cut = [.. side];
        return SetAsync((one, other) => cut.Contains(one) != cut.Contains(other));
    }

    /// <summary>Everybody reaches everybody again.</summary>
    public Task HealAsync() => SetAsync(static (_, _) => false);

    /// <summary>Waits until each node that runs sees all of them, and no other, and takes clients.</summary>
    /// <exception cref="ExpectationException">That takes more than a minute.</exception>
    public async Task UntilWholeAsync(CancellationToken cancellationToken = default)
    {
        await Waiting.UntilAsync(
            () =>
            {
                var running = Running.ToList();
                return running.TrueForAll(node => node.Sees(running.Count));
            },
            Patience,
            () => new ExpectationException(
                $"The cluster is not whole after {Patience.TotalSeconds:0} s:\n"
                + string.Join('\n', Running.Select(static node => $"{node.Name} sees {node.View}"))),
            cancellationToken
        ).ConfigureAwait(false);
    }

    /// <summary>
    /// As <see cref="ActorSocketTestServer.SettleAsync"/>, of all nodes, with what they have told each other.
    /// </summary>
    public async Task SettleAsync(CancellationToken cancellationToken = default)
    {
        const int Hops = 3; // to an entity on another node, and from there to clients on a third
        long before, after;
        do
        {
            before = Running.Sum(static node => node.Traffic());
            await Task.WhenAll(Running.Select(node => node.ReachServerAsync(cancellationToken))).ConfigureAwait(false);
            for (var hop = 0; hop < Hops; hop++)
            {
                await Task.WhenAll(Running.Select(node => node.IdleAsync(isStep: hop > 0, cancellationToken))).ConfigureAwait(false);
                await Task.WhenAll(
                    Pairs().Where(pair => !_isCut(pair.From, pair.To)).Select(static pair => pair.From.ReachAsync(pair.To, FenceTime))
                ).ConfigureAwait(false);
            }
            await Task.WhenAll(Running.Select(node => node.IdleAsync(isStep: true, cancellationToken))).ConfigureAwait(false);
            await Task.WhenAll(Running.Select(node => node.ReachClientsAsync(cancellationToken))).ConfigureAwait(false);
            after = Running.Sum(static node => node.Traffic());
        }
        while (after != before);
    }

    /// <summary>Ends all nodes at once, as crashes do.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_nodes.Select(static node => node.CrashAsync())).ConfigureAwait(false);
        await Task.WhenAll(_nodes.Select(static node => node.DisposeAsync().AsTask())).ConfigureAwait(false);
    }

    internal string NextName() => $"client {Interlocked.Increment(ref _clients)}";

    /// <summary>As a balancer does it.</summary>
    internal ActorSocketTestNode NextAfter(ActorSocketTestNode node)
    {
        var index = _nodes.IndexOf(node);
        for (var step = 0; step < _nodes.Count; step++)
        {
            if (_nodes[(index + step) % _nodes.Count] is { IsRunning: true } running)
                return running;
        }
        throw new ExpectationException("No node of the cluster runs any more.");
    }

    private async Task<ActorSocketTestNode> AddAsync(CancellationToken cancellationToken)
    {
        var first = Running.FirstOrDefault();
        var (app, io) = ActorSocketTestServer.Build(
            services =>
            {
                _services?.Invoke(services);
                services.AddActorSocket().AddCluster(options =>
                {
                    options.StableAfter = TimeSpan.FromSeconds(2);
                    _configure?.Invoke(options);
                    options.Port = 0;
                    options.Hostname = "127.0.0.1";
                    // The protocol of the nodes' addresses is another one with the adapter, so no option can name one: the test says it.
                    if (first is not null)
                        options.SeedDns = "testkit";
                });
                services.AddSingleton(new SeedLookUp(static (_, _) => Task.FromResult<IPAddress[]>([])));
            },
            _map,
            clock: null,
            Hocon
        );
        await ActorSocketTestServer.RunAsync(app, clock: null, cancellationToken).ConfigureAwait(false);
        var node = new ActorSocketTestNode(this, _nodes.Count + 1, app.GetTestServer(), io, app);
        _nodes.Add(node);
        if (first is not null)
            await node.JoinAsync(first, Patience, cancellationToken).ConfigureAwait(false);
        return node;
    }

    private IEnumerable<(ActorSocketTestNode From, ActorSocketTestNode To)> Pairs() =>
        from one in Running.ToList()
        from other in Running.ToList()
        where one != other
        select (one, other);

    private Task SetAsync(Func<ActorSocketTestNode, ActorSocketTestNode, bool> isCut)
    {
        _isCut = isCut;
        return Task.WhenAll(
            Pairs().Select(pair =>
                pair.From.ThrottleAsync(pair.To, isCut(pair.From, pair.To) ? Blackhole.Instance : Unthrottled.Instance))
        );
    }
}
