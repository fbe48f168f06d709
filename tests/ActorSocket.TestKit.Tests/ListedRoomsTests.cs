using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.TestKit.Tests;

/// <summary>What entities publish about themselves, as an application looks through it, and rooms that are joined by it.</summary>
public sealed class ListedRoomsTests
{
    private static readonly ConditionalWeakTable<ActorSocketServer, RoomEntities<Arena>> Mapped = new(); // of each node

    [Fact]
    public async Task What_an_entity_publishes_is_found_with_its_seats_until_it_says_otherwise()
    {
        await using var server = await StartAsync();
        var arenas = Of(server);
        var lobby = arenas.Listed<ArenaInfo>();
        Assert.Empty(lobby);
        await arenas.InvokeAsync("a", "open", "ctf", 5);
        await arenas.InvokeAsync("b", "open", "race", 7);
        await arenas.InvokeAsync("c", "open", null, 0); // not listed
        await server.SettleAsync();
        Assert.Equal(["a", "b"], lobby.Select(static room => room.Id).Order(StringComparer.Ordinal), StringComparer.Ordinal);
        Assert.Equal(new ListedRoom<ArenaInfo>("b", new ArenaInfo("race", 7), 0, 4, false), lobby.Single(static r => r.Listing.Level > 5));
        Assert.Same(lobby.Find("b"), lobby.Find("b"));

        await arenas.ReserveAsync("b", ["ada", "bob"]);
        await server.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal((2, 2), (lobby.Find("b")!.Seats, lobby.Find("b")!.Free));
        await arenas.InvokeAsync("b", "lock");
        await server.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(0, lobby.Find("b")!.Free);
        await server.AdvanceAsync(TimeSpan.FromSeconds(20)); // nobody came, and it retires
        Assert.Null(lobby.Find("b"));
        await arenas.InvokeAsync("a", "open", null, 0);
        await server.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(0, lobby.Count);
    }

    [Fact]
    public async Task What_changes_often_is_told_now_and_then_and_what_is_too_long_is_refused()
    {
        await using var server = await StartAsync();
        var arenas = Of(server);
        var levels = new List<int>();
        using var told = arenas.Listed<ArenaInfo>().OnChanged(changes =>
            levels.AddRange(changes.Select(static one => one.Room.Listing.Level)));
        for (var level = 1; level <= 100; level++)
            await arenas.InvokeAsync("a", "open", "ctf", level);
        await server.SettleAsync();
        Assert.Equal([1], levels);
        await server.AdvanceAsync(TimeSpan.FromSeconds(0.2));
        Assert.Equal([1, 100], levels);
        var refused = await Assert.ThrowsAsync<EntityCallException>(() => arenas.InvokeAsync("a", "open", new string('x', 2048), 1));
        Assert.Contains("MaxListingBytes", refused.Message, StringComparison.Ordinal);
        Assert.Equal("ctf", arenas.Listed<ArenaInfo>().Find("a")!.Listing.Mode);
    }

