using System.Text.Json.Serialization;
using ActorSocket.Configuration;
using ActorSocket.Data;
using ActorSocket.Emitting;
using ActorSocket.Sockets;

namespace ActorSocket;

/// <summary>A namespace: a channel of its own, with its own handlers, middleware, sockets and rooms, many of which share one connection (official: <c>Namespace</c>).</summary>
[JsonConverter(typeof(NoJsonConverter<Namespace>))]
public class Namespace : IEventEmitter
{
    internal Namespace(NamespaceServices services) => Services = services;

    internal NamespaceServices Services { get; }

    internal IdempotencyTable Idempotency => Services.Idempotency;

    internal ServerEvents ServerEvents => Services.ServerEvents;

    /// <summary>The name, with its leading slash.</summary>
    public string Name => Services.Name;

    /// <summary>The sockets that are connected to this node now: as they are when it is asked, whatever happens later. Nobody can change it.</summary>
    public IReadOnlyCollection<Socket> Sockets => Array.AsReadOnly(Services.All.Snapshot);

    /// <summary>
    /// Runs for each socket once it is connected. Its events wait until the handler, also an asynchronous one, is done. When it throws, the client is disconnected from the
    /// namespace and none of its events is handled. Official: <c>namespace.on("connection", …)</c>.
    /// </summary>
    /// <returns>Dispose it to take the handler off: it runs for no socket that connects later. Where it runs, it goes on.</returns>
    public IDisposable OnConnection(Func<Socket, Task> handler) => Services.OnConnection(handler);

    /// <inheritdoc cref="OnConnection(Func{Socket, Task})"/>
    /// <exception cref="ArgumentException">It is <c>async void</c>.</exception>
    public IDisposable OnConnection(Action<Socket> handler) => OnConnection(Callback.From(handler));

    /// <summary>
    /// Adds middleware that each client passes before it is connected, in the order it was added. It calls <c>next</c>, or refuses by throwing a
    /// <see cref="ConnectErrorException"/>, whose message and data the client gets. Any other exception is logged and refuses with "Internal server error".
    /// </summary>
    /// <returns>The namespace.</returns>
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

    /// <summary>
    /// Raises an event on every other node of the cluster, in the namespace of this name (official: <c>serverSideEmit</c>). Clients do not see it. Without
    /// other nodes it goes nowhere: this node raises nothing on itself.
    /// </summary>
    /// <exception cref="ArgumentException">The name is reserved: <c>connect</c>, <c>connection</c> or <c>new_namespace</c>.</exception>
    public void ServerSideEmit(string eventName, params object?[] args) => ServerEvents.Emit(eventName, args);

    /// <summary>
    /// As <see cref="ServerSideEmit"/>, and waits for the answer of each other node that has this namespace: what its handler of <see cref="OnServerEvent"/> returned.
    /// Without such nodes an empty list at once.
    /// </summary>
    /// <param name="eventName">Not a reserved name.</param>
    /// <param name="args">The event's arguments.</param>
    /// <param name="timeout">How long to wait; five seconds when it is null.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time is negative, or more than 24 days.</exception>
    /// <exception cref="ServerEventTimeoutException">Some nodes did not answer in time, or are out of reach; it has the answers of the others.</exception>
    public Task<IReadOnlyList<T?>> ServerSideEmitWithAckAsync<T>(string eventName, object?[] args, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        ServerEvents.AskAsync<T>(eventName, args, timeout, cancellationToken);

    /// <summary>
    /// Handles an event that another node raises with <see cref="ServerSideEmit"/> (official: <c>namespace.on</c>). Its parameters are bound as those of
    /// <see cref="Socket.On(string, Delegate)"/>, without a socket; what it returns, or gives to its <see cref="Ack"/>, is this node's answer: the first one counts.
    /// </summary>
    /// <remarks>Runs on any thread, several at a time. Handlers of a dynamic namespace's template are handlers of each namespace made from it.</remarks>
    /// <returns>Dispose it to stop handling the event.</returns>
    /// <exception cref="ArgumentException">The name is reserved, or a parameter cannot be bound.</exception>
    public IDisposable OnServerEvent(string eventName, Delegate handler) => ServerEvents.On(eventName, handler);

    /// <inheritdoc/>
    public override string ToString() => Name;

    internal BroadcastOperator Everyone => new(this, RoomSelection.Everyone, EmitFlags.None);
}
