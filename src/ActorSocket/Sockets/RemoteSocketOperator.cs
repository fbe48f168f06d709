namespace ActorSocket;

/// <summary>One socket of any node, with a time limit for its answer.</summary>
public sealed class RemoteSocketOperator
{
    private readonly BroadcastOperator _socket;

    internal RemoteSocketOperator(BroadcastOperator socket) => _socket = socket;

    /// <summary>Asks the client and waits for the first argument of its acknowledgement.</summary>
    /// <exception cref="TimeoutException">It did not answer in time.</exception>
    /// <exception cref="InvalidOperationException">It is not connected any more.</exception>
    public Task<T?> EmitWithAckAsync<T>(string eventName, params object?[] args) => EmitWithAckAsync<T>(eventName, args, CancellationToken.None);

    /// <inheritdoc cref="EmitWithAckAsync{T}(string, object?[])"/>
    public Task<T?> EmitWithAckAsync<T>(string eventName, CancellationToken cancellationToken) => EmitWithAckAsync<T>(eventName, [], cancellationToken);

    /// <inheritdoc cref="EmitWithAckAsync{T}(string, object?[])"/>
    public Task<T?> EmitWithAckAsync<T>(string eventName, object? arg1, CancellationToken cancellationToken) => EmitWithAckAsync<T>(eventName, [arg1], cancellationToken);

    /// <inheritdoc cref="EmitWithAckAsync{T}(string, object?[])"/>
    public Task<T?> EmitWithAckAsync<T>(string eventName, object? arg1, object? arg2, CancellationToken cancellationToken) =>
        EmitWithAckAsync<T>(eventName, [arg1, arg2], cancellationToken);

    /// <inheritdoc cref="EmitWithAckAsync{T}(string, object?[])"/>
    public Task<T?> EmitWithAckAsync<T>(string eventName, object? arg1, object? arg2, object? arg3, CancellationToken cancellationToken) =>
        EmitWithAckAsync<T>(eventName, [arg1, arg2, arg3], cancellationToken);

    /// <inheritdoc cref="EmitWithAckAsync{T}(string, object?[])"/>
    public async Task<T?> EmitWithAckAsync<T>(string eventName, object?[] args, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(args);
        var answers = await _socket.AskAsync<T>(eventName, args, cancellationToken).ConfigureAwait(false);
        return answers.Count > 0 ? answers[0] : throw new InvalidOperationException("The socket is not connected any more.");
    }
}
