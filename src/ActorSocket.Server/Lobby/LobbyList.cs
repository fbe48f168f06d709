namespace ActorSocket.Server.Lobby;

/// <summary>A lobby in the list.</summary>
internal sealed record LobbySummary(string Name, int Heads);

/// <summary>What outlives the list's node.</summary>
internal sealed class LobbyListState
{
    public LobbySummary[] Lobbies { get; set; } = [];
}

/// <summary>
/// The list of all lobbies, which every page shows: one entity for the whole cluster. Lobbies report to it; one that is silent has died
/// with its node.
/// </summary>
internal sealed class LobbyList(RoomEntities<LobbyRoom> lobbies, TimeProvider time) : RoomEntity<LobbyListState>
{
    public new const string Id = "all";
    private const int MaxLobbies = 100;
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(40); // longer than a crashed node's lobbies need to start elsewhere

    private readonly SortedDictionary<string, (int Heads, long At)> _lobbies = new(StringComparer.OrdinalIgnoreCase);

    public override TimeSpan TickInterval => TimeSpan.FromSeconds(5);

    public override Task OnStartedAsync(EntityStart start)
    {
        _lobbies[LobbyRoom.Welcome] = (0, time.GetTimestamp());
        foreach (var (name, heads) in State.Lobbies)
            _lobbies[name] = (heads, time.GetTimestamp());
        return Task.CompletedTask;
    }

    [Event("list")]
    public LobbySummary[] List() => [.. _lobbies.Select(static lobby => new LobbySummary(lobby.Key, lobby.Value.Heads))];

    /// <summary>Null when the name is free, else what is wrong.</summary>
    [Event("add")]
    public string? Add(string name)
    {
        if (_lobbies.ContainsKey(name))
            return "There is a lobby of that name.";
        if (_lobbies.Count >= MaxLobbies)
            return "There are too many lobbies already.";
        Heads(name, 0);
        return null;
    }

    [Event("heads")]
    public void Heads(string name, int heads)
    {
        var isKnown = _lobbies.TryGetValue(name, out var known);
        if (!isKnown && _lobbies.Count >= MaxLobbies)
            return; // one that a client opened by coming back to it: it is there, and not listed
        var isNews = !isKnown || known.Heads != heads;
        _lobbies[name] = (heads, time.GetTimestamp());
        if (isNews)
            Show();
    }

    [Event("closed")]
    public void Closed(string name)
    {
        if (_lobbies.Remove(name))
            Show();
    }

    public override async Task OnTickAsync(TimeSpan elapsed)
    {
        var silent = _lobbies
            .Select(lobby => (Name: lobby.Key, For: time.GetElapsedTime(lobby.Value.At)))
            .Where(static lobby => lobby.Name != LobbyRoom.Welcome && lobby.For > Silence)
            .ToArray();
        foreach (var (name, silence) in silent)
        {
            if (silence > 2 * Silence)
                Closed(name);
            else
                lobbies.Send(LobbyRoom.IdOf(name), "here"); // it may be in the store alone: it starts, and closes itself if nobody comes
        }
        await ShowOnlineAsync();
    }

    /// <summary>How many pages are open, on all nodes.</summary>
    private async Task ShowOnlineAsync()
    {
        try
        {
            Namespace.Emit("online", await Namespace.Timeout(TimeSpan.FromSeconds(1)).CountAsync());
        }
        catch (ClusterTimeoutException)
        {
            // A node does not answer: by the next tick it does, or is none any more.
        }
    }

    private void Show()
    {
        State.Lobbies = List();
        Namespace.Emit("lobbies", State.Lobbies);
    }
}
