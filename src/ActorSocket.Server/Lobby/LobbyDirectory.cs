namespace ActorSocket.Server.Lobby;

/// <summary>One line of chat.</summary>
internal sealed record ChatLine(string From, string Text, DateTimeOffset Time);

/// <summary>A lobby in the list.</summary>
internal sealed record LobbySummary(string Name, int Heads);

/// <summary>The lobbies of this process: who is in them, by user and device, and what was said. One lock; nothing in it waits.</summary>
internal sealed class LobbyDirectory
{
    public const int MaxLobbies = 100;
    private const int HistoryLength = 50;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Lobby> _lobbies = new(StringComparer.OrdinalIgnoreCase) { ["Welcome"] = new("Welcome") };

    public IReadOnlyList<LobbySummary> List()
    {
        lock (_gate)
            return [.. _lobbies.Values.OrderBy(static lobby => lobby.Name, StringComparer.OrdinalIgnoreCase).Select(static lobby => new LobbySummary(lobby.Name, lobby.Devices.Count))];
    }

    /// <summary>Null when it worked, else what was wrong.</summary>
    public string? Create(string name)
    {
        lock (_gate)
        {
            if (_lobbies.ContainsKey(name))
                return "There is a lobby of that name.";
            if (_lobbies.Count >= MaxLobbies)
                return "There are too many lobbies already.";
            _lobbies.Add(name, new Lobby(name));
            return null;
        }
    }

    /// <summary>Adds a user's device; null when there is no such lobby. A lobby that a reconnecting client was in before a restart is made again.</summary>
    public (string Name, ChatLine[] History, string[] Members)? Join(string name, string user, string device, bool again)
    {
        lock (_gate)
        {
            if (!_lobbies.TryGetValue(name, out var lobby))
            {
                if (!again || _lobbies.Count >= MaxLobbies)
                    return null;
                _lobbies.Add(name, lobby = new Lobby(name));
            }
            if (!lobby.Devices.TryGetValue(user, out var devices))
                lobby.Devices.Add(user, devices = new HashSet<string>(StringComparer.Ordinal));
            devices.Add(device);
            return (lobby.Name, [.. lobby.History], Members(lobby));
        }
    }

    /// <summary>Takes a device out; the remaining members, or null when the lobby is gone. An empty lobby vanishes, but for the first one.</summary>
    public string[]? Leave(string name, string user, string device)
    {
        lock (_gate)
        {
            if (!_lobbies.TryGetValue(name, out var lobby) || !lobby.Devices.TryGetValue(user, out var devices))
                return null;
            devices.Remove(device);
            if (devices.Count == 0)
                lobby.Devices.Remove(user);
            if (lobby.Devices.Count == 0 && lobby.Name != "Welcome")
                _lobbies.Remove(name);
            return Members(lobby);
        }
    }

    public ChatLine Say(string name, string user, string text, DateTimeOffset time)
    {
        var line = new ChatLine(user, text, time);
        lock (_gate)
        {
            if (_lobbies.TryGetValue(name, out var lobby))
            {
                lobby.History.Enqueue(line);
                if (lobby.History.Count > HistoryLength)
                    lobby.History.Dequeue();
            }
        }
        return line;
    }

    private static string[] Members(Lobby lobby) => [.. lobby.Devices.Keys.Order(StringComparer.OrdinalIgnoreCase)];

    private sealed class Lobby(string name)
    {
        public string Name => name;

        public Queue<ChatLine> History { get; } = [];

        public Dictionary<string, HashSet<string>> Devices { get; } = new(StringComparer.OrdinalIgnoreCase);
    }
}
