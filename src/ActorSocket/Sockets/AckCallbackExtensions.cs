using ActorSocket.Configuration;
using ActorSocket.Emitting;
using ActorSocket.Sockets;

namespace ActorSocket;

/// <summary>
/// Emits with a callback for the client's acknowledgement, as in Node.js: nothing waits for it, so the client's later events are handled
/// meanwhile, which an <c>await</c> of <see cref="AckEmitterExtensions.EmitWithAckAsync{T}(IAckEmitter, string, CancellationToken)"/> in a
/// handler holds back.
/// </summary>
/// <remarks>
/// The callback follows at most three arguments. Who has more awaits <c>EmitWithAckAsync</c>, which takes eight, or
/// <c>EmitWithAckCoreAsync</c>, which takes a list; so that nothing is held back, in a method of its own whose task is not awaited.
///
/// The answer is read as what the lambda's parameter is typed with, the first argument of the acknowledgement; without a type, or as
/// <see cref="SocketArguments"/>, it is all of them. The callback runs as soon as the answer is there, also while a handler waits; what it
/// throws is logged and raised on <see cref="Socket.OnError(Func{Exception, Task})"/>.
/// </remarks>
public static class AckCallbackExtensions
{
    /// <summary>
    /// Emits an event and calls back with the client's answer. A client that leaves before it answers is no error: then it is never called
    /// (official: <c>socket.emit(event, callback)</c>). For a time limit see <see cref="Socket.Timeout"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The name is reserved, or the callback is <c>async void</c>.</exception>
    /// <exception cref="InvalidOperationException">The middleware has not let the client in yet.</exception>
    public static void Emit<TAnswer>(this Socket socket, string eventName, Func<TAnswer, Task> answered) =>
        Ask(socket, eventName, default(EventArguments), answered);

    /// <inheritdoc cref="Emit{TAnswer}(Socket, string, Func{TAnswer, Task})"/>
    public static void Emit<TAnswer>(this Socket socket, string eventName, Action<TAnswer> answered) =>
        Ask(socket, eventName, default(EventArguments), Callback.From(answered));

    /// <inheritdoc cref="Emit{TAnswer}(Socket, string, Func{TAnswer, Task})"/>
    public static void Emit(this Socket socket, string eventName, Func<SocketArguments, Task> answered) =>
        Ask(socket, eventName, default(EventArguments), answered);

    /// <inheritdoc cref="Emit{TAnswer}(Socket, string, Func{TAnswer, Task})"/>
    public static void Emit(this Socket socket, string eventName, Action<SocketArguments> answered) =>
        Ask(socket, eventName, default(EventArguments), Callback.From(answered));

    /// <inheritdoc cref="Emit{TAnswer}(Socket, string, Func{TAnswer, Task})"/>
    public static void Emit<T1, TAnswer>(this Socket socket, string eventName, T1 arg1, Func<TAnswer, Task> answered) =>
        Ask(socket, eventName, new EventArguments<T1>(arg1), answered);

    /// <inheritdoc cref="Emit{TAnswer}(Socket, string, Func{TAnswer, Task})"/>
    public static void Emit<T1, TAnswer>(this Socket socket, string eventName, T1 arg1, Action<TAnswer> answered) =>
        Ask(socket, eventName, new EventArguments<T1>(arg1), Callback.From(answered));

    /// <inheritdoc cref="Emit{TAnswer}(Socket, string, Func{TAnswer, Task})"/>
    public static void Emit<T1>(this Socket socket, string eventName, T1 arg1, Func<SocketArguments, Task> answered) =>
        Ask(socket, eventName, new EventArguments<T1>(arg1), answered);

    /// <inheritdoc cref="Emit{TAnswer}(Socket, string, Func{TAnswer, Task})"/>
    public static void Emit<T1>(this Socket socket, string eventName, T1 arg1, Action<SocketArguments> answered) =>
        Ask(socket, eventName, new EventArguments<T1>(arg1), Callback.From(answered));

    /// <inheritdoc cref="Emit{TAnswer}(Socket, string, Func{TAnswer, Task})"/>
    public static void Emit<T1, T2, TAnswer>(this Socket socket, string eventName, T1 arg1, T2 arg2, Func<TAnswer, Task> answered) =>
        Ask(socket, eventName, new EventArguments<T1, T2>(arg1, arg2), answered);

    /// <inheritdoc cref="Emit{TAnswer}(Socket, string, Func{TAnswer, Task})"/>
    public static void Emit<T1, T2, TAnswer>(this Socket socket, string eventName, T1 arg1, T2 arg2, Action<TAnswer> answered) =>
        Ask(socket, eventName, new EventArguments<T1, T2>(arg1, arg2), Callback.From(answered));

    /// <inheritdoc cref="Emit{TAnswer}(Socket, string, Func{TAnswer, Task})"/>
    public static void Emit<T1, T2>(this Socket socket, string eventName, T1 arg1, T2 arg2, Func<SocketArguments, Task> answered) =>
        Ask(socket, eventName, new EventArguments<T1, T2>(arg1, arg2), answered);

