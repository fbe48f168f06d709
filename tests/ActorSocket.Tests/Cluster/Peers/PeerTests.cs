using Akka.Actor;
using ActorSocket.Clustering;
using ActorSocket.Delivery;
using ActorSocket.Protocol.SocketIo;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Tests.Cluster.Peers;

public sealed class PeerTests : ServerTest
{
    [Fact]
    public void A_node_that_is_out_of_sight_is_owed_a_bounded_number_of_bytes_and_nothing_volatile()
    {
        var there = CreateTestProbe();
        var peer = new Peer("abcdef", there, [], new LinkHub());
        var broadcast = Packed.Of(new Broadcast(new Target("/", [], []), EncodedFrame.Control(new byte[60_000]), false, 0, ""));
        peer.Send(broadcast, isVolatile: true);
        there.ExpectMsg<Packed>();
        peer.SetReachable(false);
        for (var i = 0; i < 2_000; i++)
        {
            peer.Send(broadcast, isVolatile: false);
            peer.Send(broadcast, isVolatile: true);
        }
        var owed = there.ReceiveWhile<Packed>(static message => (Packed)message, idle: TimeSpan.FromMilliseconds(300));
        Assert.InRange(owed.Sum(static message => message.Bytes.Length), 30_000_000, 33_554_432);
        Assert.Equal(4_001, peer.Broadcasts); // what was not sent is lost, and counted
        peer.SetReachable(true);
        peer.Send(broadcast, isVolatile: true);
        there.ExpectMsg<Packed>();
    }

    [Fact]
    public async Task Of_nodes_that_are_out_of_sight_no_answer_is_waited_for_when_all_others_have_answered()
    {
        var there = CreateTestProbe();
        Peer NewPeer(string tag) => new(tag, there, [], new LinkHub());
        var (near, far, lost) = (NewPeer("near00"), NewPeer("far000"), NewPeer("lost00"));
        var table = new PeerTable();
        foreach (var peer in (Peer[])[near, far, lost])
            table.Add(peer);
        var requests = new ClusterRequests(table, TimeProvider.System);
        lost.SetReachable(false);
        var asked = requests.AskAsync<FetchSocketsReply>(
            table.All,
            static request => new FetchSockets(request, new Target("/", null, [])),
            TimeSpan.FromHours(1),
            default
        );
        var request = Assert.IsType<FetchSockets>(there.ExpectMsg<Packed>().Unpack()).Request;
        requests.Answered(near, new FetchSocketsReply(request, [[1]]));
        Assert.False(asked.IsCompleted);
        far.SetReachable(false); // lost while it is asked
        requests.PeerUnreachable(far);
        var (answers, missing) = await asked.WaitAsync(Patience);
        Assert.Single(answers);
        Assert.Equal([far, lost], missing);
        // Everybody was asked: one that comes back in time is heard.
        asked = requests.AskAsync<FetchSocketsReply>(
            [near, far],
            static request => new FetchSockets(request, new Target("/", null, [])),
            TimeSpan.FromHours(1),
            default
        );
        requests.Answered(far, new FetchSocketsReply(++request, []));
        requests.Answered(near, new FetchSocketsReply(request, []));
        Assert.Empty((await asked.WaitAsync(Patience)).Missing);
        there.ReceiveN(4);
    }
}
