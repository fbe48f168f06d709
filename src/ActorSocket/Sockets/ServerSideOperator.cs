using ActorSocket.Emitting;
using ActorSocket.Sockets;

namespace ActorSocket;

/// <summary>
/// The other nodes of the cluster, in one namespace, whose handlers of <see cref="Namespace.OnServerEvent"/> hear what is emitted here.
/// Clients do not see it. Official: <c>serverSideEmit</c> and <c>serverSideEmitWithAck</c>.
/// </summary>
/// <remarks>
/// Any thread. Immutable. This node raises nothing on itself; without other nodes an event goes nowhere, and a question is answered at once
/// with an empty list. Arguments and answers travel as JSON, binary as base64 text that is bytes again for a <c>byte[]</c>.
/// </remarks>
public sealed class ServerSideOperator : IAckBroadcaster
{
    private readonly ServerEvents _events;
    private readonly TimeSpan? _timeout;
    private readonly bool _isOwn;

    internal ServerSideOperator(ServerEvents events, TimeSpan? timeout = null, bool isOwn = false) =>
        (_events, _timeout, _isOwn) = (events, timeout, isOwn);

    /// <summary>For what the library's own parts tell each other: it is not traced.</summary>
    internal ServerSideOperator Own => new(_events, _timeout, isOwn: true);

    /// <summary>How long <c>EmitWithAckAsync</c> waits for the other nodes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative, or more than 24 days.</exception>
    public ServerSideOperator Timeout(TimeSpan timeout) => new(_events, EmitFlags.None.Within(timeout).Timeout, _isOwn);

    /// <summary>
    /// Raises an event on every other node, in the namespace of this name. Fire and forget. Official: <c>serverSideEmit</c>.
    /// </summary>
    /// <param name="eventName">Any text but <c>connect</c>, <c>connection</c> and <c>new_namespace</c>.</param>
    /// <param name="args">The event's arguments.</param>
    /// <exception cref="ArgumentException">The name is reserved, or an argument is a token or a delegate.</exception>
    /// <exception cref="NotSupportedException">The namespace is a template of dynamic ones.</exception>
    public void Emit<TArgs>(string eventName, in TArgs args)
        where TArgs : struct, IEventArguments => _events.Emit(eventName, args, _isOwn);

    /// <summary>
    /// Likewise, and waits for the answer of each other node that has this namespace: what its handler of
    /// <see cref="Namespace.OnServerEvent"/> returned, or gave to its <see cref="Ack"/>. Without such nodes an empty list at once.
    /// Official: <c>serverSideEmitWithAck</c>.
    /// </summary>
    /// <typeparam name="T">What each answer is read as; <see cref="SocketArguments"/> for all of its arguments, still encoded.</typeparam>
    /// <param name="eventName">Any text but <c>connect</c>, <c>connection</c> and <c>new_namespace</c>.</param>
    /// <param name="args">The event's arguments: each item of the list is one.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentException">The name is reserved, or an argument is a token or a delegate.</exception>
    /// <exception cref="AckTimeoutException">
    /// Some nodes did not answer within the limit (<see cref="Timeout"/>, or <c>ActorSocketClusterOptions.RequestTimeout</c>), or are out
    /// of reach; it has the answers of the others.
    /// </exception>
    /// <exception cref="NotSupportedException">The namespace is a template of dynamic ones.</exception>
    public Task<IReadOnlyList<T?>> EmitWithAckCoreAsync<T>(
        string eventName, IReadOnlyList<object?> args, CancellationToken cancellationToken = default) =>
        _events.AskAsync<T>(eventName, args, _timeout, cancellationToken, _isOwn);
}
