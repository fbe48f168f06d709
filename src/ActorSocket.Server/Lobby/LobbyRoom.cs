namespace ActorSocket.Server.Lobby;

/// <summary>One line of chat.</summary>
internal sealed record ChatLine(string From, string Text, DateTimeOffset Time);

/// <summary>What a visitor sees on joining.</summary>
internal sealed record JoinedLobby(string Name, ChatLine[] History, string[] Members);

/// <summary>What outlives a lobby's node: its name, null while nobody has opened it, and what was said last.</summary>
internal sealed class LobbyState
{
    public string? Name { get; set; }

    public List<ChatLine> History { get; set; } = [];
}

/// <summary>
/// One lobby: who is in it, by a seat for each device, and what was said. It lives on one node of the cluster; its members
/// may be connected to any. It publishes how many they are (<see cref="LobbyListing"/>).
/// </summary>
internal sealed class LobbyRoom(RoomEntities<LobbyRegistry> registry, TimeProvider time) : RoomEntity<LobbyState>
{
    public const string Welcome = "Welcome";
    private const int HistoryLength = 50;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    private long _emptySince;

    public override TimeSpan TickInterval => TimeSpan.FromSeconds(5);

    public static string IdOf(string name) => name.ToUpperInvariant();

    /// <summary>The room of its <see cref="RoomEntity.Seats"/>.</summary>
    public static string RoomOf(string name) => "lobby:" + IdOf(name);

    public override Task OnStartedAsync(EntityStart start)
    {
        _emptySince = time.GetTimestamp();
        if (IdOf(Welcome) == Id)
            State.Name = Welcome;
        Publish();
        return Task.CompletedTask;
    }

    /// <summary>Unless it is.</summary>
    [Event("open")]
    public void Open(string name)
    {
        if (State.Name is not null)
            return;
        State.Name = name;
        Publish();
    }

    /// <summary>Seats a user's device; null when there is no such lobby.</summary>
    [Event("join")]
    public async Task<JoinedLobby?> JoinAsync(string user, string socketId)
    {
        if (State.Name is null)
        {
            Delete();
            return null;
        }
        await Seats.TakeAsync(socketId, user);
        return new JoinedLobby(State.Name, [.. State.History], Members());
    }

    [Event("leave")]
    public Task<bool> LeaveAsync(string socketId) => Seats.LeaveAsync(socketId);

    /// <summary>The registry has its name: it starts, if it has been opened, and closes itself where nobody comes.</summary>
    [Event("here")]
    public void Here(string name)
    {
        if (State.Name is not null)
            return;
        registry.Send(LobbyRegistry.Id, "closed", name);
        Delete();
    }

    [Event("say")]
    public void Say(string user, string text)
    {
        var line = new ChatLine(user, text, time.GetUtcNow());
        State.History.Add(line);
        if (State.History.Count > HistoryLength)
            State.History.RemoveAt(0);
        Namespace.To(Seats.Room).As<ILobbyClient>().Said(line);
    }

    public override Task OnJoinedAsync(Seat seat)
    {
        Namespace.To(Seats.Room).Except(seat.SocketId).As<ILobbyClient>().Members(Members()); // who joins is answered with them
        Publish();
        return Task.CompletedTask;
    }

    /// <summary>Whose connection is lost comes back with another one, and joins again.</summary>
    public override Task OnLostAsync(Seat seat) => Seats.LeaveAsync(seat);

    public override Task OnLeftAsync(Seat seat, SeatLeaveReason reason)
    {
        Namespace.To(Seats.Room).As<ILobbyClient>().Members(Members());
        Publish();
        _emptySince = time.GetTimestamp();
        return Task.CompletedTask;
    }

    public override Task OnTickAsync(TimeSpan elapsed)
    {
        CloseIfEmpty();
        if (State.Name is not null) // it may have missed that, or has been told of the end of the one before since
            registry.Send(LobbyRegistry.Id, "opened", State.Name);
        return Task.CompletedTask;
    }

    /// <summary>Each once, on however many devices.</summary>
    private string[] Members() =>
    [
        .. Seats.Where(static seat => seat.State == SeatState.Connected)
            .Select(static seat => seat.Name)
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .Order(StringComparer.OrdinalIgnoreCase),
    ];

    /// <summary>Not at once: who reloads the page, or whose server is restarted, comes back to what was said.</summary>
    private void CloseIfEmpty()
    {
        if (Seats.Count > 0 || State.Name is Welcome || time.GetElapsedTime(_emptySince) <= Grace)
            return;
        if (State.Name is not null)
            registry.Send(LobbyRegistry.Id, "closed", State.Name);
        State = new LobbyState(); // for who comes in this moment
        Publish();
        Delete();
    }

    private void Publish() => Listing = State.Name is { } name ? new LobbyListing(name, Members().Length) : null;
}
