using System.Diagnostics;
using ActorSocket.Clustering;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ActorSocket.Benchmarks;

/// <summary>
/// What entities cost: a call, by name and by contract, on a node alone and on its own or the other one of two; one that is idle; saving
/// many.
/// </summary>
internal static class Entities
{
    private const int Calls = 200_000;
    private const int AtOnce = 64;
    private const int Idle = 50_000;
    private const int Saved = 1_000;
    private const int Bytes = 10_000;

    public static async Task<int> RunAsync()
    {
        var file = Path.Combine(Path.GetTempPath(), $"actorsocket-benchmark-{Environment.ProcessId}.db");
        try
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Logging.ClearProviders();
            builder.Services.AddActorSocket().AddPersistence(store => store.UseSqlite(file));
            await using var app = builder.Build();
            var io = app.MapActorSocket();
            var counters = io.MapEntities<Counter, ICounter>("counter");
            var boards = io.MapEntities<Board, IBoard>("board", static options => options.SaveInterval = TimeSpan.FromHours(1));
            await app.StartAsync();

            Console.WriteLine("| call of an entity on its own node | µs of processor time | bytes allocated |\n|---|---|---|");
            for (var round = 0; round < 3; round++)
            {
                await MeasureAsync("by name", () => counters.ByName.InvokeAsync<int>("a", "add", 1));
                var one = counters.Get("b");
                await MeasureAsync("by contract", () => one.AddAsync(1));
            }

            Console.WriteLine("\n| one that is idle | bytes |\n|---|---|");
            await WeighAsync("RoomEntity", id => counters.Get(id).AddAsync(1));
            await WeighAsync("RoomEntity<TState>", id => boards.Get("idle " + id).FillAsync(1));

            var text = await Task.WhenAll(Enumerable.Range(0, Saved).Select(i => boards.Get($"saved {i}").FillAsync(Bytes)));
            var patient = boards.Timeout(TimeSpan.FromMinutes(1));
            var (begin, cpu) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
            await Task.WhenAll(Enumerable.Range(0, Saved).Select(i => patient.Get($"saved {i}").StoreAsync()));
            Console.WriteLine(
                $"\n{text.Length} states of {Bytes / 1000} KB saved to SQLite: {Stopwatch.GetElapsedTime(begin).TotalMilliseconds:f0} ms, "
                + $"{(Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds:f0} ms of processor time"
            );
        }
        finally
        {
            File.Delete(file);
        }
        await MeasureTwoNodesAsync();
        return 0;
    }

    /// <summary>Two nodes in this process, which know each other by their ports alone: what both do is in the figures.</summary>
    private static async Task MeasureTwoNodesAsync()
    {
        var port = Directories.FreePort();
        var (here, counters) = await NodeAsync(port, port);
        var (there, _) = await NodeAsync(Directories.FreePort(), port);
        await using (here)
        await using (there)
        {
            var tags = (Own: TagOf(here), Other: TagOf(there));
            using (var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1)))
            {
                while (((ClusterAdapter)ServerOf(here).Server.Adapter).Peers.All.Length != 1)
                    await Task.Delay(50, limit.Token);
            }
            var other = counters.Get(await IdOnAsync(tags.Other)); // once shards have moved there: what is found here then stays
            var own = counters.Get(await IdOnAsync(tags.Own));
            Console.WriteLine(
                "\n| call, of two nodes in one process | one after the other: p50, p99 | µs of processor time, both nodes | bytes allocated, "
                + $"both nodes | {AtOnce} at once: a second | µs of processor time | bytes allocated |\n|---|---|---|---|---|---|---|");
            for (var round = 0; round < 3; round++)
            {
                await MeasureCallsAsync("of an entity on the same node", () => own.AddAsync(1));
                await MeasureCallsAsync("of an entity on the other node", () => other.AddAsync(1));
            }
        }

        async Task<string> IdOnAsync(string tag)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1)); // shards are moved to who has come a while after
            while (true)
            {
                for (var i = 0; i < 100; i++)
                {
                    if (await counters.Get($"{i}").WhereAsync() == tag)
                        return $"{i}";
                }
                await Task.Delay(500, limit.Token);
            }
        }
    }

    private static async Task MeasureCallsAsync(string name, Func<Task<int>> call)
    {
        const int Count = 20_000;
        for (var i = 0; i < Count; i++)
            await call();
        var latencies = new double[Count];
        var (cpu, allocated) = (Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes(precise: true));
        for (var i = 0; i < Count; i++)
        {
            var begin = Stopwatch.GetTimestamp();
            await call();
            latencies[i] = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
        }
        var one = Since(cpu, allocated, Count);
        Array.Sort(latencies);

        (cpu, allocated) = (Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes(precise: true));
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async _ =>
        {
            for (var i = 0; i < Calls / AtOnce; i++)
                await call();
        }));
        var rate = Calls / Stopwatch.GetElapsedTime(start).TotalSeconds;
        var many = Since(cpu, allocated, Calls);
        Console.WriteLine(
            $"| {name} | {latencies[Count / 2]:f3} ms, {latencies[Count * 99 / 100]:f3} ms | {one.Cpu:f1} | {one.Bytes} | {rate:f0} | "
            + $"{many.Cpu:f1} | {many.Bytes} |"
        );

        static (double Cpu, long Bytes) Since(TimeSpan cpu, long allocated, int calls) => (
            (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / calls,
            (GC.GetTotalAllocatedBytes(precise: true) - allocated) / calls);
    }

    private static async Task<(WebApplication App, RoomEntities<Counter, ICounter> Counters)> NodeAsync(int port, int seed)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddActorSocket().AddCluster(cluster =>
        {
            cluster.Port = port;
            cluster.SeedNodes.Add($"127.0.0.1:{seed}");
        });
        var app = builder.Build();
        var counters = app.MapActorSocket().MapEntities<Counter, ICounter>("counter");
        await app.StartAsync();
        return (app, counters);
    }

    private static ActorSocketServer ServerOf(WebApplication app) => app.Services.GetRequiredService<ActorSocketServer>();

    private static string TagOf(WebApplication app) => ServerOf(app).NodeTag;

    private static async Task MeasureAsync(string name, Func<Task<int>> call)
    {
        for (var i = 0; i < Calls / 10; i++)
            await call();
        var (cpu, allocated) = (Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes(precise: true));
        for (var i = 0; i < Calls; i++)
            await call();
        Console.WriteLine(
            $"| {name} | {(Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / Calls:f2} | "
            + $"{(GC.GetTotalAllocatedBytes(precise: true) - allocated) / Calls} |"
        );
    }

    private static async Task WeighAsync(string name, Func<string, Task<int>> call)
    {
        var before = Heap();
        for (var i = 0; i < Idle; i++)
            await call($"{i}");
        Console.WriteLine($"| {name} | {(Heap() - before) / Idle} |");
    }

    private static long Heap()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    internal interface ICounter
    {
        Task<int> AddAsync(int more);

        Task<string> WhereAsync();
    }

    private sealed class Counter(ActorSocketServer io) : RoomEntity, ICounter
    {
        private int _sum;

        public Task<string> WhereAsync() => Task.FromResult(io.NodeTag);

        public Task<int> AddAsync(int more) => Task.FromResult(_sum += more);
    }

    internal interface IBoard
    {
        Task<int> FillAsync(int bytes);

        Task StoreAsync();
    }

    internal sealed class BoardState
    {
        public string Text { get; set; } = "";
    }

    private sealed class Board : RoomEntity<BoardState>, IBoard
    {
        public Task<int> FillAsync(int bytes)
        {
            State.Text = new string('x', bytes);
            return Task.FromResult(bytes);
        }

        public Task StoreAsync() => SaveAsync();
    }
}
