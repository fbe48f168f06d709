using ActorSocket.Server.Lobby;

namespace ActorSocket.Server.Admin;

/// <summary>Tells <c>/admin</c> how the server does, once a second: emitting from outside of any handler.</summary>
internal sealed class AdminFigures(ActorSocketServer io, LobbyDirectory lobbies, TimeProvider time) : BackgroundService
{
    private readonly long _started = time.GetTimestamp();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (io.Of("/admin").Sockets.Count == 0)
                continue;
            io.Of("/admin").Volatile.Emit("figures", new
            {
                uptime = (long)time.GetElapsedTime(_started).TotalSeconds,
                connections = io.ConnectionCount,
                sockets = io.Main.Sockets.Count,
                lobbies = lobbies.List(),
                memory = Environment.WorkingSet,
                heap = GC.GetTotalMemory(forceFullCollection: false),
                threads = ThreadPool.ThreadCount,
            });
        }
    }
}
