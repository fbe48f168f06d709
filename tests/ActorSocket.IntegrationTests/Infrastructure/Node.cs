using ActorSocket.Clustering;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Cluster;
using Akka.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Nodes = Akka.Cluster.Cluster;

namespace ActorSocket.IntegrationTests.Infrastructure;

/// <summary>One node of a cluster, in this process: an application with Kestrel, a cluster port, and what it has logged.</summary>
internal sealed class Node : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly WebApplication _app;

    private Node(WebApplication app, ActorSocketServer server, ConcurrentQueue<string> log)
    {
        _app = app;
        Server = server;
        Log = log;
    }

    public ActorSocketServer Server { get; }

    /// <summary>"Level: message" of everything that ActorSocket logged.</summary>
    public ConcurrentQueue<string> Log { get; }

    public IServiceProvider Services => _app.Services;

    public Nodes Cluster => Nodes.Get(_app.Services.GetRequiredService<ActorSystem>());

    public string Seed => $"{Cluster.SelfAddress.Host}:{Cluster.SelfAddress.Port}";

    public Uri Url => new(_app.Urls.First());

    /// <summary>Completes when the host has stopped of its own accord: what a Main that runs it waits for.</summary>
    public Task StoppedAsync() => _app.WaitForShutdownAsync();

    public static async Task<Node> StartAsync(
        Action<ActorSocketClusterOptions>? configure = null,
        Action<ActorSocketServer>? map = null,
        Action<IServiceCollection>? services = null,
        Action<ActorSocketOptions>? options = null,
        string? hocon = null,
        string? ownCluster = null,
        Action<WebApplication>? endpoints = null
    )
    {
        var log = new ConcurrentQueue<string>();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder
            .Logging.ClearProviders()
            .AddProvider(new Recorder(log))
            .AddFilter("ActorSocket", LogLevel.Information)
            .AddFilter("Akka", LogLevel.None);
        if (hocon is not null)
        {
            builder.Services.AddAkka(
                "actorsocket",
                (akka, provider) =>
                    akka.WithActorSocket()
                        .WithActorSocketCluster(provider.GetRequiredService<IOptions<ActorSocketClusterOptions>>().Value, "actorsocket")
                        .AddHocon(hocon, HoconAddMode.Prepend)
            );
        }
        if (ownCluster is not null)
        {
            builder.Services.AddAkka(
                "own",
                akka => akka.WithActorSocket().WithActorSocketCluster().AddHocon(ownCluster, HoconAddMode.Prepend)
            );
        }
        builder.Services.AddActorSocket(options).AddCluster(cluster =>
        {
            cluster.Port = ownCluster is null ? 0 : null;
            configure?.Invoke(cluster);
        });
        builder.Services.AddHealthChecks().AddActorSocket();
        services?.Invoke(builder.Services);
        var app = builder.Build();
        var server = app.MapActorSocket();
        map?.Invoke(server);
        endpoints?.Invoke(app);
        await app.StartAsync();
        return new Node(app, server, log);
    }

    /// <summary>
    /// One whose application has an actor system that is a node of a cluster already, with Akka's own settings and these.
    /// </summary>
    public static Task<Node> StartInOwnClusterAsync(Node? first, Action<ActorSocketServer> map, string hocon = "") => StartAsync(
        map: map,
        ownCluster: "akka.actor.provider = cluster\nakka.loglevel = OFF\nakka.remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 }\n"
            + (first is null ? "" : $"akka.cluster.seed-nodes = [\"{first.Cluster.SelfAddress}\"]\n")
            + hocon);

    /// <summary>Joins the cluster of another node.</summary>
    public static Task<Node> JoinAsync(Node first, Action<ActorSocketServer>? map = null, Action<IServiceCollection>? services = null) =>
        StartAsync(cluster => cluster.SeedNodes.Add(first.Seed), map, services);

    /// <summary>One with recovery, which joins the cluster of another node if there is one.</summary>
    public static Task<Node> StartRecoveringAsync(Node? first = null) => StartAsync(
        cluster =>
        {
            if (first is not null)
                cluster.SeedNodes.Add(first.Seed);
        },
        static io => io.OnConnection(static _ => { }),
        options: static options => options.ConnectionStateRecovery = new RecoveryOptions());

    /// <summary>Completes when each has as many members as there are nodes, and is ready.</summary>
    public static async Task MeetAsync(params Node[] nodes)
    {
        foreach (var node in nodes)
            await UntilAsync(
                () => node.UpMembers == nodes.Length && node.IsReady,
                $"{nodes.Length} nodes to meet; one sees {string.Join(", ", node.Cluster.State.Members)} and logged\n"
                + $"{string.Join('\n', node.Log)}"
            );
    }

    public int UpMembers => Cluster.State.Members.Count(static member => member.Status == MemberStatus.Up);

    public bool IsReady => ((ClusterAdapter)Server.Server.Adapter).Sessions.IsReady;

    public async Task<HealthStatus> HealthAsync() =>
        (await _app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Status;

    public Task StopAsync() => _app.StopAsync();

    /// <summary>
    /// Ends the actor system as a crash would, without a word to the others. For a node that was started with
    /// <c>akka.coordinated-shutdown.run-by-actor-system-terminate = off</c>.
    /// </summary>
    public async Task CrashAsync() => await Cluster.System.Terminate();

    /// <summary>Looks again and again until it is so: for what nobody says when it happens.</summary>
    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        var started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Patience, $"Waited {Patience} for {what}.");
            await Task.Delay(20);
        }
    }

    /// <summary>A port that is free on these addresses, below the range of outgoing connections.</summary>
    public static int FreePort(params string[] addresses)
    {
        while (true)
        {
            var port = Random.Shared.Next(10_000, 30_000);
            try
            {
                foreach (var address in addresses)
                {
                    using var probe = new TcpListener(IPAddress.Parse(address), port);
                    probe.Start();
                }
                return port;
            }
            catch (SocketException)
            {
                // Taken: another.
            }
        }
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private sealed class Recorder(ConcurrentQueue<string> log) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => log.Enqueue($"{logLevel}: {formatter(state, exception)}");

        public void Dispose()
        {
        }
    }
}
