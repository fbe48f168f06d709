using System.Diagnostics.Metrics;
using System.Text.Json;
using ActorSocket.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.AdminUi;

/// <summary>How one node does, in numbers (the event <c>server_stats</c>).</summary>
// what it listens with is let go by Stop
#pragma warning disable CA1001
internal sealed class ServerStats(ActorSocketServer io, string? serverId, IServiceProvider services)
#pragma warning restore CA1001
{
    private const int MaxNamespaces = 1000;

    private readonly ServerServices _server = io.Server;
    private readonly long _started = io.Server.Time.GetTimestamp();
    private Traffic? _traffic;

    /// <summary>Begins to count traffic.</summary>
    public void Start() => _traffic = new Traffic(services.GetRequiredService<IMeterFactory>());

    public void Stop() => Interlocked.Exchange(ref _traffic, null)?.Dispose();

    /// <summary>The event's argument, with the traffic since it was last taken.</summary>
    public SocketArguments Take() => Arguments(_traffic?.Take() ?? []);

    /// <summary>The event's argument without that: for one administrator, whose elders are told of it.</summary>
    public SocketArguments Now() => Arguments([]);

    private SocketArguments Arguments(IReadOnlyList<TrafficCount> traffic) =>
        AdminJson.Arguments(_server, (this, traffic), static (json, x) => x.Item1.Write(json, x.traffic));

    private void Write(Utf8JsonWriter json, IReadOnlyList<TrafficCount> traffic)
    {
        json.WriteStartObject();
        json.WriteString("serverId"u8, serverId ?? $"{Environment.MachineName}#{io.NodeTag}");
        json.WriteString("hostname"u8, Environment.MachineName);
        json.WriteNumber("pid"u8, Environment.ProcessId);
        json.WriteNumber("uptime"u8, Math.Round(_server.Time.GetElapsedTime(_started).TotalSeconds, 3));
        json.WriteNumber("clientsCount"u8, io.ConnectionCount);
        json.WriteNumber("pollingClientsCount"u8, _server.Engine.Sessions.All.Count(static session => !session.IsWebSocket));
        json.WriteStartArray("aggregatedEvents"u8);
        var second = _server.Time.GetUtcNow().ToUnixTimeSeconds() * 1000;
        foreach (var (type, subType, count) in traffic)
        {
            json.WriteStartObject();
            json.WriteNumber("timestamp"u8, second);
            json.WriteString("type"u8, type);
            if (subType is not null)
                json.WriteString("subType"u8, subType);
            json.WriteNumber("count"u8, count);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("namespaces"u8);
        foreach (var ns in _server.Namespaces.All.Take(MaxNamespaces))
        {
            json.WriteStartObject();
            json.WriteString("name"u8, ns.Name);
            json.WriteNumber("socketsCount"u8, ns.All.Snapshot.Length);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
