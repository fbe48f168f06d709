using ActorSocket.Server.Lobby;

namespace ActorSocket.Server.Game;

/// <summary>What a game says of itself while it is played: in which lobby, who plays, the score.</summary>
internal sealed record PongListing(string Lobby, string[] Players, int[] Score);

/// <summary>A game, as the page lists it.</summary>
internal sealed record GameSummary(string Id, string[] Players, int[] Score);

/// <summary>
/// Which games are played in which lobby. Every node knows all of them (<see cref="RoomEntity.Listing"/>), and tells its own visitors what
/// becomes of those in their lobby.
/// </summary>
internal sealed class PongList
{
    private readonly ListedRooms<PongListing> _games;

    public PongList(ActorSocketServer io, RoomEntities<Pong, IPong> games)
    {
        _games = games.Listed<PongListing>();
        _games.OnChanged(changes =>
        {
            foreach (var lobby in changes.Select(static change => change.Room.Listing.Lobby).Distinct(StringComparer.Ordinal))
                io.Local.To(LobbyRoom.RoomOf(lobby)).As<IPongClient>().Games(Of(lobby));
        });
    }

    /// <summary>Whether a game is there, and not over, as far as this node knows.</summary>
    public bool IsPlayed(string id) => _games.Find(id) is not null;

    /// <param name="lobby">Its id, or its name.</param>
    public GameSummary[] Of(string lobby) =>
    [
        .. _games.Where(game => game.Listing.Lobby == LobbyRoom.IdOf(lobby))
            .Select(static game => new GameSummary(game.Id, game.Listing.Players, game.Listing.Score))
            .OrderBy(static game => game.Id, StringComparer.Ordinal),
    ];
}
