using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using ActorSocket.Configuration;
using ActorSocket.Data;
using ActorSocket.Hosting;
using ActorSocket.Sockets;
using Microsoft.AspNetCore.Builder;

namespace ActorSocket;

/// <summary>
/// One Socket.IO server (official: <c>Server</c>, usually <c>io</c>). It is its namespace <c>/</c>, as in the official server: what it
/// inherits, such as <c>io.Emit</c>, is that namespace's, and <c>io.Of("/")</c> is the server itself. Got from <c>MapActorSocket</c>, or
/// injected anywhere: a controller or a background service emits with it.
/// </summary>
/// <remarks>
/// Any thread. ASP.NET Core's endpoint conventions (<c>RequireAuthorization</c>, <c>RequireCors</c> …) apply to all requests of all its
/// namespaces.
/// </remarks>
[JsonConverter(typeof(NoJsonConverter<ActorSocketServer>))]
public sealed class ActorSocketServer : Namespace, IEndpointConventionBuilder
{
    private static readonly TimeSpan RegexTimeout = TimeSpan.FromMilliseconds(100);

    // Sockets whose connections are gone have their disconnect to raise.
    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(5);

    private readonly Closing _closing = new();

    internal ActorSocketServer(ServerServices services)
        : base(services.Namespaces.GetOrAdd("/", services)) => Services.Face = this;

    internal ServerServices Server => Services.Server;

    internal EndpointConventions Conventions { get; } = new("Socket.IO");

    /// <summary>The path that the server was mapped to, if it is known: within a group of endpoints it is not.</summary>
    internal string? MappedTo { get; set; }

    /// <summary>Whether its transport was thought of (<see cref="TransportAdvice"/>).</summary>
    internal bool IsAdvised { get; set; }

    /// <summary>
    /// Open connections on this node; a connection may carry the sockets of several namespaces. Official: <c>io.engine.clientsCount</c>.
    /// </summary>
    public int ConnectionCount => Server.Engine.Sessions.Count;

    /// <summary>What every session and socket id made on this node begins with: where a socket lives can be read from its id.</summary>
    public string NodeTag => Server.Engine.Ids.NodeTag;

