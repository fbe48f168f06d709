namespace ActorSocket.Server.Game;

/// <summary>What may be asked of a game, from any node.</summary>
internal interface IPong
{
    /// <summary>Gives who shows a token its seat, again or for the first time: 0 for the left one, 1 for the right one.</summary>
    Task<int> SitAsync(string token, string socketId);

    Task WatchAsync(string socketId);

    Task UnwatchAsync(string socketId);

    /// <summary>Where a player wants to have the paddle.</summary>
    void Steer(string socketId, double y);

    Task LeaveAsync(string socketId);

    /// <summary>It is to be there, if it ever was: after a restart nobody else may call it.</summary>
    void Wake();
}

/// <summary>
/// Two paddles and a ball. It is made by the <see cref="PongQueue"/> with two reserved seats, runs 60 times a second on one node of the
/// cluster, and goes on elsewhere when that node leaves; after a crash with what was saved last, at most a second old.
/// </summary>
internal sealed class Pong(IConfiguration configuration, RoomEntities<PongRegistry, IPongRegistry> registry) : RoomEntity<PongState>, IPong
{
    private static readonly TimeSpan ShownWhenOver = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ShownToWatchers = TimeSpan.FromSeconds(1);

    private readonly Random _dice = new();

    public override TimeSpan TickInterval => TimeSpan.FromSeconds(1.0 / 60);

    /// <summary>Who plays, the score, who is away: what must not be missed. The ball is in <see cref="OnTickAsync"/>.</summary>
    public override TimeSpan SyncInterval => TimeSpan.FromSeconds(1.0 / 20);

    public override object SyncView() =>
        new PongView(State.Phase.ToString(), ViewOf(State.Players[0]), ViewOf(State.Players[1]), State.Winner);

    public override Task OnStartedAsync(EntityStart start)
    {
        Seats.Capacity = 2;
        Seats.GraceTime = TimeSpan.FromSeconds(30);
        if (start.Origin == EntityOrigin.Restored && State.Phase == PongPhase.Playing)
            State.Rest = PongCourt.RestBeforeServe; // nobody has seen the ball for a while: it rests where it is
        List();
        return Task.CompletedTask;
    }

    public override async Task OnReservedAsync(IReadOnlyList<Seat> seats, SocketArgument options)
    {
        await registry.Get(PongRegistry.Id).AddAsync(Id); // before it is in the store itself
        State.Lobby = options.As<GameMatch>()?.Group;
        State.PointsToWin = configuration.GetValue("Game:PointsToWin", State.PointsToWin);
        foreach (var seat in seats)
            PlayerOf(seat).Name = seat.Name;
        Seats.IsLocked = true;
    }

    public async Task<int> SitAsync(string token, string socketId)
    {
        EnsureIsOne();
        // Saved as soon as it changes, without waiting: the others play meanwhile. What it has watched it has by its seat as well.
        return SideOf(await Seats.ReturnAsync(token, socketId));
    }

    public Task WatchAsync(string socketId)
    {
        EnsureIsOne();
        return Sync.WatchAsync(socketId);
    }

    public Task UnwatchAsync(string socketId)
    {
        EndUnlessOne();
        return Sync.UnwatchAsync(socketId);
    }

    public void Steer(string socketId, double y)
    {
        EndUnlessOne();
        if (Seats.Find(socketId) is { } seat && double.IsFinite(y))
            PlayerOf(seat).Target = y;
    }

    public Task LeaveAsync(string socketId)
    {
        EndUnlessOne();
        return Seats.LeaveAsync(socketId);
    }

    public void Wake()
    {
        if (EndUnlessOne())
            registry.Get(PongRegistry.Id).Remove(Id);
    }

    public override Task OnJoinedAsync(Seat seat) => PlayOrWaitAsync();

    public override Task OnLostAsync(Seat seat)
    {
        PlayerOf(seat).IsAway = true;
        if (State.Phase == PongPhase.Playing)
            State.Phase = PongPhase.Paused;
        return Task.CompletedTask;
    }

    public override Task OnReturnedAsync(Seat seat)
    {
        PlayerOf(seat).IsAway = false;
        return PlayOrWaitAsync();
    }

    public override Task OnLeftAsync(Seat seat, SeatLeaveReason reason)
    {
        PlayerOf(seat).IsAway = true;
        if (State.Phase != PongPhase.Over)
            End(Seats.Count > 0 ? 1 - SideOf(seat) : null);
        if (Seats.Count == 0 && State.Lobby is not null)
            After(ShownToWatchers, "close"); // who watches sees first how it ended
        return Task.CompletedTask;
    }

    public override Task OnTickAsync(TimeSpan elapsed)
    {
        if (State.Phase != PongPhase.Playing)
            return Task.CompletedTask;
        if (PongCourt.Advance(State, elapsed, _dice))
        {
            if (State.Phase == PongPhase.Over)
                End(State.Winner);
            else
                List();
        }
        // Who is slow, or away, gets the next one.
        Namespace.To(Seats.Room, Sync.Room).Volatile.As<IPongClient>().Frame(
            Id,
            Rounded(State.X),
            Rounded(State.Y),
            State.Rest > 0 ? 0 : Rounded(State.SpeedX),
            State.Rest > 0 ? 0 : Rounded(State.SpeedY),
            Rounded(State.Players[0].Paddle),
            Rounded(State.Players[1].Paddle));
        return Task.CompletedTask;
    }

    /// <summary>Says what is played here, for the list of the lobby.</summary>
    private void List() => Listing = State.Phase is PongPhase.Playing or PongPhase.Paused
        ? new PongListing(
            State.Lobby!,
            [.. State.Players.Select(static player => player.Name)],
            [.. State.Players.Select(static player => player.Score)])
        : null;

    /// <summary>Who watches is let go: an entity that starts by this id, and ends at once, has nothing to show them.</summary>
    [Event("close")]
    private async Task CloseAsync()
    {
        State.Lobby = null; // for who comes in this moment
        Delete();
        await Namespace.In(Sync.Room).SocketsLeaveAsync(Sync.Room);
    }

    private Task PlayOrWaitAsync()
    {
        if (State.Phase is PongPhase.Waiting or PongPhase.Paused && Seats.Count == 2
            && Seats.All(static seat => seat.State == SeatState.Connected))
        {
            State.Phase = PongPhase.Playing;
            State.Rest = PongCourt.RestBeforeServe;
            List();
        }
        return Task.CompletedTask;
    }

    private void End(int? winner)
    {
        (State.Phase, State.Winner) = (PongPhase.Over, winner);
        List();
        After(ShownWhenOver, "close");
    }

    /// <summary>An id that a client has come up with, or whose game is over, has no game: it does not live on.</summary>
    private bool EndUnlessOne()
    {
        if (State.Lobby is not null)
            return false;
        Delete();
        return true;
    }

    private void EnsureIsOne()
    {
        if (EndUnlessOne() || (State.Phase == PongPhase.Over && Seats.Count == 0))
            throw new EventException("This game is over.") { Code = "NO_GAME" };
    }

    private static int SideOf(Seat seat) => (int)seat.Number - 1;

    private PongPlayer PlayerOf(Seat seat) => State.Players[SideOf(seat)];

    private static PongPlayerView ViewOf(PongPlayer player) => new(player.Name, player.Score, player.IsAway);

    private static double Rounded(double value) => Math.Round(value, 2);
}
