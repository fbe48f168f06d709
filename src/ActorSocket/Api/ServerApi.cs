using System.Text;
using System.Text.Json;
using ActorSocket.Entities;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sockets;
using Microsoft.AspNetCore.Http;

namespace ActorSocket.Api;

/// <summary>What a request of the HTTP API does. What it throws, <see cref="Problems"/> tells the caller.</summary>
internal sealed class ServerApi(ActorSocketServer io)
{
    private const int MaxSockets = 10_000;
    private int _made; // namespaces that were not on this node
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(10);

    public IResult Emit(EmitRequest request)
    {
        var sockets = Select(request);
        (request.Volatile ? sockets.Volatile : sockets).EmitCore(NameOf(request), ArgumentsOf(request.Args));
        return Results.Accepted();
    }

    public async Task<IResult> AskAsync(AskRequest request, CancellationToken aborted)
    {
        var wait = TimeSpan.FromMilliseconds(request.TimeoutMs ?? 5000);
        if (wait <= TimeSpan.Zero || wait > LongestWait)
            throw new RequestException("timeoutMs", "It is 1 to 600 000.");
        var answers = await Select(request)
            .Timeout(wait)
            .EmitWithAckCoreAsync<JsonElement>(NameOf(request), ArgumentsOf(request.Args), aborted)
            .ConfigureAwait(false);
        return Results.Ok(new AskAnswer(answers));
    }

    public async Task<IResult> JoinAsync(MoveRequest request, CancellationToken aborted)
    {
        await Select(request).SocketsJoinAsync(TargetsOf(request), aborted).ConfigureAwait(false);
        return Results.NoContent();
    }

    public async Task<IResult> LeaveAsync(MoveRequest request, CancellationToken aborted)
    {
        await Select(request).SocketsLeaveAsync(TargetsOf(request), aborted).ConfigureAwait(false);
        return Results.NoContent();
    }

    public async Task<IResult> DisconnectAsync(DisconnectRequest request, CancellationToken aborted)
    {
        var scope = request.CloseConnections ? DisconnectScope.Connection : DisconnectScope.Namespace;
        await Select(request).DisconnectSocketsAsync(scope, aborted).ConfigureAwait(false);
        return Results.NoContent();
    }

    public async Task<IResult> SocketsAsync(string? ns, string[]? rooms, int limit, bool withData, CancellationToken aborted)
    {
        if (limit is < 1 or > MaxSockets)
            throw new RequestException("limit", "It is 1 to 10 000.");
        var found = await Select(ns, rooms).FetchSocketsAsync(aborted).ConfigureAwait(false);
        return Results.Ok(new SocketsAnswer(
            [
                .. found.Take(limit).Select(socket =>
                    new SocketAnswer(socket.Id, socket.Rooms, socket.Handshake.Address, withData ? DataOf(socket) : null)),
            ],
            found.Count
        ));
    }

    public async Task<IResult> CountAsync(string? ns, string[]? rooms, CancellationToken aborted) =>
        Results.Ok(new CountAnswer(await Select(ns, rooms).CountAsync(aborted).ConfigureAwait(false)));

    public async Task<IResult> RoomsAsync(string? ns, string? prefix, string? after, int limit, CancellationToken aborted) =>
        Results.Ok(new RoomsAnswer(
            await NamespaceOf(ns).RoomsAsync(prefix ?? "", after, limit, aborted).ConfigureAwait(false)));

    public IResult Users(string? ns, string? prefix, string? after, int limit)
    {
        var users = UsersOf(ns);
        return Results.Ok(new UsersAnswer(users.List(prefix ?? "", after, limit), users.Count));
    }

    public IResult User(string? ns, string id) => UsersOf(ns).Find(id) is { } user
        ? Results.Ok(user)
        : Results.Problem("Nobody of this id was here since this node started, as far as it remembers.", statusCode: 404);

    public async Task<IResult> CallAsync(string type, string id, string method, CallRequest request, CancellationToken aborted)
    {
        if (io.Server.Entities.CallerOf(type) is not { } entities)
            return Results.Problem($"There are no entities \"{type}\" on this server.", statusCode: StatusCodes.Status404NotFound);
        var args = new ArgumentList(ArgumentsOf(request.Args));
        var result = await entities.CallAsync(id, method, args, aborted).ConfigureAwait(false);
        return Results.Ok(entities.Read<JsonElement>(result, method));
    }

    /// <summary>Value by value: one that JSON cannot write costs nobody the list.</summary>
    private Dictionary<string, object?> DataOf(RemoteSocket socket)
    {
        var data = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (key, value) in socket.Data)
        {
            try
            {
                data[key] = JsonSerializer.SerializeToElement(value, io.Server.Json.Options);
            }
            catch (Exception error) when (error is JsonException or NotSupportedException or InvalidOperationException)
            {
                data[key] = $"({value?.GetType().Name})";
            }
        }
        return data;
    }

    /// <summary>As a query says it, where no room is none that is named.</summary>
    private BroadcastOperator Select(string? ns, string[]? rooms) =>
        Select(new Selection { Namespace = ns, Rooms = rooms is { Length: > 0 } ? rooms : null });

    private BroadcastOperator Select(Selection selection)
    {
        if (selection.Rooms is { Length: 0 })
            throw new RequestException("rooms", "It names no room. Leave it out for all sockets.");
        var ns = NamespaceOf(selection.Namespace);
        return (selection.Rooms is { } rooms ? ns.To(rooms) : ns.Except()).Except(selection.Except ?? []);
    }

    /// <summary>One that is there, or may be on another node: a misspelt name is an error, not a namespace more.</summary>
    private Namespace NamespaceOf(string? given)
    {
        var name = given switch { null => "/", ['/', ..] => given, _ => "/" + given };
        if (io.Server.Namespaces.TryGet(name, out var known))
            return known.Face;
        if (!Array.Exists(io.Server.Namespaces.Dynamic, dynamic => dynamic.Pattern?.IsMatch(name) == true))
            throw new RequestException("namespace", "There is no such namespace.");
        return Interlocked.Increment(ref _made) <= io.Server.Options.MaxDynamicNamespaces
            ? io.Of(name)
            : throw new RequestException("namespace", "It is not on this node, which has made as many as MaxDynamicNamespaces allows.");
    }

    private UserDirectory UsersOf(string? ns)
    {
        var found = NamespaceOf(ns);
        return found.Services.Users is null
            ? throw new RequestException("namespace", "It keeps no users: its application does not call UsePresence().")
            : found.Users;
    }

    private static string NameOf(EmitRequest request) =>
        request.Event is { Length: > 0 } name ? name : throw new RequestException("event", "It is the name of the event.");

    private static string[] TargetsOf(MoveRequest request) =>
        request.Targets is { Length: > 0 } rooms && Array.TrueForAll(rooms, IsRoom)
            ? rooms
            : throw new RequestException("targets", "It names the rooms to join or to leave, each of 256 bytes at most.");

    private static bool IsRoom(string? room) => room is not null && Encoding.UTF8.GetByteCount(room) <= ServerServices.MaxRoomNameBytes;

    private static object?[] ArgumentsOf(JsonElement[]? args) => args is null ? [] : Array.ConvertAll(args, static arg => (object?)arg);
}
