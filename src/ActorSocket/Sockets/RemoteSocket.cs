using ActorSocket.Data;
using ActorSocket.Sockets;

namespace ActorSocket;

/// <summary>A socket as <c>FetchSocketsAsync</c> found it, on whichever node: copies of its facts, and a way to act on it (official: <c>RemoteSocket</c>).</summary>
public sealed class RemoteSocket : IEventEmitter
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
    /// A copy of its data; changing it has no effect on the socket. Values of a socket of another node have travelled, as <see cref="Socket.Data"/> says: simple ones are what they
    /// were, others are <see cref="System.Text.Json.JsonElement"/>s, and one that cannot travel, such as a delegate, is missing.
    /// </summary>
    public IReadOnlyDictionary<string, object?> Data => _data;

    /// <inheritdoc cref="Socket.GetData"/>
    public T? GetData<T>(string key) => _data.Get<T>(key, _namespace.Services.Server.Json);

    /// <inheritdoc cref="Socket.TryGetData"/>
    public bool TryGetData<T>(string key, out T? value) => _data.TryGet(key, _namespace.Services.Server.Json, out value, out _);

    /// <inheritdoc/>
    public void Emit<TArgs>(string eventName, in TArgs args)
        where TArgs : struct, IEventArguments => Itself.Emit(eventName, args);

    /// <summary>How long <see cref="RemoteSocketOperator.EmitWithAckAsync{T}(string, object?[])"/> waits before it throws a <see cref="TimeoutException"/>.</summary>
    public RemoteSocketOperator Timeout(TimeSpan timeout) => new(Itself.Timeout(timeout));

    /// <inheritdoc cref="Socket.JoinAsync(string, CancellationToken)"/>
    public ValueTask JoinAsync(string room) => Itself.SocketsJoinAsync(room);

    /// <inheritdoc cref="Socket.LeaveAsync"/>
    public ValueTask LeaveAsync(string room) => Itself.SocketsLeaveAsync(room);

    /// <inheritdoc cref="Socket.DisconnectAsync"/>
    public ValueTask DisconnectAsync(bool close = false) => Itself.DisconnectSocketsAsync(close);

    /// <summary>The room that holds just this socket.</summary>
    private BroadcastOperator Itself => _namespace.To(Id);
}
