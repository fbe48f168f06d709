using Akka.Actor;
using ActorSocket.Clustering;
using ActorSocket.Delivery;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Tests.Clustering;

public sealed class PeerTests : ServerTest
{
    [Fact]
    public void A_node_that_is_out_of_sight_is_owed_a_bounded_number_of_bytes_and_nothing_volatile()
    {
        var there = CreateTestProbe();
        var peer = new Peer("abcdef", there, [], new LinkHub());
        var broadcast = Packed.Of(new Broadcast(new Target("/", [], []), EncodedFrame.Control(new byte[60_000]), false, 0));
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
}
