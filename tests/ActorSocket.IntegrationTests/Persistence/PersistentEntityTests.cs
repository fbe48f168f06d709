using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using ActorSocket.Entities;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.IntegrationTests.Persistence;

/// <summary>Entities whose state outlives their process, on one node with a file of SQLite.</summary>
public sealed class PersistentEntityTests
{
    private static readonly TimeSpan Never = TimeSpan.FromHours(1);

    [Fact]
    public async Task What_an_entity_has_is_there_again_after_a_restart_of_the_server()
    {
        using var file = new StoreFile();
        await using (var node = await file.StartAsync<Lobby>(NeverSaved))
        {
            Assert.Equal("New", await node.Entities.InvokeAsync<string>("a", "origin"));
            Assert.Equal(1, await node.Entities.InvokeAsync<int>("a", "join", "anna"));
            Assert.Equal(2, await node.Entities.InvokeAsync<int>("a", "join", "ben"));
            await node.Node.StopAsync(); // long before it is due to be saved
        }
        await using (var node = await file.StartAsync<Lobby>(NeverSaved))
        {
            Assert.Equal(["anna", "ben"], (await node.Entities.InvokeAsync<List<string>>("a", "members"))!);
            Assert.Equal("Restored", await node.Entities.InvokeAsync<string>("a", "origin"));
            Assert.Equal("New", await node.Entities.InvokeAsync<string>("b", "origin"));
        }
    }

    [Fact]
    public async Task A_crash_costs_what_was_not_saved_and_no_more()
    {
        using var file = new StoreFile();
        var node = await file.StartNodeAsync<Lobby>(null, NeverSaved);
        await node.Entities.InvokeAsync("a", "join", "anna");
        await node.Entities.InvokeAsync("a", "save");
        await node.Entities.InvokeAsync("a", "join", "ben");
        await node.Node.CrashAsync();
        await node.DisposeAsync();
        await using var next = await file.StartAsync<Lobby>(NeverSaved);
        Assert.Equal(["anna"], (await next.Entities.InvokeAsync<List<string>>("a", "members"))!);
        Assert.Equal("Restored", await next.Entities.InvokeAsync<string>("a", "origin"));
    }

    [Fact]
    public async Task What_has_changed_is_saved_every_interval_and_what_has_not_is_not()
    {
        using var file = new StoreFile();
        await using var node = await file.StartAsync<Lobby>(static options => options.SaveInterval = TimeSpan.FromMilliseconds(200));
        var store = WatchedStore.Of(node.Node);
        await node.Entities.InvokeAsync<string>("unchanged", "origin"); // such as whatever id a client came up with
        await node.Entities.InvokeAsync("changed", "join", "anna");
        await Node.UntilAsync(() => store.Saves == 1, "the change to be saved");
        for (var i = 0; i < 20; i++)
        {
            await node.Entities.InvokeAsync<string>("unchanged", "origin");
            await node.Entities.InvokeAsync<string>("changed", "origin");
            await Task.Delay(30); // three intervals
        }
        Assert.Equal(1, store.Saves);
        await node.Entities.InvokeAsync("changed", "join", "ben");
        await Node.UntilAsync(() => store.Saves == 2, "the second change to be saved");
        Assert.Null(await store.LoadAsync(new EntityKey("lobby", "unchanged")));
    }

    [Fact]
    public async Task One_that_retires_keeps_its_state_and_one_that_is_deleted_does_not()
    {
        using var file = new StoreFile();
        await using var node = await file.StartAsync<Lobby>(NeverSaved);
        foreach (var id in (string[])["retired", "deleted"])
            await node.Entities.InvokeAsync(id, "join", "anna");
        await node.Entities.InvokeAsync("deleted", "save");
        await node.Entities.InvokeAsync("retired", "retire");
        await node.Entities.InvokeAsync("deleted", "delete");
        await Node.UntilAsync(() => node.Entities.InvokeAsync<string>("retired", "origin").Result == "Restored", "it to have retired");
        Assert.Equal(["anna"], (await node.Entities.InvokeAsync<List<string>>("retired", "members"))!);
        await Node.UntilAsync(
            () => node.Entities.InvokeAsync<List<string>>("deleted", "members").Result is { Count: 0 }, "it to have been deleted");
        Assert.Equal("New", await node.Entities.InvokeAsync<string>("deleted", "origin"));
    }

