using ActorSocket.Sockets;
using Akka.Actor;
using ActorSocket.Clustering;
using ActorSocket.Delivery;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Hosting;
using ActorSocket.Sessions;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Tests.Cluster.Sessions;

/// <summary>
/// Requests that came to another node, on the node of their session: what counts is which process they came to, not where that lived.
/// </summary>
public sealed class HomeTests : ServerTest
{
    private readonly PeerTable _peers = new();

    /// <summary>
    /// Two processes, one after the other at the same address: their actors have the same address, and both count requests from 1.
    /// </summary>
    private (Peer Peer, Akka.TestKit.TestProbe Replies) NewGateway(string tag)
    {
        var replies = CreateTestProbe();
        var peer = new Peer(tag, replies, [], new LinkHub());
        _peers.Add(peer);
        return (peer, replies);
    }

    private async Task<(ServerServices Server, SessionHome Home, EngineConnection Connection)> OpenHomeAsync()
    {
        var server = NewServer();
        return (server, new SessionHome(server, NewClusterMetrics(), _peers), (await OpenAsync(server)).Connection);
    }

    [Fact]
    public async Task An_answer_has_left_when_the_process_that_it_went_by_says_so_and_no_other_at_its_address()
    {
        var (server, home, connection) = await OpenHomeAsync();
        var (old, replies) = NewGateway("old000");
        NewGateway("new000");
        home.Serve(connection, new PollRequest(connection.Sid, 1, QueryBy(old)), replies);
        connection.Outbound.Append(EncodedFrame.Control("4one"u8));
        Assert.IsType<RequestServed>(replies.ExpectMsg<Packed>(Patience).Unpack());
        home.AnswerLeft("new000", 1);
        Assert.False(((RelayedRequests)connection.Relayed!).PollAnswer!.Left.IsCompleted);
        home.AnswerLeft("old000", 1);
        Assert.True(await ((RelayedRequests)connection.Relayed!).PollAnswer!.Left.WaitAsync(Patience));
        Assert.Equal(0, home.AnswersOnTheirWay);
    }

    [Fact]
    public async Task An_answer_that_goes_by_a_process_that_is_gone_is_lost_though_another_lives_at_its_address()
    {
        var (server, home, connection) = await OpenHomeAsync();
        var (old, replies) = NewGateway("old000");
        NewGateway("new000");
        home.Serve(connection, new PollRequest(connection.Sid, 1, QueryBy(old)), replies);
        _peers.Remove(old);
        connection.Outbound.Append(EncodedFrame.Control("4one"u8));
        replies.ExpectMsg<Packed>(Patience);
        Assert.False(await ((RelayedRequests)connection.Relayed!).PollAnswer!.Left.WaitAsync(Patience));
        Assert.False(server.Engine.Sessions.TryGet(connection.Sid, out _)); // the client has a gap, and learns it by its next request
        Assert.Equal(0, home.AnswersOnTheirWay);
    }

    [Fact]
    public async Task Word_of_an_answer_that_was_lost_is_asked_for_and_the_session_lives_on()
    {
        var (server, home, connection) = await OpenHomeAsync();
        var (peer, replies) = NewGateway("gate00");
        var gateway = new LinkHub { Receiver = CreateTestProbe() }; // what it tells is lost
        peer.Links.Receiver = Sys.ActorOf(Props.Create(() => new Wire(gateway)));
        peer.Links.AnswerLeft = request => home.AnswerLeft(peer.Tag, request);
        home.Serve(connection, new PollRequest(connection.Sid, 1, QueryBy(peer)), replies);
        connection.Outbound.Append(EncodedFrame.Control("4one"u8));
        replies.ExpectMsg<Packed>(Patience);
        gateway.TellAnswerLeft(1);
        home.Serve(connection, new PollRequest(connection.Sid, 2, QueryBy(peer)), replies);
        connection.Outbound.Append(EncodedFrame.Control("4two"u8));
        replies.ExpectNoMsg(0);
        gateway.Receiver = Sys.ActorOf(Props.Create(() => new Wire(peer.Links)));
        Clock.Advance(TimeSpan.FromSeconds(1));
        var served = Assert.IsType<RequestServed>(replies.ExpectMsg<Packed>(Patience).Unpack());
        Assert.Equal((2, "4two"), (served.Request, System.Text.Encoding.ASCII.GetString(served.Body)));
        Assert.True(server.Engine.Sessions.TryGet(connection.Sid, out _));
    }

