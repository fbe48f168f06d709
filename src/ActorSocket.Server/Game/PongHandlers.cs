using ActorSocket.Server.Lobby;

namespace ActorSocket.Server.Game;

/// <summary>What a visitor of a lobby may do to play, or to watch. Refusals are acknowledged as <c>{ error }</c>, as the lobby's.</summary>
internal sealed class PongHandlers(
    RoomEntities<Pong, IPong> games,
    RoomEntities<PongQueue, IMatchQueue> queues,
    PongList list,
    TimeProvider time
)
{
    private const double SteersASecond = 60, MostSteersAtOnce = 30;

    public void Connected(Socket socket)
    {
        string? playing = null;
        string? watching = null;
        var (mayDo, steeredAt) = (MostSteersAtOnce, time.GetTimestamp());
        socket.On("games", () => socket.Data.TryGetValue("lobby", out var lobby) ? list.Of($"{lobby}") : []);
        socket.On("play", () => RefusableAsync(async () =>
        {
            if (!socket.Data.TryGetValue("user", out var name) || !socket.Data.TryGetValue("lobby", out var lobby))
                throw new EventException("Join a lobby first.");
            EnsureIsFree(null);
            await queues.Get(PongQueue.Id).JoinAsync(MatchRequest.Of(socket.Id, $"{name}", group: LobbyRoom.IdOf($"{lobby}")));
            return new { waiting = true };
        }));
        socket.On("play-cancel", () => RefusableAsync(async () =>
            new { cancelled = await queues.Get(PongQueue.Id).CancelAsync(socket.Id) }));
        socket.On("sit", (string? id, string? token) => RefusableAsync(async () =>
        {
            EnsureIsFree(id);
            var side = await GameOf(id).SitAsync(token ?? "", socket.Id);
            (playing, watching) = (id, watching == id ? null : watching);
            return new { side };
        }));
        socket.On("watch", (string? id) => RefusableAsync(async () =>
        {
            var game = GameOf(id);
            if (watching is not null && watching != id)
                await GameOf(watching).UnwatchAsync(socket.Id);
            await game.WatchAsync(socket.Id);
            watching = id;
            return new { watching };
        }));
        socket.On("unwatch", (string? id) => RefusableAsync(async () =>
        {
            if (watching is null || (id is not null && id != watching)) // it was said of one before, and came late
                return new { watching };
            await GameOf(watching).UnwatchAsync(socket.Id);
            watching = null;
            return new { watching };
        }));
        socket.On("steer", (double y) =>
        {
            // Nothing holds a client back that steers without a pause, and a game that is over is not to start again for it.
            if (playing is null || !list.IsPlayed(playing))
                return;
            // After a stall of the line many come at once, and the last one counts.
            mayDo = Math.Min(MostSteersAtOnce, mayDo + (time.GetElapsedTime(steeredAt).TotalSeconds * SteersASecond));
            steeredAt = time.GetTimestamp();
            if (mayDo < 1)
                return;
            mayDo--;
            GameOf(playing).Steer(socket.Id, y);
        });
        socket.On("give-up", (string? id) => RefusableAsync(async () =>
        {
            if (playing is null || (id is not null && id != playing))
                return new { left = true };
            await GameOf(playing).LeaveAsync(socket.Id);
            playing = null;
            return new { left = true };
        }));

        // One game at a time.
        void EnsureIsFree(string? id)
        {
            if (playing is not null && playing != id && list.IsPlayed(playing))
                throw new EventException("Finish your own game first.");
        }
    }

    /// <summary>Ids are made by the queue; an entity of any other says that it is over, and is none.</summary>
    private IPong GameOf(string? id) => id is { Length: 32 } && id.All(char.IsAsciiHexDigit)
        ? games.Get(id)
        : throw new EventException("This game is over.") { Code = "NO_GAME" };

    private static async Task<object> RefusableAsync(Func<Task<object>> ask)
    {
        try
        {
            return await ask();
        }
        catch (EntityCallException refused) when (refused.InnerException is EventException { } refusal)
        {
            return new { error = refusal.Message, code = refusal.Code };
        }
        catch (EventException refusal)
        {
            return new { error = refusal.Message, code = refusal.Code };
        }
        catch (Exception away) when (away is TimeoutException or EntityCallException)
        {
            // Its node has crashed, or the store is away: it starts again by itself, and the page asks again.
            return new { error = "The game does not answer yet.", code = "AWAY" };
        }
    }
}