    /// <summary>The namespace of this name, created by the first call. A leading slash is added when it is missing.</summary>
    /// <exception cref="ArgumentException">The name is longer than 256 bytes or contains a comma, which the protocol cannot
    /// express.</exception>
    public Namespace Of(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!name.StartsWith('/'))
            name = "/" + name;
        if (name.Contains(',', StringComparison.Ordinal) || System.Text.Encoding.UTF8.GetByteCount(name) > 256)
            throw new ArgumentException("A namespace name has at most 256 bytes and no comma.", nameof(name));
        // A namespace whose name fits a pattern has the pattern's handlers, however it is made.
        var template = Array.Find(Server.Namespaces.Dynamic, dynamic => dynamic.Pattern is { } pattern && pattern.IsMatch(name))?.Parent;
        return Server.Namespaces.GetOrAdd(name, Server, template).Face;
    }

    /// <summary>
    /// Runs for each namespace that is created from now on, in code or for a client that asks for it (official: the event
    /// <c>new_namespace</c>).
    /// </summary>
    /// <remarks>
    /// Clients wait until the handlers, also asynchronous ones, are done. When one throws they are refused the namespace: it may be what
    /// guards it.
    /// </remarks>
    /// <returns>Dispose it to take the handler off. Where it runs, it goes on.</returns>
    [OverloadResolutionPriority(1)]
    public IDisposable OnNewNamespace(Func<Namespace, Task> handler) => Server.Namespaces.OnNew(handler);

    /// <inheritdoc cref="OnNewNamespace(Func{Namespace, Task})"/>
    public IDisposable OnNewNamespace(Func<Namespace, ValueTask> handler) => OnNewNamespace(Callback.From(handler));

    /// <inheritdoc cref="OnNewNamespace(Func{Namespace, Task})"/>
    /// <exception cref="ArgumentException">It is <c>async void</c>.</exception>
    public IDisposable OnNewNamespace(Action<Namespace> handler) => OnNewNamespace(Callback.From(handler));

    /// <summary>
    /// Runs for each request that is refused, which does not wait for what the handler awaits (official: the engine's event
    /// <c>connection_error</c>).
    /// </summary>
    /// <returns>Dispose it to take the handler off. Where it runs, it goes on.</returns>
    [OverloadResolutionPriority(1)]
    public IDisposable OnConnectionError(Func<ConnectionError, Task> handler) => Server.Http.ConnectionErrors.Add(handler);

    /// <inheritdoc cref="OnConnectionError(Func{ConnectionError, Task})"/>
    public IDisposable OnConnectionError(Func<ConnectionError, ValueTask> handler) => OnConnectionError(Callback.From(handler));

    /// <inheritdoc cref="OnConnectionError(Func{ConnectionError, Task})"/>
    /// <exception cref="ArgumentException">It is <c>async void</c>.</exception>
    public IDisposable OnConnectionError(Action<ConnectionError> handler) => OnConnectionError(Callback.From(handler));

    /// <summary>
    /// A template for namespaces that are created when a client asks for a name that fits the pattern. Handlers and middleware are added to
    /// it before clients come; static namespaces win. What is emitted to the template goes to all namespaces made from it.
    /// </summary>
    public Namespace OfDynamic(Regex pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        // Clients choose the input: a pattern that backtracks must not hold up the others.
        var bounded =
            pattern.MatchTimeout == Regex.InfiniteMatchTimeout ? new Regex(pattern.ToString(), pattern.Options, RegexTimeout) : pattern;
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
        var parent = new NamespaceServices(Server, "/_" + Server.Namespaces.Dynamic.Length, isTemplate: true);
        Server.Namespaces.AddDynamic(new DynamicNamespace(parent, predicate, pattern));
        return parent.Face;
    }

    /// <summary>
    /// Closes the server: handshakes are answered 503, every socket is disconnected with "server shutting down", and every connection is
    /// closed after what is queued for it, without a DISCONNECT packet, so that clients reconnect. Called by the host when it stops.
    /// Whoever calls it again waits for the same end.
    /// </summary>
    /// <returns>
    /// Completes when no connection is left and what their sockets' handlers had to do is done, those of <c>disconnect</c> included, at the
    /// latest after <see cref="EngineIoOptions.DrainTimeout"/>, but five seconds are left for the handlers.
    /// </returns>
    /// <param name="cancellationToken">Ends the wait; the server goes on closing.</param>
    public Task CloseAsync(CancellationToken cancellationToken = default) => _closing.RunAsync(CloseOnceAsync, cancellationToken);

    private async Task CloseOnceAsync()
    {
        var drain = new Drain(Server.Http);
        var rest = await drain.CloseConnectionsAsync(CancellationToken.None).ConfigureAwait(false);
        var handlers = rest > GoodbyeTimeout ? rest : GoodbyeTimeout;
        await drain.WaitWhileAsync(() => Server.LiveSockets > 0, handlers, CancellationToken.None).ConfigureAwait(false);
        Server.Http.Relay.Abort();
        await Server.Adapter.LeaveAsync(Server.Root, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>
    /// Lets only those connect, to whichever namespace, whose requests are authenticated and meet the policies; others get HTTP's 401 or
    /// 403. The convention of ASP.NET Core, said here once more because a namespace has one of that name: for clients of the namespace
    /// <c>/</c> alone it is <c>io.Of("/").RequireAuthorization()</c>.
    /// </summary>
    /// <param name="policies">Names of policies; none for the default one.</param>
    /// <returns>The server.</returns>
    public ActorSocketServer RequireAuthorization(params string[] policies) =>
        AuthorizationEndpointConventionBuilderExtensions.RequireAuthorization(this, policies);

    void IEndpointConventionBuilder.Add(Action<EndpointBuilder> convention) => Conventions.Add(convention);

    void IEndpointConventionBuilder.Finally(Action<EndpointBuilder> finallyConvention) => Conventions.Finally(finallyConvention);
}