    [Fact]
    public async Task Who_is_refused_a_seat_costs_nobody_a_state_and_leaves_none_behind()
    {
        using var file = new StoreFile();
        await using var node = await file.StartAsync<Lobby>(static options => options.SaveInterval = TimeSpan.FromMilliseconds(100));
        var (lobbies, store) = (node.Entities, WatchedStore.Of(node.Node));
        await lobbies.InvokeAsync("kept", "join", "anna");
        await lobbies.InvokeAsync("kept", "retire");
        await Node.UntilAsync(() => Lobby.Ended.ContainsKey("kept"), "it to retire");
        foreach (var id in (string[])["kept", "never"])
            await Assert.ThrowsAsync<EntityCallException>(() => lobbies.ReserveAsync(id, ["banned"]));
        await Node.UntilAsync(() => Lobby.Ended.ContainsKey("never"), "it to end");
        Assert.Null(await store.LoadAsync(new EntityKey("lobby", "never")));
        Assert.Equal(["anna"], (await lobbies.InvokeAsync<List<string>>("kept", "members"))!);
    }

    [Fact]
    public async Task One_that_refused_somebody_and_then_had_a_member_keeps_what_it_has()
    {
        using var file = new StoreFile();
        await using var node = await file.StartAsync<Lobby>(NeverSaved);
        var refused = node.Entities.ReserveAsync("used", ["banned"]);
        var reserved = node.Entities.ReserveAsync("used", ["eve"]);
        await Assert.ThrowsAsync<EntityCallException>(() => refused);
        await reserved;
        await Node.UntilAsync(() => Lobby.Left.ContainsKey("used"), "the reservation to be over");
        Assert.Equal(["eve"], (await node.Entities.InvokeAsync<List<string>>("used", "members"))!);
    }

    [Fact]
    public async Task What_comes_while_a_state_is_deleted_is_for_the_one_after_it()
    {
        using var file = new StoreFile();
        await using var node = await file.StartAsync<Lobby>(NeverSaved);
        var (lobbies, store) = (node.Entities, WatchedStore.Of(node.Node));
        await lobbies.InvokeAsync("again", "join", "anna");
        await lobbies.InvokeAsync("again", "save");
        var goOn = store.HoldDeletions();
        await lobbies.InvokeAsync("again", "delete");
        var joined = lobbies.InvokeAsync<int>("again", "join", "ben");
        goOn.SetResult();
        Assert.Equal(1, await joined);
        Assert.Equal(["ben"], (await lobbies.InvokeAsync<List<string>>("again", "members"))!);
    }

    [Fact]
    public async Task One_that_is_idle_is_saved_and_comes_back_with_its_next_call()
    {
        using var file = new StoreFile();
        await using var node = await file.StartAsync<Lobby>(static options =>
        {
            options.SaveInterval = Never;
            options.IdleTimeout = TimeSpan.FromMilliseconds(100);
        });
        var lobbies = node.Entities;
        await lobbies.InvokeAsync("a", "join", "anna");
        await Node.UntilAsync(() => Lobby.Ended.ContainsKey("a"), "it to retire");
        Assert.Equal(["anna"], (await lobbies.InvokeAsync<List<string>>("a", "members"))!);
    }

    [Fact]
    public async Task The_store_has_no_token_that_gives_somebody_a_seat_and_seats_are_known_by_theirs_after_a_restart()
    {
        using var file = new StoreFile();
        string token;
        await using (var node = await file.StartAsync<Lobby>(NeverSaved))
        {
            token = (await node.Entities.InvokeAsync<string>("a", "reserve"))!;
            await node.Node.StopAsync();
        }
        var files = Directory.GetFiles(Path.GetDirectoryName(file.Path)!);
        var stored = string.Concat(files.Select(static one => Encoding.Latin1.GetString(File.ReadAllBytes(one))));
        Assert.Contains("tokenDigests", stored, StringComparison.Ordinal);
        Assert.DoesNotContain(token.Split('.')[1], stored, StringComparison.Ordinal);
        await using (var node = await file.StartAsync<Lobby>(NeverSaved))
            Assert.Equal(1, await node.Entities.InvokeAsync<long>("a", "numberOf", token));
    }

