using System.Text.Json;

namespace ActorSocket.IntegrationTests.Infrastructure;

/// <summary>A client that follows an entity (<see cref="Sync"/>), and fails where anything is missing, or comes twice.</summary>
internal sealed class Follower(PollingClient client) : IAsyncDisposable
{
    private long _version;

    public PollingClient Client => client;

    public string SocketId => Seating.SocketIdOf(client);

    /// <summary>The entity's name.</summary>
    public string? Name { get; private set; }

    /// <summary>What it shows, as this client has put it together.</summary>
    public JsonElement Shown { get; private set; }

    /// <summary>How often it came as a whole.</summary>
    public int Wholes { get; private set; }

    /// <summary>The patches since the last whole.</summary>
    public List<string> Patches { get; } = [];

    /// <summary>What came that was not of the entity.</summary>
    public List<string> Others { get; } = [];

    public static async Task<Follower> ConnectAsync(Node node, string claim = "")
    {
        var client = await PollingClient.ConnectAsync(node, "follower", claim);
        var follower = new Follower(client);
        foreach (var missed in client.MissedEventsReply)
            follower.Take(missed);
        return follower;
    }

    /// <summary>Goes on from what another one has: the same client, whose connection was lost.</summary>
    public async Task<Follower> RecoverAsync(Node node, string claim)
    {
        var again = new Follower(await PollingClient.ConnectAsync(node, "follower", claim))
        {
            Name = Name, Shown = Shown, Wholes = Wholes, _version = _version,
        };
        Assert.Equal(SocketId, again.SocketId);
        foreach (var missed in again.Client.MissedEventsReply)
            again.Take(missed);
        return again;
    }

    /// <summary>What the entity shows, once it is so.</summary>
    public async Task UntilAsync(Func<JsonElement, bool> isSo)
    {
        while (Shown.ValueKind == JsonValueKind.Undefined || !isSo(Shown))
            Take(await client.NextAsync());
    }

    public Task UntilAsync(string json) => UntilAsync(shown => JsonElement.DeepEquals(shown, JsonElement.Parse(json)));

    /// <summary>The next whole, whatever comes before it.</summary>
    public async Task NextWholeAsync()
    {
        var wholes = Wholes;
        while (Wholes == wholes)
            Take(await client.NextAsync());
    }

    /// <summary>All that comes before an event of another name.</summary>
    public async Task UntilEventAsync(string name)
    {
        while (Others.Count == 0 || !Others[^1].Contains($"\"{name}\"", StringComparison.Ordinal))
            Take(await client.NextAsync());
    }

    /// <summary>Whatever was sent to it before has come.</summary>
    public Task SendFenceAsync(Node node)
    {
        node.Server.To(SocketId).Emit("fence");
        return UntilEventAsync("fence");
    }

    public ValueTask DisposeAsync() => client.DisposeAsync();

    private void Take(string packet)
    {
        var args = packet.StartsWith("42[", StringComparison.Ordinal) ? JsonElement.Parse(packet[2..]) : default;
        if (args.ValueKind != JsonValueKind.Array || args[0].GetString() is not (Sync.WholeEvent or Sync.PatchEvent))
        {
            Others.Add(packet);
            return;
        }
        Name = args[1].GetString();
        var version = args[2].GetInt64();
        if (args[0].GetString() == Sync.WholeEvent)
        {
            Assert.True(version >= _version, $"{version} comes after {_version}");
            (Shown, Wholes) = (args[3], Wholes + 1);
            Patches.Clear();
        }
        else
        {
            if (Shown.ValueKind == JsonValueKind.Undefined)
                return; // it has just joined the room, and the whole is on its way
            Assert.Equal(_version + 1, version);
            Shown = JsonMergePatch.Apply(Shown, args[3]);
            Patches.Add(args[3].GetRawText());
        }
        _version = version;
    }
}
