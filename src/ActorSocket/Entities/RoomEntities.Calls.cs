namespace ActorSocket;

// Calls with up to eight arguments; those with any number stand beside what they all lead to.
public sealed partial class RoomEntities<TEntity>
{
    /// <summary>Calls a method of the entity without arguments and waits for what it returns.</summary>
    /// <param name="id">Which entity. It is started if it is not there.</param>
    /// <param name="method">The name of one of its <see cref="EventAttribute"/> methods.</param>
    /// <param name="cancellationToken">Ends the wait; the call may still be carried out.</param>
    /// <exception cref="EntityCallException">
    /// The entity could not start, or there are too many; the method threw, or there is none of that name; or what it returned is too long.
    /// </exception>
    /// <exception cref="TimeoutException">No answer within the limit: its node may have gone, or the method takes too long.</exception>
    public Task<T?> InvokeAsync<T>(
        string id, string method, CancellationToken cancellationToken = default) =>
        InvokeCoreAsync<T>(id, method, [], cancellationToken);

    /// <summary>Calls a method of the entity with one argument and waits for what it returns.</summary>
    /// <inheritdoc cref="InvokeAsync{T}(string, string, CancellationToken)"/>
    public Task<T?> InvokeAsync<T>(
        string id, string method, object? arg1, CancellationToken cancellationToken = default) =>
        InvokeCoreAsync<T>(id, method, [arg1], cancellationToken);

    /// <summary>Calls a method of the entity with two arguments and waits for what it returns.</summary>
    /// <inheritdoc cref="InvokeAsync{T}(string, string, CancellationToken)"/>
    public Task<T?> InvokeAsync<T>(
        string id, string method, object? arg1, object? arg2, CancellationToken cancellationToken = default) =>
        InvokeCoreAsync<T>(id, method, [arg1, arg2], cancellationToken);

    /// <summary>Calls a method of the entity with three arguments and waits for what it returns.</summary>
    /// <inheritdoc cref="InvokeAsync{T}(string, string, CancellationToken)"/>
    public Task<T?> InvokeAsync<T>(
        string id, string method, object? arg1, object? arg2, object? arg3, CancellationToken cancellationToken = default) =>
        InvokeCoreAsync<T>(id, method, [arg1, arg2, arg3], cancellationToken);

    /// <summary>Calls a method of the entity with four arguments and waits for what it returns.</summary>
    /// <inheritdoc cref="InvokeAsync{T}(string, string, CancellationToken)"/>
    public Task<T?> InvokeAsync<T>(
        string id, string method, object? arg1, object? arg2, object? arg3, object? arg4, CancellationToken cancellationToken = default) =>
        InvokeCoreAsync<T>(id, method, [arg1, arg2, arg3, arg4], cancellationToken);

    /// <summary>Calls a method of the entity with five arguments and waits for what it returns.</summary>
    /// <inheritdoc cref="InvokeAsync{T}(string, string, CancellationToken)"/>
    public Task<T?> InvokeAsync<T>(
        string id, string method, object? arg1, object? arg2, object? arg3, object? arg4, object? arg5,
        CancellationToken cancellationToken = default) =>
        InvokeCoreAsync<T>(id, method, [arg1, arg2, arg3, arg4, arg5], cancellationToken);

    /// <summary>Calls a method of the entity with six arguments and waits for what it returns.</summary>
    /// <inheritdoc cref="InvokeAsync{T}(string, string, CancellationToken)"/>
    public Task<T?> InvokeAsync<T>(
        string id, string method, object? arg1, object? arg2, object? arg3, object? arg4, object? arg5, object? arg6,
        CancellationToken cancellationToken = default) =>
        InvokeCoreAsync<T>(id, method, [arg1, arg2, arg3, arg4, arg5, arg6], cancellationToken);

