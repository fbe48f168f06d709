namespace ActorSocket;

/// <summary>What every <see cref="IAckBroadcaster"/> offers: asking with up to eight arguments, with a result or without one.</summary>
/// <remarks>
/// Arguments are those of <c>Emit</c>. The token is the last parameter of each, and never taken for an argument. What goes wrong is told by
/// the task, as <see cref="IAckBroadcaster.EmitWithAckCoreAsync"/> of the object in question says. A time limit is set before:
/// <c>….Timeout(TimeSpan.FromSeconds(5)).EmitWithAckAsync&lt;int&gt;("question")</c>.
/// </remarks>
public static class AckBroadcasterExtensions
{
    /// <summary>
    /// Emits an event without arguments and waits for the first argument of each acknowledgement, in the order they arrive. Official:
    /// <c>emitWithAck</c>.
    /// </summary>
    /// <typeparam name="T">What each answer is read as; <see cref="SocketArguments"/> for all of its arguments, still encoded.</typeparam>
    /// <param name="emitter">Who is asked.</param>
    /// <param name="eventName">Not a reserved name.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentException">The name is reserved, or an argument is a token or a delegate.</exception>
    /// <exception cref="AckTimeoutException">
    /// Some did not answer within the time limit, or not with a <typeparamref name="T"/>; it has the answers of the others.
    /// </exception>
    public static Task<IReadOnlyList<T?>> EmitWithAckAsync<T>(
        this IAckBroadcaster emitter, string eventName, CancellationToken cancellationToken = default) =>
        Checked(emitter).EmitWithAckCoreAsync<T>(eventName, [], cancellationToken);

    /// <summary>
    /// Emits an event with one argument and waits for the first argument of each acknowledgement, in the order they arrive. Official:
    /// <c>emitWithAck</c>.
    /// </summary>
    /// <inheritdoc cref="EmitWithAckAsync{T}(IAckBroadcaster, string, CancellationToken)"/>
    public static Task<IReadOnlyList<T?>> EmitWithAckAsync<T>(
        this IAckBroadcaster emitter, string eventName, object? arg1, CancellationToken cancellationToken = default) =>
        Checked(emitter).EmitWithAckCoreAsync<T>(eventName, [arg1], cancellationToken);

    /// <summary>
    /// Emits an event with two arguments and waits for the first argument of each acknowledgement, in the order they arrive. Official:
    /// <c>emitWithAck</c>.
    /// </summary>
    /// <inheritdoc cref="EmitWithAckAsync{T}(IAckBroadcaster, string, CancellationToken)"/>
    public static Task<IReadOnlyList<T?>> EmitWithAckAsync<T>(
        this IAckBroadcaster emitter, string eventName, object? arg1, object? arg2, CancellationToken cancellationToken = default) =>
        Checked(emitter).EmitWithAckCoreAsync<T>(eventName, [arg1, arg2], cancellationToken);

    /// <summary>
    /// Emits an event with three arguments and waits for the first argument of each acknowledgement, in the order they arrive. Official:
    /// <c>emitWithAck</c>.
    /// </summary>
    /// <inheritdoc cref="EmitWithAckAsync{T}(IAckBroadcaster, string, CancellationToken)"/>
    public static Task<IReadOnlyList<T?>> EmitWithAckAsync<T>(
        this IAckBroadcaster emitter, string eventName, object? arg1, object? arg2, object? arg3,
        CancellationToken cancellationToken = default) =>
        Checked(emitter).EmitWithAckCoreAsync<T>(eventName, [arg1, arg2, arg3], cancellationToken);

    /// <summary>
    /// Emits an event with four arguments and waits for the first argument of each acknowledgement, in the order they arrive. Official:
    /// <c>emitWithAck</c>.
    /// </summary>
    /// <inheritdoc cref="EmitWithAckAsync{T}(IAckBroadcaster, string, CancellationToken)"/>
    public static Task<IReadOnlyList<T?>> EmitWithAckAsync<T>(
        this IAckBroadcaster emitter, string eventName, object? arg1, object? arg2, object? arg3, object? arg4,
        CancellationToken cancellationToken = default) =>
        Checked(emitter).EmitWithAckCoreAsync<T>(eventName, [arg1, arg2, arg3, arg4], cancellationToken);

