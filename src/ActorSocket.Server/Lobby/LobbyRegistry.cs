namespace ActorSocket.Server.Lobby;

/// <summary>What outlives the registry's node.</summary>
internal sealed class LobbyNames
{
    public List<string> Names { get; set; } = [];
}

/// <summary>
/// Which lobbies there are, one entity for the whole cluster: each name is given once, and after a restart those that are in the store
/// alone are started, so that they are listed, and close themselves if nobody comes.
/// </summary>
internal sealed class LobbyRegistry(RoomEntities<LobbyRoom> lobbies) : RoomEntity<LobbyNames>
{
    public new const string Id = "all";
    private const int MaxLobbies = 100;

    public override TimeSpan TickInterval => TimeSpan.FromSeconds(30);

    public override Task OnStartedAsync(EntityStart start) => OnTickAsync(TimeSpan.Zero);

    /// <summary>One whose name nobody has opened says so, and the name is free again.</summary>
    public override Task OnTickAsync(TimeSpan elapsed)
    {
        foreach (var name in State.Names.Prepend(LobbyRoom.Welcome))
            lobbies.Send(LobbyRoom.IdOf(name), "here", name);
        return Task.CompletedTask;
    }

    /// <summary>It is, now.</summary>
    [Event("start")]
#pragma warning disable CA1822 // what can be called are the entity's own methods
    public void Start()
#pragma warning restore CA1822
    {
    }

    /// <summary>Null when the name is free, or somebody comes back to that lobby; else what is wrong.</summary>
    [Event("add")]
    public string? Add(string name, bool again)
    {
        if (IsKnown(name))
            return again ? null : "There is a lobby of that name.";
        if (State.Names.Count >= MaxLobbies)
            return "There are too many lobbies already.";
        State.Names.Add(name);
        return null;
    }

    /// <summary>It says so now and then: also one that somebody has opened by coming back to it.</summary>
    [Event("opened")]
    public void Opened(string name) => Add(name, again: true);

    [Event("closed")]
    public void Closed(string name) => State.Names.RemoveAll(known => LobbyRoom.IdOf(known) == LobbyRoom.IdOf(name));

    private bool IsKnown(string name) =>
        State.Names.Prepend(LobbyRoom.Welcome).Any(known => LobbyRoom.IdOf(known) == LobbyRoom.IdOf(name));
}
