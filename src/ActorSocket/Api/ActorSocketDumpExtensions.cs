using System.Text.Json;
using System.Text.Json.Serialization;
using ActorSocket;
using ActorSocket.Api;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps a dump of what a node is at, for the day something hangs.</summary>
public static class ActorSocketDumpExtensions
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>
    /// Maps a GET that answers, as JSON, with what this node is at: the process and its threads, connections that something waits for with
    /// the events whose handlers run and for how long, rooms, entities, other nodes, and the mailboxes of actors. It asks no actor, so it
    /// answers also when they hang. See <c>docs/OPERATIONS.md</c>.
    /// </summary>
    /// <remarks>
    /// It names addresses, sockets, events and rooms, so it has to be said who may see them: by <c>RequireAuthorization</c>, or by
    /// <c>AllowAnonymous</c> on a port for the operators only. An application that says neither does not start. <c>?top=</c> (20; 1 to
    /// 1000) says how many of each kind are listed. It looks at each connection and each actor: a node of 100 000 connections is at it for
    /// a fraction of a second.
    /// </remarks>
    /// <param name="endpoints">The application, or a group.</param>
    /// <param name="pattern">The path.</param>
    /// <param name="name">The server's name, when it was added with one.</param>
    /// <returns>The endpoint, for conventions.</returns>
    /// <exception cref="InvalidOperationException"><c>AddActorSocket</c> was not called.</exception>
    /// <example><code>
    /// app.MapActorSocketDump("/debug/io").RequireAuthorization("operators");
    /// </code></example>
    public static RouteHandlerBuilder MapActorSocketDump(
        this IEndpointRouteBuilder endpoints,
        string pattern = "/debug/io",
        string name = ""
    )
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        var dump = new ServerDump(endpoints.ServerOf(name, nameof(MapActorSocketDump)));
        var route = endpoints.MapGet(pattern, (int? top) => top is < 1 or > ServerDump.Most
            ? Results.Problem($"top is 1 to {ServerDump.Most}.", statusCode: StatusCodes.Status400BadRequest)
            : Results.Json(dump.Take(top ?? 20), Json));
        route.ExcludeFromDescription().WithDisplayName("The dump of a Socket.IO server");
        ((IEndpointConventionBuilder)route).Finally(static endpoint => endpoint.ThrowIfOpen(nameof(MapActorSocketDump)));
        return route;
    }
}
