using System.Net;
using System.Net.Sockets;
using ActorSocket.Clustering;
using ActorSocket.Data;
using ActorSocket.Recovery;
using ActorSocket.Sockets;
using Akka.Actor;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Tests.Cluster.Recovery;

/// <summary>A client comes back while a node stands still: its system takes connections, and nobody answers.</summary>
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
    public async Task A_client_whose_node_stands_still_is_told_after_a_second_that_its_socket_is_not_there()
    {
        using var port = new TcpListener(IPAddress.Loopback, 0);
        port.Start(); // connections are accepted by the system
        var address = new Address("akka.tcp", "actorsocket", "127.0.0.1", ((IPEndPoint)port.LocalEndpoint).Port);
        _node.Peers.Add(new Peer(Tag, new Still(new RootActorPath(address) / "still"), [], new LinkHub()));
        var found = new RemoteClaim(_namespace, _node, _recovery, Claim).FindAsync();
        Clock.Advance(TimeSpan.FromMilliseconds(999));
        Assert.False(found.IsCompleted);
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Null(await found.WaitAsync(Patience));
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

    /// <summary>Takes what it is told, and says nothing.</summary>
#pragma warning disable MA0097 // references are compared by nobody here
    private sealed class Still(ActorPath path) : MinimalActorRef
#pragma warning restore MA0097
    {
        public override ActorPath Path => path;

        public override IActorRefProvider Provider => throw new NotSupportedException();
    }
}