    [Fact]
    public async Task Tokens_that_an_older_version_has_stored_are_worth_what_they_were_and_are_stored_as_digests_with_the_next_start()
    {
        using var file = new StoreFile();
        const string Secret = "abcdefghijklmnopqrstuv", Token = "3." + Secret;
        var due = DateTimeOffset.UtcNow + TimeSpan.FromHours(1);
        var seat = new SeatRecord(3, Token, "anna", SeatState.Reserved, "", DateTimeOffset.UtcNow, TimeSpan.Zero, due);
        // As the entity sets them, so that nothing else is a reason to save it.
        var seats = new SeatRecords(3, 10, IsLocked: false, TimeSpan.Zero, TimeSpan.FromMilliseconds(100), [seat]);
        await using var node = await file.StartAsync<Lobby>(static options => options.SaveInterval = TimeSpan.FromMilliseconds(200));
        var (store, key) = (node.Node.Server.Server.Entities.Store!, new EntityKey("lobby", "a"));
        await store.SaveAsync(key, new StoredState(1, KeptState.Write(1, 1, isSaved: true, [], seats, "{}"u8)));
        Assert.Contains(Secret, await StoredAsync(), StringComparison.Ordinal);
        Assert.Equal(3, await node.Entities.InvokeAsync<long>("a", "numberOf", Token));
        await Node.UntilAsync(() => !StoredAsync().Result.Contains(Secret, StringComparison.Ordinal), "the token to be stored no more");
        Assert.Contains("tokenDigests", await StoredAsync(), StringComparison.Ordinal);

        async Task<string> StoredAsync() => Encoding.UTF8.GetString((await store.LoadAsync(key))!.Bytes);
    }

    [Fact]
    public async Task While_the_store_is_away_nothing_is_acknowledged_as_saved_and_nothing_that_lives_is_lost()
    {
        using var file = new StoreFile();
        await using var node = await file.StartAsync<Lobby>(static options => options.SaveInterval = TimeSpan.FromMilliseconds(200));
        var store = WatchedStore.Of(node.Node);
        var lobbies = node.Entities;
        await lobbies.InvokeAsync("a", "join", "anna");
        await Node.UntilAsync(() => store.Saves == 1, "it to be saved");

        store.IsDown = true;
        var ticks = await lobbies.InvokeAsync<int>("a", "ticks");
        await lobbies.InvokeAsync("a", "join", "ben"); // goes on
        var refused = await Assert.ThrowsAsync<EntityCallException>(() => lobbies.InvokeAsync("a", "save"));
        Assert.Equal("The entity's state was not saved: the store is away", refused.Message);
        refused = await Assert.ThrowsAsync<EntityCallException>(() => lobbies.InvokeAsync("b", "join", "carl"));
        Assert.Equal("The entity cannot start: its state could not be loaded: the store is away", refused.Message);
        await lobbies.InvokeAsync("a", "retire");
        await Node.UntilAsync(
            () => node.Node.Log.Any(static line => line.Contains("could not be saved", StringComparison.Ordinal)), "a line of the log");
        await Node.UntilAsync(() => lobbies.InvokeAsync<int>("a", "ticks").Result > ticks + 5, "it to go on ticking");
        Assert.Equal(["anna", "ben"], (await lobbies.InvokeAsync<List<string>>("a", "members"))!); // it has not retired

        store.IsDown = false;
        await Node.UntilAsync(() => store.Saves >= 2, "it to be saved after all");
        await Node.UntilAsync(() => lobbies.InvokeAsync<string>("a", "origin").Result == "Restored", "it to retire after all");
        Assert.Equal(["anna", "ben"], (await lobbies.InvokeAsync<List<string>>("a", "members"))!);
        Assert.Equal(1, await lobbies.InvokeAsync<int>("b", "join", "carl"));
    }

    [Fact]
    public async Task A_file_that_cannot_be_opened_is_waited_for()
    {
        using var file = new StoreFile();
        Directory.CreateDirectory(file.Path); // in its place
        await using var node = await file.StartAsync<Lobby>(NeverSaved);
        var refused = await Assert.ThrowsAsync<EntityCallException>(() => node.Entities.InvokeAsync("a", "join", "anna"));
        Assert.StartsWith("The entity cannot start: its state could not be loaded: ", refused.Message, StringComparison.Ordinal);
        Directory.Delete(file.Path);
        await Node.UntilAsync(() => JoinAsync().Result, "the store to be back");
        await node.Entities.InvokeAsync("a", "save");

        async Task<bool> JoinAsync()
        {
            try
            {
                return await node.Entities.InvokeAsync<int>("a", "join", "anna") == 1;
            }
            catch (EntityCallException)
            {
                return false;
            }
        }
    }

