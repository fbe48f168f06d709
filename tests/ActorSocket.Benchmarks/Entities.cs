using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ActorSocket.Benchmarks;

/// <summary>What entities cost on one node: a call, by name and by contract; one that is idle; saving many.</summary>
internal static class Entities
{
    private const int Calls = 200_000;
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
            return 0;
        }
        finally
        {
            File.Delete(file);
        }
    }

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
    }

    private sealed class Counter : RoomEntity, ICounter
    {
        private int _sum;

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
