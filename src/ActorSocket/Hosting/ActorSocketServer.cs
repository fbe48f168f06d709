using System.Text.Json;
using System.Text.RegularExpressions;
using ActorSocket.Configuration;
using ActorSocket.Hosting;
using ActorSocket.Sockets;
using Microsoft.AspNetCore.Builder;

namespace ActorSocket;

/// <summary>
/// One Socket.IO server (official: <c>Server</c>, usually <c>io</c>): its namespaces, and for itself the namespace <c>/</c>. Got from <c>MapActorSocket</c>,
/// or injected anywhere: a controller or a background service emits with it.
/// </summary>
/// <remarks>Any thread. ASP.NET Core's endpoint conventions (<c>RequireAuthorization</c>, <c>RequireCors</c> …) apply to all of its transports.</remarks>
public sealed class ActorSocketServer : IEventEmitter, IEndpointConventionBuilder
{
    private static readonly TimeSpan RegexTimeout = TimeSpan.FromMilliseconds(100);

    // Sockets whose connections are gone have their disconnect to raise.
    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(5);

    private readonly Closing _closing = new();

    internal ActorSocketServer(ServerServices services)
    {
        Services = services;
        Main = Of("/");
    }

    internal ServerServices Services { get; }

    internal EndpointConventions Conventions { get; } = new("Socket.IO");

    /// <summary>The namespace <c>/</c>, which the server itself stands for.</summary>
    public Namespace Main { get; }

    /// <summary>Open connections on this node; a connection may carry the sockets of several namespaces. Official: <c>io.engine.clientsCount</c>.</summary>
    public int ConnectionCount => Services.Engine.Sessions.Count;

    /// <summary>What every session and socket id made on this node begins with: where a socket lives can be read from its id.</summary>
    public string NodeTag => Services.Engine.Ids.NodeTag;

