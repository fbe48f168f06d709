namespace ActorSocket;

/// <summary>
/// Several who can be asked together, each of whom answers: the clients of a selection, the other nodes. The convenient overloads are
/// extension methods.
/// </summary>
public interface IAckBroadcaster : IEventEmitter
{
    /// <summary>
    /// Emits an event with any number of arguments and waits for the first argument of each acknowledgement, in the order they arrive.
    /// </summary>
    /// <typeparam name="T">What each answer is read as; <see cref="SocketArguments"/> for all of its arguments, still encoded.</typeparam>
    /// <param name="eventName">Not a reserved name.</param>
    /// <param name="args">The event's arguments: each item of the list is one.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentException">The name is reserved, or an argument is a token or a delegate.</exception>
    /// <exception cref="AckTimeoutException">
    /// Some did not answer within the time limit, or not with a <typeparamref name="T"/>; it has the answers of the others.
    /// </exception>
    Task<IReadOnlyList<T?>> EmitWithAckCoreAsync<T>(
        string eventName, IReadOnlyList<object?> args, CancellationToken cancellationToken = default);
}
