using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using ActorSocket.Configuration;
using ActorSocket.Data;
using ActorSocket.Emitting;
using ActorSocket.Sockets;

namespace ActorSocket;

/// <summary>
/// A namespace: a channel of its own, with its own handlers, middleware, sockets and rooms, many of which share one connection (official:
/// <c>Namespace</c>).
/// </summary>
[JsonConverter(typeof(NoJsonConverter<Namespace>))]
public partial class Namespace : IEventEmitter
{
    internal Namespace(NamespaceServices services) => Services = services;

    internal NamespaceServices Services { get; }

    internal IdempotencyTable Idempotency => Services.Idempotency;

    internal ServerEvents ServerEvents => Services.ServerEvents;

    /// <summary>The name, with its leading slash.</summary>
    public string Name => Services.Name;

    /// <summary>
    /// The sockets that are connected to this node now: as they are when it is asked, whatever happens later. Nobody can change it.
    /// </summary>
    public IReadOnlyCollection<Socket> Sockets => Array.AsReadOnly(Services.All.Snapshot);

    /// <summary>
    /// Runs for each socket once it is connected. Its events wait until the handler, also an asynchronous one, is done. When it throws, the
    /// client is disconnected from the namespace and none of its events is handled. Official: <c>namespace.on("connection", …)</c>.
    /// </summary>
    /// <returns>Dispose it to take the handler off: it runs for no socket that connects later. Where it runs, it goes on.</returns>
    [OverloadResolutionPriority(1)]
    public IDisposable OnConnection(Func<Socket, Task> handler) => Services.OnConnection(handler);

    /// <inheritdoc cref="OnConnection(Func{Socket, Task})"/>
    public IDisposable OnConnection(Func<Socket, ValueTask> handler) => OnConnection(Callback.From(handler));

    /// <inheritdoc cref="OnConnection(Func{Socket, Task})"/>
    /// <exception cref="ArgumentException">It is <c>async void</c>.</exception>
    public IDisposable OnConnection(Action<Socket> handler) => OnConnection(Callback.From(handler));

    /// <summary>
    /// Adds middleware that each client passes before it is connected, in the order it was added. It calls <c>next</c>, or refuses by
    /// throwing a <see cref="ConnectErrorException"/>, whose message and data the client gets. Any other exception is logged and refuses
    /// with "Internal server error".
    /// </summary>
    /// <returns>The namespace.</returns>
    public Namespace Use(Func<Socket, Func<Task>, Task> middleware)
    {
        Services.Middleware.Add(middleware);
        return this;
    }

    /// <summary>
    /// Everyone in any of the rooms: <c>To("a", "b")</c>, or <c>To(list)</c>. A socket's id is a room. Given an empty list, nobody (the
    /// official server reaches everybody then). Official: <c>to</c>.
    /// </summary>
    public BroadcastOperator To(params IEnumerable<string> rooms) => new(this, RoomSelection.Everyone.To(rooms), EmitFlags.None);

    /// <summary>The same as <see cref="To"/>. Official: <c>in</c>.</summary>
    public BroadcastOperator In(params IEnumerable<string> rooms) => To(rooms);

    /// <summary>Everyone but the members of the rooms. Official: <c>except</c>.</summary>
    public BroadcastOperator Except(params IEnumerable<string> rooms) => new(this, RoomSelection.Everyone.Except(rooms), EmitFlags.None);

    /// <inheritdoc cref="BroadcastOperator.Volatile"/>
    public BroadcastOperator Volatile => Everyone.Volatile;

    /// <inheritdoc cref="BroadcastOperator.Local"/>
    public BroadcastOperator Local => Everyone.Local;

    /// <inheritdoc cref="BroadcastOperator.Compress"/>
    public BroadcastOperator Compress(bool compress) => Everyone.Compress(compress);

    /// <inheritdoc cref="BroadcastOperator.Timeout"/>
    public BroadcastOperator Timeout(TimeSpan timeout) => Everyone.Timeout(timeout);

    /// <summary>
    /// Emits an event to everyone in the namespace. Fire and forget: returns when it is queued for all of this node, and on its way to the
    /// others.
    /// </summary>
    /// <inheritdoc/>
    public void Emit<TArgs>(string eventName, in TArgs args)
        where TArgs : struct, IEventArguments => Everyone.Emit(eventName, args);

