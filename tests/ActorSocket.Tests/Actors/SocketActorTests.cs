using Akka.Actor;

namespace ActorSocket.Tests.Actors;

public sealed class SocketActorTests : ServerTest
{
    [Fact]
    public async Task A_socket_actor_that_fails_is_told_to_its_client_and_the_connection_and_its_neighbours_live()
    {
        var server = NewServer();
        var reason = new TaskCompletionSource<string>();
        server
            .Namespaces.GetOrAdd("/", server)
            .Face.OnConnection(socket => socket.OnDisconnect((Action<DisconnectReason>)(why => reason.TrySetResult(why.ToString()))));
        server.Namespaces.GetOrAdd("/other", server).Face.OnConnection(static socket => socket.On("ping?", static () => "pong"));
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(server, webSocket);
        session.Send("40");
        await webSocket.NextAsync();
        session.Send("40/other,");
        await webSocket.NextAsync();
        SocketOf(session, server).Actor.Tell(Kill.Instance);
        Assert.Equal("41", await webSocket.NextAsync());
        Assert.Equal("server namespace disconnect", await reason.Task.WaitAsync(Patience));
        session.Send("""42["late"]"""); // crossed our DISCONNECT: ignored
        session.Send("""42/other,3["ping?"]""");
        Assert.Equal("43/other,3[\"pong\"]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task A_socket_actor_that_fails_waits_for_no_acknowledgement_any_more()
    {
        var server = NewServer(static options => options.MaxInboundEvents = 1);
        Task? asked = null;
        server.Namespaces.GetOrAdd("/", server).Face.OnConnection(socket => asked = socket.EmitWithAckAsync<int>("question"));
        server
            .Namespaces.GetOrAdd("/other", server)
            .Face.OnConnection(static socket => socket.On("slow", () => socket.Disconnected.WaitAsync()));
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(server, webSocket);
        session.Send("40/other,");
        await webSocket.NextAsync();
        session.Send("40");
        Assert.StartsWith("40{", await webSocket.NextAsync(), StringComparison.Ordinal);
        Assert.EndsWith("""["question"]""", await webSocket.NextAsync(), StringComparison.Ordinal);
        SocketOf(session, server).Actor.Tell(Kill.Instance);
        Assert.Equal("41", await webSocket.NextAsync());
        await Assert.ThrowsAsync<SocketDisconnectedException>(() => asked!.WaitAsync(Patience));
        session.Send("""42/other,["slow"]""");
        session.Send("""42/other,["slow"]""");
        Assert.False(session.Connection.Backlog.ReadableAsync().AsTask().IsCompleted); // no handler waits for what the client may send
    }
}
