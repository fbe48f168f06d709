namespace ActorSocket.Server.Game;

/// <summary>Two who want to play in the same lobby are put into a game.</summary>
internal sealed class PongQueue(RoomEntities<Pong, IPong> games) : MatchQueue<Pong>(games.ByName)
{
    public new const string Id = "all";

    protected override MatchRules Rules => new() { Timeout = TimeSpan.FromMinutes(2), Interval = TimeSpan.FromMilliseconds(250) };
}