    /// <summary>The sockets of all nodes, with copies of their data. Official: <c>fetchSockets</c>.</summary>
    /// <inheritdoc cref="BroadcastOperator.FetchSocketsAsync"/>
    public Task<IReadOnlyList<RemoteSocket>> FetchSocketsAsync(CancellationToken cancellationToken = default) =>
        Everyone.FetchSocketsAsync(cancellationToken);

    /// <summary>
    /// Lets the sockets of all nodes join a room. Completed, every later broadcast to the room reaches them. Official: <c>socketsJoin</c>.
    /// </summary>
    /// <inheritdoc cref="BroadcastOperator.SocketsJoinAsync(string, CancellationToken)"/>
    public ValueTask SocketsJoinAsync(string room, CancellationToken cancellationToken = default) =>
        Everyone.SocketsJoinAsync(room, cancellationToken);

    /// <summary>As <see cref="SocketsJoinAsync(string, CancellationToken)"/>, for several rooms.</summary>
    /// <inheritdoc cref="BroadcastOperator.SocketsJoinAsync(IEnumerable{string}, CancellationToken)"/>
    public ValueTask SocketsJoinAsync(IEnumerable<string> rooms, CancellationToken cancellationToken = default) =>
        Everyone.SocketsJoinAsync(rooms, cancellationToken);

    /// <summary>
    /// Lets the sockets of all nodes leave a room. Completed, no later broadcast to the room reaches them. Official: <c>socketsLeave</c>.
    /// </summary>
    /// <inheritdoc cref="BroadcastOperator.SocketsLeaveAsync(string, CancellationToken)"/>
    public ValueTask SocketsLeaveAsync(string room, CancellationToken cancellationToken = default) =>
        Everyone.SocketsLeaveAsync(room, cancellationToken);

    /// <summary>As <see cref="SocketsLeaveAsync(string, CancellationToken)"/>, for several rooms.</summary>
    /// <inheritdoc cref="BroadcastOperator.SocketsLeaveAsync(IEnumerable{string}, CancellationToken)"/>
    public ValueTask SocketsLeaveAsync(IEnumerable<string> rooms, CancellationToken cancellationToken = default) =>
        Everyone.SocketsLeaveAsync(rooms, cancellationToken);

    /// <summary>Disconnects the sockets of all nodes. Official: <c>disconnectSockets</c>.</summary>
    /// <inheritdoc cref="BroadcastOperator.DisconnectSocketsAsync"/>
    public ValueTask DisconnectSocketsAsync(
        DisconnectScope scope = DisconnectScope.Namespace, CancellationToken cancellationToken = default) =>
        Everyone.DisconnectSocketsAsync(scope, cancellationToken);

    /// <summary>
    /// The other nodes of the cluster, in the namespace of this name: <c>io.ServerSide.Emit("sync", 1)</c> raises an event on each, and
    /// <c>await io.ServerSide.EmitWithAckAsync&lt;int&gt;("load")</c> asks them. Official: <c>serverSideEmit</c>,
    /// <c>serverSideEmitWithAck</c>.
    /// </summary>
    public ServerSideOperator ServerSide => new(Services.ServerEvents);

    /// <summary>
    /// Handles an event that another node raises with <see cref="ServerSide"/> (official: <c>namespace.on</c>). Its parameters are bound as
    /// those of <see cref="Socket.On(string, Delegate)"/>, without a socket; what it returns, or gives to its <see cref="Ack"/>, is this
    /// node's answer: the first one counts.
    /// </summary>
    /// <remarks>
    /// Runs on any thread, several at a time. Handlers of a dynamic namespace's template are handlers of each namespace made from it.
    /// </remarks>
    /// <returns>Dispose it to stop handling the event.</returns>
    /// <exception cref="ArgumentException">The name is reserved, or a parameter cannot be bound.</exception>
    public IDisposable OnServerEvent(string eventName, Delegate handler) => ServerEvents.On(eventName, handler);

    /// <inheritdoc/>
    public override string ToString() => Name;

    internal BroadcastOperator Everyone => new(this, RoomSelection.Everyone, EmitFlags.None);
}
