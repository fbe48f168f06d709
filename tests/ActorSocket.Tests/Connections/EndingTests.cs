using ActorSocket.Connections;
using ActorSocket.Sessions;

namespace ActorSocket.Tests.Connections;

/// <summary>Sockets that the session has not heard of when it ends are told why it ended, too.</summary>
public sealed class EndingTests : ServerTest
{
    [Fact]
    public async Task A_socket_that_joins_as_the_connection_ends_is_told_the_reason()
    {
        IConnectionConsumer consumer = NewClient();
        consumer.OnEnding(DisconnectReason.PingTimeout, "late");
        consumer.OnMessage(new ConnectionProtocol.Joined("/", TestActor), null!);
        Assert.Equal(
            new ConnectionEvents.ConnectionClosed(DisconnectReason.PingTimeout, "late"),
            await ExpectMsgAsync<ConnectionEvents.ConnectionClosed>(Patience)
        );
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_socket_that_is_about_to_join_is_told_the_reason_if_there_is_one(bool isKnown)
    {
        var connection = NewClient();
        connection.Namespaces.TryBegin("/", out var attempt, out _);
        connection.Namespaces.Started(attempt, TestActor);
        IConnectionConsumer consumer = connection;
        if (isKnown)
            consumer.OnEnding(DisconnectReason.TransportClose, null);
        consumer.OnStopped();
        var told = await ExpectMsgAsync<ConnectionEvents.ConnectionClosed>(Patience);
        Assert.Same(isKnown ? DisconnectReason.TransportClose : DisconnectReason.TransportError, told.Reason);
    }

    private ClientConnection NewClient() => (ClientConnection)NewConnection(NewServer()).Consumer;
}
