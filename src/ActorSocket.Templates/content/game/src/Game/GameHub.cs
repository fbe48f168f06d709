using ActorSocket;

namespace Game;

/// <summary>What a client may do: one object for each connection. Who it is, is its socket, and never an argument.</summary>
public sealed class GameHub(RoomEntities<Arena, IArena> arenas) : SocketHub
{
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal) { "north", "south" };

    private string? _arena;

    // Who comes back (ConnectionStateRecovery) has the same socket, and the seat that it has.
    public override Task OnConnectedAsync()
    {
        if (Socket.Recovered)
            _arena = Socket.GetData<string>("arena");
        return Task.CompletedTask;
    }

    [Event("enter")]
    public Task<Entered> EnterAsync(string? arena, string? name) =>
        Arena(arena).EnterAsync(Socket.Id, name?.Trim() is { Length: > 0 and <= 24 } trimmed
            ? trimmed
            : throw new EventException("A name has 1 to 24 characters."));

    [Event("return")]
    public Task<Entered> ReturnAsync(string? arena, string? token) => Arena(arena).ReturnAsync(Socket.Id, token ?? "");

    [Event("steer")]
    public void Steer(double x, double y)
    {
        if (_arena is not null)
            arenas.Get(_arena).Steer(Socket.Id, x, y);
    }

    [Event("leave")]
    public async Task LeaveAsync()
    {
        if (_arena is not null)
            await arenas.Get(_arena).LeaveAsync(Socket.Id);
        _arena = null;
        Socket.Data.Remove("arena");
    }

    // Each id that is called starts an arena, so not whatever a client comes up with.
    private IArena Arena(string? id)
    {
        if (id is null || !Known.Contains(id))
            throw new EventException("There is no such arena.") { Code = "NO_ARENA" };
        if (_arena is not null && _arena != id)
            throw new EventException("Leave the other arena first.") { Code = "IN_ANOTHER" };
        _arena = id;
        Socket.Data["arena"] = id;
        return arenas.Get(id);
    }
}
