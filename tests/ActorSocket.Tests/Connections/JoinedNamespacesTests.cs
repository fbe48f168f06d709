using ActorSocket.Connections;

namespace ActorSocket.Tests.Connections;

public sealed class JoinedNamespacesTests : ServerTest
{
    [Fact]
    public void A_namespace_that_the_client_has_left_and_joined_again_is_not_left_with_its_former_socket()
    {
        var namespaces = new JoinedNamespaces(4);
        var (former, next) = (CreateTestProbe().Ref, CreateTestProbe().Ref);
        var packet = new ActorSocket.Protocol.SocketIo.SocketIoPacket(ActorSocket.Protocol.SocketIo.SocketIoPacketType.Event, "/", -1, "x", SocketArguments.Empty, 0);
        namespaces.TryBegin("/", out var attempt, out _);
        namespaces.Connected(attempt, former);
        namespaces.Leave("/", out _, out _);
        namespaces.TryBegin("/", out attempt, out _);
        namespaces.LeftByServer(former);
        namespaces.Connected(attempt, next);
        namespaces.LeftByServer(former);
        Assert.Equal(JoinedNamespaces.Find.Found, namespaces.TryFind("/", packet, out var found));
        Assert.Equal(next, found);
        namespaces.LeftByServer(next);
        Assert.Equal(JoinedNamespaces.Find.Ignore, namespaces.TryFind("/", packet, out _));
    }
}
