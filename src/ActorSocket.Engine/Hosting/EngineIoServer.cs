using System.Runtime.CompilerServices;
using ActorSocket.Configuration;
using ActorSocket.Diagnostics;
using ActorSocket.Hosting;
using ActorSocket.Sessions;
using ActorSocket.Transports;
using Akka.Actor;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace ActorSocket;

/// <summary>One Engine.IO server (official: <c>Server</c> of <c>engine.io</c>). Got from <c>MapEngineIo</c>, or injected.</summary>
/// <remarks>
/// Any thread. ASP.NET Core's endpoint conventions (<c>RequireAuthorization</c>, <c>RequireCors</c> …) apply to all of its transports.
/// </remarks>
public sealed class EngineIoServer : IEndpointConventionBuilder
{
    private Func<EngineIoConnection, Task>? _onConnection;
    private readonly Closing _closing = new();
    private readonly OpenConnections _open = new();

    internal EngineIoServer(EngineIoOptions options, EngineMetrics metrics, ILoggerFactory loggers, TimeProvider time)
    {
        var log = new BoundedLogger(loggers.CreateLogger("ActorSocket"), time);
        EngineServer engine = null!;
        engine = new EngineServer(
            options, metrics, log, time, connection => new EngineIoConnection(connection, engine, _open, _onConnection!));
        Http = new EngineHttp(engine);
    }

    /// <summary>Open connections. Official: <c>engine.clientsCount</c>.</summary>
    public int ConnectionCount => Engine.Sessions.Count;

    internal EngineServer Engine => Http.Engine;

    internal EngineHttp Http { get; }

    internal EndpointConventions Conventions { get; } = new("Engine.IO");

    /// <summary>
    /// Runs for each request that is refused, which does not wait for what the handler awaits (official: the event
    /// <c>connection_error</c>).
    /// </summary>
    /// <returns>Dispose it to take the handler off. Where it runs, it goes on.</returns>
    [OverloadResolutionPriority(1)]
    public IDisposable OnConnectionError(Func<ConnectionError, Task> handler) => Http.ConnectionErrors.Add(handler);

    /// <inheritdoc cref="OnConnectionError(Func{ConnectionError, Task})"/>
    public IDisposable OnConnectionError(Func<ConnectionError, ValueTask> handler) => OnConnectionError(Callback.From(handler));

    /// <inheritdoc cref="OnConnectionError(Func{ConnectionError, Task})"/>
    /// <exception cref="ArgumentException">It is <c>async void</c>.</exception>
    public IDisposable OnConnectionError(Action<ConnectionError> handler) => OnConnectionError(Callback.From(handler));

    /// <summary>
    /// Closes the server (official: <c>engine.close</c>): handshakes are answered 503, and every connection is closed with
    /// <see cref="DisconnectReason.ServerShuttingDown"/> after what is queued for it. Called by the host when it stops. Whoever calls it
    /// again waits for the same end.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait; the server goes on closing.</param>
    /// <returns>
    /// Completes when no connection is left and their handlers are done, at the latest after <see cref="EngineIoOptions.DrainTimeout"/>.
    /// </returns>
    public Task CloseAsync(CancellationToken cancellationToken = default) => _closing.RunAsync(CloseOnceAsync, cancellationToken);

    /// <exception cref="InvalidOperationException">It has a handler already.</exception>
    internal void OnConnection(Func<EngineIoConnection, Task> handler)
    {
        if (Interlocked.CompareExchange(ref _onConnection, handler, null) is not null)
        {
            throw new InvalidOperationException(
                "This Engine.IO server is mapped already. Add another one under a name of its own, and map that: " +
                "AddEngineIo(name: …), MapEngineIo(…, name: …).");
        }
    }

    /// <summary>The actor system is there: from now on there may be sessions.</summary>
    internal void Start(ActorSystem system, string name) =>
        Engine.Root = Engine.Placement.Start(system, name.Length == 0 ? "engine-io" : "engine-io-" + name);

    private async Task CloseOnceAsync()
    {
        var drain = new Drain(Http);
        var left = await drain.CloseConnectionsAsync(CancellationToken.None).ConfigureAwait(false);
        await drain.WaitWhileAsync(() => _open.Count > 0, left, CancellationToken.None).ConfigureAwait(false);
        Engine.Root.Tell(PoisonPill.Instance);
    }

    void IEndpointConventionBuilder.Add(Action<EndpointBuilder> convention) => Conventions.Add(convention);

    void IEndpointConventionBuilder.Finally(Action<EndpointBuilder> finallyConvention) => Conventions.Finally(finallyConvention);
}
