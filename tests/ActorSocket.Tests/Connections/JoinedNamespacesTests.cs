using ActorSocket.Connections;
using ActorSocket.Protocol.SocketIo;
using Akka.Actor;

namespace ActorSocket.Tests.Connections;

public sealed class JoinedNamespacesTests : ServerTest
{
    [Fact]
    public void Events_of_a_client_that_asks_anew_are_held_for_the_new_socket_and_answers_to_the_former_one_are_not()
    {
        var namespaces = new JoinedNamespaces(4);
        var former = Join(namespaces, "/a");
        Join(namespaces, "/"); // others would suffer if the connection ended
        Assert.Equal(JoinedNamespaces.Begin.Started, namespaces.TryBegin("/a", out var attempt, out var told));
        Assert.Equal(former, told);
        var packet = Packet(SocketIoPacketType.Event);
        Assert.Equal(JoinedNamespaces.Find.Held, namespaces.TryFind("/a", packet, out _));
        Assert.Equal(JoinedNamespaces.Find.Ignore, namespaces.TryFind("/a", Packet(SocketIoPacketType.Ack), out _));
        Assert.True(namespaces.Connected(attempt, CreateTestProbe().Ref));
        Assert.Same(packet, Assert.Single(namespaces.TakeHeld(attempt)!));
        Assert.Null(namespaces.TakeHeld(attempt)); // each once
    }

    [Fact]
    public void A_namespace_that_was_never_asked_for_is_told_from_one_that_the_server_has_left()
    {
        var namespaces = new JoinedNamespaces(4);
        var socket = Join(namespaces, "/a");
        Assert.True(namespaces.LeftByServer(socket));
        Assert.False(namespaces.LeftByServer(socket)); // once
        Assert.Equal(JoinedNamespaces.Find.Ignore, namespaces.TryFind("/a", Packet(SocketIoPacketType.Event), out _));
        Assert.Equal(JoinedNamespaces.Find.Ignore, namespaces.Leave("/a", out _, out _));
        Assert.Equal(JoinedNamespaces.Find.NotJoined, namespaces.TryFind("/b", Packet(SocketIoPacketType.Event), out _));
        Assert.Equal(JoinedNamespaces.Find.NotJoined, namespaces.Leave("/b", out _, out _));
        namespaces.TryBegin("/b", out _, out _); // nor may a client speak before it is let in
        Assert.Equal(JoinedNamespaces.Find.NotJoined, namespaces.TryFind("/b", Packet(SocketIoPacketType.Event), out _));
    }

    [Fact]
    public void At_the_limit_those_that_the_server_has_left_make_room_and_attempts_that_were_given_up_do_not()
    {
        var namespaces = new JoinedNamespaces(2);
        var left = Join(namespaces, "/a");
        namespaces.TryBegin("/b", out var attempt, out _);
        Assert.Equal(JoinedNamespaces.Begin.TooMany, namespaces.TryBegin("/c", out _, out _));
        namespaces.LeftByServer(left);
        Assert.Equal(JoinedNamespaces.Begin.Started, namespaces.TryBegin("/c", out _, out _));
        Assert.Equal(JoinedNamespaces.Find.Found, namespaces.Leave("/b", out _, out _)); // given up, but its middleware runs on
        Assert.Equal(JoinedNamespaces.Begin.TooMany, namespaces.TryBegin("/d", out _, out _));
        Assert.False(namespaces.Connected(attempt, CreateTestProbe().Ref));
        Assert.False(namespaces.Remove(attempt, out _)); // nobody waits for the answer
        Assert.Equal(JoinedNamespaces.Begin.Started, namespaces.TryBegin("/d", out _, out _));
    }

    [Fact]
    public void A_session_that_has_ended_gives_the_sockets_there_are_and_starts_no_other()
    {
        var namespaces = new JoinedNamespaces(4);
        var socket = Join(namespaces, "/a");
        namespaces.TryBegin("/b", out var attempt, out _);
        Assert.Contains(socket, namespaces.End());
        Assert.False(namespaces.Started(attempt, CreateTestProbe().Ref));
    }

    [Fact]
    public void A_namespace_that_the_client_has_left_and_joined_again_is_not_left_with_its_former_socket()
    {
        var namespaces = new JoinedNamespaces(4);
        var (former, next) = (CreateTestProbe().Ref, CreateTestProbe().Ref);
        var packet = Packet(SocketIoPacketType.Event);
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

    private IActorRef Join(JoinedNamespaces namespaces, string name)
    {
        var socket = CreateTestProbe().Ref;
        Assert.Equal(JoinedNamespaces.Begin.Started, namespaces.TryBegin(name, out var attempt, out _));
        Assert.True(namespaces.Connected(attempt, socket));
        return socket;
    }

    private static SocketIoPacket Packet(SocketIoPacketType type) => new(type, "/", -1, "x", SocketArguments.Empty, 0);
}
