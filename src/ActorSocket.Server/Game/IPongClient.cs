using System.Text.Json;

namespace ActorSocket.Server.Game;

/// <summary>What a page hears of games.</summary>
internal interface IPongClient
{
    /// <summary>Those of the page's lobby.</summary>
    void Games(GameSummary[] games);

    /// <summary>Where everything is, sixty times a second.</summary>
    void Frame(string id, double x, double y, double speedX, double speedY, double left, double right);

    /// <summary>Emitted by the queue (<see cref="MatchQueue{TGame}.OnMatchedAsync"/>).</summary>
    void Matched(SeatReservation seat);

    /// <inheritdoc cref="Matched"/>
    void Unmatched(string reason);

    /// <summary>What a game shows: emitted for its <see cref="RoomEntity.SyncView"/>.</summary>
    void Sync(string name, long version, PongView value);

    /// <inheritdoc cref="Sync"/>
    [Event("sync:patch")]
    void SyncPatch(string name, long version, JsonElement patch);
}
