using ActorSocket;
using ActorSocket.EventLoops;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Hosting;

/// <summary>Kestrel on event loops.</summary>
public static class ActorSocketTransportExtensions
{
    /// <summary>
    /// Serves the connections of Kestrel on event loops of ActorSocket's own, one for each processor: an event on a WebSocket, or a
    /// request, is received, handled and answered without a change of thread. On Linux, x64 and arm64; elsewhere, and for Unix sockets and
    /// named pipes, Kestrel's own transport goes on, which one line of the log says.
    /// </summary>
    /// <remarks>
    /// Everything that Kestrel does works on it: HTTP/1.1 and HTTP/2, TLS, endpoint middleware, limits, metrics.
    /// Of <c>SocketTransportOptions</c> how a socket is bound, <c>Backlog</c>, <c>NoDelay</c>, <c>MaxReadBufferSize</c> and
    /// <c>MaxWriteBufferSize</c> hold for it too. Handlers may block: a loop whose thread blocks, or computes for some milliseconds, goes
    /// on on another thread, and what did that starts on a thread aside from then on, until it is quick again. A warning names it.
    /// </remarks>
    /// <example><code>
    /// builder.WebHost.UseActorSocketTransport();
    /// </code></example>
    public static IWebHostBuilder UseActorSocketTransport(this IWebHostBuilder host, Action<ActorSocketTransportOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(host);
        return host.ConfigureServices(services =>
        {
            services.AddOptions<ActorSocketTransportOptions>().ValidateDataAnnotations().ValidateOnStart();
            if (configure is not null)
                services.Configure(configure);
            services.AddSingleton<IConnectionListenerFactory, LoopListenerFactory>(); // Kestrel asks the last one first
        });
    }
}
