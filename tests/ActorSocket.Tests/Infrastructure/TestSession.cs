using Akka.Actor;
using ActorSocket.Delivery;
using ActorSocket.Sessions;

namespace ActorSocket.Tests.Infrastructure;

/// <summary>
/// A client without a network: what it sends is decoded as from a transport, what it gets is read from its WebSocket or its polls.
/// </summary>
internal sealed class TestSession(EngineConnection connection, FakeWebSocket? webSocket)
{
    public EngineConnection Connection => connection;

    public IActorRef Session => connection.Session;

    public void Send(string packets)
    {
        if (webSocket is null)
        {
            connection.Inbound.AddPayload(System.Text.Encoding.UTF8.GetBytes(packets));
            return;
        }
        connection.Inbound.AddText(webSocket, System.Text.Encoding.UTF8.GetBytes(packets));
        connection.Inbound.EndOfRead();
    }

    /// <summary>A GET: waits until there is something.</summary>
    public async Task<string> PollAsync() => await Park().WaitAsync(ServerTest.Patience);

    /// <summary>A GET that is left waiting.</summary>
    public Task<string> Park()
    {
        var waiter = new PollWaiter();
        Assert.Equal(ParkResult.Parked, connection.Outbound.TryPark(waiter));
        return ReadAsync(waiter);
    }

    private static async Task<string> ReadAsync(PollWaiter waiter)
    {
        var frames = await waiter.Answer;
        return string.Join('|', frames.Select(static frame => System.Text.Encoding.UTF8.GetString(frame.Text)));
    }
}
