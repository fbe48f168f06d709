using ActorSocket.Sockets;
using System.Collections.Concurrent;

namespace ActorSocket.Tests.Connections;

/// <summary>Packets reach the sockets of a connection's namespaces in the order they came.</summary>
public sealed class ArrivalOrderTests : ServerTest
{
    [Fact]
    public async Task Events_to_several_namespaces_are_handled_in_the_order_they_came()
    {
        var (session, webSocket) = await StartAsync();
        for (var round = 0; round < 50; round++)
        {
            foreach (var (name, id) in (ReadOnlySpan<(string, int)>)[("/c", 1), ("/a", 2), ("/b", 3), ("/a", 4)])
                session.Connection.Inbound.AddText(webSocket, System.Text.Encoding.UTF8.GetBytes($"42{name},{id}[\"echo\"]"));
            session.Connection.Inbound.EndOfRead();
            session.Send("42/b,5[\"echo\"]"); // another read
            foreach (var expected in (string[])["43/c,1[\"x\"]", "43/a,2[\"x\"]", "43/b,3[\"x\"]", "43/a,4[\"x\"]", "43/b,5[\"x\"]"])
                Assert.Equal(expected, await webSocket.NextAsync());
        }
    }

    [Fact]
    public async Task A_handler_that_waits_and_a_socket_that_is_gone_hold_up_no_other_namespace()
    {
        var (session, webSocket) = await StartAsync();
        session.Send("42/a,[\"wait\"]");
        session.Send("42/b,1[\"echo\"]");
        Assert.Equal("43/b,1[\"x\"]", await webSocket.NextAsync());
        session.Send("42/c,[\"kick\"]");
        session.Send("42/c,[\"echo\"]");
        session.Send("42/b,2[\"echo\"]");
        Assert.Equal("41/c,", await webSocket.NextAsync());
        Assert.Equal("43/b,2[\"x\"]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task What_a_handler_disconnects_is_told_so_before_the_next_namespace_answers()
    {
        var (session, webSocket) = await StartAsync();
        for (var round = 0; round < 300; round++)
        {
            session.Send($"42/c,{round}[\"kick\"]");
            session.Send($"42/b,{round}[\"echo\"]");
            Assert.Equal("41/c,", await webSocket.NextAsync());
            Assert.Equal($"43/b,{round}[\"x\"]", await webSocket.NextAsync());
            session.Send("40/c,");
            Assert.StartsWith("40/c,{", await webSocket.NextAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_waits_for_its_turn_when_the_connection_ends_is_handled()
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goes = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var seen = new ConcurrentQueue<string>();
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var server = NewServer();
        server.Namespaces.GetOrAdd("/a", server).Face.OnConnection(socket => socket.On("block", () =>
        {
            entered.SetResult();
            goes.Task.Wait(Patience);
        }));
        server.Namespaces.GetOrAdd("/b", server).Face.OnConnection(socket =>
        {
            socket.On("log", () => seen.Enqueue("log"));
            socket.OnDisconnecting(_ => seen.Enqueue("disconnecting"));
            socket.OnDisconnect(_ => gone.SetResult());
        });
        var (session, webSocket) = await JoinAsync(server, "/a", "/b");
        session.Send("42/a,[\"block\"]");
        await entered.Task.WaitAsync(Patience);
        session.Send("42/b,[\"log\"]");
        session.Connection.Fail(webSocket, DisconnectReason.TransportClose, null);
        await gone.Task.WaitAsync(Patience);
        goes.SetResult();
        Assert.Equal(["log", "disconnecting"], seen, StringComparer.Ordinal);
    }

    [Fact]
    public async Task CloseAsync_waits_for_asynchronous_disconnect_handlers()
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goes = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var done = false;
        var server = NewServer(time: TimeProvider.System);
        var io = new ActorSocketServer(server);
        io.OnConnection(socket => socket.OnDisconnect(async _ =>
        {
            entered.SetResult();
            await goes.Task;
            done = true;
        }));
        await JoinAsync(server, "/");
        var closed = io.CloseAsync();
        await entered.Task.WaitAsync(Patience);
        Assert.False(closed.IsCompleted);
        goes.SetResult();
        await closed.WaitAsync(Patience);
        Assert.True(done);
        Assert.Equal(0, server.LiveSockets);
    }

    private async Task<(TestSession Session, FakeWebSocket WebSocket)> StartAsync()
    {
        var server = NewServer();
        foreach (var name in (string[])["/a", "/b", "/c"])
        {
            server.Namespaces.GetOrAdd(name, server).Face.OnConnection(static socket =>
            {
                socket.On("echo", static () => "x");
                socket.On("wait", static () => new TaskCompletionSource().Task);
                socket.On("kick", () => socket.DisconnectAsync());
            });
        }
        return await JoinAsync(server, "/a", "/b", "/c");
    }

    private async Task<(TestSession Session, FakeWebSocket WebSocket)> JoinAsync(ServerServices server, params string[] names)
    {
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(server, webSocket);
        foreach (var name in names)
        {
            session.Send(name == "/" ? "40" : $"40{name},");
            Assert.StartsWith(name == "/" ? "40{" : $"40{name},{{", await webSocket.NextAsync(), StringComparison.Ordinal);
        }
        return (session, webSocket);
    }
}
