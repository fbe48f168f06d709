using ActorSocket;
using ActorSocket.Transports;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Hosting;

/// <summary>How Kestrel serves a Socket.IO server.</summary>
public static class ActorSocketWebHostExtensions
{
    /// <summary>
    /// Lets the WebSockets of an endpoint of Kestrel's outlive their requests, which frees 6 KB of each. Every endpoint has it already,
    /// except behind TLS, where it is to be called after <c>UseHttps</c>, and in an application that calls
    /// <c>ConfigureEndpointDefaults</c>, where it belongs within.
    /// </summary>
    /// <example><code>
    /// builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAnyIP(443, endpoint => endpoint.UseHttps().UseActorSocket()));
    /// </code></example>
    public static ListenOptions UseActorSocket(this ListenOptions endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        ConnectionTakeover.AddTo(endpoint);
        return endpoint;
    }

    /// <summary>
    /// Serves every connection on the threads that poll their sockets, one for each processor, as Node.js serves all on its one: an event
    /// on a WebSocket is read, handled and answered without a change of thread, unless its socket is busy with an earlier one. What that
    /// saves: docs/PERFORMANCE.md. To be called before anything in the process opens a socket, at best as the first of the program.
    /// </summary>
    /// <remarks>
    /// It is the whole process's choice: ASP.NET Core's requests, and what other sockets of the process wait for (<c>HttpClient</c>,
    /// databases), go on on those threads too. <b>Nothing on them may block or compute for long</b>: a handler that does holds up every
    /// connection of its thread, and one that blocks until a socket brings something (<c>.Result</c>) may wait for itself. <c>await</c> is
    /// no blocking; what must be done in one go belongs into <c>Task.Run</c>. It sets <see cref="ActorSocketOptions.InlineHandlers"/>,
    /// Kestrel's <c>UnsafePreferInlineScheduling</c> and .NET's environment variable <c>DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS</c>,
    /// which does nothing on Windows.
    /// </remarks>
    /// <example><code>
    /// var builder = WebApplication.CreateBuilder(args);
    /// builder.WebHost.UseInlineSockets();
    /// </code></example>
    public static IWebHostBuilder UseInlineSockets(this IWebHostBuilder host)
    {
        ArgumentNullException.ThrowIfNull(host);
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
        return host.ConfigureServices(static services => services
            .Configure<SocketTransportOptions>(static sockets => sockets.UnsafePreferInlineScheduling = true)
            .PostConfigureAll<ActorSocketOptions>(static options => options.InlineHandlers = true));
    }
}
