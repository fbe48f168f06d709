using ActorSocket.Clustering;

namespace ActorSocket.IntegrationTests.Cluster.Recovery;

/// <summary>Copies of recovery logs on other nodes: one that is up to date, and no other.</summary>
public sealed class ReplicaTests
{
    [Fact]
    public async Task When_another_node_gets_the_replica_the_one_before_has_none_any_more()
    {
        await using var first = await Node.StartRecoveringAsync();
        await using var second = await Node.StartRecoveringAsync(first);
        await Node.MeetAsync(first, second);
        await Node.UntilAsync(() => Has(first, second) && Has(second, first), "each to have the other's replica");
        await using var third = await Node.StartRecoveringAsync(first);
        await Node.MeetAsync(first, second, third);
        // Replicas go round in the order of the tags, which are random: the new node comes between two of the others, and takes over for
        // the one before it.
        var (low, high) = string.CompareOrdinal(first.Server.NodeTag, second.Server.NodeTag) < 0 ? (first, second) : (second, first);
        var isBetween =
            string.CompareOrdinal(low.Server.NodeTag, third.Server.NodeTag) < 0
            && string.CompareOrdinal(third.Server.NodeTag, high.Server.NodeTag) < 0;
        var (owner, replica) = isBetween ? (low, high) : (high, low);
        await Node.UntilAsync(() => Has(third, owner) && !Has(replica, owner), "the new node, and nobody else, to have the replica");
        await Node.UntilAsync(() => Has(replica, third) && Has(owner, replica), "the others to have theirs");

        static bool Has(Node replica, Node owner) =>
            ((ClusterAdapter)replica.Server.Server.Adapter).Recovery.Replicas.Find(owner.Server.NodeTag, "/") is not null;
    }
}
