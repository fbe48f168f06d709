using ActorSocket.Server.Lobby;

namespace ActorSocket.Server.Game;

/// <summary>What one tab may do to play, or to watch: one game at a time.</summary>
internal sealed class PongHub(
    RoomEntities<Pong, IPong> games,
    RoomEntities<PongQueue, IMatchQueue> queues,
    RoomEntities<PongRegistry, IPongRegistry> registry,
    PongList list,
    TimeProvider time
) : SocketHub
{
    private const double SteersASecond = 60, MostSteersAtOnce = 30;

    private string? _playing;
    private string? _watching;
    private double _mayDo = MostSteersAtOnce;
    private long _steeredAt = time.GetTimestamp();

    public override Task OnConnectedAsync()
    {
        registry.Get(PongRegistry.Id).Start();
        return Task.CompletedTask;
    }

    [Event("games")]
    public GameSummary[] Games() => Socket.Data.TryGetValue("lobby", out var lobby) ? list.Of($"{lobby}") : [];

    [Event("play")]
    public async Task<InQueue> PlayAsync()
    {
        if (!Socket.Data.TryGetValue("user", out var name) || !Socket.Data.TryGetValue("lobby", out var lobby))
            throw new EventException("Join a lobby first.");
        EnsureIsFree(null);
        await queues.Get(PongQueue.Id).JoinAsync(MatchRequest.Of(Socket.Id, $"{name}", group: LobbyRoom.IdOf($"{lobby}")));
        return new InQueue(true);
    }

    [Event("play-cancel")]
    public async Task<InQueue> CancelAsync()
    {
        await queues.Get(PongQueue.Id).CancelAsync(Socket.Id);
        return new InQueue(false);
    }

    [Event("sit")]
    public async Task<Seated> SitAsync(string? id, string? token)
    {
        EnsureIsFree(id);
        var side = await GameOf(id).SitAsync(token ?? "", Socket.Id);
        (_playing, _watching) = (id, _watching == id ? null : _watching);
        return new Seated(side);
    }

    [Event("watch")]
    public async Task<Watching> WatchAsync(string? id)
    {
        var game = GameOf(id);
        if (_watching is not null && _watching != id)
            await GameOf(_watching).UnwatchAsync(Socket.Id);
        await game.WatchAsync(Socket.Id);
        _watching = id;
        return new Watching(id);
    }

    [Event("unwatch")]
    public async Task<Watching> UnwatchAsync(string? id)
    {
        if (_watching is null || (id is not null && id != _watching)) // it was said of one before, and came late
            return new Watching(_watching);
        await GameOf(_watching).UnwatchAsync(Socket.Id);
        _watching = null;
        return new Watching(null);
    }

    [Event("steer")]
    public void Steer(double y)
    {
        // Nothing holds a client back that steers without a pause, and a game that is over is not to start again for it.
        if (_playing is null || !list.IsPlayed(_playing))
            return;
        // After a stall of the line many come at once, and the last one counts.
        _mayDo = Math.Min(MostSteersAtOnce, _mayDo + (time.GetElapsedTime(_steeredAt).TotalSeconds * SteersASecond));
        _steeredAt = time.GetTimestamp();
        if (_mayDo < 1)
            return;
        _mayDo--;
        GameOf(_playing).Steer(Socket.Id, y);
    }

    [Event("give-up")]
    public async Task<LeftGame> GiveUpAsync(string? id)
    {
        if (_playing is not null && (id is null || id == _playing))
        {
            await GameOf(_playing).LeaveAsync(Socket.Id);
            _playing = null;
        }
        return new LeftGame(true);
    }

    private void EnsureIsFree(string? id)
    {
        if (_playing is not null && _playing != id && list.IsPlayed(_playing))
            throw new EventException("Finish your own game first.");
    }

    /// <summary>Ids are made by the queue; an entity of any other says that it is over, and is none.</summary>
    private IPong GameOf(string? id) => id is { Length: 32 } && id.All(char.IsAsciiHexDigit)
        ? games.Get(id)
        : throw new EventException("This game is over.") { Code = "NO_GAME" };
}
