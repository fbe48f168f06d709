using System.Text.Json;

namespace ActorSocket.IntegrationTests.Entities;

/// <summary>What clients are told of what an entity shows: the whole once, then what changes, and nothing else.</summary>
public sealed class SyncTests
{
    [Fact]
    public async Task Who_takes_a_seat_gets_the_whole_and_then_what_changes()
    {
        var (node, boards) = await StartAsync();
        await using var _ = node;
        await boards.InvokeAsync("b", "set", "x", 1);
        await boards.InvokeAsync("b", "set", "gone", 2);
        await using var client = await Follower.ConnectAsync(node);
        await boards.InvokeAsync("b", "sit", client.SocketId);
        await client.UntilAsync("""{"cells":{"x":1,"gone":2},"members":1}""");
        Assert.Equal("board:b", client.Name);
        client.Patches.Clear();
        var wholes = client.Wholes;

        await boards.InvokeAsync("b", "set", "x", 3);
        await client.UntilAsync("""{"cells":{"x":3,"gone":2},"members":1}""");
        await boards.InvokeAsync("b", "remove", "gone");
        await client.UntilAsync("""{"cells":{"x":3},"members":1}""");
        Assert.Equal(["""{"cells":{"x":3}}""", """{"cells":{"gone":null}}"""], client.Patches);
        await client.SendFenceAsync(node);
        Assert.Equal(wholes, client.Wholes);
    }

