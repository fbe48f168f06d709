using ActorSocket.Delivery;
using ActorSocket.Diagnostics;
using ActorSocket.Protocol;
using Akka.Actor;
using Microsoft.Extensions.Logging;

namespace ActorSocket.Sessions;

/// <summary>
/// What the sessions and transports of one server share. Several servers in a host each have their own; nothing is static.
/// </summary>
/// <param name="options">The server's options.</param>
/// <param name="metrics">Counts what they do.</param>
/// <param name="log">Of the server.</param>
/// <param name="time">Tells the time.</param>
/// <param name="newConsumer">Makes who sits above a connection.</param>
#pragma warning disable CA1001 // a token source without a timer holds nothing
internal sealed class EngineServer(
    EngineIoOptions options, EngineMetrics metrics, ILogger log, TimeProvider time, Func<EngineConnection, IConnectionConsumer> newConsumer)
#pragma warning restore CA1001
{
    private readonly CancellationTokenSource _draining = new();

    public EngineIoOptions Options => options;

    public EngineMetrics Metrics => metrics;

    public ILogger Log => log;

    public TimeProvider Time => time;

    public ProtocolLimits ProtocolLimits { get; } = new() { MaxMessageBytes = options.MaxHttpBufferSize };

    public OutboundLimits OutboundLimits { get; } = new(
        options.MaxOutboundBytes, options.MaxOutboundPackets, options.MaxPacketsPerPoll ?? int.MaxValue, options.MaxHttpBufferSize);

    /// <summary>Likewise of a client that takes few packets at once.</summary>
    public OutboundLimits PythonLimits =>
        field ??= options.MaxPacketsPerPoll is null
            ? OutboundLimits with { MaxPacketsPerPoll = HandshakeRequest.PythonPayload }
            : OutboundLimits;

    public IdGenerator Ids { get; } = new();

    public FlusherPool Flushers { get; } = new();

    public SessionTable Sessions { get; } = new();

    public SessionTimers Timers { get; } = new(options);

    /// <summary>Where sessions live.</summary>
    public ISessionPlacement Placement
    {
        get => field ??= new SingleNode(this);
        set;
    }

    /// <summary>
    /// Who is told of each new connection (<see cref="SessionProtocol.Open"/>); nobody before the actor system has started.
    /// </summary>
    public IActorRef Root { get; set; } = ActorRefs.Nobody;

    /// <summary>No new sessions: the server stops.</summary>
    public bool IsDraining => _draining.IsCancellationRequested;

    /// <summary>Cancelled when it begins to stop.</summary>
    public CancellationToken Draining => _draining.Token;

    public void BeginDraining() => _draining.Cancel();

    public IConnectionConsumer NewConsumer(EngineConnection connection) => newConsumer(connection);
}
