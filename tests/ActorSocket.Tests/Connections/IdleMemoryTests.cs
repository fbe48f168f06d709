using ActorSocket.Sockets;
using ActorSocket.Hosting;
using ActorSocket.Sessions;

namespace ActorSocket.Tests.Connections;

/// <summary>Counts live bytes of the whole process, so nothing may run beside it.</summary>
[CollectionDefinition(nameof(IdleMemoryTests), DisableParallelization = true)]
[Collection(nameof(IdleMemoryTests))]
public sealed class IdleMemoryTests : ServerTest
{
    private const int Connections = 400;

    /// <summary>What an idle connection holds above the transport: a change that makes every connection heavier fails here.</summary>
    [Fact]
    public async Task An_idle_connection_holds_few_bytes()
    {
        var server = NewServer();
        server.Namespaces.GetOrAdd("/", server).Face.OnConnection(static socket =>
        {
            socket.On("a", static (int x, int y) => x + y);
            socket.On("b", static (string text) => text);
            socket.OnDisconnect(static (DisconnectReason _) => { });
        });
        var held = new List<EngineConnection>(await JoinManyAsync(server, 50)); // what is made once
        // Tables double in some rounds, and what earlier tests have left to the array pool may go within one.
        var rounds = new long[5];
        for (var round = 0; round < rounds.Length; round++)
        {
            var before = GC.GetTotalMemory(forceFullCollection: true);
            held.AddRange(await JoinManyAsync(server, Connections));
            rounds[round] = (GC.GetTotalMemory(forceFullCollection: true) - before) / Connections;
        }
        Assert.InRange(rounds.Order().ElementAt(2), 1, 6500); // it is 5800 to 6300, by what ran before
        GC.KeepAlive(held);
    }

    private async Task<EngineConnection[]> JoinManyAsync(ServerServices server, int count)
    {
        var connections = new EngineConnection[count];
        var webSocket = new FakeWebSocket(); // all clients' the same: it is not what is counted
        for (var i = 0; i < count; i++)
        {
            var session = await OpenAsync(server, webSocket);
            session.Send("40");
            Assert.StartsWith("40{", await webSocket.NextAsync(), StringComparison.Ordinal);
            Unwatch(session.Session);
            connections[i] = session.Connection;
        }
        await HandledAsync(TestActor);
        return connections;
    }
}
