using ActorSocket.Clustering;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sockets;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Tests.Cluster.Nodes;

/// <summary>What a node tells another that asks its clients.</summary>
public sealed class LocalSocketsTests : ServerTest
{
    [Fact]
    public async Task Who_asks_its_clients_is_told_whom_it_asked_who_answered_and_who_left()
    {
        var server = NewServer();
        var clients = new List<(Socket Socket, TestSession Session, FakeWebSocket WebSocket)>();
        server.Namespaces.GetOrAdd("/", server);
        for (var i = 0; i < 3; i++)
        {
            var (session, webSocket) = await ConnectAsync(server);
            clients.Add((SocketOf(session, server), session, webSocket));
        }
        var frame = new EncodedFrame(server.Packets.Event("/", "q", -1, default(EventArguments)));
        new LocalSockets(server).OnAskClients(
            new Peer("other", TestActor, [], new LinkHub()),
            new AskClients(5, new Target("/", null, []), frame, IsVolatile: false, TimeSpan.FromSeconds(3), Trace: "")
        );
        Assert.Equal(new ClientsAskedReply(5, 3), Next<ClientsAskedReply>());
        Assert.Equal(
            clients.Select(static client => client.Socket.Id).Order(StringComparer.Ordinal),
            Next<ClientsNamedReply>().Sockets.Order(StringComparer.Ordinal)
        );
        foreach (var (_, _, webSocket) in clients)
            Assert.Equal("420[\"q\"]", await webSocket.NextAsync());
        clients[0].Session.Send("430[7]");
        var answered = Next<ClientAnswerReply>();
        Assert.Equal((5, clients[0].Socket.Id), (answered.Request, answered.Socket));
        clients[1].Session.Send("41");
        Assert.Equal(new ClientLeftReply(5, clients[1].Socket.Id), Next<ClientLeftReply>());
        Clock.Advance(TimeSpan.FromSeconds(3)); // of who is silent the asking node knows by itself
        await HandledAsync(clients[2].Socket.Actor);
        ExpectNoMsg(TimeSpan.Zero);

        T Next<T>()
            where T : IClusterMessage => Assert.IsType<T>(ExpectMsg<Packed>(Patience).Unpack());
    }
}
