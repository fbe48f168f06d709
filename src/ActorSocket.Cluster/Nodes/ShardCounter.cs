using ActorSocket.Sessions;
using Akka.Actor;
using Akka.Cluster.Sharding;

namespace ActorSocket.Clustering;

/// <summary>Counts the shards that live on this node, while anybody wants to know.</summary>
internal sealed class ShardCounter(ClusterAdapter cluster, ClusterGauges gauges) : UntypedActor, IWithTimers
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    public ITimerScheduler Timers { get; set; } = null!;

    private sealed class CountDue : ILocalMessage { public static readonly CountDue Instance = new(); }

    private sealed record Counted(string Region, int Shards) : ILocalMessage;

    public static Props Props(ClusterAdapter cluster, ClusterGauges gauges) =>
        Akka.Actor.Props.Create(() => new ShardCounter(cluster, gauges));

    protected override void PreStart() => Timers.StartPeriodicTimer(nameof(CountDue), CountDue.Instance, Interval);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case CountDue: Count(); break;
            case Counted m: cluster.ShardsByRegion[m.Region] = m.Shards; break;
            case Status.Failure: break; // a region did not say in time
            default: Unhandled(message); break;
        }
    }

    private void Count()
    {
        if (!gauges.CountsShards)
            return;
        foreach (var (region, name) in cluster.Regions)
            _ = region
                .Ask<ShardRegionStats>(GetShardRegionStats.Instance, Interval)
                .PipeTo(Self, success: stats => new Counted(name, stats.Stats.Count));
    }
}
