using ActorSocket.Diagnostics;
using ActorSocket.EventLoops;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ActorSocket.Hosting;

/// <summary>Says that an application would be better off with <c>UseActorSocketTransport</c>, where it has not called it.</summary>
internal static class TransportAdvice
{
    /// <summary>Once the application has started: its server is not to be made before for this alone.</summary>
    public static void GiveOnce(ActorSocketServer server, IServiceProvider services)
    {
        if (!Libc.IsSupported || server.IsAdvised)
            return;
        server.IsAdvised = true;
        services.GetService<IHostApplicationLifetime>()?.ApplicationStarted.Register(() =>
        {
            if (IsDue(services))
                server.Server.Log.EventLoopsRecommended();
        });
    }

    private static bool IsDue(IServiceProvider services) =>
        services.GetService<IServer>()?.GetType().Assembly == typeof(KestrelServer).Assembly
        && services.GetServices<IConnectionListenerFactory>().All(static factory => factory is not LoopListenerFactory);
}
