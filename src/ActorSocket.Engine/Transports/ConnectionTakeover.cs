using System.IO.Pipelines;
using ActorSocket.EventLoops;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ActorSocket.Transports;

/// <summary>
/// Lets a connection outlive the request that made it a WebSocket: around Kestrel's HTTP, it waits until that has ended and goes on with
/// the bare connection. Kestrel keeps all it has of a request and its response until the request's delegate returns: 6 KB of objects.
/// </summary>
/// <remarks>
/// It stands in for Kestrel's heartbeat, by which HTTP measures its time limits: Kestrel would hold on to its HTTP by it, and end who takes
/// longer than a response may. One for each connection, of whatever kind; the connection's own sequence of calls, apart from the heartbeat.
/// </remarks>
internal sealed class ConnectionTakeover(ConnectionContext connection, IConnectionHeartbeatFeature heartbeat) : IConnectionHeartbeatFeature
{
    private const int BeatsToDrain = 5;

    private readonly IDuplexPipe _transport = connection.Transport;
    private volatile Action? _beats;
    private Func<Task>? _next;
    private bool _isLeft;

    /// <summary>For each endpoint of Kestrel's.</summary>
    public static void AddTo(ListenOptions endpoint) => endpoint.Use(next => connection =>
    {
        // Whoever limits upgraded connections, or all requests, wants WebSockets counted, and it is their requests that are. (Limits that
        // are given to UseRateLimiter itself are seen by nobody else.)
        if (endpoint.KestrelServerOptions.Limits.MaxConcurrentUpgradedConnections is not null
            || endpoint.ApplicationServices.GetService<IOptions<RateLimiterOptions>>()?.Value.GlobalLimiter is not null
            || connection.Features.Get<IConnectionHeartbeatFeature>() is not { } heartbeat)
            return next(connection);
        var takeover = new ConnectionTakeover(connection, heartbeat);
        connection.Features.Set<IConnectionHeartbeatFeature>(takeover);
        return takeover.RunAsync(next);
    });

    /// <summary>
    /// The one by which this request's connection can be taken over. Null where something stands between it and HTTP (TLS, a log of bytes),
    /// which reads the connection too and ends with HTTP, and where the request's own end would lift a limit: a limiter of concurrent
    /// requests counts a WebSocket for as long as it is open.
    /// </summary>
    public static ConnectionTakeover? Of(HttpContext context, IDuplexPipe transport) =>
        context.Features.Get<IConnectionHeartbeatFeature>() is ConnectionTakeover takeover
        && ReferenceEquals(takeover._transport, transport)
        && context.GetEndpoint()?.Metadata.GetMetadata<EnableRateLimitingAttribute>() is null
            ? takeover : null;

    /// <summary>The connection, if an event loop receives for it and nothing stands between that and HTTP.</summary>
    public ILoopConnection? Loop =>
        connection.Features.Get<ILoopConnection>() is { } loop && ReferenceEquals(loop, _transport) ? loop : null;

    /// <summary>
    /// Has an event loop feed a receiver once the request has ended, as <see cref="GoOnWith"/>. Kestrel lets go of the connection then: of
    /// its limits only the one of upgraded connections is for WebSockets, and that keeps them within their requests.
    /// </summary>
    public void GoOnWithout(ILoopConnection loop, IByteReceiver receiver)
    {
        _isLeft = true;
        GoOnWith(() =>
        {
            loop.GoOnWith(receiver);
            return Task.CompletedTask;
        });
    }

    /// <summary>Runs this once the request has ended. To be called within the request, which then ends.</summary>
    public void GoOnWith(Func<Task> next) => _next = next;

    void IConnectionHeartbeatFeature.OnHeartbeat(Action<object> action, object state)
    {
        if (_beats is null)
            heartbeat.OnHeartbeat(static takeover => ((ConnectionTakeover)takeover)._beats?.Invoke(), this);
        _beats += () => action(state);
    }

    private async Task RunAsync(ConnectionDelegate http)
    {
        try
        {
            await http(connection).ConfigureAwait(false);
        }
        finally
        {
            if (_next is { } next)
            {
                _next = null;
                _beats = null; // and with it all of HTTP
                try
                {
                    await next().ConfigureAwait(false);
                }
                finally
                {
                    if (!_isLeft)
                        BoundTheDrain();
                }
            }
        }
    }

    /// <summary>
    /// From here on the connection only writes what is left. HTTP would see to it that its client reads, by its minimum rate for a
    /// response; without HTTP a client that does not read would keep the connection for ever.
    /// </summary>
    private void BoundTheDrain()
    {
        var beats = 0;
        _beats = () =>
        {
            if (++beats == BeatsToDrain)
                connection.Abort(new ConnectionAbortedException("The WebSocket has ended, and its client does not read what is left."));
        };
    }

    /// <summary>For every endpoint of a host, before the application's own configuration: what that sets wins.</summary>
    public static void AddTo(IServiceCollection services)
    {
        if (!services.Any(static service => service.ImplementationType == typeof(Setup)))
            services.Insert(0, ServiceDescriptor.Singleton<IConfigureOptions<KestrelServerOptions>, Setup>());
    }

    /// <summary>Sets it up on every endpoint, unless the application sets its own defaults for endpoints.</summary>
    internal sealed class Setup : IConfigureOptions<KestrelServerOptions>
    {
        public void Configure(KestrelServerOptions options) => options.ConfigureEndpointDefaults(AddTo);
    }
}
