using ActorSocket.Server.Lobby;

namespace ActorSocket.Server.Admin;

/// <summary>Tells the <c>/admin</c> pages of this node how it does, once a second: emitting from outside of any handler.</summary>
internal sealed class AdminFigures(ActorSocketServer io, RoomEntities<LobbyList> list, TimeProvider time) : BackgroundService
{
    private readonly long _started = time.GetTimestamp();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (io.Of("/admin").Sockets.Count == 0)
                continue;
            io.Of("/admin").Local.Volatile.Emit("figures", new
            {
                node = io.NodeTag,
                members = io.ClusterMembers,
                uptime = (long)time.GetElapsedTime(_started).TotalSeconds,
                connections = io.ConnectionCount,
                sockets = io.Sockets.Count,
                lobbies = await ListAsync(),
                memory = Environment.WorkingSet,
                heap = GC.GetTotalMemory(forceFullCollection: false),
                threads = ThreadPool.ThreadCount,
            });
        }
    }

    private async Task<LobbySummary[]?> ListAsync()
    {
        try
        {
            return await list.InvokeAsync<LobbySummary[]>(LobbyList.Id, "list");
        }
        catch (Exception e) when (e is TimeoutException or EntityCallException) // or the host would stop with this service
        {
            return [];
        }
    }
}
