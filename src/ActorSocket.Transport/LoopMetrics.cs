using System.Diagnostics.Metrics;

namespace ActorSocket.EventLoops;

/// <summary>What the loops count on the meter "ActorSocket".</summary>
internal sealed class LoopMetrics
{
    private readonly Meter _meter;
    private readonly Counter<long> _takeovers;
    private readonly Counter<long> _aside;
    private readonly UpDownCounter<long> _direct;

    public LoopMetrics(IMeterFactory meters)
    {
        _meter = meters.Create("ActorSocket");
        _takeovers = _meter.CreateCounter<long>(
            "actorsocket.loop.takeovers", "{takeover}", "Event loops taken away from a thread whose handler blocked or computed too long.");
        _aside = _meter.CreateCounter<long>(
            "actorsocket.loop.aside_turns", "{turn}", "Handlers that started on a thread aside, because they had kept an event loop.");
        _direct = _meter.CreateUpDownCounter<long>(
            "actorsocket.loop.direct_connections", "{connection}", "WebSockets on event loops, which Kestrel does not count any more.");
    }

    public void DirectBegan() => _direct.Add(1);

    public void DirectEnded() => _direct.Add(-1);

    public void Takeover() => _takeovers.Add(1);

    public void TurnAside() => _aside.Add(1);

    public void Count(Func<int> threads) =>
        _meter.CreateObservableUpDownCounter(
            "actorsocket.loop.threads", threads, "{thread}", "Threads that drive event loops, have lost one, or wait for work.");

    public void Count(EventLoop[] loops) =>
        _meter.CreateObservableCounter(
            "actorsocket.loop.busy_time",
            () => loops.Select(static loop => new Measurement<double>(
                loop.Busy.TotalSeconds, new KeyValuePair<string, object?>("actorsocket.loop", loop.Number))),
            "s",
            "How long each event loop has not waited for events.");
}
