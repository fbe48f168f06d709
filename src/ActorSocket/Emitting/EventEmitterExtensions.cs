using ActorSocket.Protocol.SocketIo;

namespace ActorSocket;

/// <summary>
/// What every <see cref="IEventEmitter"/> offers: emitting with up to eight arguments, each of its own type, or with a list of any number.
/// </summary>
/// <remarks>
/// Arguments are serialised with System.Text.Json, by <see cref="ActorSocketOptions.Json"/>; <c>byte[]</c>, <c>Memory&lt;byte&gt;</c> and
/// streams anywhere in them leave as binary attachments; <see cref="SocketArguments"/> are spread, other lists are one argument. An
/// exception of the serialiser reaches the caller, and nothing is sent.
/// </remarks>
public static class EventEmitterExtensions
{
    /// <summary>Emits an event without arguments. Official: <c>emit</c>.</summary>
    /// <exception cref="ArgumentException">
    /// The name is reserved, or an argument is a <see cref="CancellationToken"/> or a delegate, which nobody could receive.
    /// </exception>
    public static void Emit(this IEventEmitter emitter, string eventName) => Checked(emitter).Emit(eventName, default(EventArguments));

    /// <summary>Emits an event with one argument. Official: <c>emit</c>.</summary>
    /// <inheritdoc cref="Emit(IEventEmitter, string)"/>
    public static void Emit<T1>(
        this IEventEmitter emitter, string eventName, T1 arg1) =>
        Checked(emitter).Emit(eventName, new EventArguments<T1>(arg1));

    /// <summary>Emits an event with two arguments. Official: <c>emit</c>.</summary>
    /// <inheritdoc cref="Emit(IEventEmitter, string)"/>
    public static void Emit<T1, T2>(
        this IEventEmitter emitter, string eventName, T1 arg1, T2 arg2) =>
        Checked(emitter).Emit(eventName, new EventArguments<T1, T2>(arg1, arg2));

    /// <summary>Emits an event with three arguments. Official: <c>emit</c>.</summary>
    /// <inheritdoc cref="Emit(IEventEmitter, string)"/>
    public static void Emit<T1, T2, T3>(
        this IEventEmitter emitter, string eventName, T1 arg1, T2 arg2, T3 arg3) =>
        Checked(emitter).Emit(eventName, new EventArguments<T1, T2, T3>(arg1, arg2, arg3));

    /// <summary>Emits an event with four arguments. Official: <c>emit</c>.</summary>
    /// <inheritdoc cref="Emit(IEventEmitter, string)"/>
    public static void Emit<T1, T2, T3, T4>(
        this IEventEmitter emitter, string eventName, T1 arg1, T2 arg2, T3 arg3, T4 arg4) =>
        Checked(emitter).Emit(eventName, new EventArguments<T1, T2, T3, T4>(arg1, arg2, arg3, arg4));

    /// <summary>Emits an event with five arguments. Official: <c>emit</c>.</summary>
    /// <inheritdoc cref="Emit(IEventEmitter, string)"/>
    public static void Emit<T1, T2, T3, T4, T5>(
        this IEventEmitter emitter, string eventName, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5) =>
        Checked(emitter).Emit(eventName, new EventArguments<T1, T2, T3, T4, T5>(arg1, arg2, arg3, arg4, arg5));

    /// <summary>Emits an event with six arguments. Official: <c>emit</c>.</summary>
    /// <inheritdoc cref="Emit(IEventEmitter, string)"/>
    public static void Emit<T1, T2, T3, T4, T5, T6>(
        this IEventEmitter emitter, string eventName, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6) =>
        Checked(emitter).Emit(eventName, new EventArguments<T1, T2, T3, T4, T5, T6>(arg1, arg2, arg3, arg4, arg5, arg6));

    /// <summary>Emits an event with seven arguments. Official: <c>emit</c>.</summary>
    /// <inheritdoc cref="Emit(IEventEmitter, string)"/>
    public static void Emit<T1, T2, T3, T4, T5, T6, T7>(
        this IEventEmitter emitter, string eventName, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6, T7 arg7) =>
        Checked(emitter).Emit(eventName, new EventArguments<T1, T2, T3, T4, T5, T6, T7>(arg1, arg2, arg3, arg4, arg5, arg6, arg7));

