using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ActorSocket.Api;

/// <summary>
/// Which sockets are meant: those of a namespace, or of some of its rooms. What is misspelt is refused: without it all would be meant.
/// </summary>
internal record Selection
{
    [Description("The namespace; / without it.")]
    public string? Namespace { get; init; }

    [Description("Those in any of these rooms; a socket's own id is one. Without it: all.")]
    public string[]? Rooms { get; init; }

    [Description("But not those in any of these.")]
    public string[]? Except { get; init; }
}

/// <summary>An event.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal record EmitRequest : Selection
{
    [Description("The event's name.")]
    public string? Event { get; init; }

    [Description("Its arguments.")]
    public JsonElement[]? Args { get; init; }

    [Description("Whether clients that are not ready to receive it may miss it.")]
    public bool Volatile { get; init; }
}

/// <summary>An event that clients acknowledge.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record AskRequest : EmitRequest
{
    [Description("How long to wait for them, in milliseconds: 1 to 600 000; 5 000 without it.")]
    public int? TimeoutMs { get; init; }
}

/// <summary>Sockets that join or leave.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record MoveRequest : Selection
{
    [Description("The rooms that they join or leave.")]
    public string[]? Targets { get; init; }
}

/// <summary>Sockets that are disconnected.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record DisconnectRequest : Selection
{
    [Description("Whether their connections end, too, with the sockets of other namespaces.")]
    public bool CloseConnections { get; init; }
}

/// <summary>A call of an entity.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record CallRequest
{
    [Description("The method's arguments.")]
    public JsonElement[]? Args { get; init; }
}

/// <summary>What clients have answered, in the order in which they did.</summary>
/// <param name="Answers">For each client, the first argument of its acknowledgement.</param>
internal sealed record AskAnswer(IReadOnlyList<JsonElement> Answers);

/// <summary>Sockets of all nodes.</summary>
/// <param name="Sockets">As many as were asked for.</param>
/// <param name="Total">How many there are.</param>
internal sealed record SocketsAnswer(IReadOnlyList<SocketAnswer> Sockets, int Total);

/// <summary>One socket. What its client has shown at its handshake, tokens and cookies, is not told.</summary>
internal sealed record SocketAnswer(
    string Id,
    IReadOnlyCollection<string> Rooms,
    string Address,
    IReadOnlyDictionary<string, object?>? Data
);

/// <summary>How many sockets there are, on all nodes.</summary>
internal sealed record CountAnswer(int Count);

/// <summary>Rooms of all nodes, in order: fewer than were asked for on the last page.</summary>
internal sealed record RoomsAnswer(IReadOnlyList<string> Rooms);

/// <summary>Users who are online, in order: fewer than were asked for on the last page.</summary>
/// <param name="Users">Those of the page.</param>
/// <param name="Online">How many there are.</param>
internal sealed record UsersAnswer(IReadOnlyList<UserPresence> Users, int Online);
