using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sessions;
using Akka.Actor;
using Akka.Event;

namespace ActorSocket.Sockets;

/// <summary>
/// What a <c>SocketActor</c> understands from within the library. What a user's actor may tell it is in <see cref="SocketMessages"/>.
/// </summary>
internal static class SocketProtocol
{
    /// <summary>Told first: the socket that the actor is of.</summary>
    internal sealed record Begin(Socket Socket) : ILocalMessage, IDeadLetterSuppression;

    /// <summary>The namespace's middleware has run; null lets the socket in.</summary>
    internal sealed record MiddlewareDone(Exception? Refusal, bool IsAnothers) : ILocalMessage, IDeadLetterSuppression;

    /// <summary>The handlers of an event have run.</summary>
    /// <param name="StartedAt">When they began; 0 when nobody wants to know.</param>
    /// <param name="Packet">The event.</param>
    /// <param name="Error">What one of them threw.</param>
    internal sealed record HandlerDone(long StartedAt, SocketIoPacket Packet, Exception? Error) : ILocalMessage, IDeadLetterSuppression;

    /// <summary>The application's <c>OnConnection</c> handlers have run; only one without an error lets the client's events in.</summary>
    internal sealed record ConnectionHandled(Exception? Error) : ILocalMessage, IDeadLetterSuppression;

    /// <summary>The socket has given its events to an actor of the application's, and ends with it.</summary>
    internal sealed record DependOn(IActorRef Handler) : ILocalMessage, IDeadLetterSuppression;

    /// <summary>A command (<see cref="SocketMessages"/>) that had no sender has failed: the log and <c>OnError</c> are told.</summary>
    internal sealed record CommandFailed(Exception Error) : ILocalMessage, IDeadLetterSuppression;

    /// <summary>The client left, and what it had sent before is not handled in time.</summary>
    internal sealed class LastEventsOverdue : ILocalMessage, IDeadLetterSuppression
    {
        public static readonly LastEventsOverdue Instance = new();
    }

    /// <summary>The handlers of <c>disconnecting</c> are done, or their time is over.</summary>
    internal sealed class DisconnectingDone : ILocalMessage, IDeadLetterSuppression
    {
        public static readonly DisconnectingDone Instance = new();
    }

    /// <summary>
    /// The client was asked for an acknowledgement; told before the packet leaves, so it is known before the answer comes.
    /// </summary>
    internal sealed record AckAsked(long Id, IAckSink Sink) : ILocalMessage, IDeadLetterSuppression;

    /// <summary>Nobody waits for this acknowledgement any more: the time of who asked is over, or was given up.</summary>
    internal sealed record AckForgotten(long Id) : ILocalMessage, IDeadLetterSuppression;

    /// <summary>The time is over of a question that somebody is called back for.</summary>
    internal sealed record AckOverdue(long Id) : ILocalMessage, IDeadLetterSuppression;

    /// <summary>The server disconnects the socket, or the whole connection.</summary>
    internal sealed record Disconnect(DisconnectScope Scope, TaskCompletionSource? Done) : ILocalMessage, IDeadLetterSuppression;

    /// <summary>The namespace has taken the socket out of every room.</summary>
    internal sealed class Departed : ILocalMessage { public static readonly Departed Instance = new(); }
}
