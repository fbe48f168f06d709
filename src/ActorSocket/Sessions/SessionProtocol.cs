using Akka.Actor;
using Akka.Event;
using ActorSocket.Delivery;
using ActorSocket.Protocol.EngineIo;

namespace ActorSocket.Sessions;

/// <summary>A message that never leaves its node, so it may carry delegates and completion sources.</summary>
internal interface ILocalMessage : INoSerializationVerificationNeeded, Akka.Event.IDeadLetterSuppression;

/// <summary>What an <see cref="EngineSession"/> understands. A session may end at any moment, so none of it is worth a dead letter.</summary>
internal static class SessionProtocol
{
    /// <summary>The client asks for a namespace (Socket.IO CONNECT); <see cref="Attempt"/> is what <see cref="JoinedNamespaces"/> knows it by.</summary>
    internal sealed record Connect(string Namespace, ReadOnlyMemory<byte> Auth, int Attempt) : ILocalMessage, IDeadLetterSuppression;

    /// <summary>The client may use this namespace now. The first one disarms the connect timeout (S-33).</summary>
    internal sealed record Joined(string Namespace, IActorRef Socket) : ILocalMessage, IDeadLetterSuppression;

    /// <summary>A namespace was left or refused.</summary>
    internal sealed record Left(string Namespace, IActorRef? Socket) : ILocalMessage, IDeadLetterSuppression;

    /// <summary>A client of Engine.IO protocol 3 pings (E-111).</summary>
    internal sealed class PingReceived : ILocalMessage, IDeadLetterSuppression { public static readonly PingReceived Instance = new(); }

    internal sealed class PongReceived : ILocalMessage, IDeadLetterSuppression { public static readonly PongReceived Instance = new(); }

    /// <summary>
    /// A packet that breaks the Socket.IO protocol: it cannot be decoded (S-30), or was and is <see cref="OutOfPlace"/> (S-31). Every socket is told, then the connection is closed.
    /// </summary>
    internal sealed record PacketRefused(string Description, bool OutOfPlace) : ILocalMessage, IDeadLetterSuppression;

    /// <summary>A transport failed or was closed by the peer. <see cref="Transport"/> is null for long-polling.</summary>
    internal sealed record TransportFailed(ITransport? Transport, DisconnectReason Reason, string? Description) : ILocalMessage, IDeadLetterSuppression;

    /// <summary>A WebSocket was accepted for this session; it has the upgrade timeout to complete (E-77).</summary>
    internal sealed record UpgradeOffered(ITransport Transport) : ILocalMessage, IDeadLetterSuppression;

    /// <summary>The offered WebSocket sent its probe. Answered true when it may answer it.</summary>
    internal sealed record UpgradeProbed(ITransport Transport, TaskCompletionSource<bool> Reply) : ILocalMessage, IDeadLetterSuppression;

    /// <summary>The offered WebSocket asks to become the session's transport. Answered true when it now is.</summary>
    internal sealed record UpgradeConfirmed(ITransport Transport, TaskCompletionSource<bool> Reply) : ILocalMessage, IDeadLetterSuppression;

    /// <summary>
    /// The server closes the connection after what is queued; <see cref="Reason"/> is what its sockets are told. With <see cref="SayGoodbye"/> each
    /// namespace gets a DISCONNECT packet first, so that the client does not reconnect.
    /// </summary>
    internal sealed record Close(DisconnectReason Reason, bool SayGoodbye = false) : ILocalMessage, IDeadLetterSuppression;

    /// <summary>The client has a newer connection and asks there for what it had here .</summary>
    internal sealed class Superseded : ILocalMessage, IDeadLetterSuppression { public static readonly Superseded Instance = new(); }

    /// <summary>The outbound limit is reached, or writing failed.</summary>
    internal sealed record OutboundFailed(string Description) : ILocalMessage, IDeadLetterSuppression;

    /// <summary>A polling client was given its close packet.</summary>
    internal sealed class CloseDelivered : ILocalMessage, IDeadLetterSuppression { public static readonly CloseDelivered Instance = new(); }

    internal sealed record VolatileDropped(int Count) : ILocalMessage, IDeadLetterSuppression;

    /// <summary>Reading stopped because handlers lag: the pong may lie unread, so its deadline rests, for a bounded time.</summary>
    internal sealed class ReadingPaused : ILocalMessage, IDeadLetterSuppression { public static readonly ReadingPaused Instance = new(); }

    internal sealed class ReadingResumed : ILocalMessage, IDeadLetterSuppression { public static readonly ReadingResumed Instance = new(); }

    /// <summary>A read has ended within a packet: attachments are due.</summary>
    internal sealed class AttachmentsAwaited : ILocalMessage, IDeadLetterSuppression { public static readonly AttachmentsAwaited Instance = new(); }

    // Timers
    internal sealed class AttachmentsOverdue : ILocalMessage, IDeadLetterSuppression { public static readonly AttachmentsOverdue Instance = new(); }

    internal sealed class PingDue : ILocalMessage, IDeadLetterSuppression { public static readonly PingDue Instance = new(); }

    internal sealed class PongOverdue : ILocalMessage, IDeadLetterSuppression { public static readonly PongOverdue Instance = new(); }

    internal sealed class ConnectOverdue : ILocalMessage, IDeadLetterSuppression { public static readonly ConnectOverdue Instance = new(); }

    internal sealed class UpgradeOverdue : ILocalMessage, IDeadLetterSuppression { public static readonly UpgradeOverdue Instance = new(); }

    /// <summary>While an upgrade is probed, a waiting GET is released every 100 ms (E-74).</summary>
    internal sealed class NoopDue : ILocalMessage, IDeadLetterSuppression { public static readonly NoopDue Instance = new(); }

    /// <summary>From the shard: the node leaves the cluster, and has drained.</summary>
    internal sealed class HandOff : ILocalMessage, IDeadLetterSuppression { public static readonly HandOff Instance = new(); }

    /// <summary>The shard has not let an ended session go.</summary>
    internal sealed class PassivationOverdue : ILocalMessage, IDeadLetterSuppression { public static readonly PassivationOverdue Instance = new(); }

    internal sealed class CloseOverdue : ILocalMessage, IDeadLetterSuppression { public static readonly CloseOverdue Instance = new(); }

    internal sealed class HandlersOverdue : ILocalMessage, IDeadLetterSuppression { public static readonly HandlersOverdue Instance = new(); }

    /// <summary>Told to whoever supervises sessions: start one.</summary>
    internal sealed record Open(EngineConnection Connection, ITransport? Transport, TaskCompletionSource Opened) : ILocalMessage, IDeadLetterSuppression;
}

/// <summary>What a session needs of a WebSocket, whichever way its bytes travel.</summary>
internal interface ITransport
{
    /// <summary>Where the session's output goes once the upgrade is done.</summary>
    IOutboundSink Sink { get; }

    /// <summary>How packets look on it.</summary>
    WireForm Form { get; }

    /// <summary>Ends a WebSocket that is not (yet) the session's, with a close frame.</summary>
    void Refuse();

    /// <summary>Stops reading and ends the connection once the outbound has written its close frame, or a second has passed.</summary>
    void Close();
}
