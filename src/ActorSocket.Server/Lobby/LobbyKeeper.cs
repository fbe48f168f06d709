namespace ActorSocket.Server.Lobby;

/// <summary>Tells the lobbies that have visitors on this node, so that one which died with its node starts on another.</summary>
internal sealed class LobbyKeeper(ActorSocketServer io, RoomEntities<LobbyRoom> lobbies, TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(5), time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var names = io.Sockets.Select(static socket => socket.Data.TryGetValue("lobby", out var lobby) ? lobby as string : null);
            foreach (var name in names.OfType<string>().Distinct(StringComparer.OrdinalIgnoreCase))
                lobbies.Send(LobbyRoom.IdOf(name), "here");
        }
    }
}