    /// <summary>Calls a method of the entity with seven arguments and waits for what it returns.</summary>
    /// <inheritdoc cref="InvokeAsync{T}(string, string, CancellationToken)"/>
    public Task<T?> InvokeAsync<T>(
        string id, string method, object? arg1, object? arg2, object? arg3, object? arg4, object? arg5, object? arg6, object? arg7,
        CancellationToken cancellationToken = default) =>
        InvokeCoreAsync<T>(id, method, [arg1, arg2, arg3, arg4, arg5, arg6, arg7], cancellationToken);

    /// <summary>Calls a method of the entity with eight arguments and waits for what it returns.</summary>
    /// <inheritdoc cref="InvokeAsync{T}(string, string, CancellationToken)"/>
    public Task<T?> InvokeAsync<T>(
        string id, string method, object? arg1, object? arg2, object? arg3, object? arg4, object? arg5, object? arg6, object? arg7,
        object? arg8, CancellationToken cancellationToken = default) =>
        InvokeCoreAsync<T>(id, method, [arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8], cancellationToken);

    /// <summary>Calls a method of the entity without arguments and waits until it is done, whatever it returns.</summary>
    /// <inheritdoc cref="InvokeAsync{T}(string, string, CancellationToken)"/>
    public Task InvokeAsync(
        string id, string method, CancellationToken cancellationToken = default) =>
        InvokeCoreAsync(id, method, [], cancellationToken);

    /// <summary>Calls a method of the entity with one argument and waits until it is done, whatever it returns.</summary>
    /// <inheritdoc cref="InvokeAsync{T}(string, string, CancellationToken)"/>
    public Task InvokeAsync(
        string id, string method, object? arg1, CancellationToken cancellationToken = default) =>
        InvokeCoreAsync(id, method, [arg1], cancellationToken);

    /// <summary>Calls a method of the entity with two arguments and waits until it is done, whatever it returns.</summary>
    /// <inheritdoc cref="InvokeAsync{T}(string, string, CancellationToken)"/>
    public Task InvokeAsync(
        string id, string method, object? arg1, object? arg2, CancellationToken cancellationToken = default) =>
        InvokeCoreAsync(id, method, [arg1, arg2], cancellationToken);

    /// <summary>Calls a method of the entity with three arguments and waits until it is done, whatever it returns.</summary>
    /// <inheritdoc cref="InvokeAsync{T}(string, string, CancellationToken)"/>
    public Task InvokeAsync(
        string id, string method, object? arg1, object? arg2, object? arg3, CancellationToken cancellationToken = default) =>
        InvokeCoreAsync(id, method, [arg1, arg2, arg3], cancellationToken);

    /// <summary>Calls a method of the entity with four arguments and waits until it is done, whatever it returns.</summary>
    /// <inheritdoc cref="InvokeAsync{T}(string, string, CancellationToken)"/>
    public Task InvokeAsync(
        string id, string method, object? arg1, object? arg2, object? arg3, object? arg4, CancellationToken cancellationToken = default) =>
        InvokeCoreAsync(id, method, [arg1, arg2, arg3, arg4], cancellationToken);

    /// <summary>Calls a method of the entity with five arguments and waits until it is done, whatever it returns.</summary>
    /// <inheritdoc cref="InvokeAsync{T}(string, string, CancellationToken)"/>
    public Task InvokeAsync(
        string id, string method, object? arg1, object? arg2, object? arg3, object? arg4, object? arg5,
        CancellationToken cancellationToken = default) =>
        InvokeCoreAsync(id, method, [arg1, arg2, arg3, arg4, arg5], cancellationToken);

    /// <summary>Calls a method of the entity with six arguments and waits until it is done, whatever it returns.</summary>
    /// <inheritdoc cref="InvokeAsync{T}(string, string, CancellationToken)"/>
    public Task InvokeAsync(
        string id, string method, object? arg1, object? arg2, object? arg3, object? arg4, object? arg5, object? arg6,
        CancellationToken cancellationToken = default) =>
        InvokeCoreAsync(id, method, [arg1, arg2, arg3, arg4, arg5, arg6], cancellationToken);

