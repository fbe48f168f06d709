using ActorSocket.Namespaces;

namespace ActorSocket;

/// <summary>A namespace: a channel of its own, with its own handlers, middleware, sockets and rooms, many of which share one connection (official: <c>Namespace</c>).</summary>
public sealed class Namespace : IEventEmitter
{
    internal Namespace(NamespaceServices services) => Services = services;

    internal NamespaceServices Services { get; }

    /// <summary>The name, with its leading slash.</summary>
    public string Name => Services.Name;

    /// <summary>The sockets that are connected to this node now; a copy.</summary>
    public IReadOnlyCollection<Socket> Sockets => Services.All.Snapshot;

    /// <summary>Runs for each socket once it is connected. Its events wait until the handler, also an asynchronous one, is done.</summary>
    public Namespace OnConnection(Func<Socket, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Services.OnConnection(handler);
        return this;
    }

    /// <inheritdoc cref="OnConnection(Func{Socket, Task})"/>
    public Namespace OnConnection(Action<Socket> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return OnConnection(socket =>
        {
            handler(socket);
            return Task.CompletedTask;
        });
    }

    /// <summary>
    /// Adds middleware that each client passes before it is connected, in the order it was added. It calls <c>next</c>, or refuses by throwing a
    /// <see cref="ConnectErrorException"/>, whose message and data the client gets. Any other exception is logged and refuses with "Internal server error".
    /// </summary>
    public Namespace Use(Func<Socket, Func<Task>, Task> middleware)
    {
        Services.Middleware.Add(middleware);
        return this;
    }

    /// <inheritdoc cref="BroadcastOperator.To"/>
    public BroadcastOperator To(params string[] rooms) => Everyone.To(rooms);

    /// <inheritdoc cref="BroadcastOperator.To"/>
    public BroadcastOperator In(params string[] rooms) => Everyone.To(rooms);

    /// <inheritdoc cref="BroadcastOperator.Except"/>
    public BroadcastOperator Except(params string[] rooms) => Everyone.Except(rooms);

    /// <inheritdoc cref="BroadcastOperator.Volatile"/>
    public BroadcastOperator Volatile => Everyone.Volatile;

    /// <inheritdoc cref="BroadcastOperator.Local"/>
    public BroadcastOperator Local => Everyone.Local;

    /// <inheritdoc cref="BroadcastOperator.Compress"/>
    public BroadcastOperator Compress(bool compress) => Everyone.Compress(compress);

    /// <inheritdoc cref="BroadcastOperator.Timeout"/>
    public BroadcastOperator Timeout(TimeSpan timeout) => Everyone.Timeout(timeout);

    /// <inheritdoc/>
    public void Emit<TArgs>(string eventName, in TArgs args)
        where TArgs : struct, IEventArguments => Everyone.Emit(eventName, args);

    /// <inheritdoc cref="BroadcastOperator.FetchSocketsAsync"/>
    public Task<IReadOnlyList<RemoteSocket>> FetchSocketsAsync(CancellationToken cancellationToken = default) => Everyone.FetchSocketsAsync(cancellationToken);

    /// <inheritdoc cref="BroadcastOperator.SocketsJoinAsync"/>
    public ValueTask SocketsJoinAsync(params string[] rooms) => Everyone.SocketsJoinAsync(rooms);

    /// <inheritdoc cref="BroadcastOperator.SocketsLeaveAsync"/>
    public ValueTask SocketsLeaveAsync(params string[] rooms) => Everyone.SocketsLeaveAsync(rooms);

    /// <inheritdoc cref="BroadcastOperator.DisconnectSocketsAsync"/>
    public ValueTask DisconnectSocketsAsync(bool close = false) => Everyone.DisconnectSocketsAsync(close);

    /// <inheritdoc/>
    public override string ToString() => Name;

    internal BroadcastOperator Everyone => new(this, RoomSelection.Everyone, EmitFlags.None);
}
