namespace ActorSocket;

/// <summary>A socket as <c>FetchSocketsAsync</c> found it: copies of its facts, and a way to act on it.</summary>
public sealed class RemoteSocket : IEventEmitter
{
    private readonly Socket _socket;

    internal RemoteSocket(Socket socket)
    {
        _socket = socket;
        Rooms = socket.Rooms;
        Data = new Dictionary<string, object?>(socket.Data, StringComparer.Ordinal);
    }

    /// <inheritdoc cref="Socket.Id"/>
    public string Id => _socket.Id;

    /// <inheritdoc cref="Socket.Handshake"/>
    public Handshake Handshake => _socket.Handshake;

    /// <summary>The rooms it was in.</summary>
    public IReadOnlyCollection<string> Rooms { get; }

    /// <summary>A copy of its data; changing it has no effect on the socket.</summary>
    public IReadOnlyDictionary<string, object?> Data { get; }

    /// <inheritdoc/>
    public void Emit<TArgs>(string eventName, in TArgs args)
        where TArgs : struct, IEventArguments => _socket.Emit(eventName, args);

    /// <inheritdoc cref="Socket.Timeout"/>
    public SocketOperator Timeout(TimeSpan timeout) => _socket.Timeout(timeout);

    /// <inheritdoc cref="Socket.JoinAsync(string, CancellationToken)"/>
    public ValueTask JoinAsync(string room, CancellationToken cancellationToken = default) => _socket.JoinAsync(room, cancellationToken);

    /// <inheritdoc cref="Socket.LeaveAsync"/>
    public ValueTask LeaveAsync(string room, CancellationToken cancellationToken = default) => _socket.LeaveAsync(room, cancellationToken);

    /// <inheritdoc cref="Socket.DisconnectAsync"/>
    public ValueTask DisconnectAsync(bool close = false) => _socket.DisconnectAsync(close);
}
