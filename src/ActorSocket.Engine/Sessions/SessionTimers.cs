namespace ActorSocket.Sessions;

/// <summary>What the sessions of one server wait for.</summary>
internal sealed class SessionTimers
{
    private readonly PreciseTimer _precise = new();

    public SessionTimers(EngineIoOptions options)
    {
        Ping = Of(options.PingInterval, SessionProtocol.PingDue.Instance);
        Pong = Of(options.PingTimeout, SessionProtocol.PongOverdue.Instance);
        ClientPing = Of(options.PingInterval + options.PingTimeout, SessionProtocol.PongOverdue.Instance);
        Upgrade = Of(options.UpgradeTimeout, SessionProtocol.UpgradeOverdue.Instance);
        Noop = Of(TimeSpan.FromMilliseconds(100), SessionProtocol.NoopDue.Instance);
        Handlers = Of(EngineSession.HandlersTimeout, SessionProtocol.HandlersOverdue.Instance);
        Close = Of(TimeSpan.FromSeconds(30), SessionProtocol.CloseOverdue.Instance);
        Farewell = Of(TimeSpan.FromSeconds(1), SessionProtocol.CloseOverdue.Instance);
        Passivation = Of(TimeSpan.FromSeconds(5), SessionProtocol.PassivationOverdue.Instance);
    }

    /// <summary>From a pong to the next ping.</summary>
    public SharedTimer Ping { get; }

    /// <summary>From a ping to its pong, after which the client is given up.</summary>
    public SharedTimer Pong { get; }

    /// <summary>In Engine.IO protocol 3 the client pings (E-111).</summary>
    public SharedTimer ClientPing { get; }

    public SharedTimer Upgrade { get; }

    /// <summary>Between the releases of a waiting GET while an upgrade is probed: 100 ms (E-74).</summary>
    public SharedTimer Noop { get; }

    public SharedTimer Handlers { get; }

    /// <summary>How long a closing session waits for a polling client's last GET: 30 s (E-50).</summary>
    public SharedTimer Close { get; }

    /// <summary>The same wait when the server stops: 1 s, begun anew as long as the client keeps sending requests.</summary>
    public SharedTimer Farewell { get; }

    public SharedTimer Passivation { get; }

    /// <summary>A length of time that whoever sits above the sessions waits for in their turn, by the same clock.</summary>
    public SharedTimer Of(TimeSpan delay, object message) => new(delay, message, _precise);
}
