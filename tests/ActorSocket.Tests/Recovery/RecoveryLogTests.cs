using ActorSocket.Data;
using ActorSocket.Recovery;

namespace ActorSocket.Tests.Recovery;

public sealed class RecoveryLogTests
{
    [Fact]
    public void The_sockets_of_a_node_that_may_live_do_not_age_and_those_of_one_that_is_gone_do()
    {
        var time = new ManualTime();
        var log = new RecoveryLog(new RecoveryOptions(), "ABCDEF", time);
        LostSocket[] sockets =
        [
            .. Enumerable.Range(0, 10).Select(static i => new LostSocket($"id {i}", $"secret {i}", ["room"], new SocketData(), 0)),
        ];
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
