using ActorSocket.Recovery;
using ActorSocket.Tests.Operations;

namespace ActorSocket.Tests.Recovery;

/// <summary>Copies of recovery logs on other nodes: one that is up to date, and no other.</summary>
public sealed class ReplicaTests
{
    [Fact]
    public async Task When_another_node_gets_the_replica_the_one_before_has_none_any_more()
    {
        var nodes = new List<Node> { await StartAsync(null) };
        try
        {
            var owner = nodes[0].Server;
            nodes.Add(await StartAsync(nodes[0]));
            var keeper = nodes[1];
            await Node.MeetAsync([.. nodes]);
            await Node.UntilAsync(() => Has(keeper), "the replica to begin");
            // Tags are random: the successor in their order is another one after a node or two.
            for (var i = 0; i < 8 && Has(keeper); i++)
            {
                nodes.Add(await StartAsync(nodes[0]));
                await Node.MeetAsync([.. nodes]);
                var successor = nodes.Skip(1).Where(node => string.CompareOrdinal(node.Server.NodeTag, owner.NodeTag) > 0).MinBy(static node => node.Server.NodeTag, StringComparer.Ordinal)
                    ?? nodes.Skip(1).MinBy(static node => node.Server.NodeTag, StringComparer.Ordinal)!;
                await Node.UntilAsync(() => nodes.Skip(1).All(node => Has(node) == (node == successor)), "the successor, and nobody else, to have the replica");
            }
            Assert.False(Has(keeper));

            bool Has(Node node) => node.Server.Services.Cluster!.Replicas.Find(owner.NodeTag, "/") is not null;
        }
        finally
        {
            foreach (var node in nodes)
                await node.DisposeAsync();
        }
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
        LostSocket[] sockets = [.. Enumerable.Range(0, 10).Select(static i => new LostSocket($"id {i}", $"secret {i}", ["room"], new Dictionary<string, object?>(StringComparer.Ordinal), 0))];
        Assert.True(log.Apply(new ReplicaChanges(true, 0, [], sockets, [], new Dictionary<string, long>(StringComparer.Ordinal))));
        time.Seconds = 1000; // connected for long
        Assert.NotNull(log.Take("secret 0", 0, ages: false));
        log.StartWaiting();
        time.Seconds += 119;
        for (var i = 1; i < 5; i++)
            Assert.NotNull(log.Take($"secret {i}", 0));
        time.Seconds += 2;
        Assert.Null(log.Take("secret 9", 0));
    }
}
