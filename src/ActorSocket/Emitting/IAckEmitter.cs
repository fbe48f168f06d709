namespace ActorSocket;

/// <summary>One who can be asked: a client, whose acknowledgement is the answer. The convenient overloads are extension methods.</summary>
public interface IAckEmitter : IEventEmitter
{
    /// <summary>Emits an event with any number of arguments and waits for the first argument of the acknowledgement.</summary>
    /// <typeparam name="T">What the answer is read as; <see cref="SocketArguments"/> for all of its arguments, still encoded.</typeparam>
    /// <param name="eventName">Not a reserved name.</param>
    /// <param name="args">The event's arguments: each item of the list is one.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentException">The name is reserved, or an argument is a token or a delegate.</exception>
    /// <exception cref="AckTimeoutException">There was no answer within the time limit.</exception>
    Task<T?> EmitWithAckCoreAsync<T>(string eventName, IReadOnlyList<object?> args, CancellationToken cancellationToken = default);
}
