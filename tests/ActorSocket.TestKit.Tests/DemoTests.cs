using System.Text.Json;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ActorSocket.TestKit.Tests;

/// <summary>The demo as its users would test it: the whole application, its lobby's handlers and entities, and its time.</summary>
public sealed class DemoTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("actorsocket-demo-").FullName;
    private WebApplicationFactory<Program> _factory = null!;
    private ActorSocketTestServer _server = null!;

    private string Store => $"Data Source={Path.Combine(_folder, "demo.db")}";

    public async Task InitializeAsync()
    {
        _factory = new WebApplicationFactory<Program>().WithWebHostBuilder(builder => builder
            .UseSetting("ActorSocket:Persistence:ConnectionString", Store)
            .ConfigureLogging(static logging => logging.ClearProviders())
            .ConfigureTestServices(static services => services.AddActorSocketTestKit(new VirtualClock())));
        _server = await ActorSocketTestServer.AttachAsync(_factory.Server);
        await using var first = await _server.ConnectAsync();
        await first.EmitWithAckAsync<JsonElement>("login", "First");
        await first.ExpectAsync("lobbies", static lobbies => lobbies.As<JsonElement>().GetArrayLength() == 1); // one is always there
    }

    public async Task DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task StopAsync()
    {
        await _server.DisposeAsync();
        await _factory.DisposeAsync();
    }

    [Fact]
    public async Task Visitors_meet_and_talk_in_a_lobby()
    {
        var ada = await VisitorAsync("Ada");
        Assert.Equal("Chess", (await ada.EmitWithAckAsync<JsonElement>("create", "Chess")).GetProperty("name").GetString());
        Assert.Equal(["Ada"], await JoinAsync(ada, "Chess"));
        var bob = await VisitorAsync("Bob");
        Assert.Equal(["Ada", "Bob"], await JoinAsync(bob, "chess"));
        Assert.Equal(["Ada", "Bob"], await ada.ExpectAsync<string[]>("members"));

        await ada.EmitWithAckAsync<JsonElement>("say", "e4");
        var said = await bob.ExpectAsync<JsonElement>("said");
        Assert.Equal(("Ada", "e4"), (said.GetProperty("from").GetString(), said.GetProperty("text").GetString()));
        Assert.Equal(_server.Clock.GetUtcNow(), said.GetProperty("time").GetDateTimeOffset());

        var picture = new byte[] { 1, 2, 3 };
        await bob.EmitWithAckAsync<JsonElement>("picture", "image/png", picture);
        Assert.Equal(picture, (await ada.ExpectAsync("picture")).As<byte[]>(2));
        Assert.Equal("One picture a second, please.", await ErrorAsync(bob, "picture", "image/png", picture));
        await _server.AdvanceAsync(TimeSpan.FromSeconds(1));
        await bob.EmitWithAckAsync<JsonElement>("picture", "image/png", picture);
        await ada.ExpectAsync("picture");

        await bob.DropAsync();
        await ada.ExpectAsync("members", static members => members.As<string[]>() is ["Ada"]);
    }

    [Fact]
    public async Task What_is_wrong_is_refused_with_a_word()
    {
        var stranger = await _server.ConnectAsync();
        Assert.Equal("Log in first.", await ErrorAsync(stranger, "create", "Chess"));
        Assert.StartsWith("A name has", await ErrorAsync(stranger, "login", "<script>"), StringComparison.Ordinal);
        var ada = await VisitorAsync("Ada");
        Assert.Equal("There is no such lobby.", await ErrorAsync(ada, "join", "Nowhere"));
        Assert.Equal("Join a lobby first.", await ErrorAsync(ada, "say", "hello?"));
        await JoinAsync(ada, "Welcome");
        Assert.Equal("A message has 1 to 500 characters.", await ErrorAsync(ada, "say", new string('x', 501)));
        Assert.Equal("Nobody of that name is here.", await ErrorAsync(ada, "whisper", "Bob", "psst"));
        var refused = await _server.ExpectConnectErrorAsync("/admin");
        Assert.NotEmpty(refused.Message);
    }

    [Fact]
    public async Task Who_comes_back_finds_the_lobby_again_and_opens_no_more_than_there_may_be()
    {
        var ada = await VisitorAsync("Ada");
        var back = await ada.EmitWithAckAsync<JsonElement>("join", "Lost", true); // as after a crash, by which the lobby was lost
        Assert.Equal("Lost", back.GetProperty("name").GetString());
        Assert.Equal("There is a lobby of that name.", await ErrorAsync(ada, "create", "lost"));
        for (var i = 2; i <= 100; i++)
            await ada.EmitWithAckAsync<JsonElement>("create", $"Lobby {i}");
        Assert.Equal("There are too many lobbies already.", await ErrorAsync(ada, "join", "One more", true));
        Assert.Equal("There is no such lobby.", await ErrorAsync(ada, "join", "One more"));
    }

    [Fact]
    public async Task A_ready_check_ends_when_all_have_answered_or_time_is_up()
    {
        var ada = await VisitorAsync("Ada");
        var bob = await VisitorAsync("Bob");
        await JoinAsync(ada, "Welcome");
        await JoinAsync(bob, "Welcome");
        ada.On("ready?", static _ => true);
        var check = ada.EmitWithAckAsync<JsonElement>("ready-check");
        (await bob.ExpectAsync("ready?")).Ack(true);
        Assert.True((await check).GetProperty("started").GetBoolean());
        Assert.True(await bob.ExpectAsync<bool>("ready-result"));

        check = ada.EmitWithAckAsync<JsonElement>("ready-check");
        await bob.ExpectAsync("ready?"); // and says nothing
        await _server.AdvanceAsync(TimeSpan.FromSeconds(14));
        await bob.ExpectNoneAsync("ready-result");
        await _server.AdvanceAsync(TimeSpan.FromSeconds(2));
        Assert.False((await check).GetProperty("started").GetBoolean());
        Assert.False(await bob.ExpectAsync<bool>("ready-result"));
    }

    [Fact]
    public async Task Whispers_reach_every_device_of_one_user_and_nobody_else()
    {
        var ada = await VisitorAsync("Ada");
        ActorSocketTestClient[] devices = [await VisitorAsync("Bob"), await VisitorAsync("Bob")];
        using var room = _server.Room("user:BOB");
        foreach (var device in devices)
            device.On("whisper", static whisper => whisper.As<string>(1) == "psst");
        Assert.Equal(2, (await ada.EmitWithAckAsync<JsonElement>("whisper", "bob", "psst")).GetProperty("delivered").GetInt32());
        var whisper = await room.ExpectAsync("whisper");
        Assert.Equal(("Ada", "psst"), (whisper.As<string>(), whisper.As<string>(1)));
        await ada.ExpectNothingAsync();
    }

    [Fact]
    public async Task The_list_forgets_lobbies_that_everybody_has_left()
    {
        var ada = await VisitorAsync("Ada");
        await ada.EmitWithAckAsync<JsonElement>("create", "Chess");
        await JoinAsync(ada, "Chess");
        var bob = await VisitorAsync("Bob");
        Assert.Equal(["Chess", "Welcome"], await LobbiesAsync(bob));
        await ada.EmitWithAckAsync<JsonElement>("leave");
        await _server.SettleAsync();
        Assert.Equal(["Chess", "Welcome"], await LobbiesAsync(bob)); // she may only have reloaded the page
        await _server.AdvanceAsync(TimeSpan.FromSeconds(36));
        Assert.Equal(["Welcome"], await LobbiesAsync(bob));
        Assert.Equal(2, await bob.ExpectAsync<int>("online"));

        // What was opened and never entered is closed after its grace.
        await ada.EmitWithAckAsync<JsonElement>("create", "Empty");
        await _server.AdvanceAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(["Empty", "Welcome"], await LobbiesAsync(bob));
        await _server.AdvanceAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(["Welcome"], await LobbiesAsync(bob));
    }

    [Fact]
    public async Task Two_are_matched_and_play_sixty_times_a_second_and_others_watch()
    {
        var (ada, bob, id, _) = await PlayAsync();
        var carl = await VisitorAsync("Carl");
        Assert.Equal(["Ada", "Bob", "Carl"], await JoinAsync(carl, "Welcome"));
        var games = await carl.EmitWithAckAsync<JsonElement>("games");
        Assert.Equal(id, Assert.Single(games.EnumerateArray()).GetProperty("id").GetString());
        await carl.EmitWithAckAsync<JsonElement>("watch", id);
        var shown = (await carl.ExpectAsync("sync")).As<JsonElement>(2);
        Assert.Equal("Playing", shown.GetProperty("phase").GetString());
        Assert.Equal("Ada", shown.GetProperty("left").GetProperty("name").GetString());

        bob.Emit("steer", 0);
        await _server.SettleAsync();
        carl.Clear();
        await _server.AdvanceAsync(TimeSpan.FromSeconds(1));
        var frames = Frames(carl);
        Assert.InRange(frames.Count, 59, 61);
        Assert.Equal(50, frames[^1].As<double>(5)); // she has not moved, he has
        Assert.Equal(10, frames[^1].As<double>(6));
        Assert.Equal("This game is over.", await ErrorAsync(carl, "watch", new string('0', 32)));
        Assert.Equal("This game is over.", await ErrorAsync(carl, "sit", "x", "y"));
        Assert.Equal("This seat is not kept, or was never there.", await ErrorAsync(carl, "sit", id, "1.guessed"));
    }

    [Fact]
    public async Task Who_loses_the_connection_finds_the_game_waiting_and_who_gives_up_has_lost()
    {
        var (ada, bob, id, token) = await PlayAsync();
        await bob.DropAsync();
        await PhaseAsync(ada, "Paused");
        var frames = Frames(ada).Count;
        await _server.AdvanceAsync(TimeSpan.FromSeconds(2));
        Assert.Equal(frames, Frames(ada).Count);
        bob = await VisitorAsync("Bob"); // his page has the token
        Assert.Equal(1, (await bob.EmitWithAckAsync<JsonElement>("sit", id, token)).GetProperty("side").GetInt32());
        await PhaseAsync(ada, "Playing");
        await PhaseAsync(bob, "Playing");

        await bob.EmitWithAckAsync<JsonElement>("give-up");
        await PhaseAsync(ada, "Over");
        await ada.EmitWithAckAsync<JsonElement>("give-up");
        Assert.Equal("This game is over.", await ErrorAsync(ada, "watch", id));
    }

    [Fact]
    public async Task A_game_whose_players_never_come_back_after_a_restart_ends_and_leaves_nothing_in_the_store()
    {
        await PlayAsync();
        await StopAsync();
        Assert.Equal(1, await StoredGamesAsync());
        await InitializeAsync(); // and somebody else comes
        for (var second = 0; second < 60 && await StoredGamesAsync() > 0; second++)
            await _server.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(0, await StoredGamesAsync());
    }

    private async Task<long> StoredGamesAsync()
    {
        await using var connection = new SqliteConnection(Store);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM actorsocket_entities WHERE persistence_id LIKE '%/pong/%'";
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Ada on the left and Bob on the right have been matched, and sit. The token is Bob's.</summary>
    private async Task<(ActorSocketTestClient Ada, ActorSocketTestClient Bob, string Id, string Token)> PlayAsync()
    {
        var ada = await VisitorAsync("Ada");
        Assert.Equal("Join a lobby first.", await ErrorAsync(ada, "play"));
        var bob = await VisitorAsync("Bob");
        var seats = new List<(string Id, string Token)>();
        foreach (var player in (ActorSocketTestClient[])[ada, bob])
        {
            await JoinAsync(player, "Welcome");
            Assert.True((await player.EmitWithAckAsync<JsonElement>("play")).GetProperty("waiting").GetBoolean());
        }
        await _server.AdvanceAsync(TimeSpan.FromSeconds(1));
        foreach (var player in (ActorSocketTestClient[])[ada, bob])
        {
            var matched = (await player.ExpectAsync("matched", static _ => true)).As<JsonElement>();
            seats.Add((matched.GetProperty("id").GetString()!, matched.GetProperty("token").GetString()!));
            var sat = await player.EmitWithAckAsync<JsonElement>("sit", seats[^1].Id, seats[^1].Token);
            Assert.Equal(seats.Count - 1, sat.GetProperty("side").GetInt32());
        }
        Assert.Equal(seats[0].Id, seats[1].Id);
        await PhaseAsync(ada, "Playing");
        await PhaseAsync(bob, "Playing");
        return (ada, bob, seats[1].Id, seats[1].Token);
    }

    /// <summary>What the game shows, put together from all that has come; within a second.</summary>
    private async Task PhaseAsync(ActorSocketTestClient visitor, string phase)
    {
        for (var patience = 20; ; patience--)
        {
            JsonElement shown = default;
            foreach (var e in visitor.Events.Where(static e => e.Name is Sync.WholeEvent or Sync.PatchEvent))
                shown = e.Name == Sync.WholeEvent ? e.As<JsonElement>(2) : JsonMergePatch.Apply(shown, e.As<JsonElement>(2));
            if (shown.ValueKind == JsonValueKind.Object && shown.GetProperty("phase").GetString() == phase)
                return;
            Assert.True(patience > 0, $"{visitor.Name} does not see {phase} but {shown}");
            await _server.AdvanceAsync(TimeSpan.FromMilliseconds(50));
        }
    }

    private static List<ReceivedEvent> Frames(ActorSocketTestClient visitor) =>
        [.. visitor.Events.Where(static e => e.Name == "frame")];

    private async Task<ActorSocketTestClient> VisitorAsync(string name)
    {
        var visitor = await _server.ConnectAsync(configure: o => o.Name = name);
        Assert.Equal(name, (await visitor.EmitWithAckAsync<JsonElement>("login", name)).GetProperty("name").GetString());
        await visitor.ExpectAsync("lobbies");
        return visitor;
    }

    private static async Task<string[]> JoinAsync(ActorSocketTestClient visitor, string lobby)
    {
        var joined = await visitor.EmitWithAckAsync<JsonElement>("join", lobby, false);
        return joined.GetProperty("members").Deserialize<string[]>()!;
    }

    private static async Task<string[]> LobbiesAsync(ActorSocketTestClient visitor)
    {
        await visitor.EmitWithAckAsync<JsonElement>("login", visitor.Name);
        var lobbies = visitor.Events.Last(static e => e.Name == "lobbies").As<JsonElement>();
        return [.. lobbies.EnumerateArray().Select(static lobby => lobby.GetProperty("name").GetString()!)];
    }

    private static async Task<string?> ErrorAsync(ActorSocketTestClient visitor, string eventName, params object?[] args) =>
        (await Assert.ThrowsAsync<EventException>(() => visitor.EmitWithAckCoreAsync<JsonElement>(eventName, args))).Message;
}