    [Fact]
    public async Task Nothing_is_sent_when_nothing_has_changed_nor_what_is_secret()
    {
        var (node, boards) = await StartAsync();
        await using var _ = node;
        await using var client = await Follower.ConnectAsync(node);
        await boards.InvokeAsync("b", "sit", client.SocketId);
        await client.UntilAsync("""{"cells":{},"members":1}""");
        client.Patches.Clear();
        for (var i = 0; i < 20; i++)
            await boards.InvokeAsync("b", "whisper", "a secret " + i);
        await client.SendFenceAsync(node);
        Assert.Empty(client.Patches);
        Assert.DoesNotContain("secret", client.Shown.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Changes_are_put_together_and_who_comes_between_two_patches_misses_none()
    {
        var (node, boards) = await StartAsync();
        await using var _ = node;
        await using var first = await Follower.ConnectAsync(node);
        await boards.InvokeAsync("b", "sit", first.SocketId);
        await first.UntilAsync("""{"cells":{},"members":1}""");
        first.Patches.Clear();
        for (var cell = 0; cell < 10; cell++)
            await boards.InvokeAsync("b", "set", "cell " + cell, 0); // now a patch is smaller than the whole
        await first.UntilAsync(static shown => shown.GetProperty("cells").GetPropertyCount() == 10);
        first.Patches.Clear();
        var others = new List<Follower>();
        for (var i = 1; i <= 300; i++)
        {
            boards.Send("b", "set", "x", i);
            if (i % 30 != 0)
                continue;
            others.Add(await Follower.ConnectAsync(node));
            boards.Send("b", i % 60 == 0 ? "sit" : "watch", others[^1].SocketId);
        }
        await first.UntilAsync(IsOver);
        Assert.InRange(first.Patches.Count, 1, 150);
        foreach (var other in others)
        {
            await other.UntilAsync(IsOver);
            Assert.Equal(1, other.Wholes);
            await other.DisposeAsync();
        }

        static bool IsOver(JsonElement shown) =>
            shown.GetProperty("cells").TryGetProperty("x", out var x) && x.GetInt32() == 300;
    }

    [Fact]
    public async Task Watchers_come_and_go_and_a_client_that_misses_something_asks_for_the_whole()
    {
        var (node, boards) = await StartAsync();
        await using var _ = node;
        await using var watcher = await Follower.ConnectAsync(node);
        await boards.InvokeAsync("b", "watch", watcher.SocketId);
        await watcher.UntilAsync("""{"cells":{},"members":0}""");
        await boards.InvokeAsync("b", "again", watcher.SocketId);
        await watcher.NextWholeAsync();
        await boards.InvokeAsync("b", "set", "x", 1);
        await watcher.UntilAsync("""{"cells":{"x":1},"members":0}""");

        await boards.InvokeAsync("b", "unwatch", watcher.SocketId);
        await boards.InvokeAsync("b", "set", "x", 2);
        await watcher.SendFenceAsync(node);
        Assert.Equal(1, watcher.Shown.GetProperty("cells").GetProperty("x").GetInt32());
        Assert.Equal(2, watcher.Wholes);
    }

    [Fact]
    public async Task The_same_socket_that_takes_its_seat_again_or_returns_to_it_gets_the_whole_again()
    {
        var (node, boards) = await StartAsync();
        await using var _ = node;
        await using var client = await Follower.ConnectAsync(node);
        var token = (await boards.InvokeAsync<string>("b", "sit", client.SocketId))!;
        await client.NextWholeAsync();
        await boards.InvokeAsync("b", "sit", client.SocketId);
        await client.NextWholeAsync();
        await using var other = await Follower.ConnectAsync(node);
        await boards.InvokeAsync("b", "return", token, other.SocketId);
        await other.UntilAsync("""{"cells":{},"members":1}""");
        var refused = await Follower.ConnectAsync(node);
        await Assert.ThrowsAsync<EntityCallException>(() => boards.InvokeAsync("b", "return", token + "x", refused.SocketId));
        await refused.SendFenceAsync(node);
        Assert.Equal(0, refused.Wholes);
        await refused.DisposeAsync();
    }

    [Fact]
    public async Task A_socket_that_is_recovered_gets_the_patches_that_it_missed()
    {
        var (node, boards) = await StartAsync();
        await using var _ = node;
        var client = await Follower.ConnectAsync(node);
        await boards.InvokeAsync("b", "watch", client.SocketId);
        await client.UntilAsync("""{"cells":{},"members":0}""");
        node.Server.To(client.SocketId).Emit("offset"); // the last that it gets
        var claim = await ClaimOfAsync(client);
        await client.DisposeAsync();
        for (var i = 1; i <= 3; i++)
        {
            await boards.InvokeAsync("b", "set", "x" + i, i);
            await boards.InvokeAsync("b", "pause");
        }
        await using var again = await client.RecoverAsync(node, claim);
        Assert.Equal(3, again.Shown.GetProperty("cells").GetPropertyCount());
        Assert.Equal(1, again.Wholes);
        await boards.InvokeAsync("b", "set", "x4", 4);
        await again.UntilAsync(static shown => shown.GetProperty("cells").GetPropertyCount() == 4);
        Assert.Equal(1, again.Wholes);
    }

    [Fact]
    public async Task What_has_changed_last_is_shown_before_the_entity_ends_and_the_next_one_shows_itself()
    {
        var (node, boards) = await StartAsync();
        await using var _ = node;
        await using var watcher = await Follower.ConnectAsync(node);
        await boards.InvokeAsync("b", "watch", watcher.SocketId);
        await boards.InvokeAsync("b", "set", "x", 1);
        await boards.InvokeAsync("b", "end");
        await watcher.UntilAsync("""{"cells":{"x":1,"end":1},"members":0}""");
        await boards.InvokeAsync("b", "set", "y", 1);
        await watcher.UntilAsync("""{"cells":{"y":1},"members":0}""");
        Assert.Equal(2, watcher.Wholes);
    }

    [Fact]
    public async Task A_view_that_throws_is_logged_and_shown_when_it_works_again()
    {
        var (node, boards) = await StartAsync();
        await using var _ = node;
        await using var watcher = await Follower.ConnectAsync(node);
        await boards.InvokeAsync("broken", "watch", watcher.SocketId);
        Assert.Contains(
            node.Log,
            static line => line.StartsWith("Error", StringComparison.Ordinal) && line.Contains("board", StringComparison.Ordinal));
        await boards.InvokeAsync("broken", "set", "x", 1);
        await watcher.UntilAsync("""{"cells":{"x":1},"members":0}""");
    }

    [Fact]
    public async Task One_that_shows_nothing_cannot_be_watched()
    {
        await using var node = await Node.StartAsync(static cluster => cluster.Port = null, static io =>
        {
            io.MapEntities<Blind>("blind");
            io.OnConnection(static _ => { });
        });
        await using var client = await Follower.ConnectAsync(node);
        var blind = new RoomEntities<Blind>(node.Server.Of("/other"), "blind-too", new EntityOptions());
        var error = await Assert.ThrowsAsync<EntityCallException>(() => blind.InvokeAsync("b", "watch", client.SocketId));
        Assert.Contains("SyncInterval", error.Message, StringComparison.Ordinal);
    }

    private static async Task<string> ClaimOfAsync(Follower client)
    {
        await client.UntilEventAsync("offset");
        var said = JsonElement.Parse(client.Others[^1][2..]);
        return JsonSerializer.Serialize(new
        {
            pid = client.Client.Connected.GetProperty("pid").GetString(),
            offset = said[said.GetArrayLength() - 1].GetString(),
        });
    }

    private static async Task<(Node Node, RoomEntities<Board> Boards)> StartAsync()
    {
        RoomEntities<Board> boards = null!;
        var node = await Node.StartAsync(
            static cluster => cluster.Port = null,
            io =>
            {
                boards = io.MapEntities<Board>("board");
                io.OnConnection(static _ => { });
            },
            options: static options => options.ConnectionStateRecovery = new RecoveryOptions());
        return (node, boards);
    }

    private sealed class Blind : RoomEntity
    {
        [Event("watch")]
        public Task WatchAsync(string socketId) => Sync.WatchAsync(socketId);
    }

    private sealed class Board : RoomEntity
    {
        private readonly Dictionary<string, int> _cells = [];
        private string? _secret;

        public override TimeSpan SyncInterval => TimeSpan.FromMilliseconds(10);

        public override object? SyncView() => Id != "broken" || _cells.Count > 0
            ? new { cells = _cells, members = Seats.Count, nobody = (string?)null }
            : throw new InvalidOperationException(_secret);

        [Event("set")]
        public void Set(string cell, int value) => _cells[cell] = value;

        [Event("remove")]
        public void Remove(string cell) => _cells.Remove(cell);

        [Event("whisper")]
        public void Whisper(string secret) => _secret = secret;

        [Event("sit")]
        public async Task<string> SitAsync(string socketId) => (await Seats.TakeAsync(socketId)).Token;

        [Event("return")]
        public async Task<long> ReturnAsync(string token, string socketId) => (await Seats.ReturnAsync(token, socketId)).Number;

        [Event("watch")]
        public Task WatchAsync(string socketId) => Sync.WatchAsync(socketId);

        [Event("unwatch")]
        public Task UnwatchAsync(string socketId) => Sync.UnwatchAsync(socketId);

        [Event("again")]
        public void Again(string socketId) => Sync.Send(socketId);

        [Event("pause")]
        public static Task PauseAsync() => Task.Delay(15); // more than an interval

        [Event("end")]
        public void End()
        {
            _cells["end"] = 1;
            Retire();
        }
    }
}
