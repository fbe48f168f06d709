using ActorSocket.Clustering;
using ActorSocket.Protocol.EngineIo;
using ActorSocket.Sessions;
using ActorSocket.Transports;
using Akka.Actor;
using Akka.Actor.Dsl;
using Akka.TestKit;
using Microsoft.AspNetCore.Http;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Tests.Cluster.Sessions;

/// <summary>Requests of sessions that live on another node, on the node that they came to.</summary>
public sealed class GatewayTests : ServerTest
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly IdGenerator _homeIds = new();
    private readonly TestProbe _region;
    private readonly SessionGateway _gateway;
    private readonly IActorRef _root;

    public GatewayTests()
    {
        var server = NewServer();
        var node = new NodeServices(server, new ActorSocketClusterOptions(), NewClusterMetrics());
        node.Peers.Add(new Peer(_homeIds.NodeTag, CreateTestProbe(), _homeIds.Key, new LinkHub()));
        _region = CreateTestProbe();
        var sessions = new ShardedSessions(node, new SessionHome(server, node.Metrics, node.Peers)) { Region = _region };
        _gateway = new SessionGateway(node, sessions);
        _root = Sys.ActorOf(Akka.Actor.Props.Create(() => new Act((_, context) => _gateway.Start(context))));
    }

    [Fact]
    public async Task A_session_is_told_until_it_has_heard_that_its_poll_was_cut()
    {
        await HandledAsync(_root); // answers are taken
        var sid = _homeIds.NextSigned();
        using var cut = new CancellationTokenSource();
        var served = _gateway.ServeAsync(
            new DefaultHttpContext { Request = { Method = "GET" }, RequestAborted = cut.Token },
            new StrayRequest(sid, IsForWebSocket: false, "", default, null, IsToBeClosed: false)
        );
        var request = Next<PollRequest>().Request;
        await cut.CancelAsync();
        Assert.Null(await served.WaitAsync(Patience));
        for (var told = 0; told < 3; told++)
        {
            Assert.Equal(new PollCut(sid, request), Next<PollCut>());
            if (told < 2)
                Clock.Advance(Second);
        }
        _region.Reply(new RequestRefused(request, EngineIoError.UnknownSid));
        await AwaitAssertAsync(() => Assert.Equal(0, _gateway.Waiting), Patience);
        Clock.Advance(Second);
        _region.ExpectNoMsg(0);
    }

    [Fact]
    public async Task A_session_is_told_until_it_has_heard_that_its_post_was_cut_and_not_for_ever()
    {
        var sid = _homeIds.NextSigned();
        var served = _gateway.ServeAsync(
            new DefaultHttpContext { Request = { Method = "POST", Body = new CutBody() } },
            new StrayRequest(sid, IsForWebSocket: false, "", default, null, IsToBeClosed: false)
        );
        Assert.Null(await served.WaitAsync(Patience));
        var first = Next<PostFailed>();
        Assert.True(first.WasCut);
        while (_gateway.Waiting > 0)
        {
            Clock.Advance(Second);
            await Task.Yield();
        }
        for (var told = 1; told < 5; told++)
            Assert.Equal(first, Next<PostFailed>());
        _region.ExpectNoMsg(0);
    }

    private T Next<T>()
        where T : IClusterMessage => Assert.IsType<T>(_region.ExpectMsg<Packed>(Patience).Unpack());

    /// <summary>Of a client that is gone.</summary>
    private sealed class CutBody : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            ValueTask.FromException<int>(new IOException("gone"));
    }
}
