using ActorSocket.Connections;
using ActorSocket.Recovery;
using ActorSocket.Sessions;
using Akka.Actor;
using Akka.Event;

namespace ActorSocket.Sockets;

/// <summary>What a <c>NamespaceActor</c> (and, for namespaces that do not exist yet, the <c>NamespaceRoot</c>) understands.</summary>
internal static class NamespaceProtocol
{
    /// <summary>
    /// A socket ended, or was refused: it leaves every room and its actor stops. <see cref="IsReplaced"/>: its client gets a new one, since
    /// this one could not be continued.
    /// </summary>
    internal sealed record SocketGone(Socket Socket, bool IsReplaced = false) : ILocalMessage, IDeadLetterSuppression;

    /// <summary>A socket's actor has stopped before it was told to.</summary>
    internal sealed record SocketCrashed(IActorRef Actor) : ILocalMessage, IDeadLetterSuppression;

    internal sealed record JoinRoom(Socket Socket, string Room, TaskCompletionSource Done) : ILocalMessage;

    internal sealed record LeaveRoom(Socket Socket, string Room, TaskCompletionSource Done) : ILocalMessage, IDeadLetterSuppression;

    /// <summary>The client came back by another node, which asks for its socket: it is given, or null.</summary>
    internal sealed record ClaimedElsewhere(RecoveryClaim Claim, Action<LostSocket?> Give) : ILocalMessage;

    /// <summary>What another node said to a client's claim; null when it gives nothing.</summary>
    internal sealed record ClaimAnswered(
        ConnectionEvents.ConnectSocket Connect,
        System.Text.Json.JsonElement Auth,
        SocketRestore? SocketRestore
    ) : ILocalMessage, IDeadLetterSuppression;

    /// <summary>Time to forget what nobody can recover any more.</summary>
    internal sealed class SweepDue : ILocalMessage { public static readonly SweepDue Instance = new(); }

    /// <summary>Its last socket has gone to another node, which has asked by now for what was missed.</summary>
    internal sealed class EmptyDue : ILocalMessage { public static readonly EmptyDue Instance = new(); }

    /// <summary>
    /// Told to the root: a namespace that was made for a client has no socket any more. Not told again before <see cref="MakeRoom"/>.
    /// </summary>
    internal sealed record FellEmpty(NamespaceServices Namespace) : ILocalMessage;

    /// <summary>
    /// Told by the root: there are as many as may be, and somebody wants another. If this one is empty still, it goes; and in any case the
    /// root is told the rest.
    /// </summary>
    internal sealed record MakeRoom(Resolved Next) : ILocalMessage;

    /// <summary>Nobody can still have the address of a namespace that is gone.</summary>
    internal sealed class StopDue : ILocalMessage { public static readonly StopDue Instance = new(); }

    /// <summary>Told to the root: a dynamic namespace was decided on.</summary>
    internal sealed record Resolved(ConnectionEvents.ConnectSocket Request, NamespaceServices? Parent)
        : ILocalMessage,
            IDeadLetterSuppression;
}
