namespace ActorSocket.Server.Lobby;

/// <summary>What a lobby says of itself while it is open, and the page lists: its name, and how many are in it.</summary>
internal sealed record LobbyListing(string Name, int Heads);

/// <summary>
/// The list of all lobbies, which every page shows. Every node knows all of them (<see cref="RoomEntity.Listing"/>), and tells its own
/// visitors of each change; and now and then, how many they are on all nodes.
/// </summary>
internal sealed partial class LobbyList : BackgroundService
{
    private const int MaxShown = 100;
    private static readonly TimeSpan OnlineInterval = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new(); // what a page is shown last is what is so
    private readonly ActorSocketServer _io;
    private readonly ListedRooms<LobbyListing> _lobbies;
    private readonly TimeProvider _time;
    private readonly ILogger _log;

    public LobbyList(ActorSocketServer io, RoomEntities<LobbyRoom> lobbies, TimeProvider time, ILogger<LobbyList> log)
    {
        (_io, _lobbies, _time, _log) = (io, lobbies.Listed<LobbyListing>(), time, log);
        _lobbies.OnChanged(_ =>
        {
            lock (_gate)
                io.Local.As<ILobbyClient>().Lobbies(All());
        });
    }

    /// <summary>To somebody who comes; of what changes later all are told.</summary>
    public void ShowTo(Socket socket)
    {
        lock (_gate)
            socket.As<ILobbyClient>().Lobbies(All());
    }

    private LobbyListing[] All() =>
    [
        .. _lobbies.Select(static lobby => lobby.Listing)
            .OrderByDescending(static lobby => lobby.Name is LobbyRoom.Welcome)
            .ThenByDescending(static lobby => lobby.Heads) // whoever opens many that are empty hides no other
            .Take(MaxShown)
            .OrderBy(static lobby => lobby.Name, StringComparer.OrdinalIgnoreCase),
    ];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(OnlineInterval, _time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                _io.Local.As<ILobbyClient>().Online(await _io.Timeout(TimeSpan.FromSeconds(1)).CountAsync(stoppingToken));
            }
            catch (ClusterTimeoutException)
            {
                // A node does not answer: by the next time it does, or is none any more.
            }
            catch (Exception error) when (error is not OperationCanceledException) // it would end the server
            {
                LogFailure(_log, error);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Error, "How many pages are open could not be told.")]
    private static partial void LogFailure(ILogger log, Exception error);
}
