using System.Diagnostics.Metrics;

namespace ActorSocket.Diagnostics;

/// <summary>What the engine counts on the meter "ActorSocket". Tags are from closed sets: never a sid or a client's text.</summary>
internal sealed class EngineMetrics
{
    public const string MeterName = "ActorSocket";

    private readonly UpDownCounter<long> _sessions;
    private readonly Counter<long> _sessionsClosed;
    private readonly Counter<long> _packetsIn;
    private readonly Counter<long> _bytesIn;
    private readonly Counter<long> _packetsOut;
    private readonly Counter<long> _bytesOut;
    private readonly Counter<long> _volatileDropped;
    private readonly Counter<long> _upgrades;
    private readonly Counter<long> _refused;

    public EngineMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _sessions = meter.CreateUpDownCounter<long>("actorsocket.server.active_sessions", "{session}", "Open Engine.IO connections.");
        _sessionsClosed = meter.CreateCounter<long>(
            "actorsocket.server.closed_sessions", "{session}", "Closed Engine.IO connections, by transport and reason.");
        _packetsIn = meter.CreateCounter<long>(
            "actorsocket.server.received_packets", "{packet}", "Engine.IO packets received, by transport.");
        _bytesIn = meter.CreateCounter<long>("actorsocket.server.received_bytes", "By", "Bytes received, by transport.");
        _packetsOut = meter.CreateCounter<long>("actorsocket.server.sent_packets", "{packet}", "Engine.IO packets sent, by transport.");
        _bytesOut = meter.CreateCounter<long>("actorsocket.server.sent_bytes", "By", "Bytes sent, by transport.");
        _volatileDropped = meter.CreateCounter<long>(
            "actorsocket.server.dropped_packets", "{packet}", "Volatile packets dropped because the client was not ready.");
        _upgrades = meter.CreateCounter<long>("actorsocket.server.upgrades", "{upgrade}", "Upgrades to WebSocket, by outcome.");
        _refused = meter.CreateCounter<long>(
            "actorsocket.server.refused_requests", "{request}", "Refused requests, by Engine.IO error code.");
    }

    public void SessionOpened() => _sessions.Add(1);

    public void SessionClosed(string transport, DisconnectReason reason)
    {
        _sessions.Add(-1);
        _sessionsClosed.Add(1, Transport(transport), new("actorsocket.reason", reason.ToString()));
    }

    public void PacketsReceived(string transport, int packets, long bytes)
    {
        if (!_packetsIn.Enabled)
            return;
        _packetsIn.Add(packets, Transport(transport));
        _bytesIn.Add(bytes, Transport(transport));
    }

    public void PacketsSent(string transport, int packets, long bytes)
    {
        if (!_packetsOut.Enabled)
            return;
        _packetsOut.Add(packets, Transport(transport));
        _bytesOut.Add(bytes, Transport(transport));
    }

    public void VolatileDropped(int count) => _volatileDropped.Add(count);

    public void UpgradeEnded(string outcome) => _upgrades.Add(1, new KeyValuePair<string, object?>("actorsocket.outcome", outcome));

    public void RequestRefused(int code) => _refused.Add(1, new KeyValuePair<string, object?>("actorsocket.code", code));

    private static KeyValuePair<string, object?> Transport(string name) => new("actorsocket.transport", name);
}
