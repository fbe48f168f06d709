using ActorSocket.Server.Game;

namespace ActorSocket.Server.Lobby;

/// <summary>One line of chat.</summary>
internal sealed record ChatLine(string From, string Text, DateTimeOffset Time);

/// <summary>What a visitor sees on joining.</summary>
internal sealed record JoinedLobby(string Name, ChatLine[] History, string[] Members, GameSummary[] Games);

/// <summary>What outlives a lobby's node: its name, null while nobody has opened it, and what was said last.</summary>
internal sealed class LobbyState
{
    public string? Name { get; set; }

    public List<ChatLine> History { get; set; } = [];
}

/// <summary>
/// One lobby: who is in it, by user and device, and what was said. It lives on one node of the cluster; its members may be connected to
/// any. It tells the <see cref="LobbyList"/> how many they are.
/// </summary>
internal sealed class LobbyRoom(RoomEntities<LobbyList> list, TimeProvider time) : RoomEntity<LobbyState>
{
    public const string Welcome = "Welcome";
    private const int HistoryLength = 50;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan GameSilence = TimeSpan.FromSeconds(40); // longer than a crashed node's games need to start elsewhere

    // user: device: joined at
    private readonly Dictionary<string, Dictionary<string, long>> _devices = new(StringComparer.OrdinalIgnoreCase);
    private readonly SortedDictionary<string, (GameSummary Game, long At)> _games = new(StringComparer.Ordinal);
    private long _openedAt;

    /// <summary>How often the members are compared with who is really there.</summary>
    public override TimeSpan TickInterval => TimeSpan.FromSeconds(5);

    public static string IdOf(string name) => name.ToUpperInvariant();

    public static string RoomOf(string name) => "lobby:" + IdOf(name);

    public override async Task OnStartedAsync(EntityStart start)
    {
        _openedAt = time.GetTimestamp();
        if (IdOf(Welcome) == Id)
            State.Name = Welcome;
        // Who is here is not kept: the members of a node that crashed are gone, those of the others are still connected.
        foreach (var socket in await Namespace.To(RoomOf(Id)).FetchSocketsAsync())
        {
            if (socket.Data.TryGetValue("user", out var user) && socket.Data.TryGetValue("lobby", out var name))
            {
                State.Name ??= name!.ToString();
                Devices(user!.ToString()!)[socket.Id] = time.GetTimestamp();
            }
        }
        Report();
    }

    /// <summary>False when the lobby is open already.</summary>
    [Event("open")]
    public bool Open(string name)
    {
        if (State.Name is not null)
            return false;
        State.Name = name;
        Report();
        return true;
    }

    /// <summary>
    /// Adds a user's device; null when there is no such lobby. A lobby that a reconnecting client was in before a restart is opened again.
    /// </summary>
    [Event("join")]
    public JoinedLobby? Join(string name, string user, string device, bool again)
    {
        if (State.Name is null && !again)
        {
            Retire();
            return null;
        }
        State.Name ??= name;
        Devices(user)[device] = time.GetTimestamp();
        ShowMembers();
        return new JoinedLobby(State.Name, [.. State.History], Members(), Games());
    }

    [Event("leave")]
    public void Leave(string user, string device)
    {
        if (_devices.TryGetValue(user, out var devices) && devices.Remove(device) && devices.Count == 0)
            _devices.Remove(user);
        ShowMembers();
        CloseIfEmpty();
    }

    [Event("say")]
    public void Say(string user, string text)
    {
        var line = new ChatLine(user, text, time.GetUtcNow());
        State.History.Add(line);
        if (State.History.Count > HistoryLength)
            State.History.RemoveAt(0);
        Namespace.To(RoomOf(Id)).Emit("said", line);
    }

    /// <summary>A game of members of this lobby, which says so again and again while it is played.</summary>
    [Event("game")]
    public void Game(GameSummary game)
    {
        if (game.IsOver)
            _games.Remove(game.Id);
        else
            _games[game.Id] = (game, time.GetTimestamp());
        ShowGames();
    }

    /// <summary>A node has visitors in this lobby: starts it, should it have died with its node.</summary>
    [Event("here")]
    public void Here() => Report();

    /// <summary>Who was connected to a node that crashed has not said goodbye.</summary>
    public override async Task OnTickAsync(TimeSpan elapsed)
    {
        var present = (await Namespace.To(RoomOf(Id)).FetchSocketsAsync())
            .Select(static socket => socket.Id)
            .ToHashSet(StringComparer.Ordinal);
        var gone = _devices
            .SelectMany(static user => user.Value, static (user, device) => (User: user.Key, Device: device.Key, JoinedAt: device.Value))
            .Where(entry => !present.Contains(entry.Device) && time.GetElapsedTime(entry.JoinedAt) > TickInterval)
            .ToArray();
        foreach (var (user, device, _) in gone)
            Leave(user, device);
        var silent = _games.Where(game => time.GetElapsedTime(game.Value.At) > GameSilence).Select(static game => game.Key).ToArray();
        foreach (var id in silent)
            _games.Remove(id);
        if (silent.Length > 0)
            ShowGames();
        if (time.GetElapsedTime(_openedAt) > Grace)
            CloseIfEmpty();
        Report();
    }

    private Dictionary<string, long> Devices(string user)
    {
        if (!_devices.TryGetValue(user, out var devices))
            _devices.Add(user, devices = new Dictionary<string, long>(StringComparer.Ordinal));
        return devices;
    }

    private string[] Members() => [.. _devices.Keys.Order(StringComparer.OrdinalIgnoreCase)];

    private GameSummary[] Games() => [.. _games.Values.Select(static game => game.Game)];

    private void ShowGames() => Namespace.To(RoomOf(Id)).Emit("games", Games());

    private void ShowMembers()
    {
        Namespace.To(RoomOf(Id)).Emit("members", Members());
        Report();
    }

    private void CloseIfEmpty()
    {
        if (_devices.Count > 0 || State.Name is Welcome)
            return;
        if (State.Name is not null)
            list.Send(LobbyList.Id, "closed", State.Name);
        State = new LobbyState(); // for who comes in this moment
        Delete();
    }

    private void Report()
    {
        if (State.Name is not null)
            list.Send(LobbyList.Id, "heads", State.Name, _devices.Count);
    }
}