    [Fact]
    public async Task An_answer_of_which_no_word_comes_is_lost_after_five_seconds()
    {
        var (server, home, connection) = await OpenHomeAsync();
        var (peer, replies) = NewGateway("gate00");
        home.Serve(connection, new PollRequest(connection.Sid, 1, QueryBy(peer)), replies);
        connection.Outbound.Append(EncodedFrame.Control("4one"u8));
        replies.ExpectMsg<Packed>(Patience);
        home.Serve(connection, new PollRequest(connection.Sid, 2, QueryBy(peer)), replies);
        var seconds = 0;
        for (; server.Engine.Sessions.TryGet(connection.Sid, out _); seconds++)
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        Assert.InRange(seconds, 5, int.MaxValue);
        Assert.IsType<RequestRefused>(replies.ExpectMsg<Packed>(Patience).Unpack());
        Assert.False(server.Engine.Sessions.TryGet(connection.Sid, out _));
    }

    [Fact]
    public async Task Word_of_a_poll_that_was_cut_is_confirmed()
    {
        var (server, home, connection) = await OpenHomeAsync();
        var (peer, replies) = NewGateway("gate00");
        home.Serve(connection, new PollRequest(connection.Sid, 1, QueryBy(peer)), replies);
        home.Serve(connection, new PollCut(connection.Sid, 1), replies);
        Assert.Equal(1, Assert.IsType<RequestRefused>(replies.ExpectMsg<Packed>(Patience).Unpack()).Request);
        Assert.False(server.Engine.Sessions.TryGet(connection.Sid, out _));
    }

    [Fact]
    public async Task A_poll_waits_on_when_a_process_goes_that_lived_at_the_address_before()
    {
        var server = NewServer();
        var home = new SessionHome(server, NewClusterMetrics(), _peers);
        var (old, oldReplies) = NewGateway("old000");
        var (young, replies) = NewGateway("new000");
        var connection = (await OpenAsync(server)).Connection;
        // The first was told that its node leaves; the later one has the same number, and waits.
        home.Serve(connection, new GatewayLeaves(connection.Sid, 1, IsWebSocket: false), oldReplies);
        home.Serve(connection, new PollRequest(connection.Sid, 1, QueryBy(young)), replies);
        home.PeerGone(old);
        home.PeerGone(old);
        connection.Outbound.Append(EncodedFrame.Control("4one"u8));
        var served = Assert.IsType<RequestServed>(replies.ExpectMsg<Packed>(Patience).Unpack());
        Assert.Equal("4one"u8, served.Body);
        oldReplies.ExpectNoMsg(0);
    }

    [Fact]
    public async Task A_WebSocket_that_only_probes_does_not_end_its_session_when_its_node_leaves()
    {
        var server = NewServer();
        var home = new SessionHome(server, NewClusterMetrics(), _peers);
        var (gateway, replies) = NewGateway("gate00");
        var session = await OpenAsync(server);
        home.Serve(session.Connection, new GatewayLeaves(session.Connection.Sid, 1, IsWebSocket: true), replies);
        await HandledAsync(session.Session);
        Assert.Null(session.Connection.ClosedBecause);
        Assert.NotNull(gateway);
    }

    /// <summary>What remoting does, and the receiver on the other node.</summary>
    private sealed class Wire(LinkHub hub) : UntypedActor
    {
        protected override void OnReceive(object message) => hub.Receive((LinkBatch)((Packed)message).Unpack());
    }

    private static RequestQuery QueryBy(Peer gateway) => new(IsRevision3: false, IsForWebSocket: false, "", gateway.Tag);
}
