using ActorSocket.Sockets;
using ActorSocket.Clustering;
using Microsoft.Extensions.DependencyInjection;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Configuration;
using Akka.DistributedData;
using Subscribe = Akka.Cluster.Tools.PublishSubscribe.Subscribe;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ActorSocket.Hosting;

namespace ActorSocket.Benchmarks;

/// <summary>
/// The room directory beside what Akka brings: from "a node has the first member of a room" to "a broadcast from another node reaches it",
/// and what rooms cost in memory. Two nodes in this process, over real sockets: <c>-- directory [--rooms N]</c>.
/// </summary>
internal static class Directories
{
    private const int Samples = 300;

    public static async Task<int> RunAsync(string[] args)
    {
        var rooms = args is ["--rooms", var text] ? int.Parse(text) : 20_000;
        Console.WriteLine($"{Samples} rooms one after the other, then {rooms} at once; two nodes in one process.");
        Console.WriteLine("| directory | visible p50 | visible p99 | rooms/s | bytes a room, both nodes |");
        Console.WriteLine("|---|---|---|---|---|");
        await OursAsync(rooms);
        await PubSubAsync(rooms);
        await DistributedDataAsync(rooms);
        return 0;
    }

    private static async Task OursAsync(int rooms)
    {
        var seed = FreePort();
        await using var a = await NodeAsync(seed, seed);
        await using var b = await NodeAsync(FreePort(), seed);
        var (one, other) = (Services(a), Services(b));
        await UntilAsync(() =>
            one.Adapter is ClusterAdapter { Sessions.IsReady: true, Peers.Unsynchronised.Length: 0 }
            && other.Adapter is ClusterAdapter { Sessions.IsReady: true, Peers.All.Length: 1 }
        );
        var latencies = new List<double>();
        for (var i = 0; i < Samples; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await ((ClusterAdapter)one.Adapter).AnnounceAsync("/", $"sample:{i}"); // done means visible: the other node has confirmed it
            latencies.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        var names = Names(rooms);
        var before = Heap();
        var begin = Stopwatch.GetTimestamp();
        await Task.WhenAll(names.Select(name => ((ClusterAdapter)one.Adapter).AnnounceAsync("/", name)));
        Report("ActorSocket's directory", latencies, rooms, begin, before);
    }

    private static async Task PubSubAsync(int rooms)
    {
        using var pair = await PairAsync();
        var (publisher, subscriber) = (DistributedPubSub.Get(pair.B).Mediator, DistributedPubSub.Get(pair.A).Mediator);
        var seen = new ConcurrentDictionary<int, TaskCompletionSource>();
        var member = pair.A.ActorOf(Props.Create(() => new Member(seen)));
        var latencies = new List<double>();
        for (var i = 0; i < Samples / 10; i++)
        {
            var arrived = seen[i] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var start = Stopwatch.GetTimestamp();
            await subscriber.Ask<SubscribeAck>(new Subscribe($"sample-{i}", member));
            // The acknowledgement is the own node's; the other one learns of it by gossip, so it publishes until it knows.
            while (await Task.WhenAny(arrived.Task, Task.Delay(10)) != arrived.Task)
                publisher.Tell(new Publish($"sample-{i}", i));
            latencies.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        var names = Names(rooms);
        var before = Heap();
        var begin = Stopwatch.GetTimestamp();
        await Task.WhenAll(names.Select(name => subscriber.Ask<SubscribeAck>(new Subscribe(name, member), TimeSpan.FromMinutes(2))));
        while ((await publisher.Ask<CurrentTopics>(GetTopics.Instance)).Topics.Count < rooms)
            await Task.Delay(100); // gossip says to nobody that it has arrived
        Report("Akka DistributedPubSub", latencies, rooms, begin, before);
    }

    private static async Task DistributedDataAsync(int rooms)
    {
        using var pair = await PairAsync();
        var replicator = DistributedData.Get(pair.A).Replicator;
        _ = DistributedData.Get(pair.B); // starts its replicator
        var node = Cluster.Get(pair.A);
        var key = new ORMultiValueDictionaryKey<string, string>("rooms");
        var all = new WriteAll(TimeSpan.FromSeconds(20));
        var latencies = new List<double>();
        for (var i = 0; i < Samples / 10; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await UpdateAsync($"sample:{i}");
            latencies.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        rooms = Math.Min(rooms, 2_000); // the rate falls with every room that is there: 8 000 take minutes
        var names = Names(rooms);
        var before = Heap();
        var begin = Stopwatch.GetTimestamp();
        foreach (var some in names.Chunk(100)) // more at once and the updates time out
            await Task.WhenAll(some.Select(UpdateAsync));
        Report($"Akka DistributedData, {rooms} rooms", latencies, rooms, begin, before);

        async Task UpdateAsync(string room)
        {
            var reply = await replicator.Ask<IUpdateResponse>(
                Dsl.Update(key, ORMultiValueDictionary<string, string>.Empty, all, map => map.AddItem(node, room, "node-a")),
                TimeSpan.FromSeconds(30)
            );
            if (!reply.IsSuccessful)
                throw new InvalidOperationException($"An update did not reach the other node: {reply}");
        }
    }

    private static void Report(string name, List<double> latencies, int rooms, long begin, long before)
    {
        var seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        latencies.Sort();
        Console.WriteLine(
            $"| {name} | {latencies[latencies.Count / 2]:f2} ms | {latencies[latencies.Count * 99 / 100]:f2} ms | {rooms / seconds:f0} | "
            + $"{(Heap() - before) / rooms:f0} |"
        );
    }

    private static async Task<WebApplication> NodeAsync(int port, int seed)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(
            new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["ActorSocket:Cluster:Port"] = $"{port}",
                ["ActorSocket:Cluster:SeedNodes:0"] = $"127.0.0.1:{seed}",
            }
        );
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddActorSocket().AddCluster();
        var app = builder.Build();
        app.MapActorSocket();
        await app.StartAsync();
        return app;
    }

    private static ServerServices Services(WebApplication app) =>
        ((ActorSocketServer)app.Services.GetService(typeof(ActorSocketServer))!).Server;

    private static async Task<Pair> PairAsync()
    {
        var port = FreePort();
        var (a, b) = (System(port), System(0));
        var seed = Cluster.Get(a).SelfAddress;
        Cluster.Get(a).Join(seed);
        Cluster.Get(b).Join(seed);
        await UntilAsync(() => Cluster.Get(a).State.Members.Count(static member => member.Status == MemberStatus.Up) == 2);
        return new Pair(a, b);

        // With the default frame size DistributedPubSub's gossip of more than about 1000 topics is discarded, and the other node never
        // learns of them.
        static ActorSystem System(int port) =>
            ActorSystem.Create(
                "pair",
                ConfigurationFactory
                    .ParseString(
                        $"akka {{ actor.provider = cluster, loglevel = OFF, stdout-loglevel = OFF, remote.dot-netty.tcp {{ hostname = "
                        + $"127.0.0.1, port = {port}, maximum-frame-size = 16MiB, send-buffer-size = 16MiB, receive-buffer-size = 16MiB }} "
                        + "}}"
                    )
                    .WithFallback(DistributedPubSub.DefaultConfig())
                    .WithFallback(DistributedData.DefaultConfig())
            );
    }

    private static string[] Names(int rooms) => [.. Enumerable.Range(0, rooms).Select(static i => $"room-{Guid.NewGuid():N}"[..21])];

    private static long Heap()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    /// <summary>Looks again and again: for what nobody says when it happens.</summary>
    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var start = Stopwatch.GetTimestamp(); !condition(); await Task.Delay(20))
        {
            if (Stopwatch.GetElapsedTime(start) > TimeSpan.FromMinutes(2))
                throw new TimeoutException("The two nodes did not get there.");
        }
    }

    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private sealed class Member(ConcurrentDictionary<int, TaskCompletionSource> seen) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is int number && seen.TryGetValue(number, out var arrived))
                arrived.TrySetResult();
        }
    }

    private sealed record Pair(ActorSystem A, ActorSystem B) : IDisposable
    {
        public void Dispose() => Task.WhenAll(A.Terminate(), B.Terminate()).Wait(TimeSpan.FromSeconds(20));
    }
}
