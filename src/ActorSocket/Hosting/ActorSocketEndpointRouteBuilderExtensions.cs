using ActorSocket;
using ActorSocket.Hosting;
using ActorSocket.Transports;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps Socket.IO servers to paths of an application.</summary>
public static class ActorSocketEndpointRouteBuilderExtensions
{
    /// <summary>Maps the Socket.IO endpoint. Every transport and the upgrade run behind the conventions added to the result.</summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="pattern">
    /// The path, without a trailing slash. Official: <c>path</c>. Behind the prefix of a group (<c>MapGroup</c>); with parameters, each for
    /// one segment, such as <c>/{tenant}/socket.io</c>, whose values are in <see cref="Handshake.RouteValues"/>. With <c>/</c> the server
    /// gets whatever no other endpoint takes.
    /// </param>
    /// <param name="name">The server's name, when it was added with one.</param>
    /// <returns>The server: handlers are added with <c>Of</c> and <c>OnConnection</c>.</returns>
    /// <exception cref="InvalidOperationException">
    /// <c>AddActorSocket</c> was not called, or a parameter of the path is optional, has a default or is a catch-all.
    /// </exception>
    public static ActorSocketServer MapActorSocket(this IEndpointRouteBuilder endpoints, string pattern = "/socket.io", string name = "")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        var server = endpoints.ServerOf(name, nameof(MapActorSocket));
        if (server.Server.Options.ServeClient)
            server.Server.Http.Files = new ClientBundle().TryServeAsync;
        var path = "/" + pattern.Trim('/');
        TransportAdvice.GiveOnce(server, endpoints.ServiceProvider);
        server.MappedTo = endpoints is RouteGroupBuilder ? null : path;
        server.Conventions.Map(endpoints, path, new EngineEndpoint(server.Server.Http).HandleAsync, $"ActorSocket {path}");
        return server;
    }

    /// <summary>The server of this name.</summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="name">Empty: the one without a name.</param>
    /// <param name="caller">The method that maps something of it.</param>
    /// <exception cref="InvalidOperationException">It was not added.</exception>
    internal static ActorSocketServer ServerOf(this IEndpointRouteBuilder endpoints, string name, string caller) =>
        endpoints.ServiceProvider.GetKeyedService<ActorSocketServer>(name)
        ?? throw new InvalidOperationException(
            $"No server {(name.Length == 0 ? "" : $"named '{name}' ")}was added: call builder.Services.AddActorSocket(…) before {caller}."
        );
}
