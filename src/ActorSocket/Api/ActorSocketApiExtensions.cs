using System.ComponentModel;
using ActorSocket;
using ActorSocket.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the HTTP API of a Socket.IO server: for programs in other languages, and for scripts.</summary>
public static class ActorSocketApiExtensions
{
    /// <summary>
    /// Maps requests that emit, ask, join, leave, disconnect, list sockets and call entities, on all nodes of the cluster, whichever node
    /// answers them. Bodies and answers are JSON, errors are problem details (RFC 9457); described for OpenAPI. See
    /// <c>docs/guide/http-api.md</c>.
    /// </summary>
    /// <remarks>
    /// Whoever reaches it can do anything to any client, so it has to be said who may: by <c>RequireAuthorization</c>, or by
    /// <c>AllowAnonymous</c> where a network already sees to it. An application that says neither does not start. Bodies have
    /// <see cref="EngineIoOptions.MaxHttpBufferSize"/> bytes at most; how often it may be asked, <c>RequireRateLimiting</c> says.
    /// </remarks>
    /// <param name="endpoints">The application, or a group.</param>
    /// <param name="pattern">The path.</param>
    /// <param name="name">The server's name, when it was added with one.</param>
    /// <returns>The endpoints, for conventions.</returns>
    /// <exception cref="InvalidOperationException"><c>AddActorSocket</c> was not called.</exception>
    /// <example><code>
    /// app.MapActorSocketApi("/api/io").RequireAuthorization("operators");
    /// </code></example>
    public static RouteGroupBuilder MapActorSocketApi(this IEndpointRouteBuilder endpoints, string pattern = "/api/io", string name = "")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        var io = endpoints.ServerOf(name, nameof(MapActorSocketApi));
        var api = new ServerApi(io);
        io.Server.IsApiMapped = true;
        var group = endpoints.MapGroup(pattern)
            .WithTags("Socket.IO")
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .WithMetadata(new RequestSizeLimitAttribute(io.Server.Options.MaxHttpBufferSize))
            .AddEndpointFilter(async (context, next) => await Problems.OfAsync(() => next(context)).ConfigureAwait(false));
        ((IEndpointConventionBuilder)group).Finally(static endpoint => endpoint.ThrowIfOpen(nameof(MapActorSocketApi)));

        group.MapPost("/emit", (EmitRequest request) => api.Emit(request))
            .WithSummary("Emits an event to all sockets of a namespace, or to those of rooms.")
            .Produces(StatusCodes.Status202Accepted);
        group.MapPost("/ask", (AskRequest request, CancellationToken aborted) => api.AskAsync(request, aborted))
            .WithSummary("Emits an event and waits for each client's acknowledgement.")
            .Produces<AskAnswer>()
            .ProducesProblem(StatusCodes.Status504GatewayTimeout);
        group.MapPost("/join", (MoveRequest request, CancellationToken aborted) => api.JoinAsync(request, aborted))
            .WithSummary("Lets sockets join rooms.")
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status502BadGateway)
            .ProducesProblem(StatusCodes.Status504GatewayTimeout);
        group.MapPost("/leave", (MoveRequest request, CancellationToken aborted) => api.LeaveAsync(request, aborted))
            .WithSummary("Lets sockets leave rooms.")
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status502BadGateway)
            .ProducesProblem(StatusCodes.Status504GatewayTimeout);
        group.MapPost("/disconnect", (DisconnectRequest request, CancellationToken aborted) => api.DisconnectAsync(request, aborted))
            .WithSummary("Disconnects sockets.")
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status502BadGateway)
            .ProducesProblem(StatusCodes.Status504GatewayTimeout);
        group.MapGet(
                "/sockets",
                (
                    [Description("The namespace; / without it.")] string? @namespace,
                    [Description("Only sockets that are in one of these rooms.")] string[]? room,
                    [Description("How many at most; 1 to 10 000, 100 without it.")] int? limit,
                    [Description("Whether each socket's data is wanted, too.")] bool? data,
                    CancellationToken aborted
                ) => api.SocketsAsync(@namespace, room, limit ?? 100, data ?? false, aborted)
            )
            .WithSummary("Lists sockets of all nodes.")
            .Produces<SocketsAnswer>()
            .ProducesProblem(StatusCodes.Status504GatewayTimeout);
        group.MapGet(
                "/count",
                (
                    [Description("The namespace; / without it.")] string? @namespace,
                    [Description("Only sockets that are in one of these rooms.")] string[]? room,
                    CancellationToken aborted
                ) => api.CountAsync(@namespace, room, aborted)
            )
            .WithSummary("Counts sockets of all nodes.")
            .Produces<CountAnswer>()
            .ProducesProblem(StatusCodes.Status504GatewayTimeout);
        group.MapGet(
                "/rooms",
                (
                    [Description("The namespace; / without it.")] string? @namespace,
                    [Description("What the names begin with.")] string? prefix,
                    [Description("The last name of the page before.")] string? after,
                    [Description("How many at most; 1 to 10 000, 100 without it.")] int? limit,
                    CancellationToken aborted
                ) => api.RoomsAsync(@namespace, prefix, after, limit ?? 100, aborted)
            )
            .WithSummary("Lists rooms that have members, on whichever node, in order of their names.")
            .Produces<RoomsAnswer>()
            .ProducesProblem(StatusCodes.Status504GatewayTimeout);
        group.MapGet(
                "/users",
                (
                    [Description("The namespace; / without it.")] string? @namespace,
                    [Description("What their ids begin with.")] string? prefix,
                    [Description("The last id of the page before.")] string? after,
                    [Description("How many at most; 1 to 10 000, 100 without it.")] int? limit
                ) => api.Users(@namespace, prefix, after, limit ?? 100)
            )
            .WithSummary("Lists users who are online, in order of their ids, and how many there are.")
            .Produces<UsersAnswer>();
        group.MapGet(
                "/users/{id}",
                (string id, [Description("The namespace; / without it.")] string? @namespace) => api.User(@namespace, id)
            )
            .WithSummary("Tells whether a user is online, on how many devices, and when the last one went.")
            .Produces<UserPresence>()
            .ProducesProblem(StatusCodes.Status404NotFound);
        group.MapPost(
                "/entities/{type}/{id}/{method}",
                (string type, string id, string method, CallRequest request, CancellationToken aborted) =>
                    api.CallAsync(type, id, method, request, aborted)
            )
            .WithSummary("Calls a method of an entity, on whichever node it lives, and answers with what it returns.")
            .Produces<System.Text.Json.JsonElement>()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
            .ProducesProblem(StatusCodes.Status502BadGateway)
            .ProducesProblem(StatusCodes.Status504GatewayTimeout);
        return group;
    }
}
