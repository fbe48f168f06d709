using Akka.Actor;

namespace ActorSocket;

/// <summary>
/// The message protocol between a socket and a user's own actor (<see cref="Socket.ForwardTo"/>). The actor receives
/// <see cref="Connected"/>, <see cref="Event"/> and <see cref="Disconnected"/>, and tells <see cref="Socket.Actor"/> what the socket shall
/// do.
/// </summary>
public static class SocketMessages
{
    /// <summary>Received once: the socket is connected. <see cref="ISocketCommand"/>s go to <c>Socket.Actor</c>.</summary>
    /// <param name="Socket">The connected socket.</param>
    public sealed record Connected(Socket Socket) : INoSerializationVerificationNeeded;

    /// <summary>Received for each event of the client, in order.</summary>
    /// <param name="Socket">Whose event.</param>
    /// <param name="Name">The event's name.</param>
    /// <param name="Arguments">Its arguments, still encoded.</param>
    /// <param name="Ack">The acknowledgement the client asked for, or null. Send it once.</param>
    public sealed record Event(Socket Socket, string Name, SocketArguments Arguments, Ack? Ack) : INoSerializationVerificationNeeded;

    /// <summary>Received last: the socket is disconnected.</summary>
    /// <param name="Socket">Whose end.</param>
    /// <param name="Reason">Why.</param>
    public sealed record Disconnected(Socket Socket, DisconnectReason Reason) : INoSerializationVerificationNeeded;

    /// <summary>
    /// What <see cref="Socket.Actor"/> understands from a user's actor. A failure that there is no sender to tell of is logged and raised
    /// on <c>OnError</c>.
    /// </summary>
    public interface ISocketCommand : INoSerializationVerificationNeeded;

    /// <summary>Sends an event to the client. Answered only when it cannot be sent, with <see cref="Status.Failure"/>.</summary>
    /// <param name="EventName">Not a reserved name.</param>
    /// <param name="Arguments">Each item is one; serialised as with <c>Emit</c>.</param>
    public sealed record Emit(string EventName, IReadOnlyList<object?> Arguments) : ISocketCommand;

    /// <summary>
    /// Sends an event to every other socket in the rooms. Answered only when it cannot be sent, with <see cref="Status.Failure"/>.
    /// </summary>
    /// <param name="Rooms">A union; each socket gets the event once.</param>
    /// <param name="EventName">Not a reserved name.</param>
    /// <param name="Arguments">Each item is one; serialised as with <c>Emit</c>.</param>
    public sealed record Broadcast(IReadOnlyList<string> Rooms, string EventName, IReadOnlyList<object?> Arguments) : ISocketCommand;

    /// <summary>Joins a room; answered with <see cref="Done"/>, or <see cref="Status.Failure"/>.</summary>
    /// <param name="Room">Any text of at most 256 bytes.</param>
    public sealed record Join(string Room) : ISocketCommand;

    /// <summary>Leaves a room; answered with <see cref="Done"/>, or <see cref="Status.Failure"/>.</summary>
    /// <param name="Room">The room.</param>
    public sealed record Leave(string Room) : ISocketCommand;

    /// <summary>Disconnects the socket.</summary>
    /// <param name="Scope">From its namespace, or from all of them and then the connection.</param>
    public sealed record Disconnect(DisconnectScope Scope = DisconnectScope.Namespace) : ISocketCommand;

    /// <summary>The answer to a <see cref="Join"/> or <see cref="Leave"/>.</summary>
    /// <param name="Command">The command that is done.</param>
    public sealed record Done(object Command) : INoSerializationVerificationNeeded;
}