    /// <summary>Calls a method of the entity with seven arguments and waits until it is done, whatever it returns.</summary>
    /// <inheritdoc cref="InvokeAsync{T}(string, string, CancellationToken)"/>
    public Task InvokeAsync(
        string id, string method, object? arg1, object? arg2, object? arg3, object? arg4, object? arg5, object? arg6, object? arg7,
        CancellationToken cancellationToken = default) =>
        InvokeCoreAsync(id, method, [arg1, arg2, arg3, arg4, arg5, arg6, arg7], cancellationToken);

    /// <summary>Calls a method of the entity with eight arguments and waits until it is done, whatever it returns.</summary>
    /// <inheritdoc cref="InvokeAsync{T}(string, string, CancellationToken)"/>
    public Task InvokeAsync(
        string id, string method, object? arg1, object? arg2, object? arg3, object? arg4, object? arg5, object? arg6, object? arg7,
        object? arg8, CancellationToken cancellationToken = default) =>
        InvokeCoreAsync(id, method, [arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8], cancellationToken);

    /// <summary>Calls a method of the entity without arguments without waiting for it. The call is lost when its node is.</summary>
    /// <param name="id">Which entity. It is started if it is not there.</param>
    /// <param name="method">The name of one of its <see cref="EventAttribute"/> methods.</param>
    /// <exception cref="ArgumentException">An argument is a token or a delegate, or they are too long.</exception>
    public void Send(string id, string method) =>
        SendCore(id, method, []);

    /// <summary>Calls a method of the entity with one argument without waiting for it. The call is lost when its node is.</summary>
    /// <inheritdoc cref="Send(string, string)"/>
    public void Send(string id, string method, object? arg1) =>
        SendCore(id, method, [arg1]);

    /// <summary>Calls a method of the entity with two arguments without waiting for it. The call is lost when its node is.</summary>
    /// <inheritdoc cref="Send(string, string)"/>
    public void Send(string id, string method, object? arg1, object? arg2) =>
        SendCore(id, method, [arg1, arg2]);

    /// <summary>Calls a method of the entity with three arguments without waiting for it. The call is lost when its node is.</summary>
    /// <inheritdoc cref="Send(string, string)"/>
    public void Send(string id, string method, object? arg1, object? arg2, object? arg3) =>
        SendCore(id, method, [arg1, arg2, arg3]);

    /// <summary>Calls a method of the entity with four arguments without waiting for it. The call is lost when its node is.</summary>
    /// <inheritdoc cref="Send(string, string)"/>
    public void Send(string id, string method, object? arg1, object? arg2, object? arg3, object? arg4) =>
        SendCore(id, method, [arg1, arg2, arg3, arg4]);

    /// <summary>Calls a method of the entity with five arguments without waiting for it. The call is lost when its node is.</summary>
    /// <inheritdoc cref="Send(string, string)"/>
    public void Send(string id, string method, object? arg1, object? arg2, object? arg3, object? arg4, object? arg5) =>
        SendCore(id, method, [arg1, arg2, arg3, arg4, arg5]);

    /// <summary>Calls a method of the entity with six arguments without waiting for it. The call is lost when its node is.</summary>
    /// <inheritdoc cref="Send(string, string)"/>
    public void Send(string id, string method, object? arg1, object? arg2, object? arg3, object? arg4, object? arg5, object? arg6) =>
        SendCore(id, method, [arg1, arg2, arg3, arg4, arg5, arg6]);

    /// <summary>Calls a method of the entity with seven arguments without waiting for it. The call is lost when its node is.</summary>
    /// <inheritdoc cref="Send(string, string)"/>
    public void Send(
        string id, string method, object? arg1, object? arg2, object? arg3, object? arg4, object? arg5, object? arg6, object? arg7) =>
        SendCore(id, method, [arg1, arg2, arg3, arg4, arg5, arg6, arg7]);

    /// <summary>Calls a method of the entity with eight arguments without waiting for it. The call is lost when its node is.</summary>
    /// <inheritdoc cref="Send(string, string)"/>
    public void Send(
        string id, string method, object? arg1, object? arg2, object? arg3, object? arg4, object? arg5, object? arg6, object? arg7,
        object? arg8) =>
        SendCore(id, method, [arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8]);
}