    /// <summary>
    /// Emits an event with five arguments and waits for the first argument of each acknowledgement, in the order they arrive. Official:
    /// <c>emitWithAck</c>.
    /// </summary>
    /// <inheritdoc cref="EmitWithAckAsync{T}(IAckBroadcaster, string, CancellationToken)"/>
    public static Task<IReadOnlyList<T?>> EmitWithAckAsync<T>(
        this IAckBroadcaster emitter, string eventName, object? arg1, object? arg2, object? arg3, object? arg4, object? arg5,
        CancellationToken cancellationToken = default) =>
        Checked(emitter).EmitWithAckCoreAsync<T>(eventName, [arg1, arg2, arg3, arg4, arg5], cancellationToken);

    /// <summary>
    /// Emits an event with six arguments and waits for the first argument of each acknowledgement, in the order they arrive. Official:
    /// <c>emitWithAck</c>.
    /// </summary>
    /// <inheritdoc cref="EmitWithAckAsync{T}(IAckBroadcaster, string, CancellationToken)"/>
    public static Task<IReadOnlyList<T?>> EmitWithAckAsync<T>(
        this IAckBroadcaster emitter, string eventName, object? arg1, object? arg2, object? arg3, object? arg4, object? arg5, object? arg6,
        CancellationToken cancellationToken = default) =>
        Checked(emitter).EmitWithAckCoreAsync<T>(eventName, [arg1, arg2, arg3, arg4, arg5, arg6], cancellationToken);

    /// <summary>
    /// Emits an event with seven arguments and waits for the first argument of each acknowledgement, in the order they arrive. Official:
    /// <c>emitWithAck</c>.
    /// </summary>
    /// <inheritdoc cref="EmitWithAckAsync{T}(IAckBroadcaster, string, CancellationToken)"/>
    public static Task<IReadOnlyList<T?>> EmitWithAckAsync<T>(
        this IAckBroadcaster emitter, string eventName, object? arg1, object? arg2, object? arg3, object? arg4, object? arg5, object? arg6,
        object? arg7, CancellationToken cancellationToken = default) =>
        Checked(emitter).EmitWithAckCoreAsync<T>(eventName, [arg1, arg2, arg3, arg4, arg5, arg6, arg7], cancellationToken);

    /// <summary>
    /// Emits an event with eight arguments and waits for the first argument of each acknowledgement, in the order they arrive. Official:
    /// <c>emitWithAck</c>.
    /// </summary>
    /// <inheritdoc cref="EmitWithAckAsync{T}(IAckBroadcaster, string, CancellationToken)"/>
    public static Task<IReadOnlyList<T?>> EmitWithAckAsync<T>(
        this IAckBroadcaster emitter, string eventName, object? arg1, object? arg2, object? arg3, object? arg4, object? arg5, object? arg6,
        object? arg7, object? arg8, CancellationToken cancellationToken = default) =>
        Checked(emitter).EmitWithAckCoreAsync<T>(eventName, [arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8], cancellationToken);

    /// <summary>Emits an event without arguments and waits until all have acknowledged it, whatever they say.</summary>
    /// <param name="emitter">Who is asked.</param>
    /// <param name="eventName">Not a reserved name.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentException">The name is reserved, or an argument is a token or a delegate.</exception>
    /// <exception cref="AckTimeoutException">Some did not answer within the time limit.</exception>
    public static Task EmitWithAckAsync(
        this IAckBroadcaster emitter, string eventName, CancellationToken cancellationToken = default) =>
        Checked(emitter).EmitWithAckCoreAsync<SocketArguments>(eventName, [], cancellationToken);

    /// <summary>Emits an event with one argument and waits until all have acknowledged it, whatever they say.</summary>
    /// <inheritdoc cref="EmitWithAckAsync(IAckBroadcaster, string, CancellationToken)"/>
    public static Task EmitWithAckAsync(
        this IAckBroadcaster emitter, string eventName, object? arg1, CancellationToken cancellationToken = default) =>
        Checked(emitter).EmitWithAckCoreAsync<SocketArguments>(eventName, [arg1], cancellationToken);

    /// <summary>Emits an event with two arguments and waits until all have acknowledged it, whatever they say.</summary>
    /// <inheritdoc cref="EmitWithAckAsync(IAckBroadcaster, string, CancellationToken)"/>
    public static Task EmitWithAckAsync(
        this IAckBroadcaster emitter, string eventName, object? arg1, object? arg2, CancellationToken cancellationToken = default) =>
        Checked(emitter).EmitWithAckCoreAsync<SocketArguments>(eventName, [arg1, arg2], cancellationToken);

