using ActorSocket.Recovery;

namespace ActorSocket.Tests.Recovery;

public sealed class AgeOrderTests
{
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
        order.Set("b", 5); // where it is
        order.Set("d", 6);
        Assert.Equal([("b", 5), ("a", 4), ("d", 6)], order.Entries);
    }
}
