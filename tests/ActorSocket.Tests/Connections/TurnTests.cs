using ActorSocket.Connections;
using ActorSocket.Protocol.SocketIo;
using Akka.TestKit;
using static ActorSocket.Connections.ConnectionEvents;

namespace ActorSocket.Tests.Connections;

/// <summary>Whose turn it is, message by message; how sockets keep to it is in <see cref="ArrivalOrderTests"/>.</summary>
public sealed class TurnTests : ServerTest
{
    private readonly JoinedNamespaces _namespaces = new(4);
    private readonly ArrivalOrder _order;

    public TurnTests() => _order = new ArrivalOrder(_namespaces);

    [Fact]
    public void A_socket_is_told_when_the_one_before_has_handled_all_it_was_given()
    {
        var (one, two) = (Join("/one"), Join("/two"));
        Tell(one, "a");
        Tell(one, "b"); // its turn goes on
        Tell(two, "c");
        Expect(one, "a", "b");
        _order.Taken(one.Ref);
        two.ExpectNoMsg(TimeSpan.Zero); // told on this thread, or not at all
        _order.Taken(one.Ref);
        Expect(two, "c");
    }

    [Fact]
    public void What_has_come_while_others_wait_waits_behind_them_though_it_is_for_the_socket_whose_turn_it_is()
    {
        var (one, two) = (Join("/one"), Join("/two"));
        Tell(one, "a");
        Tell(two, "b");
        Tell(one, "c");
        Expect(one, "a");
        _order.Taken(one.Ref);
        Expect(two, "b");
        one.ExpectNoMsg(TimeSpan.Zero);
        _order.Taken(two.Ref);
        Expect(one, "c");
    }

    [Fact]
    public void A_socket_whose_turn_it_is_not_cannot_end_it()
    {
        var (one, two) = (Join("/one"), Join("/two"));
        Tell(one, "a");
        Tell(two, "b");
        _order.Taken(two.Ref);
        _order.Gone(two.Ref);
        two.ExpectNoMsg(TimeSpan.Zero);
        _order.Gone(one.Ref); // it handles nothing any more: nobody waits for it
        Expect(two, "b");
    }

    [Fact]
    public void A_socket_that_has_left_takes_no_turn()
    {
        var (one, two) = (Join("/one"), Join("/two"));
        _namespaces.LeftByServer(one.Ref);
        Tell(one, "crossed its goodbye");
        Tell(two, "b");
        Expect(two, "b");
    }

    [Fact]
    public void When_the_connection_ends_all_get_what_has_come_for_them()
    {
        var (one, two) = (Join("/one"), Join("/two"));
        Tell(one, "a");
        Tell(two, "b");
        Tell(one, "c");
        _order.End();
        Tell(two, "d"); // nobody waits any more
        Expect(one, "a", "c");
        Expect(two, "b", "d");
    }

    private TestProbe Join(string name)
    {
        var socket = CreateTestProbe();
        Assert.Equal(JoinedNamespaces.Begin.Started, _namespaces.TryBegin(name, out var attempt, out _));
        Assert.True(_namespaces.Connected(attempt, socket.Ref));
        return socket;
    }

    private void Tell(TestProbe socket, string name) =>
        _order.Tell(
            socket.Ref,
            new PacketsRead(new SocketIoPacket(SocketIoPacketType.Event, "/", -1, name, SocketArguments.Empty, 0), null)
        );

    private static void Expect(TestProbe socket, params string[] names)
    {
        foreach (var name in names)
            Assert.Equal(name, socket.ExpectMsg<PacketsRead>(Patience).First.EventName);
        socket.ExpectNoMsg(TimeSpan.Zero);
    }
}
