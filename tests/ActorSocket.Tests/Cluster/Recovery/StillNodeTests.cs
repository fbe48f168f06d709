using ActorSocket.Clustering;
using ActorSocket.Data;
using ActorSocket.Recovery;
using ActorSocket.Sockets;
using Akka.Actor;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Tests.Cluster.Recovery;

/// <summary>A client comes back while a node stands still. (Its own node: RemoteClaimTests, since that has a port.)</summary>
public sealed class StillNodeTests : ServerTest
{
    private const string Tag = "QQQQQQ";
    private static readonly RecoveryClaim Claim = new(Tag + "0123456789012345678901", Tag, 0);

    private readonly ServerServices _server;
    private readonly NodeServices _node;
    private readonly ClusterRecovery _recovery;
    private readonly NamespaceServices _namespace;

    public StillNodeTests()
    {
        _server = NewServer(static o => o.ConnectionStateRecovery = new RecoveryOptions());
        _node = new NodeServices(_server, new ActorSocketClusterOptions(), NewClusterMetrics());
        _recovery = new ClusterRecovery(_node);
        _namespace = _server.Namespaces.GetOrAdd("/", _server);
    }

    [Fact]
    public async Task What_a_node_that_stands_still_may_have_emitted_is_waited_for_a_second()
    {
        _node.Peers.Add(new Peer(Tag, CreateTestProbe(), [], new LinkHub()));
        var arrived = _recovery.EmitBarrierAsync("/", _node.Peers.All);
        Clock.Advance(TimeSpan.FromMilliseconds(999));
        Assert.False(arrived.IsCompleted);
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(await arrived.WaitAsync(Patience));
    }

    [Fact]
    public async Task Of_a_node_that_has_crashed_the_others_tell_what_they_have_unless_one_of_them_stands_still()
    {
        var there = CreateTestProbe();
        _node.Peers.Add(new Peer("other0", there, [], new LinkHub()));
        var nothing = new Dictionary<string, long>(StringComparer.Ordinal);
        Assert.True(_recovery.Replicas.Apply(Tag, "/", new ReplicaChanges(true, 0, [], [], [], nothing)));
        var lost = new LostSocket("id", Claim.Secret, [], new SocketData(), 0);
        var preparing = new RemoteRestore(_namespace, _node, _recovery, lost, Claim, Tag, source: null).PrepareAsync(default);
        Assert.IsType<EmitBarrier>(there.ExpectMsg<Packed>(Patience).Unpack());
        while (!preparing.IsCompleted)
        {
            Clock.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }
        await preparing;
        there.ExpectNoMsg(0); // the long question is for who answers the short one
    }
}
