namespace ActorSocket;

/// <summary>
/// Something events can be emitted to: a socket, a room, a namespace, the other nodes. The convenient overloads are extension methods.
/// </summary>
public interface IEventEmitter
{
    /// <summary>Emits an event. Fire and forget: returns when it is queued for everyone it is for.</summary>
    /// <param name="eventName">Any text but a reserved name (<c>connect</c>, <c>connect_error</c>, <c>disconnect</c>, <c>disconnecting</c>,
    /// <c>newListener</c>, <c>removeListener</c>).</param>
    /// <param name="args">The event's arguments.</param>
    /// <exception cref="ArgumentException">
    /// The name is reserved, or an argument is a <see cref="CancellationToken"/> or a delegate, which nobody could receive.
    /// </exception>
    void Emit<TArgs>(string eventName, in TArgs args)
        where TArgs : struct, IEventArguments;
}
