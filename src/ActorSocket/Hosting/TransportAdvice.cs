using ActorSocket.EventLoops;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.Hosting;

/// <summary>Whether an application would be better off with <c>UseActorSocketTransport</c>, and has not called it.</summary>
internal static class TransportAdvice
{
    public static bool IsDue(IServiceProvider services) =>
        Libc.IsSupported
        && services.GetService<IServer>()?.GetType().Assembly == typeof(KestrelServer).Assembly
        && services.GetServices<IConnectionListenerFactory>().All(static factory => factory is not LoopListenerFactory);
}
