using ActorSocket.Clustering;
using ActorSocket.Emitting;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Recovery;
using ActorSocket.Sockets;
using Akka.Actor;
using Akka.TestKit;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Tests.Cluster.Recovery;

/// <summary>How a node's recovery logs get to the node that has the replica: one that answers, lags, or is out of sight.</summary>
public sealed class RecoveryReplicatorTests : ServerTest
{
    private static readonly EncodedFrame Frame = EncodedFrame.Control("42[\"e\",\"offset\"]"u8);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private readonly ServerServices _server;
    private readonly NodeServices _node;
    private readonly ClusterRecovery _recovery;
    private readonly RecoveryLog _log;

    public RecoveryReplicatorTests()
    {
        _server = NewServer(static o => o.ConnectionStateRecovery = new RecoveryOptions());
        _node = new NodeServices(_server, new ActorSocketClusterOptions(), NewClusterMetrics());
        _recovery = new ClusterRecovery(_node);
        _log = _server.Namespaces.GetOrAdd("/", _server).Recovery!;
    }

    [Fact]
    public async Task A_replica_node_that_is_out_of_sight_is_waited_for_and_not_asked_again_and_again()
    {
        var there = CreateTestProbe();
        var peer = Meet("other0", there);
        peer.SetReachable(false);
        var replicator = await StartAsync();
        var flush = new TaskCompletionSource();
        replicator.Tell(new RecoveryReplicator.Flush(flush));
        for (var i = 0; i < 5; i++)
            await HandledAsync(replicator);
        Assert.False(flush.Task.IsCompleted);
        Assert.Equal(0, _recovery.ReplicatedAt);
        there.ExpectNoMsg(0);
        peer.SetReachable(true);
        Clock.Advance(Interval);
        Answer(peer, there, fitted: true);
        await flush.Task.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_copy_that_failed_is_made_anew_with_the_next_interval()
    {
        var there = CreateTestProbe();
        var peer = Meet("other0", there);
        var replicator = await StartAsync();
        var flush = new TaskCompletionSource();
        replicator.Tell(new RecoveryReplicator.Flush(flush));
        for (var i = 0; i < 3; i++)
        {
            Answer(peer, there, fitted: false);
            for (var turn = 0; turn < 5; turn++)
                await HandledAsync(replicator);
            there.ExpectNoMsg(0);
            while (!there.HasMessages) // the failure may be heard of after an interval
            {
                Clock.Advance(Interval);
                await Task.Yield();
            }
        }
        Answer(peer, there, fitted: true);
        await flush.Task.WaitAsync(Patience);
    }

    [Fact]
    public async Task While_a_node_is_out_of_sight_another_one_has_the_replica()
    {
        var (first, second) = (CreateTestProbe(), CreateTestProbe());
        Meet("zzzzz0", first).SetReachable(false);
        var peer = Meet("zzzzz1", second);
        await StartAsync();
        Clock.Advance(Interval);
        Assert.True(Answer(peer, second, fitted: true).Changes.Begins);
        first.ExpectNoMsg(0);
    }

    [Fact]
    public async Task What_does_not_fit_into_one_copy_follows_at_once()
    {
        var replicas = new ReplicaStore(_server);
        Meet("other0", Sys.ActorOf(Akka.Actor.Props.Create(() => new ReplicaNode(_node, replicas))));
        await StartAsync();
        lock (_log.Gate)
        {
            for (var i = 0; i < 3000; i++)
                _log.Add(Frame, RoomSelection.Everyone, null);
        }
        Clock.Advance(Interval);
        await AwaitAssertAsync(() => Assert.NotEqual(0, _recovery.ReplicatedAt), Patience);
        Assert.Equal(3000, Last(replicas.Find(_node.Tag, "/")));
    }

    private async Task<IActorRef> StartAsync()
    {
        var replicator = Sys.ActorOf(RecoveryReplicator.Props(_node, _recovery));
        await HandledAsync(replicator); // its timers run
        return replicator;
    }

    private Peer Meet(string tag, IActorRef receiver)
    {
        var peer = new Peer(tag, receiver, [], new LinkHub());
        _node.Peers.Add(peer);
        return peer;
    }

    private Replicate Answer(Peer peer, TestProbe there, bool fitted)
    {
        var asked = Assert.IsType<Replicate>(there.ExpectMsg<Packed>(Patience).Unpack());
        _node.Requests.Answered(peer, new ReplicateReply(asked.Request, fitted));
        return asked;
    }

    private static long Last(RecoveryLog? log)
    {
        Assert.NotNull(log);
        lock (log.Gate)
            return log.Last;
    }

    /// <summary>Takes copies as a node does that is always there.</summary>
    private sealed class ReplicaNode(NodeServices node, ReplicaStore replicas) : UntypedActor
    {
        private readonly FragmentAssembler _fragments = new(static (_, _) => { });

        protected override void OnReceive(object message)
        {
            var m = ((Packed)message).Unpack();
            if (m is Fragment fragment && !_fragments.TryAdd(fragment, Self, out m))
                return;
            var copy = (Replicate)m!;
            var fitted = replicas.Apply(node.Tag, copy.Namespace, copy.Changes);
            node.Requests.Answered(Assert.Single(node.Peers.All), new ReplicateReply(copy.Request, fitted));
        }
    }
}
