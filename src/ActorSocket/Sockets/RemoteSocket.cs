using ActorSocket.Data;
using ActorSocket.Sockets;

namespace ActorSocket;

/// <summary>
/// A socket as <c>FetchSocketsAsync</c> found it, on whichever node: copies of its facts, and a way to act on it (official:
/// <c>RemoteSocket</c>).
/// </summary>
public sealed class RemoteSocket : IAckEmitter
{
    private readonly Namespace _namespace;
    private readonly SocketData _data;

    internal RemoteSocket(Namespace ns, SocketDetails facts)
    {
        _namespace = ns;
        Id = facts.Id;
        Handshake = new Handshake(facts.Request, facts.Auth, ns.Services.Server.Json.Options);
        Rooms = facts.Rooms;
        _data = facts.Data;
    }

    /// <inheritdoc cref="Socket.Id"/>
    public string Id { get; }

    /// <summary>The facts of its request. The user of one that is connected to another node is not known here.</summary>
    public Handshake Handshake { get; }

    /// <summary>The rooms it was in.</summary>
    public IReadOnlyCollection<string> Rooms { get; }

    /// <summary>
    /// A copy of its data; changing it has no effect on the socket. Values of a socket of another node have travelled, as
    /// <see cref="Socket.Data"/> says: simple ones are what they were, others are <see cref="System.Text.Json.JsonElement"/>s, and one that
    /// cannot travel, such as a delegate, is missing.
    /// </summary>
    public IReadOnlyDictionary<string, object?> Data => _data;

    /// <inheritdoc cref="Socket.GetData"/>
    public T? GetData<T>(string key) => _data.Get<T>(key, _namespace.Services.Server.Json);

    /// <inheritdoc cref="Socket.TryGetData"/>
    public bool TryGetData<T>(string key, out T? value) => _data.TryGet(key, _namespace.Services.Server.Json, out value, out _);

    /// <inheritdoc/>
    public void Emit<TArgs>(string eventName, in TArgs args)
        where TArgs : struct, IEventArguments => Itself.Emit(eventName, args);

    /// <summary>
    /// How long the next <c>EmitWithAckAsync</c> waits before it throws an <see cref="AckTimeoutException"/>. Official: <c>timeout</c>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative, or more than 24 days.</exception>
    public RemoteSocketOperator Timeout(TimeSpan timeout) => new(_namespace, Itself.Timeout(timeout));

    /// <summary>
    /// Asks the client and waits for the first argument of its acknowledgement. Without a <see cref="Timeout"/> it waits as long as for
    /// another node, <c>ActorSocketClusterOptions.RequestTimeout</c>, five seconds by default: this node does not learn when a client of
    /// another one disconnects. Official: <c>emitWithAck</c>.
    /// </summary>
    /// <exception cref="InvalidOperationException">It is not connected any more.</exception>
    /// <inheritdoc/>
    public Task<T?> EmitWithAckCoreAsync<T>(string eventName, IReadOnlyList<object?> args, CancellationToken cancellationToken = default) =>
        WithinDefault.EmitWithAckCoreAsync<T>(eventName, args, cancellationToken);

    internal RemoteSocketOperator WithinDefault => Timeout(_namespace.Services.Server.Adapter.RequestTimeout);

    /// <summary>Lets the socket join a room. Completed, every later broadcast to the room reaches it. Official: <c>join</c>.</summary>
    /// <inheritdoc cref="BroadcastOperator.SocketsJoinAsync(string, CancellationToken)"/>
    public ValueTask JoinAsync(string room, CancellationToken cancellationToken = default) =>
        Itself.SocketsJoinAsync(room, cancellationToken);

    /// <summary>As <see cref="JoinAsync(string, CancellationToken)"/>, for several rooms.</summary>
    /// <inheritdoc cref="BroadcastOperator.SocketsJoinAsync(IEnumerable{string}, CancellationToken)"/>
    public ValueTask JoinAsync(IEnumerable<string> rooms, CancellationToken cancellationToken = default) =>
        Itself.SocketsJoinAsync(rooms, cancellationToken);

    /// <summary>Lets the socket leave a room. Completed, no later broadcast to the room reaches it. Official: <c>leave</c>.</summary>
    /// <inheritdoc cref="BroadcastOperator.SocketsLeaveAsync(string, CancellationToken)"/>
    public ValueTask LeaveAsync(string room, CancellationToken cancellationToken = default) =>
        Itself.SocketsLeaveAsync(room, cancellationToken);

    /// <summary>As <see cref="LeaveAsync(string, CancellationToken)"/>, for several rooms.</summary>
    /// <inheritdoc cref="BroadcastOperator.SocketsLeaveAsync(IEnumerable{string}, CancellationToken)"/>
    public ValueTask LeaveAsync(IEnumerable<string> rooms, CancellationToken cancellationToken = default) =>
        Itself.SocketsLeaveAsync(rooms, cancellationToken);

    /// <summary>Disconnects the socket. Official: <c>disconnect</c>.</summary>
    /// <inheritdoc cref="BroadcastOperator.DisconnectSocketsAsync"/>
    public ValueTask DisconnectAsync(DisconnectScope scope = DisconnectScope.Namespace, CancellationToken cancellationToken = default) =>
        Itself.DisconnectSocketsAsync(scope, cancellationToken);

    /// <summary>The room that holds just this socket.</summary>
    private BroadcastOperator Itself => _namespace.To(Id);
}
