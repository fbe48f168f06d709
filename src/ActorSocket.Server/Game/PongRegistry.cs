namespace ActorSocket.Server.Game;

/// <summary>What may be said to the registry, from any node.</summary>
internal interface IPongRegistry
{
    /// <summary>It is, now: the first after a restart starts the games of before.</summary>
    void Start();

    /// <summary>A game begins. Done when that will outlive whatever crashes.</summary>
    Task AddAsync(string id);

    /// <summary>There is none of this id any more.</summary>
    void Remove(string id);
}

/// <summary>What outlives the registry's node.</summary>
internal sealed class PongGames
{
    public HashSet<string> Ids { get; set; } = [];
}

/// <summary>
/// Which games there are in the store, one entity for the whole cluster. A game that has nobody to call it, since all servers were gone
/// and its players with them, would stay there for ever: it is called now and then, and so ends when nobody comes.
/// </summary>
internal sealed class PongRegistry(RoomEntities<Pong, IPong> games) : RoomEntity<PongGames>, IPongRegistry
{
    public new const string Id = "all";
    private const int MaxGames = 10_000;

    public override TimeSpan TickInterval => TimeSpan.FromSeconds(30);

    public override Task OnStartedAsync(EntityStart start) => OnTickAsync(TimeSpan.Zero);

    /// <summary>One that is there no more says so: only a life that has found nothing in the store knows that for certain.</summary>
    public override Task OnTickAsync(TimeSpan elapsed)
    {
        foreach (var id in State.Ids)
            games.Get(id).Wake();
        return Task.CompletedTask;
    }

    public void Start()
    {
    }

    public Task AddAsync(string id)
    {
        if (State.Ids.Count >= MaxGames)
            throw new EventException("There are too many games already.");
        State.Ids.Add(id);
        return SaveAsync();
    }

    public void Remove(string id) => State.Ids.Remove(id);
}
