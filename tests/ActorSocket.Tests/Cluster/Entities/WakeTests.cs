using ActorSocket.Clustering;
using ActorSocket.Entities;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Tests.Cluster.Entities;

/// <summary>How long an entity sleeps for which there was no place at first.</summary>
public sealed class WakeTests
{
    /// <summary>Nothing tells a node that a shard can be placed again: whenever that is, the next waking is not far.</summary>
    [Fact]
    public void An_entity_whose_node_has_crashed_is_woken_every_five_seconds_until_it_lives()
    {
        var time = new LedgerWorld.VirtualTime();
        var network = new Network(time);
        var ledger = new EntityLedger("SELF00", network, time, maxBytes: 1000, queryTimeout: TimeSpan.FromSeconds(5));
        var key = new EntityKey("counter", "1");
        ledger.PeerMet("OTHER0");
        ledger.Receive("OTHER0", new StoreEntityRecord(1, key, new EntityRecord(1, EntityPhase.Active, "OTHER0", []), Keep: true));
        ledger.PeerGone("OTHER0");
        Pass(120);
        Assert.InRange(network.WokenAt[0], 0, 1000);
        Assert.All(
            network.WokenAt.Zip(network.WokenAt.Skip(1).Append(time.Now)),
            static pair => Assert.InRange(pair.Second - pair.First, 0, 5250)
        );
        ledger.PeerMet("THIRD0");
        ledger.Receive("THIRD0", new StoreEntityRecord(1, key, new EntityRecord(2, EntityPhase.Active, "THIRD0", []), Keep: true));
        network.WokenAt.Clear();
        Pass(60);
        Assert.Empty(network.WokenAt);

        void Pass(int seconds)
        {
            for (var i = 0; i < seconds * 4; i++)
            {
                time.Now += 250;
                ledger.Tick();
            }
        }
    }

    private sealed class Network(TimeProvider time) : IEntityNetwork
    {
        public List<long> WokenAt { get; } = [];

        public void Tell(string tag, IClusterMessage message)
        {
        }

        public void Wake(EntityKey key) => WokenAt.Add(time.GetTimestamp());

        public void Refused(string type, int bytes) => Assert.Fail("there is room");

        public void Lost(string type, int bytes) => Assert.Fail("there is room");
    }
}
