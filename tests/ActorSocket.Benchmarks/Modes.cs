using ActorSocket.Benchmarks.Load;

namespace ActorSocket.Benchmarks;

/// <summary>One thing that is measured.</summary>
internal abstract record Mode(string Name, string Title, string Unit)
{
    /// <summary>Every mode, in the order of the report.</summary>
    public static IReadOnlyList<Mode> All(bool quick) =>
        [
            Steady("echo1", "echo, 100 connections, 1 in flight, 64 B", new Traffic(100) { InFlight = 1 }),
            Steady("echo16", "the same, 16 in flight", new Traffic(100) { InFlight = 16 }),
            Steady("echo4k", "the same, 1 in flight, 4 KiB", new Traffic(100) { InFlight = 1, PayloadLength = 4096 }) with
            {
                Heavy = true,
            },
            Steady("echo4k16", "the same, 16 in flight, 4 KiB", new Traffic(100) { InFlight = 16, PayloadLength = 4096 }) with
            {
                Quick = false,
            },
            Steady("echobin", "the same, 1 in flight, one binary attachment", new Traffic(100) { InFlight = 1, Binary = true }) with
            {
                Heavy = true,
            },
            Steady("echobin16", "the same, 16 in flight, one binary attachment", new Traffic(100) { InFlight = 16, Binary = true }) with
            {
                Quick = false,
            },
            Steady("fan1k", "broadcast to 1 000, 1 in flight", new Traffic(1000) { Audiences = [new(1000, 1)] }, "delivery"),
            Steady("fan1k8", "broadcast to 1 000, 8 in flight", new Traffic(1000) { Audiences = [new(1000, 8)] }, "delivery"),
            Steady("fan5k", "broadcast to 5 000, 1 in flight", new Traffic(5000) { Audiences = [new(5000, 1)] }, "delivery") with
            {
                Heavy = true,
            },
            Steady("fan5k8", "broadcast to 5 000, 8 in flight", new Traffic(5000) { Audiences = [new(5000, 8)] }, "delivery") with
            {
                Quick = false,
            },
            Steady("rooms", "1 000 connections in rooms of 10, saturated", new Traffic(1000) { Audiences = [new(10, 10)] }, "delivery"),
            Steady("latency", "open loop: 10 000 echoes/s over 100 connections", new Traffic(100) { EchoRate = 10_000 }) with
            {
                Heavy = true,
            },
            Steady(
                "latencyfan",
                "open loop: 20 broadcasts/s to 1 000",
                new Traffic(1000) { Audiences = [new(1000, 4, 20)] },
                "delivery"
            ) with
            {
                Quick = false,
            },
            new PollingMode("polling", "echo by long-polling, 100 clients, 1 in flight"),
            new ConnectMode("connect", "connecting by WebSocket", quick ? 1000 : 2000) { Heavy = true },
            new MemoryMode("memory", "memory of an idle WebSocket connection", quick ? 4000 : 10_000, Polling: false) { Heavy = true },
            new MemoryMode("memorypoll", "memory of an idle long-polling connection", quick ? 2000 : 5000, Polling: true) { Heavy = true },
            Steady("grow100", "100 echoes in flight, passed round 100 connections", new Traffic(100) { Tokens = 100 }) with
            {
                Heavy = true,
            },
            Steady("grow1k", "the same, 1 000 connections", new Traffic(1000) { Tokens = 100 }) with
            {
                Quick = false,
            },
            Steady("grow5k", "the same, 5 000 connections", new Traffic(5000) { Tokens = 100 }) with
            {
                Quick = false,
            },
            Steady("grow10k", "the same, 10 000 connections", new Traffic(10_000) { Tokens = 100 }) with
            {
                Heavy = true,
            },
            Steady(
                "mixed",
                "10 000 connections: 2 000 echoes/s, 200 broadcasts/s to rooms of 10, one to all every second",
                new Traffic(10_000) { EchoRate = 2000, Audiences = [new(10, 10, 200), new(10_000, 4, 1)] },
                "message"
            ) with
            {
                Heavy = true,
                MinWindow = 2,
            },
        ];

    /// <summary>Whether a short run has time for it.</summary>
    public bool Quick { get; init; } = true;

    /// <summary>
    /// Whether a short run does it with a few peers only, because it takes long or because other modes say much the same.
    /// </summary>
    public bool Heavy { get; init; }

    /// <summary>Seconds that a window must last, because something in it happens only so often.</summary>
    public double MinWindow { get; init; }

    public bool IsQuickFor(Peer peer) => Quick && (!Heavy || peer.Name is "node" or "uws" or "actorsocket" or "stock" or "baseline");

    /// <summary>Why a peer has no such thing; null when it has.</summary>
    public virtual string? WhyNot(Peer peer) => null;

    private static TrafficMode Steady(string name, string title, Traffic traffic, string unit = "echo") => new(name, title, unit, traffic);
}

/// <summary>Traffic that goes on: the server's CPU time for each unit.</summary>
internal abstract record SteadyMode(string Name, string Title, string Unit) : Mode(Name, Title, Unit)
{
    public abstract int Connections { get; }

    public abstract bool IsOpenLoop { get; }

    public abstract LoadBase CreateLoad(Poller poller, RunningPeer peer);
}

internal sealed record TrafficMode(string Name, string Title, string Unit, Traffic Traffic) : SteadyMode(Name, Title, Unit)
{
    public override int Connections => Traffic.Connections;

    public override bool IsOpenLoop => Traffic.EchoRate > 0 || Traffic.Audiences.Any(static audience => audience.Rate > 0);

    public override string? WhyNot(Peer peer) => Traffic.Binary && !peer.Dialect.CarriesBinary ? "JSON only" : null;

    public override LoadBase CreateLoad(Poller poller, RunningPeer peer) =>
        new WebSocketLoad(poller, peer.Port, peer.Peer.Dialect, Traffic);
}

internal sealed record PollingMode(string Name, string Title) : SteadyMode(Name, Title, "echo")
{
    public override int Connections => 200; // two for each client

    public override bool IsOpenLoop => false;

    public override string? WhyNot(Peer peer) => peer.Polls ? null : "another long-polling";

    public override LoadBase CreateLoad(Poller poller, RunningPeer peer) =>
        new PollingLoad(poller, peer.Port, Connections / 2, payloadLength: 64, echoes: true);
}

/// <summary>Opening connections, some at a time, until they may send: the server's CPU time for each.</summary>
internal sealed record ConnectMode(string Name, string Title, int Count) : Mode(Name, Title, "connection");

/// <summary>Resident memory of a new server before and with idle connections.</summary>
internal sealed record MemoryMode(string Name, string Title, int Count, bool Polling) : Mode(Name, Title, "connection")
{
    public override string? WhyNot(Peer peer) => Polling && !peer.Polls ? "another long-polling" : null;

    public LoadBase CreateLoad(Poller poller, RunningPeer peer, int connections) => Polling
        ? new PollingLoad(poller, peer.Port, connections, payloadLength: 64, echoes: false)
        : new WebSocketLoad(poller, peer.Port, peer.Peer.Dialect, new Traffic(connections));
}
