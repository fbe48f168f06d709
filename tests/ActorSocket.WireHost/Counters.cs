using System.Collections.Concurrent;

namespace ActorSocket.WireHost;

/// <summary>What the entities of this process have seen.</summary>
/// <param name="Id">Which entity.</param>
/// <param name="Node">Where it lives.</param>
/// <param name="Count">What it has counted.</param>
/// <param name="Ticks">How often it has ticked there.</param>
/// <param name="LongestPause">The longest time between two ticks of it, wherever they were, in milliseconds.</param>
internal sealed record CounterState(string Id, string Node, int Count, long Ticks, long LongestPause);

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
    private long _lastTick; // of the machine's clock, which all processes of a drill share
    private long _longestPause;

    public override TimeSpan TickInterval =>
        Id.Split('/') is [var hertz, _]
            ? TimeSpan.FromSeconds(1.0 / int.Parse(hertz, System.Globalization.CultureInfo.InvariantCulture))
            : TimeSpan.FromSeconds(0.5);

    public static CounterState[] All => [.. Here.Values.Select(static counter => counter.State)];

    public static long AllTicks => Here.Values.Sum(static counter => Volatile.Read(ref counter._ticks));

    private CounterState State => new(Id, io.NodeTag, _count, Volatile.Read(ref _ticks), Volatile.Read(ref _longestPause));

    public override Task OnStartedAsync(EntityStart start)
    {
        if (start.Origin == EntityOrigin.Lost)
            _count = Lost;
        else if (start.GetState<Memory>() is { } memory)
            (_count, _lastTick, _longestPause) = (memory.Count, memory.LastTick, memory.LongestPause);
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
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        if (_lastTick > 0)
            Volatile.Write(ref _longestPause, Math.Max(_longestPause, now - _lastTick));
        _lastTick = now;
        Volatile.Write(ref _ticks, _ticks + 1);
        return Task.CompletedTask;
    }

    public override object? HandOver() => new Memory(_count, _lastTick, _longestPause);

    public void Dispose() => Here.TryRemove(KeyValuePair.Create(Id, this));

    private sealed record Memory(int Count, long LastTick, long LongestPause);

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
