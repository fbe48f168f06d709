using System.Collections.Concurrent;

namespace ActorSocket.WireHost;

/// <summary>What is kept: what it was told, and how often it has ticked, in all its lives.</summary>
internal sealed class KeeperState
{
    public int Count { get; set; }

    public long Ticks { get; set; }
}

/// <summary>A keeper as it sees itself.</summary>
/// <param name="Id">Which one.</param>
/// <param name="Node">Where it lives.</param>
/// <param name="Count">What it was told.</param>
/// <param name="Ticks">How often it has ticked.</param>
/// <param name="TicksAtStart">With how many it began to live here.</param>
/// <param name="LongestPause">The longest time between two ticks of it here, in milliseconds.</param>
internal sealed record KeeperReport(string Id, string Node, int Count, long Ticks, long TicksAtStart, long LongestPause);

/// <summary>An entity that ticks ten times a second and keeps what it has in a store, once a second.</summary>
internal sealed class Keeper(ActorSocketServer io) : RoomEntity<KeeperState>, IDisposable
{
    private static readonly ConcurrentDictionary<string, Keeper> Here = new(StringComparer.Ordinal);
    private KeeperReport _report = null!;

    public override TimeSpan TickInterval => TimeSpan.FromSeconds(0.1);

    public static KeeperReport[] All => [.. Here.Values.Select(static keeper => Volatile.Read(ref keeper._report))];

    public static RoomEntities<Keeper> Map(ActorSocketServer io) =>
        io.MapEntities<Keeper>("keeper", static options => options.SaveInterval = TimeSpan.FromSeconds(1));

    public override Task OnStartedAsync(EntityStart start)
    {
        _report = new KeeperReport(Id, io.NodeTag, State.Count, State.Ticks, State.Ticks, 0);
        Here[Id] = this;
        return Task.CompletedTask;
    }

    [Event("add")]
    public KeeperReport Add(int number)
    {
        State.Count += number;
        return Report(_report.LongestPause);
    }

    [Event("save")]
    public async Task<KeeperReport> StoreAsync()
    {
        await SaveAsync();
        return _report;
    }

    public override Task OnTickAsync(TimeSpan elapsed)
    {
        State.Ticks++;
        Report(Math.Max(_report.LongestPause, (long)elapsed.TotalMilliseconds));
        return Task.CompletedTask;
    }

    public void Dispose() => Here.TryRemove(KeyValuePair.Create(Id, this));

    private KeeperReport Report(long longestPause)
    {
        var report = _report with { Count = State.Count, Ticks = State.Ticks, LongestPause = longestPause };
        Volatile.Write(ref _report, report);
        return report;
    }
}
