using ActorSocket;

namespace Game;

/// <summary>A player's dot: from 0 to 1, both ways.</summary>
public sealed record Dot(string Name, double X, double Y);

/// <summary>What who enters is told. The token is that player's secret: whoever shows it has the seat.</summary>
public sealed record Entered(string Token, long Player, Dictionary<long, Dot> Dots);

/// <summary>What outlives the arena's node.</summary>
public sealed class ArenaState
{
    public Dictionary<long, Dot> Dots { get; set; } = [];
}

/// <summary>What may be asked of an arena, from any node.</summary>
public interface IArena
{
    Task<Entered> EnterAsync(string socketId, string name);

    Task<Entered> ReturnAsync(string socketId, string token);

    void Steer(string socketId, double x, double y);

    Task LeaveAsync(string socketId);
}

/// <summary>One arena. It lives on one node of the cluster, and what runs on it runs one at a time, so nothing needs a lock.</summary>
public sealed class Arena : RoomEntity<ArenaState>, IArena
{
    private const double Speed = 0.4; // of the arena's width, a second

    private readonly Dictionary<long, (double X, double Y)> _directions = [];

    public override TimeSpan TickInterval => TimeSpan.FromSeconds(1.0 / 30);

    public override Task OnStartedAsync(EntityStart start)
    {
        Seats.Capacity = 16;
        Seats.GraceTime = TimeSpan.FromSeconds(10); // for so long a player may be away
        return Task.CompletedTask;
    }

    public async Task<Entered> EnterAsync(string socketId, string name)
    {
        var seat = await Seats.TakeAsync(socketId, name);
        State.Dots.TryAdd(seat.Number, new Dot(seat.Name, 0.5, 0.5));
        await SaveAsync(); // the token is good for something after a crash, too
        return new Entered(seat.Token, seat.Number, State.Dots);
    }

    public async Task<Entered> ReturnAsync(string socketId, string token)
    {
        var seat = await Seats.ReturnAsync(token, socketId);
        await SaveAsync(); // after a crash the seat is that of this socket, not of the one before
        return new Entered(seat.Token, seat.Number, State.Dots);
    }

    public void Steer(string socketId, double x, double y)
    {
        if (Seats.Find(socketId) is { } seat)
            _directions[seat.Number] = (Math.Clamp(x, -1, 1), Math.Clamp(y, -1, 1)); // no faster than the rules allow
    }

    public async Task LeaveAsync(string socketId)
    {
        if (Seats.Find(socketId) is { } seat)
            await Seats.LeaveAsync(seat);
    }

    public override Task OnLostAsync(Seat seat)
    {
        _directions.Remove(seat.Number);
        return Task.CompletedTask;
    }

    public override Task OnLeftAsync(Seat seat, SeatLeaveReason reason)
    {
        State.Dots.Remove(seat.Number);
        _directions.Remove(seat.Number);
        if (Seats.Count == 0)
            Delete(); // the next who enters starts a new one
        return Task.CompletedTask;
    }

    public override Task OnTickAsync(TimeSpan elapsed)
    {
        var step = Speed * elapsed.TotalSeconds;
        foreach (var (player, (x, y)) in _directions)
        {
            if (State.Dots.TryGetValue(player, out var dot))
                State.Dots[player] = dot with { X = Math.Clamp(dot.X + (x * step), 0, 1), Y = Math.Clamp(dot.Y + (y * step), 0, 1) };
        }
        Namespace.To(Seats.Room).Volatile.Emit("dots", State.Dots); // who is slow gets the next ones
        return Task.CompletedTask;
    }
}
