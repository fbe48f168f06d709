namespace ActorSocket.Tests.Sockets;

/// <summary>Rooms are named one by one or as a list, and cost no more for it.</summary>
public sealed class RoomListTests : ServerTest
{
    [Fact]
    public async Task A_list_of_rooms_is_taken_as_it_is_when_it_is_given()
    {
        var (socket, _, webSocket) = await JoinAsync();
        await socket.JoinAsync(["a", "b"]);
        List<string> rooms = ["a", "b"];
        var both = socket.Namespace.To(rooms);
        var lazy = socket.Namespace.To(rooms.Where(static room => room == "a"));
        rooms.Clear();
        both.Emit("both");
        lazy.Emit("lazy");
        socket.Namespace.To(rooms).Emit("nobody");
        socket.Namespace.Except("a", "none").Emit("nobody");
        socket.Namespace.To("none").In("b").Except(rooms).Emit("one");
        Assert.Equal("42[\"both\"]", await webSocket.NextAsync());
        Assert.Equal("42[\"lazy\"]", await webSocket.NextAsync());
        Assert.Equal("42[\"one\"]", await webSocket.NextAsync());
        Assert.Throws<ArgumentNullException>(() => socket.To((IEnumerable<string>)null!));
    }

    [Fact]
    public async Task A_room_that_is_null_is_refused_at_once()
    {
        var (socket, _, _) = await JoinAsync();
        var ns = socket.Namespace;
        string[] one = ["a", null!];
        Action[] choosing =
        [
            () => ns.To((string)null!), () => ns.In((string)null!), () => ns.Except((string)null!), () => ns.To(one.AsEnumerable()),
            () => ns.To("a").Except(one), () => socket.To((string)null!), () => socket.Except(one.ToList()),
            () => socket.Volatile.To((string)null!), () => socket.Volatile.Except(one.Where(static _ => true)),
        ];
        foreach (var choose in choosing)
            Assert.Equal("rooms", Assert.Throws<ArgumentException>(choose).ParamName);
        var remote = Assert.Single(await ns.FetchSocketsAsync());
        Func<ValueTask>[] joining =
        [
            () => socket.JoinAsync(one), () => socket.LeaveAsync(one), () => remote.JoinAsync(one), () => remote.LeaveAsync(one),
            () => ns.SocketsJoinAsync(one), () => ns.SocketsLeaveAsync(one),
        ];
        foreach (var join in joining)
            Assert.Equal("rooms", (await Assert.ThrowsAsync<ArgumentException>(() => join().AsTask())).ParamName);
        joining =
        [
            () => socket.JoinAsync((string)null!), () => socket.LeaveAsync((string)null!), () => remote.JoinAsync((string)null!),
            () => ns.SocketsLeaveAsync((string)null!),
        ];
        foreach (var join in joining)
        {
            Assert.Equal(
                "room",
                (await Assert.ThrowsAnyAsync<ArgumentException>(async () => await join())).ParamName);
        }
        Assert.Equal([socket.Id], socket.Rooms);
    }

    [Fact]
    public async Task Lists_of_rooms_are_joined_and_left_also_from_afar()
    {
        var (socket, _, _) = await JoinAsync();
        var remote = Assert.Single(await socket.Namespace.FetchSocketsAsync());
        await remote.JoinAsync(["a", "b"]);
        await socket.Namespace.SocketsJoinAsync(["c", "d"]);
        Assert.Equal("a b c d", string.Join(' ', socket.Rooms.Where(room => room != socket.Id).Order(StringComparer.Ordinal)));
        await remote.LeaveAsync(["a", "c"]);
        await socket.LeaveAsync(["b"]);
        await socket.Namespace.SocketsLeaveAsync("d");
        Assert.Equal([socket.Id], socket.Rooms);
    }

    [Fact]
    public async Task A_token_ends_the_wait_for_joins_leaves_and_disconnects()
    {
        var (socket, _, _) = await JoinAsync();
        var remote = Assert.Single(await socket.Namespace.FetchSocketsAsync());
        var token = new CancellationToken(canceled: true);
        Func<ValueTask>[] waiting =
        [
            () => remote.JoinAsync("a", token),
            () => remote.LeaveAsync(["a"], token),
            () => remote.DisconnectAsync(DisconnectScope.Namespace, token),
            () => socket.Namespace.SocketsJoinAsync(["a"], token),
            () => socket.Namespace.SocketsLeaveAsync("a", token),
            () => socket.Namespace.DisconnectSocketsAsync(cancellationToken: token),
        ];
        foreach (var wait in waiting)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait().AsTask());
        Assert.True(socket.Connected); // who comes with a cancelled token asks for nothing
    }

    /// <summary>The list of one that the compiler makes, the names as they are kept, the selection and the operator.</summary>
    [Fact]
    public async Task To_one_room_allocates_four_small_objects()
    {
        var (socket, _, _) = await JoinAsync();
        var io = socket.Namespace;
        Assert.InRange(Allocations.Of(160, () => _ = io.To("room")), 1, 160);
        Assert.InRange(Allocations.Of(208, () => _ = socket.To("room")), 1, 208); // and the selection of everyone else
    }
}
