using ActorSocket;
using ActorSocket.Transports;
using Microsoft.AspNetCore.Server.Kestrel.Core;

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
}