    [Fact]
    public async Task A_state_of_an_older_version_is_upgraded_and_one_of_a_newer_is_left_alone()
    {
        using var file = new StoreFile();
        await using (var node = await file.StartAsync<First>(NeverSaved, "game"))
            await node.Entities.InvokeAsync("a", "set", "anna");
        await using (var node = await file.StartAsync<Second>(NeverSaved, "game"))
        {
            var games = node.Entities;
            Assert.Equal(["anna"], (await games.InvokeAsync<List<string>>("a", "get"))!);
            await games.InvokeAsync("a", "add", "ben");
        }
        await using (var node = await file.StartAsync<First>(NeverSaved, "game"))
        {
            var refused = await Assert.ThrowsAsync<EntityCallException>(() =>
                node.Entities.InvokeAsync("a", "set", "carl"));
            Assert.Contains("its state has version 2, and this node knows 1 at most", refused.Message, StringComparison.Ordinal);
        }
        await using (var node = await file.StartAsync<Third>(NeverSaved, "game"))
            Assert.Equal(
                new Dictionary<string, int>(StringComparer.Ordinal) { ["anna"] = 2, ["ben"] = 2 },
                await node.Entities.InvokeAsync<Dictionary<string, int>>("a", "get")
            );
    }

    [Fact]
    public async Task A_state_that_is_too_big_or_no_json_is_not_saved_and_who_waits_is_told()
    {
        using var file = new StoreFile();
        await using var node = await file.StartAsync<Lobby>(static options =>
        {
            options.SaveInterval = Never;
            options.MaxStateBytes = 1000;
        });
        var lobbies = node.Entities;
        await lobbies.InvokeAsync("a", "join", new string('x', 2000));
        var refused = await Assert.ThrowsAsync<EntityCallException>(() => lobbies.InvokeAsync("a", "save"));
        Assert.Contains("bytes; at most 1000 are saved (MaxStateBytes)", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Timers_call_methods_in_turn_and_are_kept_over_a_restart()
    {
        using var file = new StoreFile();
        await using (var node = await file.StartAsync<Lobby>(NeverSaved))
        {
            var lobbies = node.Entities;
            var refused = await Assert.ThrowsAsync<EntityCallException>(() => lobbies.InvokeAsync("a", "after", "nothing", 0));
            Assert.StartsWith("A \"lobby\" has no method [Event(\"nothing\")].", refused.Message, StringComparison.Ordinal);
            await lobbies.InvokeAsync("a", "every", "ring", 20);
            await Node.UntilAsync(() => lobbies.InvokeAsync<int>("a", "rings").Result >= 5, "five rings");
            Assert.True(await lobbies.InvokeAsync<bool>("a", "stop", "ring"));
            Assert.False(await lobbies.InvokeAsync<bool>("a", "stop", "ring"));
            var rings = await lobbies.InvokeAsync<int>("a", "rings");
            await lobbies.InvokeAsync("a", "after", "close", 0); // comes after it, if it came
            await Node.UntilAsync(() => lobbies.InvokeAsync<bool>("a", "closed").Result, "the lobby to be closed");
            Assert.Equal(rings, await lobbies.InvokeAsync<int>("a", "rings"));

            await lobbies.InvokeAsync("b", "after", "close", 300);
            await lobbies.InvokeAsync("b", "every", "ring", 3_600_000);
            Assert.False(await lobbies.InvokeAsync<bool>("b", "closed"));
        }
        await using (var node = await file.StartAsync<Lobby>(NeverSaved))
        {
            var lobbies = node.Entities;
            await Node.UntilAsync(() => lobbies.InvokeAsync<bool>("b", "closed").Result, "what came due to be done");
            Assert.True(await lobbies.InvokeAsync<bool>("b", "stop", "ring"));
            Assert.False(await lobbies.InvokeAsync<bool>("b", "stop", "close"));
        }
    }

    [Fact]
    public async Task Many_that_are_saved_at_once_are_all_saved()
    {
        using var file = new StoreFile();
        string[] ids = [.. Enumerable.Range(0, 400).Select(static number => "many " + number)];
        await using (var node = await file.StartAsync<Lobby>(NeverSaved))
        {
            var patient = node.Entities.Timeout(Node.Patience);
            await Task.WhenAll(ids.Select(id => patient.InvokeAsync(id, "join", "anna")));
            await Task.WhenAll(ids.Select(id => patient.InvokeAsync(id, "save")));
        }
        await using (var node = await file.StartAsync<Lobby>(NeverSaved))
        {
            var members = await Task.WhenAll(ids.Select(id => node.Entities.Timeout(Node.Patience).InvokeAsync<string[]>(id, "members")));
            Assert.All(members, static members => Assert.Equal(["anna"], members!));
        }
    }

    [Fact]
    public async Task An_older_life_overwrites_nothing_newer()
    {
        using var file = new StoreFile();
        await using var node = await file.StartAsync<Lobby>(NeverSaved);
        var (store, key) = (node.Node.Server.Server.Entities.Store!, new EntityKey("lobby", new string('ü', 300)));
        Assert.Null(await store.LoadAsync(key));
        await store.SaveAsync(key, new StoredState(10, "ten"u8.ToArray()));
        await store.SaveAsync(key, new StoredState(5, "five"u8.ToArray()));
        Assert.Equal("ten"u8.ToArray(), (await store.LoadAsync(key))!.Bytes);
        await store.SaveAsync(key, new StoredState(11, "twelve"u8.ToArray()));
        await store.SaveAsync(key, new StoredState(11, "eleven"u8.ToArray())); // the same life's
        await store.DeleteAsync(key, 10);
        var last = (await store.LoadAsync(key))!;
        Assert.Equal(11, last.Number);
        Assert.Equal("eleven"u8.ToArray(), last.Bytes);
        await store.DeleteAsync(key, 11);
        Assert.Null(await store.LoadAsync(key));
    }

    [Fact]
    public async Task A_server_that_stops_waits_for_its_store()
    {
        using var file = new StoreFile();
        await using (var node = await file.StartAsync<Lobby>(NeverSaved))
        {
            WatchedStore.Of(node.Node).Delay = TimeSpan.FromSeconds(6); // as a thousand saves of a file may, on a slow disk
            await node.Entities.InvokeAsync("a", "join", "anna");
            await node.Node.StopAsync();
        }
        await using (var node = await file.StartAsync<Lobby>(NeverSaved))
            Assert.Equal(["anna"], (await node.Entities.InvokeAsync<List<string>>("a", "members"))!);
    }

    [Fact]
    public async Task No_id_is_taken_for_another()
    {
        using var file = new StoreFile();
        await using var node = await file.StartAsync<Lobby>(NeverSaved);
        var store = node.Node.Server.Server.Entities.Store!;
        var full = "actorsocket//lobby/" + new string('x', 300);
        var digest = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(full)));
        string[] ids =
        [
            full["actorsocket//lobby/".Length..], string.Concat(full.AsSpan(0, 135), "#", digest)["actorsocket//lobby/".Length..],
            new string('x', 300) + "\ud83d", new string('x', 300) + "\ud83c", "a\0b", "a\0c", "a", "A", "a/", "a#", "ä", "a\u0308",
        ];
        for (var i = 0; i < ids.Length; i++)
        {
            Assert.Null(await store.LoadAsync(new EntityKey("lobby", ids[i])));
            await store.SaveAsync(new EntityKey("lobby", ids[i]), new StoredState(1, [(byte)i]));
        }
        for (var i = 0; i < ids.Length; i++)
            Assert.Equal([(byte)i], (await store.LoadAsync(new EntityKey("lobby", ids[i])))!.Bytes);
    }

