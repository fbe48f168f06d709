using ActorSocket.Data;
using ActorSocket.Clustering;
using ActorSocket.Recovery;
using ActorSocket.Sockets;
using ActorSocket.Tests.Operations;

namespace ActorSocket.Tests.Recovery;

/// <summary>Copies of recovery logs on other nodes: one that is up to date, and no other.</summary>
public sealed class ReplicaTests
{
    [Fact]
    public async Task When_another_node_gets_the_replica_the_one_before_has_none_any_more()
    {
        await using var first = await StartAsync(null);
        await using var second = await StartAsync(first);
        await Node.MeetAsync(first, second);
        await Node.UntilAsync(() => Has(first, second) && Has(second, first), "each to have the other's replica");
        await using var third = await StartAsync(first);
        await Node.MeetAsync(first, second, third);
        // Replicas go round in the order of the tags, which are random: the new node comes between two of the others, and takes over for the one before it.
        var (low, high) = string.CompareOrdinal(first.Server.NodeTag, second.Server.NodeTag) < 0 ? (first, second) : (second, first);
        var isBetween = string.CompareOrdinal(low.Server.NodeTag, third.Server.NodeTag) < 0 && string.CompareOrdinal(third.Server.NodeTag, high.Server.NodeTag) < 0;
        var (owner, keeper) = isBetween ? (low, high) : (high, low);
        await Node.UntilAsync(() => Has(third, owner) && !Has(keeper, owner), "the new node, and nobody else, to have the replica");
        await Node.UntilAsync(() => Has(keeper, third) && Has(owner, keeper), "the others to have theirs");

        static bool Has(Node keeper, Node owner) => ((ClusterAdapter)keeper.Server.Services.Adapter).Recovery.Replicas.Find(owner.Server.NodeTag, "/") is not null;
    }

    private static Task<Node> StartAsync(Node? first) => Node.StartAsync(
        cluster =>
        {
            if (first is not null)
                cluster.SeedNodes.Add(first.Seed);
        },
        static io => io.OnConnection(static _ => { }),
        options: static options => options.ConnectionStateRecovery = new RecoveryOptions());

    [Fact]
    public void The_oldest_are_known_and_go_first()
    {
        var order = new AgeOrder<string, int>(StringComparer.Ordinal);
        foreach (var (key, value) in new[] { ("a", 1), ("b", 2), ("c", 3), ("a", 4) })
            order.Put(key, value);
        Assert.Equal([("b", 2), ("c", 3), ("a", 4)], order.Entries);
        Assert.True(order.Remove("c", out var removed));
        Assert.Equal(3, removed);
        Assert.True(order.TryPeek(out var oldest, out _));
        Assert.Equal("b", oldest);
        Assert.True(order.TryGet("a", out var found) && found == 4);
        Assert.False(order.Remove("c", out _) || order.TryGet("c", out _));
        Assert.Equal(2, order.Count);
    }

    [Fact]
    public void The_sockets_of_a_node_that_may_live_do_not_age_and_those_of_one_that_is_gone_do()
    {
        var time = new ManualTime();
        var log = new RecoveryLog(new RecoveryOptions(), "ABCDEF", time);
        LostSocket[] sockets = [.. Enumerable.Range(0, 10).Select(static i => new LostSocket($"id {i}", $"secret {i}", ["room"], new SocketData(), 0))];
        Assert.True(log.Apply(new ReplicaChanges(true, 0, [], sockets, [], new Dictionary<string, long>(StringComparer.Ordinal))));
        time.Seconds = 1000; // connected for long
        Assert.NotNull(log.Take(Claim(0), out _, ages: false));
        log.StartWaiting();
        time.Seconds += 119;
        for (var i = 1; i < 5; i++)
            Assert.NotNull(log.Take(Claim(i), out _));
        time.Seconds += 2;
        Assert.Null(log.Take(Claim(9), out _));
    }
    private static RecoveryClaim Claim(int i) => new($"secret {i}", "ABCDEF", 0);
}