    /// <inheritdoc cref="Emit{TAnswer}(Socket, string, Func{TAnswer, Task})"/>
    public static void Emit<T1, T2>(this Socket socket, string eventName, T1 arg1, T2 arg2, Action<SocketArguments> answered) =>
        Ask(socket, eventName, new EventArguments<T1, T2>(arg1, arg2), Callback.From(answered));

    /// <inheritdoc cref="Emit{TAnswer}(Socket, string, Func{TAnswer, Task})"/>
    public static void Emit<T1, T2, T3, TAnswer>(
        this Socket socket,
        string eventName,
        T1 arg1,
        T2 arg2,
        T3 arg3,
        Func<TAnswer, Task> answered
    ) => Ask(socket, eventName, new EventArguments<T1, T2, T3>(arg1, arg2, arg3), answered);

    /// <inheritdoc cref="Emit{TAnswer}(Socket, string, Func{TAnswer, Task})"/>
    public static void Emit<T1, T2, T3, TAnswer>(
        this Socket socket,
        string eventName,
        T1 arg1,
        T2 arg2,
        T3 arg3,
        Action<TAnswer> answered
    ) => Ask(socket, eventName, new EventArguments<T1, T2, T3>(arg1, arg2, arg3), Callback.From(answered));

    /// <inheritdoc cref="Emit{TAnswer}(Socket, string, Func{TAnswer, Task})"/>
    public static void Emit<T1, T2, T3>(
        this Socket socket,
        string eventName,
        T1 arg1,
        T2 arg2,
        T3 arg3,
        Func<SocketArguments, Task> answered
    ) => Ask(socket, eventName, new EventArguments<T1, T2, T3>(arg1, arg2, arg3), answered);

    /// <inheritdoc cref="Emit{TAnswer}(Socket, string, Func{TAnswer, Task})"/>
    public static void Emit<T1, T2, T3>(
        this Socket socket,
        string eventName,
        T1 arg1,
        T2 arg2,
        T3 arg3,
        Action<SocketArguments> answered
    ) => Ask(socket, eventName, new EventArguments<T1, T2, T3>(arg1, arg2, arg3), Callback.From(answered));

    /// <summary>
    /// Emits an event and calls back once: with the client's answer, or with what came instead, an <see cref="AckTimeoutException"/>, a
    /// <see cref="SocketDisconnectedException"/> or that the answer cannot be read (official:
    /// <c>socket.timeout(ms).emit(event, (err, answer) => …)</c>).
    /// </summary>
    /// <exception cref="ArgumentException">The name is reserved, or the callback is <c>async void</c>.</exception>
    /// <exception cref="InvalidOperationException">The middleware has not let the client in yet.</exception>
    public static void Emit<TAnswer>(this SocketOperator socket, string eventName, Func<Exception?, TAnswer, Task> answered) =>
        Ask(socket, eventName, default(EventArguments), answered);

    /// <inheritdoc cref="Emit{TAnswer}(SocketOperator, string, Func{Exception, TAnswer, Task})"/>
    public static void Emit<TAnswer>(this SocketOperator socket, string eventName, Action<Exception?, TAnswer> answered) =>
        Ask(socket, eventName, default(EventArguments), Callback.From(answered));

    /// <inheritdoc cref="Emit{TAnswer}(SocketOperator, string, Func{Exception, TAnswer, Task})"/>
    public static void Emit(this SocketOperator socket, string eventName, Func<Exception?, SocketArguments?, Task> answered) =>
        Ask(socket, eventName, default(EventArguments), answered);

    /// <inheritdoc cref="Emit{TAnswer}(SocketOperator, string, Func{Exception, TAnswer, Task})"/>
    public static void Emit(this SocketOperator socket, string eventName, Action<Exception?, SocketArguments?> answered) =>
        Ask(socket, eventName, default(EventArguments), Callback.From(answered));

    /// <inheritdoc cref="Emit{TAnswer}(SocketOperator, string, Func{Exception, TAnswer, Task})"/>
    public static void Emit<T1, TAnswer>(this SocketOperator socket, string eventName, T1 arg1, Func<Exception?, TAnswer, Task> answered) =>
        Ask(socket, eventName, new EventArguments<T1>(arg1), answered);

    /// <inheritdoc cref="Emit{TAnswer}(SocketOperator, string, Func{Exception, TAnswer, Task})"/>
    public static void Emit<T1, TAnswer>(this SocketOperator socket, string eventName, T1 arg1, Action<Exception?, TAnswer> answered) =>
        Ask(socket, eventName, new EventArguments<T1>(arg1), Callback.From(answered));

    /// <inheritdoc cref="Emit{TAnswer}(SocketOperator, string, Func{Exception, TAnswer, Task})"/>
    public static void Emit<T1>(this SocketOperator socket, string eventName, T1 arg1, Func<Exception?, SocketArguments?, Task> answered) =>
        Ask(socket, eventName, new EventArguments<T1>(arg1), answered);