    /// <summary>Emits an event with three arguments and waits until all have acknowledged it, whatever they say.</summary>
    /// <inheritdoc cref="EmitWithAckAsync(IAckBroadcaster, string, CancellationToken)"/>
    public static Task EmitWithAckAsync(
        this IAckBroadcaster emitter, string eventName, object? arg1, object? arg2, object? arg3,
        CancellationToken cancellationToken = default) =>
        Checked(emitter).EmitWithAckCoreAsync<SocketArguments>(eventName, [arg1, arg2, arg3], cancellationToken);

    /// <summary>Emits an event with four arguments and waits until all have acknowledged it, whatever they say.</summary>
    /// <inheritdoc cref="EmitWithAckAsync(IAckBroadcaster, string, CancellationToken)"/>
    public static Task EmitWithAckAsync(
        this IAckBroadcaster emitter, string eventName, object? arg1, object? arg2, object? arg3, object? arg4,
        CancellationToken cancellationToken = default) =>
        Checked(emitter).EmitWithAckCoreAsync<SocketArguments>(eventName, [arg1, arg2, arg3, arg4], cancellationToken);

    /// <summary>Emits an event with five arguments and waits until all have acknowledged it, whatever they say.</summary>
    /// <inheritdoc cref="EmitWithAckAsync(IAckBroadcaster, string, CancellationToken)"/>
    public static Task EmitWithAckAsync(
        this IAckBroadcaster emitter, string eventName, object? arg1, object? arg2, object? arg3, object? arg4, object? arg5,
        CancellationToken cancellationToken = default) =>
        Checked(emitter).EmitWithAckCoreAsync<SocketArguments>(eventName, [arg1, arg2, arg3, arg4, arg5], cancellationToken);

    /// <summary>Emits an event with six arguments and waits until all have acknowledged it, whatever they say.</summary>
    /// <inheritdoc cref="EmitWithAckAsync(IAckBroadcaster, string, CancellationToken)"/>
    public static Task EmitWithAckAsync(
        this IAckBroadcaster emitter, string eventName, object? arg1, object? arg2, object? arg3, object? arg4, object? arg5, object? arg6,
        CancellationToken cancellationToken = default) =>
        Checked(emitter).EmitWithAckCoreAsync<SocketArguments>(eventName, [arg1, arg2, arg3, arg4, arg5, arg6], cancellationToken);

    /// <summary>Emits an event with seven arguments and waits until all have acknowledged it, whatever they say.</summary>
    /// <inheritdoc cref="EmitWithAckAsync(IAckBroadcaster, string, CancellationToken)"/>
    public static Task EmitWithAckAsync(
        this IAckBroadcaster emitter, string eventName, object? arg1, object? arg2, object? arg3, object? arg4, object? arg5, object? arg6,
        object? arg7, CancellationToken cancellationToken = default) =>
        Checked(emitter).EmitWithAckCoreAsync<SocketArguments>(eventName, [arg1, arg2, arg3, arg4, arg5, arg6, arg7], cancellationToken);

    /// <summary>Emits an event with eight arguments and waits until all have acknowledged it, whatever they say.</summary>
    /// <inheritdoc cref="EmitWithAckAsync(IAckBroadcaster, string, CancellationToken)"/>
    public static Task EmitWithAckAsync(
        this IAckBroadcaster emitter, string eventName, object? arg1, object? arg2, object? arg3, object? arg4, object? arg5, object? arg6,
        object? arg7, object? arg8, CancellationToken cancellationToken = default) =>
        Checked(emitter).EmitWithAckCoreAsync<SocketArguments>(
            eventName, [arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8], cancellationToken);

    /// <summary>Emits an event with any number of arguments and waits until all have acknowledged it, whatever they say.</summary>
    /// <inheritdoc cref="EmitWithAckAsync(IAckBroadcaster, string, CancellationToken)"/>
    public static Task EmitWithAckCoreAsync(
        this IAckBroadcaster emitter, string eventName, IReadOnlyList<object?> args, CancellationToken cancellationToken = default) =>
        Checked(emitter).EmitWithAckCoreAsync<SocketArguments>(eventName, args, cancellationToken);

    private static IAckBroadcaster Checked(IAckBroadcaster emitter)
    {
        ArgumentNullException.ThrowIfNull(emitter);
        return emitter;
    }
}
