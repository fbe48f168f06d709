using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using ActorSocket.Diagnostics;

namespace ActorSocket.AdminUi;

/// <summary>So many of a kind since it was last asked: the official server's <c>aggregatedEvents</c>.</summary>
internal readonly record struct TrafficCount(string Type, string? SubType, long Count);

/// <summary>
/// Connections, packets and bytes, as the meter "ActorSocket" counts them: those of all servers of the host. It listens only while it is
/// there, so nobody pays for it while nobody looks.
/// </summary>
internal sealed class Traffic : IDisposable
{
    private const string Ended = "actorsocket.server.closed_sessions";

    private readonly Dictionary<string, StrongBox<long>> _counts = new(StringComparer.Ordinal)
    {
        ["actorsocket.server.active_sessions"] = new(),
        ["actorsocket.server.received_packets"] = new(),
        ["actorsocket.server.received_bytes"] = new(),
        ["actorsocket.server.sent_packets"] = new(),
        ["actorsocket.server.sent_bytes"] = new(),
    };

    private readonly ConcurrentDictionary<string, StrongBox<long>> _ended = new(StringComparer.Ordinal); // by reason
    private readonly MeterListener _listener = new();

    public Traffic(IMeterFactory meters)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            // other hosts of the process have meters of the same name
            if (instrument.Meter.Name != EngineMetrics.MeterName || !ReferenceEquals(instrument.Meter.Scope, meters))
                return;
            if (_counts.TryGetValue(instrument.Name, out var count))
                listener.EnableMeasurementEvents(instrument, count); // per packet there is nothing to look up
            else if (instrument.Name == Ended)
                listener.EnableMeasurementEvents(instrument, this);
        };
        _listener.SetMeasurementEventCallback<long>(OnMeasured);
        _listener.Start();
    }

    public IReadOnlyList<TrafficCount> Take()
    {
        var taken = new List<TrafficCount>();
        foreach (var (instrument, count) in _counts)
            Add(TypeOf(instrument), null, count);
        foreach (var (reason, count) in _ended)
            Add("rawDisconnection", reason, count);
        return taken;

        void Add(string type, string? subType, StrongBox<long> count)
        {
            if (Interlocked.Exchange(ref count.Value, 0) is > 0 and var some)
                taken.Add(new TrafficCount(type, subType, some));
        }
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>In the words of the Admin UI.</summary>
    private static string TypeOf(string instrument) => instrument switch
    {
        "actorsocket.server.active_sessions" => "rawConnection",
        "actorsocket.server.received_packets" => "packetsIn",
        "actorsocket.server.received_bytes" => "bytesIn",
        "actorsocket.server.sent_packets" => "packetsOut",
        _ => "bytesOut",
    };

    private static void OnMeasured(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
    {
        if (value <= 0)
            return; // a session that ends is told by its reason
        if (state is StrongBox<long> count)
            Interlocked.Add(ref count.Value, value);
        else if (state is Traffic traffic)
            traffic.OnEnded(tags, value);
    }

    private void OnEnded(ReadOnlySpan<KeyValuePair<string, object?>> tags, long value)
    {
        foreach (var (key, reason) in tags)
        {
            if (key == "actorsocket.reason" && reason is string text)
                Interlocked.Add(ref _ended.GetOrAdd(text, static _ => new StrongBox<long>()).Value, value);
        }
    }
}
