using System.Net;
using System.Net.Sockets;
using ActorSocket.Clustering;
using Akka.Actor;

namespace ActorSocket.IntegrationTests.Cluster.Peers;

public sealed class PeerProbeTests
{
    [Fact]
    public async Task A_process_that_listens_is_told_from_one_that_has_ended_and_is_asked_once_a_second()
    {
        var time = new Seconds();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var probe = new PeerProbe(new Address("akka.tcp", "actorsocket", "127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port));
        Assert.Equal(PeerPresence.Listens, await probe.TryAsync(time).WaitAsync(Node.Patience));
        Assert.False(probe.IsProcessGone);
        listener.Stop();
        Assert.Equal(PeerPresence.Listens, await probe.TryAsync(time).WaitAsync(Node.Patience)); // what was found a moment ago
        time.Passed = 1;
        Assert.Equal(PeerPresence.Refuses, await probe.TryAsync(time).WaitAsync(Node.Patience));
        Assert.True(probe.IsProcessGone);
        time.Passed = 6; // by then the failure detector knows
        Assert.False(probe.IsProcessGone);
    }

    [Fact]
    public async Task Of_an_address_that_is_of_no_machine_nobody_can_say_anything()
    {
        var probe = new PeerProbe(new Address("akka", "actorsocket"));
        Assert.Equal(PeerPresence.Silent, await probe.TryAsync(TimeProvider.System).WaitAsync(Node.Patience));
        Assert.False(probe.IsProcessGone);
    }

    private sealed class Seconds : TimeProvider
    {
        public int Passed { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => 100 + Passed;
    }
}
