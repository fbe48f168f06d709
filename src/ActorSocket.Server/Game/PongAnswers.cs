using System.Text.Json.Serialization;

namespace ActorSocket.Server.Game;

internal sealed record InQueue(bool Waiting);

/// <summary>On the left, 0, or on the right, 1.</summary>
internal sealed record Seated(int Side);

internal sealed record Watching(string? Id);

internal sealed record LeftGame(bool Left);

/// <summary>What players and watchers see of a game.</summary>
internal sealed record PongView(
    string Phase,
    PongPlayerView Left,
    PongPlayerView Right,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Winner // as Sync does
);

internal sealed record PongPlayerView(string Name, int Score, bool IsAway);
