namespace ActorSocket;

/// <summary>Something events can be emitted to: a socket, a room, a namespace. The convenient overloads are extension methods.</summary>
public interface IEventEmitter
{
    /// <summary>Emits an event. Fire and forget: returns when it is queued for everyone it is for.</summary>
    /// <param name="eventName">Any text but a reserved name (<c>connect</c>, <c>connect_error</c>, <c>disconnect</c>, <c>disconnecting</c>, <c>newListener</c>, <c>removeListener</c>).</param>
    /// <param name="args">The event's arguments.</param>
    /// <exception cref="ArgumentException">The name is reserved.</exception>
    void Emit<TArgs>(string eventName, in TArgs args)
        where TArgs : struct, IEventArguments;
}

/// <summary>What every <see cref="IEventEmitter"/> offers.</summary>
/// <remarks>
/// Arguments are serialised with System.Text.Json, by <see cref="ActorSocketOptions.Json"/>; <c>byte[]</c>, <c>Memory&lt;byte&gt;</c> and streams anywhere in
/// them leave as binary attachments; <see cref="SocketArguments"/> are spread. An exception of the serialiser reaches the caller, and nothing is sent.
/// </remarks>
public static class EventEmitterExtensions
{
    /// <summary>Emits an event without arguments.</summary>
    public static void Emit(this IEventEmitter emitter, string eventName) => Checked(emitter).Emit(eventName, default(EventArguments));

    /// <summary>Emits an event with one argument.</summary>
    public static void Emit<T1>(this IEventEmitter emitter, string eventName, T1 arg1) => Checked(emitter).Emit(eventName, new EventArguments<T1>(arg1));

    /// <summary>Emits an event with two arguments.</summary>
    public static void Emit<T1, T2>(this IEventEmitter emitter, string eventName, T1 arg1, T2 arg2) =>
        Checked(emitter).Emit(eventName, new EventArguments<T1, T2>(arg1, arg2));

    /// <summary>Emits an event with three arguments.</summary>
    public static void Emit<T1, T2, T3>(this IEventEmitter emitter, string eventName, T1 arg1, T2 arg2, T3 arg3) =>
        Checked(emitter).Emit(eventName, new EventArguments<T1, T2, T3>(arg1, arg2, arg3));

    /// <summary>Emits an event with four arguments.</summary>
    public static void Emit<T1, T2, T3, T4>(this IEventEmitter emitter, string eventName, T1 arg1, T2 arg2, T3 arg3, T4 arg4) =>
        Checked(emitter).Emit(eventName, new EventArguments<T1, T2, T3, T4>(arg1, arg2, arg3, arg4));

    /// <summary>Emits an event with any number of arguments.</summary>
    public static void EmitAll(this IEventEmitter emitter, string eventName, IReadOnlyList<object?> arguments) =>
        Checked(emitter).Emit(eventName, new ArgumentList(arguments));

    /// <summary>Emits the event <c>message</c> (official: <c>send</c>).</summary>
    public static void Send<T1>(this IEventEmitter emitter, T1 arg1) => Checked(emitter).Emit("message", new EventArguments<T1>(arg1));

    /// <inheritdoc cref="Send{T1}"/>
    public static void Send<T1, T2>(this IEventEmitter emitter, T1 arg1, T2 arg2) => Checked(emitter).Emit("message", new EventArguments<T1, T2>(arg1, arg2));

    private static IEventEmitter Checked(IEventEmitter emitter)
    {
        ArgumentNullException.ThrowIfNull(emitter);
        return emitter;
    }
}
