using ActorSocket.Hosting;

namespace ActorSocket.Tests.Actors;

public sealed class NamespaceRootTests : ServerTest
{
    [Fact]
    public async Task A_predicate_that_throws_refuses_its_client_and_nobody_else()
    {
        var server = NewServer();
        var io = new ActorSocketServer(server);
        io.OfDynamic(
            static (name, _, _) =>
                name == "/bad" ? throw new InvalidOperationException("the application's own words") : ValueTask.FromResult(true)
        );
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(server, webSocket);
        session.Send("40/bad,");
        Assert.Equal("44/bad,{\"message\":\"Invalid namespace\"}", await webSocket.NextAsync());
        session.Send("40/good,");
        Assert.StartsWith("40/good,{", await webSocket.NextAsync(), StringComparison.Ordinal);
        session.Send("40/bad,"); // it may ask again
        Assert.Equal("44/bad,{\"message\":\"Invalid namespace\"}", await webSocket.NextAsync());
    }
}