    /// <summary>The namespace of this name, created by the first call. A leading slash is added when it is missing.</summary>
    /// <exception cref="ArgumentException">The name is longer than 256 bytes or contains a comma, which the protocol cannot express.</exception>
    public Namespace Of(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!name.StartsWith('/'))
            name = "/" + name;
        if (name.Contains(',', StringComparison.Ordinal) || System.Text.Encoding.UTF8.GetByteCount(name) > 256)
            throw new ArgumentException("A namespace name has at most 256 bytes and no comma.", nameof(name));
        // A namespace whose name fits a pattern has the pattern's handlers, however it is made.
        var template = Array.Find(Services.Namespaces.Dynamic, dynamic => dynamic.Pattern is { } pattern && pattern.IsMatch(name))?.Parent;
        return Services.Namespaces.GetOrAdd(name, Services, template).Face;
    }

    /// <summary>Runs for each namespace that is created from now on, in code or for a client that asks for it (official: the event <c>new_namespace</c>).</summary>
    /// <remarks>Clients wait until the handlers, also asynchronous ones, are done. When one throws they are refused the namespace: it may be what guards it.</remarks>
    public ActorSocketServer OnNewNamespace(Func<Namespace, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Services.Namespaces.OnNew(handler);
        return this;
    }

    /// <inheritdoc cref="OnNewNamespace(Func{Namespace, Task})"/>
    public ActorSocketServer OnNewNamespace(Action<Namespace> handler) => OnNewNamespace(Callback.From(handler));

    /// <summary>Runs for each request that is refused, which does not wait for what the handler awaits (official: the engine's event <c>connection_error</c>).</summary>
    public ActorSocketServer OnConnectionError(Func<ConnectionError, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Services.Http.ConnectionErrors.Add(handler);
        return this;
    }

    /// <inheritdoc cref="OnConnectionError(Func{ConnectionError, Task})"/>
    public ActorSocketServer OnConnectionError(Action<ConnectionError> handler) => OnConnectionError(Callback.From(handler));

    /// <summary>
    /// A template for namespaces that are created when a client asks for a name that fits the pattern. Handlers and middleware are added to it before
    /// clients come; static namespaces win. What is emitted to the template goes to all namespaces made from it.
    /// </summary>
    public Namespace OfDynamic(Regex pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        // Clients choose the input: a pattern that backtracks must not hold up the others.
        var bounded = pattern.MatchTimeout == Regex.InfiniteMatchTimeout ? new Regex(pattern.ToString(), pattern.Options, RegexTimeout) : pattern;
        return AddDynamic((name, _, _) => ValueTask.FromResult(bounded.IsMatch(name)), bounded);
    }

    /// <summary>As <see cref="OfDynamic(Regex)"/>, decided by a function of the name and the client's <c>auth</c>.</summary>
    public Namespace OfDynamic(Func<string, JsonElement, CancellationToken, ValueTask<bool>> predicate)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        return AddDynamic((name, auth, token) => predicate(name, auth, token), null);
    }

    private Namespace AddDynamic(NamespacePredicate predicate, Regex? pattern)
    {
        var parent = new NamespaceServices(Services, "/_" + Services.Namespaces.Dynamic.Length, isTemplate: true);
        Services.Namespaces.AddDynamic(new DynamicNamespace(parent, predicate, pattern));
        return parent.Face;
    }

    /// <inheritdoc cref="Namespace.OnConnection(Func{Socket, Task})"/>
    public Namespace OnConnection(Func<Socket, Task> handler) => Main.OnConnection(handler);

    /// <inheritdoc cref="Namespace.OnConnection(Func{Socket, Task})"/>
    public Namespace OnConnection(Action<Socket> handler) => Main.OnConnection(handler);

    /// <inheritdoc cref="Namespace.Use"/>
    public Namespace Use(Func<Socket, Func<Task>, Task> middleware) => Main.Use(middleware);

    /// <inheritdoc cref="BroadcastOperator.To"/>
    public BroadcastOperator To(params string[] rooms) => Main.To(rooms);

    /// <inheritdoc cref="BroadcastOperator.To"/>
    public BroadcastOperator In(params string[] rooms) => Main.To(rooms);

    /// <inheritdoc cref="BroadcastOperator.Except"/>
    public BroadcastOperator Except(params string[] rooms) => Main.Except(rooms);

    /// <inheritdoc cref="BroadcastOperator.Volatile"/>
    public BroadcastOperator Volatile => Main.Volatile;

    /// <inheritdoc cref="BroadcastOperator.Local"/>
    public BroadcastOperator Local => Main.Local;

    /// <inheritdoc cref="BroadcastOperator.Compress"/>
    public BroadcastOperator Compress(bool compress) => Main.Compress(compress);

    /// <inheritdoc cref="BroadcastOperator.Timeout"/>
    public BroadcastOperator Timeout(TimeSpan timeout) => Main.Timeout(timeout);

    /// <inheritdoc/>
    public void Emit<TArgs>(string eventName, in TArgs args)
        where TArgs : struct, IEventArguments => Main.Emit(eventName, args);

    /// <inheritdoc cref="BroadcastOperator.FetchSocketsAsync"/>
    public Task<IReadOnlyList<RemoteSocket>> FetchSocketsAsync(CancellationToken cancellationToken = default) => Main.FetchSocketsAsync(cancellationToken);

    /// <inheritdoc cref="BroadcastOperator.SocketsJoinAsync"/>
    public ValueTask SocketsJoinAsync(params string[] rooms) => Main.SocketsJoinAsync(rooms);

    /// <inheritdoc cref="BroadcastOperator.SocketsLeaveAsync"/>
    public ValueTask SocketsLeaveAsync(params string[] rooms) => Main.SocketsLeaveAsync(rooms);

    /// <inheritdoc cref="BroadcastOperator.DisconnectSocketsAsync"/>
    public ValueTask DisconnectSocketsAsync(bool close = false) => Main.DisconnectSocketsAsync(close);

    /// <inheritdoc cref="Namespace.ServerSideEmit"/>
    public void ServerSideEmit(string eventName, params object?[] args) => Main.ServerSideEmit(eventName, args);

    /// <inheritdoc cref="Namespace.ServerSideEmitWithAckAsync"/>
    public Task<IReadOnlyList<T?>> ServerSideEmitWithAckAsync<T>(string eventName, object?[] args, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Main.ServerSideEmitWithAckAsync<T>(eventName, args, timeout, cancellationToken);

    /// <inheritdoc cref="Namespace.OnServerEvent"/>
    public IDisposable OnServerEvent(string eventName, Delegate handler) => Main.OnServerEvent(eventName, handler);

    /// <summary>
    /// Closes the server: handshakes are answered 503, every socket is disconnected with "server shutting down", and every connection is closed after what is
    /// queued for it, without a DISCONNECT packet, so that clients reconnect. Called by the host when it stops. Whoever calls it again waits for the same end.
    /// </summary>
    /// <returns>
    /// Completes when no connection is left and what their sockets' handlers had to do is done, those of <c>disconnect</c> included, at the latest after
    /// <see cref="EngineIoOptions.DrainTimeout"/>, but five seconds are left for the handlers.
    /// </returns>
    /// <param name="cancellationToken">Ends the wait; the server goes on closing.</param>
    public Task CloseAsync(CancellationToken cancellationToken = default) => _closing.RunAsync(CloseOnceAsync, cancellationToken);

    private async Task CloseOnceAsync()
    {
        var drain = new Drain(Services.Http);
        var rest = await drain.CloseConnectionsAsync(CancellationToken.None).ConfigureAwait(false);
        var handlers = rest > GoodbyeTimeout ? rest : GoodbyeTimeout;
        await drain.WaitWhileAsync(() => Services.LiveSockets > 0, handlers, CancellationToken.None).ConfigureAwait(false);
        Services.Http.Relay.Abort();
        await Services.Adapter.LeaveAsync(Services.Root, CancellationToken.None).ConfigureAwait(false);
    }

    void IEndpointConventionBuilder.Add(Action<EndpointBuilder> convention) => Conventions.Add(convention);

    void IEndpointConventionBuilder.Finally(Action<EndpointBuilder> finallyConvention) => Conventions.Finally(finallyConvention);
}