    /// <inheritdoc cref="Emit{TAnswer}(SocketOperator, string, Func{Exception, TAnswer, Task})"/>
    public static void Emit<T1>(this SocketOperator socket, string eventName, T1 arg1, Action<Exception?, SocketArguments?> answered) =>
        Ask(socket, eventName, new EventArguments<T1>(arg1), Callback.From(answered));

    /// <inheritdoc cref="Emit{TAnswer}(SocketOperator, string, Func{Exception, TAnswer, Task})"/>
    public static void Emit<T1, T2, TAnswer>(
        this SocketOperator socket,
        string eventName,
        T1 arg1,
        T2 arg2,
        Func<Exception?, TAnswer, Task> answered
    ) => Ask(socket, eventName, new EventArguments<T1, T2>(arg1, arg2), answered);

    /// <inheritdoc cref="Emit{TAnswer}(SocketOperator, string, Func{Exception, TAnswer, Task})"/>
    public static void Emit<T1, T2, TAnswer>(
        this SocketOperator socket,
        string eventName,
        T1 arg1,
        T2 arg2,
        Action<Exception?, TAnswer> answered
    ) => Ask(socket, eventName, new EventArguments<T1, T2>(arg1, arg2), Callback.From(answered));

    /// <inheritdoc cref="Emit{TAnswer}(SocketOperator, string, Func{Exception, TAnswer, Task})"/>
    public static void Emit<T1, T2>(
        this SocketOperator socket,
        string eventName,
        T1 arg1,
        T2 arg2,
        Func<Exception?, SocketArguments?, Task> answered
    ) => Ask(socket, eventName, new EventArguments<T1, T2>(arg1, arg2), answered);

    /// <inheritdoc cref="Emit{TAnswer}(SocketOperator, string, Func{Exception, TAnswer, Task})"/>
    public static void Emit<T1, T2>(
        this SocketOperator socket,
        string eventName,
        T1 arg1,
        T2 arg2,
        Action<Exception?, SocketArguments?> answered
    ) => Ask(socket, eventName, new EventArguments<T1, T2>(arg1, arg2), Callback.From(answered));

    /// <inheritdoc cref="Emit{TAnswer}(SocketOperator, string, Func{Exception, TAnswer, Task})"/>
    public static void Emit<T1, T2, T3, TAnswer>(
        this SocketOperator socket,
        string eventName,
        T1 arg1,
        T2 arg2,
        T3 arg3,
        Func<Exception?, TAnswer, Task> answered
    ) => Ask(socket, eventName, new EventArguments<T1, T2, T3>(arg1, arg2, arg3), answered);

    /// <inheritdoc cref="Emit{TAnswer}(SocketOperator, string, Func{Exception, TAnswer, Task})"/>
    public static void Emit<T1, T2, T3, TAnswer>(
        this SocketOperator socket,
        string eventName,
        T1 arg1,
        T2 arg2,
        T3 arg3,
        Action<Exception?, TAnswer> answered
    ) => Ask(socket, eventName, new EventArguments<T1, T2, T3>(arg1, arg2, arg3), Callback.From(answered));

    /// <inheritdoc cref="Emit{TAnswer}(SocketOperator, string, Func{Exception, TAnswer, Task})"/>
    public static void Emit<T1, T2, T3>(
        this SocketOperator socket,
        string eventName,
        T1 arg1,
        T2 arg2,
        T3 arg3,
        Func<Exception?, SocketArguments?, Task> answered
    ) => Ask(socket, eventName, new EventArguments<T1, T2, T3>(arg1, arg2, arg3), answered);

    /// <inheritdoc cref="Emit{TAnswer}(SocketOperator, string, Func{Exception, TAnswer, Task})"/>
    public static void Emit<T1, T2, T3>(
        this SocketOperator socket,
        string eventName,
        T1 arg1,
        T2 arg2,
        T3 arg3,
        Action<Exception?, SocketArguments?> answered
    ) => Ask(socket, eventName, new EventArguments<T1, T2, T3>(arg1, arg2, arg3), Callback.From(answered));

    private static void Ask<TArgs, T>(Socket socket, string eventName, in TArgs args, Func<T, Task> answered)
        where TArgs : struct, IEventArguments
    {
        ArgumentNullException.ThrowIfNull(socket);
        ArgumentNullException.ThrowIfNull(answered);
        new SocketOperator(socket, EmitFlags.None).Ask(
            eventName,
            args,
            new AckCallback<T>(socket, (error, answer) => error is null ? answered(answer!) : Task.CompletedTask, isTold: false)
        );
    }

    private static void Ask<TArgs, T>(SocketOperator socket, string eventName, in TArgs args, Func<Exception?, T, Task> answered)
        where TArgs : struct, IEventArguments
    {
        ArgumentNullException.ThrowIfNull(socket);
        ArgumentNullException.ThrowIfNull(answered);
        socket.Ask(eventName, args, new AckCallback<T>(socket.Socket, (error, answer) => answered(error, answer!), isTold: true));
    }
}