    [Fact]
    public async Task A_subscriber_gets_the_whole_first_and_then_each_change_once_however_slow_it_is()
    {
        await using var server = await StartAsync();
        var arenas = Of(server);
        await arenas.InvokeAsync("a", "open", "ctf", 1);
        await arenas.InvokeAsync("b", "open", "ctf", 1);
        await server.SettleAsync();
        var goOn = new TaskCompletionSource();
        var got = new ConcurrentQueue<string[]>();
        using var told = arenas.Listed<ArenaInfo>().OnChanged(async changes =>
        {
            var lines = changes.Select(static one => $"{one.Kind} {one.Room.Id} {one.Room.Listing.Level}");
            got.Enqueue([.. lines.Order(StringComparer.Ordinal)]);
            await goOn.Task;
        });
        await UntilAsync(() => got.Count == 1);
        for (var level = 2; level <= 4; level++)
        {
            await arenas.InvokeAsync("a", "open", "ctf", level);
            await server.AdvanceAsync(TimeSpan.FromSeconds(1));
        }
        await arenas.InvokeAsync("b", "open", null, 0);
        await arenas.InvokeAsync("c", "open", "ctf", 9);
        await arenas.InvokeAsync("d", "open", "ctf", 9);
        await server.AdvanceAsync(TimeSpan.FromSeconds(1));
        await arenas.InvokeAsync("d", "open", null, 0); // came and went: nothing to tell
        await server.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Single(got);
        goOn.SetResult();
        await UntilAsync(() => got.Count == 2);
        Assert.Equal(["Added a 1", "Added b 1"], got.First(), StringComparer.Ordinal);
        Assert.Equal(["Added c 9", "Changed a 4", "Removed b 1"], got.Last(), StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_room_that_is_gone_or_does_not_fit_any_more_is_not_joined_or_started()
    {
        await using var server = await StartAsync();
        var arenas = Of(server);
        var lobby = arenas.Listed<ArenaInfo>();
        await arenas.InvokeAsync("a", "open", "ctf", 1);
        await server.SettleAsync();
        Assert.Equal("a", (await lobby.JoinOrCreateAsync("ada", static room => room.Listing.Mode == "ctf", "ctf")).Id);
        await server.AdvanceAsync(TimeSpan.FromSeconds(3)); // what was learned is forgotten
        await arenas.InvokeAsync("a", "open", "ctf", 2);
        await arenas.InvokeAsync("a", "open", "race", 2); // told a moment later
        await server.SettleAsync();
        Assert.Equal("ctf", lobby.Find("a")!.Listing.Mode);
        var other = await lobby.JoinOrCreateAsync("bob", static room => room.Listing.Mode == "ctf", "ctf");
        Assert.NotEqual("a", other.Id, StringComparer.Ordinal);
        await server.SettleAsync();
        Assert.Equal(["ada"], (await arenas.InvokeAsync<string[]>("a", "names"))!, StringComparer.Ordinal); // bob's seat was given back
        Assert.Equal("ctf", lobby.Find(other.Id)!.Listing.Mode);
        await server.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(2, lobby.Count);

        var ids = await lobby.JoinOrCreateAsync(["x", "y", "z", "w"], static room => room.Listing.Mode == "ctf", "ctf");
        Assert.Single(ids.Select(static seat => seat.Id).Distinct(StringComparer.Ordinal)); // three places are not enough for four
        Assert.NotEqual(other.Id, ids[0].Id, StringComparer.Ordinal);
        await Assert.ThrowsAsync<EntityCallException>(() =>
            arenas.InvokeAsync("never", "actorsocket:join", new[] { "ada" }, null)); // nobody is there, and nobody is started
        await server.AdvanceAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(0, lobby.Count);
    }

    [Fact]
    public async Task A_room_that_closes_itself_with_its_last_seat_gives_it_nevertheless()
    {
        await using var server = await StartAsync();
        var lobby = Of(server).Listed<ArenaInfo>();
        var ids = new List<string>();
        for (var i = 0; i < 8; i++)
            ids.Add((await lobby.JoinOrCreateAsync("ada", static room => room.Listing.Mode == "closes" && room.Free > 0, "closes")).Id);
        Assert.Equal([4, 4], ids.GroupBy(static id => id, StringComparer.Ordinal).Select(static room => room.Count()));
    }

    [Fact]
    public async Task Who_is_refused_keeps_nobody_else_out_and_leaves_no_room_behind()
    {
        await using var server = await StartAsync();
        var arenas = Of(server);
        var lobby = arenas.Listed<ArenaInfo>();
        var first = await lobby.JoinOrCreateAsync("ada", options: "ctf");
        await Assert.ThrowsAsync<ArgumentException>(() => lobby.JoinOrCreateAsync(new string('x', 257), options: "ctf"));
        await Assert.ThrowsAsync<EntityCallException>(() => lobby.JoinOrCreateAsync("banned", options: null));
        var party = await lobby.JoinOrCreateAsync(["a", "b", "c", "d"], options: "ctf");
        Assert.NotEqual(first.Id, party[0].Id, StringComparer.Ordinal);
        Assert.Equal(first.Id, (await lobby.JoinOrCreateAsync("bob", options: "ctf")).Id, StringComparer.Ordinal);
        await Assert.ThrowsAsync<EntityCallException>(() => arenas.ReserveAsync("orphan", ["banned"]));
        await UntilAsync(static () => Arena.Ended.Contains("orphan", StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_room_that_somebody_waits_for_stays_though_those_it_was_made_for_are_refused()
    {
        await using var server = await StartAsync();
        var arenas = Of(server);
        var refused = arenas.ReserveAsync("wanted", ["banned slowly"]);
        await Arena.Refusing.Task;
        var opened = arenas.InvokeAsync("wanted", "open", "ctf", 1);
        Arena.Refuse.SetResult();
        await Assert.ThrowsAsync<EntityCallException>(() => refused);
        await opened;
        await server.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal("ctf", arenas.Listed<ArenaInfo>().Find("wanted")?.Listing.Mode);
    }

    [Fact]
    public async Task A_room_that_is_not_what_was_looked_for_any_more_gives_no_seat_though_it_vanishes()
    {
        await using var server = await StartAsync();
        var arenas = Of(server);
        var lobby = arenas.Listed<ArenaInfo>();
        await arenas.InvokeAsync("other", "open", "ctf", 1);
        await server.SettleAsync();
        await arenas.InvokeAsync("other", "open", "vanishes", 1); // nobody is told yet
        Assert.Equal("ctf", lobby.Find("other")!.Listing.Mode);
        var seat = await lobby.JoinOrCreateAsync("ada", static room => room.Listing.Mode == "ctf", "ctf");
        Assert.NotEqual("other", seat.Id, StringComparer.Ordinal);
    }

    [Fact]
    public async Task However_many_join_at_once_on_three_nodes_no_room_is_overbooked_and_few_are_not_full()
    {
        await using var cluster = await ActorSocketTestCluster.StartAsync(3, Services, Map);
        using var byMode = Of(cluster.Nodes[0]).Listed<ArenaInfo>().IndexBy(static room => room.Listing.Mode);
        var joined = await Task.WhenAll(Enumerable.Range(0, 200).Select(number => Task.Run(() => number % 3 == 0
            ? byMode.JoinOrCreateAsync("ctf", $"player {number}", options: "ctf")
            : Of(cluster.Nodes[number % 3]).Listed<ArenaInfo>().JoinOrCreateAsync(
                $"player {number}", static room => room.Listing.Mode == "ctf", "ctf"))));
        Assert.Equal(200, joined.Select(static seat => seat.Token).Distinct(StringComparer.Ordinal).Count());
        var rooms = joined.GroupBy(static seat => seat.Id, StringComparer.Ordinal).ToList();
        Assert.All(rooms, static room => Assert.InRange(room.Count(), 1, 4));
        // Fifty would do; each node may leave one that is not full.
        Assert.InRange(rooms.Count, 50, 52);
        await UntilAsync(() => byMode["ctf"].Sum(static room => room.Seats) == 200);
        Assert.Empty(byMode["race"]);
        Assert.Equal(["ctf"], byMode.Keys, StringComparer.Ordinal);
        foreach (var room in rooms)
            Assert.Equal(room.Count(), (await Of(cluster.Nodes[0]).InvokeAsync<string[]>(room.Key, "names"))!.Length);
    }

    [Fact]
    public async Task Every_node_has_the_list_over_moves_and_crashes_and_who_joins_later_too()
    {
        await using var cluster = await ActorSocketTestCluster.StartAsync(3, Services, Map);
        var first = Of(cluster.Nodes[0]);
        for (var number = 0; number < 40; number++)
            await first.InvokeAsync($"room {number}", "open", "ctf", number);
        Func<ActorSocketTestNode, Func<bool>> isWhole = static node => () => Of(node).Listed<ArenaInfo>().Count == 40;
        foreach (var node in cluster.Nodes)
            await UntilAsync(isWhole(node));
        Assert.Equal(Enumerable.Range(0, 40), Of(cluster.Nodes[2]).Listed<ArenaInfo>().Select(static room => room.Listing.Level).Order());

        var removed = new ConcurrentQueue<string>();
        using var told = first.Listed<ArenaInfo>().OnChanged(changes =>
        {
            foreach (var change in changes.Where(static change => change.Kind == ListedRoomChangeKind.Removed))
                removed.Enqueue(change.Room.Id);
        });
        var late = await cluster.StartNodeAsync();
        await UntilAsync(isWhole(late));
        await cluster.Nodes[1].LeaveAsync();
        await cluster.UntilWholeAsync();
        foreach (var node in new[] { cluster.Nodes[0], cluster.Nodes[2], late })
            await UntilAsync(isWhole(node));
        Assert.Empty(removed); // who moves is listed all the time

        await cluster.Nodes[2].CrashAsync(); // its rooms are gone with their node, and list themselves again when they live elsewhere
        await cluster.UntilWholeAsync();
        foreach (var node in new[] { cluster.Nodes[0], late })
        {
            var lobby = Of(node).Listed<ArenaInfo>();
            await UntilAsync(() => lobby.Count == 40 && lobby.Any(static room => room.Listing.Mode == "lost"));
        }
        Assert.NotEmpty(removed);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!condition())
            await Task.Delay(20, limit.Token);
    }

    private static Task<ActorSocketTestServer> StartAsync() => ActorSocketTestServer.StartAsync(Services, Map, new VirtualClock());

    private static void Services(IServiceCollection services) => services.AddActorSocket();

    private static void Map(ActorSocketServer io)
    {
        io.OnConnection(static _ => { });
        Mapped.Add(io, io.MapEntities<Arena>("arena"));
    }

    private static RoomEntities<Arena> Of(ActorSocketTestServer server) =>
        Mapped.TryGetValue(server.Io, out var arenas) ? arenas : throw new InvalidOperationException("It is not mapped.");

    private sealed record ArenaInfo(string Mode, int Level);

    public sealed class Arena : RoomEntity, IAsyncDisposable
    {
        internal static readonly ConcurrentQueue<string> Ended = [];
        internal static readonly TaskCompletionSource Refusing = new(), Refuse = new();

        private ArenaInfo? _info;

        public override Task OnStartedAsync(EntityStart start)
        {
            Seats.Capacity = 4;
            _info = start.GetState<ArenaInfo>();
            if (start.Origin == EntityOrigin.Lost)
                _info = new ArenaInfo("lost", 0);
            Listing = _info;
            return Task.CompletedTask;
        }

        public override object? HandOver() => _info;

        private static async Task RefuseSlowlyAsync()
        {
            Refusing.SetResult();
            await Refuse.Task;
            throw new EventException("not you");
        }

        public override Task OnReservedAsync(IReadOnlyList<Seat> seats, SocketArgument options)
        {
            if (seats.Any(static seat => seat.Name == "banned"))
                throw new EventException("not you");
            if (seats.Any(static seat => seat.Name == "banned slowly"))
                return RefuseSlowlyAsync();
            if (_info is null && options.As<string>() is { } mode)
                Open(mode, 0);
            if (_info?.Mode == "vanishes")
                Open(null, 0);
            if (_info?.Mode == "closes" && Seats.Count == Seats.Capacity)
            {
                Seats.IsLocked = true;
                Open("closed", 0);
            }
            return Task.CompletedTask;
        }

        public override Task OnLeftAsync(Seat seat, SeatLeaveReason reason)
        {
            if (Seats.Count == 0)
                Retire();
            return Task.CompletedTask;
        }

        [Event("open")]
        public void Open(string? mode, int level) => Listing = _info = mode is null ? null : new ArenaInfo(mode, level);

        [Event("lock")]
        public void Lock() => Seats.IsLocked = true;

        public ValueTask DisposeAsync()
        {
            Ended.Enqueue(Id);
            return ValueTask.CompletedTask;
        }

        [Event("names")]
        public string[] Names() => [.. Seats.Select(static seat => seat.Name)];
    }
}
