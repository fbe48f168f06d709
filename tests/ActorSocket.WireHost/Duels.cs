namespace ActorSocket.WireHost;

/// <summary>What a game with seats has been told of each, in its own state: "joined", "lost", "returned", "left Kicked" …</summary>
internal sealed class DuelState
{
    public Dictionary<long, List<string>> Stories { get; set; } = [];
}

/// <summary>The same, and where it lives.</summary>
internal sealed record DuelStory(string Node, Dictionary<long, List<string>> Stories);

/// <summary>A game with seats, whose state is in a store; and the handlers of its clients, in "/duels".</summary>
internal sealed class Duel(ActorSocketServer io) : RoomEntity<DuelState>
{
    public static RoomEntities<Duel> Map(ActorSocketServer io)
    {
        var ns = io.Of("/duels");
        var duels = ns.MapEntities<Duel>("duel");
        ns.OnConnection(socket =>
        {
            socket.On("sit", async (string id) => await duels.InvokeAsync<string>(id, "sit", socket.Id));
            socket.On("return", async (string id, string token) => await duels.InvokeAsync<long>(id, "return", token, socket.Id));
            socket.On("number", async (string id) => await duels.InvokeAsync<long>(id, "number", socket.Id));
        });
        return duels;
    }

    public override Task OnJoinedAsync(Seat seat) => NoteAsync(seat, "joined");

    public override Task OnLostAsync(Seat seat) => NoteAsync(seat, "lost");

    public override Task OnReturnedAsync(Seat seat) => NoteAsync(seat, "returned");

    public override Task OnLeftAsync(Seat seat, SeatLeaveReason reason) => NoteAsync(seat, $"left {reason}");

    [Event("sit")]
    public async Task<string> SitAsync(string socketId)
    {
        Seats.GraceTime = TimeSpan.FromMinutes(2);
        var seat = await Seats.TakeAsync(socketId);
        await SaveAsync();
        return seat.Token;
    }

    [Event("return")]
    public async Task<long> ReturnAsync(string token, string socketId)
    {
        var seat = await Seats.ReturnAsync(token, socketId);
        await SaveAsync();
        return seat.Number;
    }

    /// <summary>Of the seat of a socket; 0 when it has none.</summary>
    [Event("number")]
    public long Number(string socketId) => Seats.Find(socketId)?.Number ?? 0;

    [Event("stories")]
    public DuelStory Stories() => new(io.NodeTag, State.Stories);

    private Task NoteAsync(Seat seat, string what)
    {
        if (!State.Stories.TryGetValue(seat.Number, out var story))
            State.Stories[seat.Number] = story = [];
        story.Add(what);
        return Task.CompletedTask;
    }
}
