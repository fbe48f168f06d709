namespace ActorSocket.Sessions;

/// <summary>
/// What an <see cref="EngineSession"/> understands. A session may end at any moment, so none of it is worth a dead letter.
/// </summary>
internal static class SessionProtocol
{
    /// <summary>A client of Engine.IO protocol 3 pings (E-111).</summary>
    internal sealed class PingReceived : ILocalMessage { public static readonly PingReceived Instance = new(); }

    internal sealed class PongReceived : ILocalMessage { public static readonly PongReceived Instance = new(); }

    /// <summary>A transport failed or was closed by the peer. <see cref="Transport"/> is null for long-polling.</summary>
    internal sealed record TransportFailed(ITransport? Transport, DisconnectReason Reason, string? Description)
        : ILocalMessage;

    /// <summary>A WebSocket was accepted for this session; it has the upgrade timeout to complete (E-77).</summary>
    internal sealed record UpgradeOffered(ITransport Transport) : ILocalMessage;

    /// <summary>The offered WebSocket sent its probe. Answered true when it may answer it.</summary>
    internal sealed record UpgradeProbed(ITransport Transport, TaskCompletionSource<bool> Reply) : ILocalMessage;

    /// <summary>The offered WebSocket asks to become the session's transport. Answered true when it now is.</summary>
    internal sealed record UpgradeConfirmed(ITransport Transport, TaskCompletionSource<bool> Reply) : ILocalMessage;

    /// <summary>The server closes the connection after what is queued; <see cref="Reason"/> is what its consumer is told.</summary>
    internal sealed record Close(DisconnectReason Reason) : ILocalMessage;

    /// <summary>The client has a newer connection and asks there for what it had here .</summary>
    internal sealed class Superseded : ILocalMessage { public static readonly Superseded Instance = new(); }

    /// <summary>The outbound limit is reached, or writing failed.</summary>
    internal sealed record OutboundFailed(string Description) : ILocalMessage;

    /// <summary>A polling client was given its close packet.</summary>
    internal sealed class CloseDelivered : ILocalMessage { public static readonly CloseDelivered Instance = new(); }

    internal sealed record VolatileDropped(int Count) : ILocalMessage;

    /// <summary>Reading stopped because handlers lag: the pong may lie unread, so its deadline rests, for a bounded time.</summary>
    internal sealed class ReadingPaused : ILocalMessage { public static readonly ReadingPaused Instance = new(); }

    internal sealed class ReadingResumed : ILocalMessage { public static readonly ReadingResumed Instance = new(); }

    // Timers
    internal sealed class PingDue : ILocalMessage { public static readonly PingDue Instance = new(); }

    internal sealed class PongOverdue : ILocalMessage { public static readonly PongOverdue Instance = new(); }

    internal sealed class UpgradeOverdue : ILocalMessage { public static readonly UpgradeOverdue Instance = new(); }

    /// <summary>While an upgrade is probed, a waiting GET is released every 100 ms (E-74).</summary>
    internal sealed class NoopDue : ILocalMessage { public static readonly NoopDue Instance = new(); }

    /// <summary>From whoever placed it: the node leaves, and has drained.</summary>
    internal sealed class HandOff : ILocalMessage { public static readonly HandOff Instance = new(); }

    /// <summary>An ended session was not told to stop.</summary>
    internal sealed class PassivationOverdue : ILocalMessage { public static readonly PassivationOverdue Instance = new(); }

    internal sealed class CloseOverdue : ILocalMessage { public static readonly CloseOverdue Instance = new(); }

    internal sealed class HandlersOverdue : ILocalMessage { public static readonly HandlersOverdue Instance = new(); }

    /// <summary>Told to whoever supervises sessions: start one.</summary>
    internal sealed record Open(EngineConnection Connection, ITransport? Transport, TaskCompletionSource Opened)
        : ILocalMessage;
}
