using ActorSocket.Emitting;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Tests.Recovery;

/// <summary>A socket that was born on another node.</summary>
public sealed class MovedSocketTests : RecoveryTest
{
    [Fact]
    public async Task Others_know_where_it_is_each_time_before_it_is_let_in()
    {
        var server = StartServer();
        var confirms = new TaskCompletionSource();
        var node = new NodeThatGives();
        server.Adapter = node;
        var moved = await ComeBackAsync(server, NodeThatGives.Secret, NodeThatGives.Offset);
        Assert.Equal(NodeThatGives.Id, moved.Id);
        moved.Socket.Emit("seen");
        var offset = await moved.OffsetOfAsync("[\"seen\"");
        var ns = moved.Socket.Namespace.Services.Actor;
        await LoseAsync(moved);
        await HandledAsync(ns);
        Assert.Equal(["+" + NodeThatGives.Id, "-" + NodeThatGives.Id], node.Told, StringComparer.Ordinal);

        node.Confirms = confirms.Task;
        var (webSocket, session) = await OpenAsync(server);
        session.Send(Claim(moved.Secret, offset));
        await AwaitConditionAsync(() => Task.FromResult(node.Told.Count == 3), Patience, TimeSpan.FromMilliseconds(1));
        Assert.Equal("+" + NodeThatGives.Id, node.Told.Last());
        Assert.Empty(server.Namespaces.GetOrAdd("/", server).Face.Sockets);
        confirms.SetResult();
        Assert.Equal(NodeThatGives.Id, (await JoinedAsync(server, webSocket, session)).Id);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whoever_is_not_let_in_leaves_it_to_the_node_that_gave_it(bool isRefused)
    {
        var server = StartServer(static o => o.ConnectionStateRecovery = new RecoveryOptions { SkipMiddlewares = false });
        var node = new NodeThatGives();
        server.Adapter = node;
        if (isRefused)
            server.Namespaces.GetOrAdd("/", server).Face.Use(static (_, _) => throw new ConnectErrorException("not now"));
        else
            node.Confirms = new TaskCompletionSource().Task;
        var (webSocket, session) = await OpenAsync(server);
        session.Send(Claim(NodeThatGives.Secret, NodeThatGives.Offset));
        if (isRefused)
        {
            Assert.Equal("44{\"message\":\"not now\"}", await webSocket.NextAsync());
        }
        else
        {
            await AwaitConditionAsync(() => Task.FromResult(!node.Told.IsEmpty), Patience, TimeSpan.FromMilliseconds(1));
            session.Connection.Fail(webSocket, DisconnectReason.TransportClose, null);
        }
        await AwaitConditionAsync(() => Task.FromResult(node.Told.Count == 3), Patience, TimeSpan.FromMilliseconds(1));
        Assert.Equal(["+" + NodeThatGives.Id, "back", "-" + NodeThatGives.Id], node.Told, StringComparer.Ordinal);
    }

    [Fact]
    public async Task What_comes_to_every_node_by_itself_is_not_told_twice_whatever_volatile_comes_between()
    {
        var server = StartServer();
        var ada = await JoinAsync(server);
        var ns = ada.Socket.Namespace.Services;
        lock (ns.Recovery!.Gate)
            ns.Recovery.ToldOf(ada.Socket.Id, [5, 13]);
        foreach (var (origin, isVolatile) in ((long, bool)[])[(5, false), (9, true), (13, false), (17, false)])
            ns.Emit(
                RoomSelection.Everyone,
                "tick",
                new EventArguments<long, string>(origin, "text"),
                EmitFlags.None with { Local = true, Volatile = isVolatile },
                origin);
        Assert.StartsWith("42[\"tick\",9,", await ada.WebSocket.NextAsync(), StringComparison.Ordinal);
        Assert.StartsWith("42[\"tick\",17,", await ada.WebSocket.NextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_of_this_node_is_where_its_id_says()
    {
        var server = StartServer();
        var node = new NodeThatGives();
        server.Adapter = node;
        var first = await JoinAsync(server);
        first.Socket.Emit("seen");
        var offset = await first.OffsetOfAsync("[\"seen\"");
        await LoseAsync(first);
        Assert.Equal(first.Id, (await ComeBackAsync(server, first.Secret, offset)).Id);
        Assert.Empty(node.Told);
    }
}
