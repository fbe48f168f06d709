namespace ActorSocket;

/// <summary>
/// Lets a client that lost its connection have its socket back: the same id, rooms and data, and the events that it missed. Official:
/// <c>connectionStateRecovery</c>. In memory and bounded: what does not fit is forgotten, and the client then gets a new socket.
/// </summary>
public sealed class RecoveryOptions
{
    /// <summary>How long a lost socket waits for its client. 2 minutes. Official: <c>maxDisconnectionDuration</c>.</summary>
    public TimeSpan MaxDisconnectionDuration { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Whether a recovered socket passes the namespace's middleware by. True. A user who was locked out meanwhile then comes back: set it
    /// to false where that matters. Official: <c>skipMiddlewares</c>.
    /// </summary>
    public bool SkipMiddlewares { get; set; } = true;

    /// <summary>The most events that one namespace remembers. 10 000.</summary>
    public int MaxEvents { get; set; } = 10_000;

    /// <summary>The most bytes of events that one namespace remembers. 16 MiB.</summary>
    public int MaxBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>The most lost sockets that one namespace remembers. 10 000.</summary>
    public int MaxSockets { get; set; } = 10_000;
}
