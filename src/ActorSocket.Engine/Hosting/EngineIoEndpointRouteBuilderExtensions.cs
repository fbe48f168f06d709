using System.Runtime.CompilerServices;
using ActorSocket;
using ActorSocket.Configuration;
using ActorSocket.Transports;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>How an Engine.IO server is mapped to a path.</summary>
public static class EngineIoEndpointRouteBuilderExtensions
{
    /// <summary>Maps an Engine.IO server. Every transport and the upgrade run behind the conventions added to the result.</summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="pattern">
    /// The path, without a trailing slash, such as <c>/engine.io</c>. Official: <c>path</c>. Behind the prefix of a group
    /// (<c>MapGroup</c>); with parameters, each for one segment, whose values are in <see cref="EngineIoConnection.RouteValues"/>.
    /// </param>
    /// <param name="onConnection">
    /// Runs for each connection, before any of its messages is handled: adds its handlers (official: the event <c>connection</c>). An
    /// exception is logged.
    /// </param>
    /// <param name="name">The server's name, when it was added with one.</param>
    /// <returns>The server.</returns>
    /// <exception cref="InvalidOperationException">
    /// <c>AddEngineIo</c> was not called, or the server is mapped already, or a parameter of the path is optional, has a default or is a
    /// catch-all.
    /// </exception>
    [OverloadResolutionPriority(1)]
    public static EngineIoServer MapEngineIo(
        this IEndpointRouteBuilder endpoints, string pattern, Func<EngineIoConnection, Task> onConnection, string name = "")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        ArgumentNullException.ThrowIfNull(onConnection);
        var server = endpoints.ServiceProvider.GetKeyedService<EngineIoServer>(name)
            ?? throw new InvalidOperationException(
                $"No Engine.IO server {(name.Length == 0 ? "" : $"named '{name}' ")}was added: "
                + "call builder.Services.AddEngineIo(…) before MapEngineIo."
            );
        server.OnConnection(onConnection);
        var path = "/" + pattern.Trim('/');
        server.Conventions.Map(endpoints, path, new EngineEndpoint(server.Http).HandleAsync, $"Engine.IO {path}");
        return server;
    }

    /// <inheritdoc cref="MapEngineIo(IEndpointRouteBuilder, string, Func{EngineIoConnection, Task}, string)"/>
    public static EngineIoServer MapEngineIo(
        this IEndpointRouteBuilder endpoints, string pattern, Func<EngineIoConnection, ValueTask> onConnection, string name = "") =>
        endpoints.MapEngineIo(pattern, Callback.From(onConnection), name);

    /// <inheritdoc cref="MapEngineIo(IEndpointRouteBuilder, string, Func{EngineIoConnection, Task}, string)"/>
    /// <exception cref="ArgumentException">The handler is <c>async void</c>.</exception>
    public static EngineIoServer MapEngineIo(
        this IEndpointRouteBuilder endpoints, string pattern, Action<EngineIoConnection> onConnection, string name = "") =>
        endpoints.MapEngineIo(pattern, Callback.From(onConnection), name);
}
