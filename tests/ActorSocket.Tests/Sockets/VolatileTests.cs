namespace ActorSocket.Tests.Sockets;

/// <summary>
/// When a volatile packet leaves and when it is dropped. What polling does is in OutboundTests, what recovery keeps in
/// RecoveryTests.
/// </summary>
public sealed class VolatileTests : ServerTest
{
    [Fact]
    public async Task Right_after_the_connect_it_is_dropped_and_what_is_not_volatile_arrives()
    {
        var (socket, _, webSocket) = await JoinAsync(static socket =>
        {
            socket.Volatile.Emit("lost");
            socket.Emit("kept");
        });
        Assert.Equal("42[\"kept\"]", await webSocket.NextAsync());
        await HandledAsync(socket.Actor);
        socket.Volatile.Emit("later"); // an idle client is ready
        Assert.Equal("42[\"later\"]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task After_another_packet_of_the_same_turn_it_is_dropped()
    {
        var (_, session, webSocket) = await JoinAsync(static socket => socket.On("go", () =>
        {
            socket.Emit("first");
            socket.Volatile.Emit("lost");
            socket.Volatile.Emit("lost bytes", new byte[] { 1 });
            socket.Emit("last");
        }));
        session.Send("""42["go"]""");
        Assert.Equal("42[\"first\"]", await webSocket.NextAsync());
        Assert.Equal("42[\"last\"]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task While_a_write_is_under_way_it_is_dropped_with_its_attachments()
    {
        var (socket, _, webSocket) = await JoinAsync();
        await HandledAsync(socket.Actor);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        webSocket.Gate = gate.Task;
        socket.Emit("under way");
        socket.Volatile.Emit("lost", new { Data = new byte[] { 1, 2 } });
        socket.Emit("next");
        gate.SetResult();
        Assert.Equal("42[\"under way\"]", await webSocket.NextAsync());
        Assert.Equal("42[\"next\"]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task A_broadcast_is_decided_for_each_of_its_receivers()
    {
        var server = NewServer();
        var ns = server.Namespaces.GetOrAdd("/", server).Face;
        var (busy, idle) = (await ConnectAsync(server), await ConnectAsync(server));
        foreach (var socket in ns.Sockets)
            await HandledAsync(socket.Actor);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        busy.WebSocket.Gate = gate.Task;
        ns.Sockets.Single(socket => socket.Connection.Engine == busy.Session.Connection).Emit("under way");
        ns.Volatile.Emit("position", new byte[] { 7 });
        ns.Emit("fence");
        Assert.Equal("451-[\"position\",{\"_placeholder\":true,\"num\":0}]", await idle.WebSocket.NextAsync());
        Assert.Equal("<07>", await idle.WebSocket.NextAsync());
        Assert.Equal("42[\"fence\"]", await idle.WebSocket.NextAsync());
        gate.SetResult();
        Assert.Equal("42[\"under way\"]", await busy.WebSocket.NextAsync());
        Assert.Equal("42[\"fence\"]", await busy.WebSocket.NextAsync());
    }

    [Fact]
    public async Task After_the_disconnect_it_is_dropped()
    {
        var (socket, _, webSocket) = await JoinAsync();
        await socket.DisconnectAsync();
        socket.Volatile.Emit("lost");
        Assert.Equal("41", await webSocket.NextAsync());
        await HandledAsync(socket.Namespace.Services.Actor);
        Assert.True(webSocket.WroteNothing);
    }
}