    [Fact]
    public void A_setting_that_is_empty_is_none()
    {
        var options = new ActorSocketPersistenceOptions { ConnectionString = "", SnapshotStore = " " };
        Assert.Equal((null, null), (options.ConnectionString, options.SnapshotStore));
    }

    [Fact]
    public async Task Without_a_store_and_in_a_cluster_without_a_shared_one_the_server_does_not_start()
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            Node.StartAsync(static cluster => cluster.Port = null, static io => io.MapEntities<Lobby>("lobby")));
        Assert.Contains("AddPersistence()", refused.Message, StringComparison.Ordinal);
        refused = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            Node.StartAsync(
                map: static io => io.MapEntities<Lobby>("lobby"),
                services: static services => services.AddActorSocket().AddPersistence()));
        Assert.Contains("share one store", refused.Message, StringComparison.Ordinal);
    }

    private static void NeverSaved(EntityOptions options) => options.SaveInterval = Never;

    public sealed class LobbyState
    {
        public List<string> Members { get; set; } = [];

        public int Rings { get; set; }

        public bool IsClosed { get; set; }
    }

    private sealed class Lobby : RoomEntity<LobbyState>, IDisposable
    {
        public static readonly ConcurrentDictionary<string, bool> Ended = new(StringComparer.Ordinal), Left = new(StringComparer.Ordinal);

        private EntityOrigin _origin;
        private int _ticks;

        public override TimeSpan TickInterval => TimeSpan.FromMilliseconds(10);

        public override Task OnStartedAsync(EntityStart start)
        {
            _origin = start.Origin;
            Seats.ReservationTime = TimeSpan.FromMilliseconds(100);
            return Task.CompletedTask;
        }

        public override Task OnTickAsync(TimeSpan elapsed)
        {
            _ticks++;
            return Task.CompletedTask;
        }

        public override Task OnReservedAsync(IReadOnlyList<Seat> seats, SocketArgument options)
        {
            if (seats[0].Name == "banned")
                throw new EventException("not you");
            State.Members.Add(seats[0].Name);
            return Task.CompletedTask;
        }

        public override Task OnLeftAsync(Seat seat, SeatLeaveReason reason)
        {
            Left[Id] = true;
            return Task.CompletedTask;
        }

        [Event("origin")]
        public string Origin() => _origin.ToString();

        [Event("ticks")]
        public int Ticks() => _ticks;

        [Event("join")]
        public int Join(string member)
        {
            State.Members.Add(member);
            return State.Members.Count;
        }

        [Event("members")]
        public List<string> Members() => State.Members;

        [Event("reserve")]
        public async Task<string> ReserveAsync()
        {
            Seats.ReservationTime = TimeSpan.FromHours(1);
            var seat = Seats.Reserve("anna");
            await SaveAsync();
            return seat.Token;
        }

        [Event("numberOf")]
        public long NumberOf(string token) => Seats.FindByToken(token)?.Number ?? 0;

        [Event("save")]
        public Task StoreAsync() => SaveAsync();

        [Event("retire")]
        public void End() => Retire();

        [Event("delete")]
        public void Forget() => Delete();

        [Event("after")]
        public void SetAfter(string method, int milliseconds) => After(TimeSpan.FromMilliseconds(milliseconds), method);

        [Event("every")]
        public void SetEvery(string method, int milliseconds) => Every(TimeSpan.FromMilliseconds(milliseconds), method);

        [Event("stop")]
        public bool Stop(string method) => StopTimer(method);

        [Event("ring")]
        private void Ring() => State.Rings++;

        [Event("rings")]
        public int Rings() => State.Rings;

        [Event("close")]
        private void Close() => State.IsClosed = true;

        [Event("closed")]
        public bool IsClosed() => State.IsClosed;

        public void Dispose() => Ended[Id] = true;
    }

    public sealed record FirstState
    {
        public string Player { get; set; } = "";
    }

    private sealed class First : RoomEntity<FirstState>
    {
        [Event("set")]
        public void Set(string player) => State.Player = player;
    }

    public sealed record SecondState
    {
        public List<string> Players { get; set; } = [];
    }

    private sealed class Second : RoomEntity<SecondState>
    {
        protected override int StateVersion => 2;

        protected override SecondState Upgrade(JsonElement state, int version, JsonSerializerOptions json) =>
            new() { Players = [state.Deserialize<FirstState>(json)!.Player] };

        [Event("get")]
        public List<string> Get() => State.Players;

        [Event("add")]
        public void Add(string player) => State.Players.Add(player);
    }

    public sealed record ThirdState
    {
        public Dictionary<string, int> Scores { get; set; } = [];
    }

    private sealed class Third : RoomEntity<ThirdState>
    {
        protected override int StateVersion => 3;

        protected override ThirdState Upgrade(JsonElement state, int version, JsonSerializerOptions json) =>
            new() { Scores = state.Deserialize<SecondState>(json)!.Players.ToDictionary(
                static player => player, _ => version, StringComparer.Ordinal) };

        [Event("get")]
        public Dictionary<string, int> Get() => State.Scores;
    }
}
