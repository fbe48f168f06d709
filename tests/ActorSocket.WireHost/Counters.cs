using System.Collections.Concurrent;

namespace ActorSocket.WireHost;

/// <summary>What the entities of this process have seen.</summary>
internal sealed record CounterState(string Id, string Node, int Count, long Ticks);

/// <summary>
/// An entity that counts, hands its count over and ticks twice a second; or, when its id is <c>hertz/…</c>, so often. One whose count was
/// lost counts from <see cref="Lost"/>, which tells it from others wherever it moves.
/// </summary>
internal sealed class Counter(ActorSocketServer io) : RoomEntity, IDisposable
{
    private const int Lost = -1;
    private static readonly ConcurrentDictionary<string, Counter> Here = new(StringComparer.Ordinal);
    private int _count;
    private long _ticks;

    public override TimeSpan TickInterval =>
        Id.Split('/') is [var hertz, _]
            ? TimeSpan.FromSeconds(1.0 / int.Parse(hertz, System.Globalization.CultureInfo.InvariantCulture))
            : TimeSpan.FromSeconds(0.5);

    public static CounterState[] All => [.. Here.Values.Select(static counter => counter.State)];

    public static long AllTicks => Here.Values.Sum(static counter => Volatile.Read(ref counter._ticks));

    private CounterState State => new(Id, io.NodeTag, _count, Volatile.Read(ref _ticks));

    public override Task OnStartedAsync(EntityStart start)
    {
        _count = start.Origin == EntityOrigin.Lost ? Lost : start.GetState<int>();
        Here[Id] = this;
        return Task.CompletedTask;
    }

    [Event("add")]
    public CounterState Add(int number)
    {
        _count += number;
        return State;
    }

    public override Task OnTickAsync(TimeSpan elapsed)
    {
        Volatile.Write(ref _ticks, _ticks + 1);
        return Task.CompletedTask;
    }

    public override object? HandOver() => _count;

    public void Dispose() => Here.TryRemove(KeyValuePair.Create(Id, this));

    /// <summary>What ticking costs: the processor's time of this process while so many entities tick so often.</summary>
    public static async Task<object> MeasureAsync(RoomEntities<Counter> counters, int count, int hertz, int seconds)
    {
        for (var number = 0; number < count; number++)
            await counters.InvokeAsync<CounterState>($"{hertz}/{number}", "add", 0);
        var (ticks, processor, start) = (AllTicks, Environment.CpuUsage.TotalTime, System.Diagnostics.Stopwatch.GetTimestamp());
        await Task.Delay(TimeSpan.FromSeconds(seconds)); // for as long as is measured
        var passed = System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds;
        ticks = AllTicks - ticks;
        var used = (Environment.CpuUsage.TotalTime - processor).TotalMilliseconds;
        return new
        {
            TicksPerEntityAndSecond = ticks / passed / count,
            ProcessorMillisecondsPerSecond = used / passed,
            MicrosecondsPerTick = used * 1000 / Math.Max(1, ticks),
        };
    }
}