    /// <summary>Emits an event with eight arguments. Official: <c>emit</c>.</summary>
    /// <inheritdoc cref="Emit(IEventEmitter, string)"/>
    public static void Emit<T1, T2, T3, T4, T5, T6, T7, T8>(
        this IEventEmitter emitter, string eventName, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6, T7 arg7, T8 arg8) =>
        Checked(emitter).Emit(
            eventName, new EventArguments<T1, T2, T3, T4, T5, T6, T7, T8>(arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8));

    /// <summary>Emits an event with any number of arguments: each item of the list is one.</summary>
    /// <inheritdoc cref="Emit(IEventEmitter, string)"/>
    public static void EmitCore(this IEventEmitter emitter, string eventName, IReadOnlyList<object?> args)
    {
        ArgumentNullException.ThrowIfNull(args);
        Checked(emitter).Emit(eventName, new ArgumentList(args));
    }

    /// <summary>Emits the event <c>message</c> without arguments. Official: <c>send</c>.</summary>
    public static void Send(this IEventEmitter emitter) => Checked(emitter).Emit("message", default(EventArguments));

    /// <summary>Emits the event <c>message</c> with one argument. Official: <c>send</c>.</summary>
    public static void Send<T1>(
        this IEventEmitter emitter, T1 arg1) =>
        Checked(emitter).Emit("message", new EventArguments<T1>(arg1));

    /// <summary>Emits the event <c>message</c> with two arguments. Official: <c>send</c>.</summary>
    public static void Send<T1, T2>(
        this IEventEmitter emitter, T1 arg1, T2 arg2) =>
        Checked(emitter).Emit("message", new EventArguments<T1, T2>(arg1, arg2));

    /// <summary>Emits the event <c>message</c> with three arguments. Official: <c>send</c>.</summary>
    public static void Send<T1, T2, T3>(
        this IEventEmitter emitter, T1 arg1, T2 arg2, T3 arg3) =>
        Checked(emitter).Emit("message", new EventArguments<T1, T2, T3>(arg1, arg2, arg3));

    /// <summary>Emits the event <c>message</c> with four arguments. Official: <c>send</c>.</summary>
    public static void Send<T1, T2, T3, T4>(
        this IEventEmitter emitter, T1 arg1, T2 arg2, T3 arg3, T4 arg4) =>
        Checked(emitter).Emit("message", new EventArguments<T1, T2, T3, T4>(arg1, arg2, arg3, arg4));

    /// <summary>Emits the event <c>message</c> with five arguments. Official: <c>send</c>.</summary>
    public static void Send<T1, T2, T3, T4, T5>(
        this IEventEmitter emitter, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5) =>
        Checked(emitter).Emit("message", new EventArguments<T1, T2, T3, T4, T5>(arg1, arg2, arg3, arg4, arg5));

    /// <summary>Emits the event <c>message</c> with six arguments. Official: <c>send</c>.</summary>
    public static void Send<T1, T2, T3, T4, T5, T6>(
        this IEventEmitter emitter, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6) =>
        Checked(emitter).Emit("message", new EventArguments<T1, T2, T3, T4, T5, T6>(arg1, arg2, arg3, arg4, arg5, arg6));

    /// <summary>Emits the event <c>message</c> with seven arguments. Official: <c>send</c>.</summary>
    public static void Send<T1, T2, T3, T4, T5, T6, T7>(
        this IEventEmitter emitter, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6, T7 arg7) =>
        Checked(emitter).Emit("message", new EventArguments<T1, T2, T3, T4, T5, T6, T7>(arg1, arg2, arg3, arg4, arg5, arg6, arg7));

    /// <summary>Emits the event <c>message</c> with eight arguments. Official: <c>send</c>.</summary>
    public static void Send<T1, T2, T3, T4, T5, T6, T7, T8>(
        this IEventEmitter emitter, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6, T7 arg7, T8 arg8) =>
        Checked(emitter).Emit(
            "message", new EventArguments<T1, T2, T3, T4, T5, T6, T7, T8>(arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8));

    private static IEventEmitter Checked(IEventEmitter emitter)
    {
        ArgumentNullException.ThrowIfNull(emitter);
        return emitter;
    }
}
