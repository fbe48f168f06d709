using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Akka.Actor;
using ActorSocket.Clustering;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.IntegrationTests.Cluster.Recovery;

/// <summary>A client that comes back from a node which does not answer.</summary>
public sealed class RemoteClaimTests
{
    private const string Tag = "QQQQQQ";

    /// <summary>
    /// Nobody has noticed yet, and in this test nobody ever will: the failure detector does not know the node, and long time limits never
    /// come.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_whose_node_has_crashed_is_answered_before_anybody_has_noticed(bool listens)
    {
        await using var node = await Node.StartAsync(
            map: static io => io.OnConnection(static socket => socket.JoinAsync("room").AsTask()),
            services: static services => services.AddSingleton<TimeProvider, ShortTimers>(),
            options: static options => options.ConnectionStateRecovery = new RecoveryOptions());
        await Node.MeetAsync(node);
        using var port = new TcpListener(IPAddress.Loopback, 0);
        port.Start(); // connections are accepted by the system, and nothing is read: a process that stands still
        var cluster = ((ClusterAdapter)node.Server.Server.Adapter);
        var receiver = ((ExtendedActorSystem)node.Cluster.System).Provider.ResolveActorRef(
            $"akka.tcp://actorsocket@127.0.0.1:{((IPEndPoint)port.LocalEndpoint).Port}/user/nobody"
        );
        cluster.Peers.Add(new Peer(Tag, receiver, [], new LinkHub()));
        if (!listens)
            port.Stop();
        await using var client = await PollingClient.ConnectAsync(
            node,
            "client",
            $$"""{"pid":"{{Tag}}0123456789012345678901","offset":"{{Tag}}5"}"""
        );
        // nobody has its socket: a new one
        Assert.False(client.Connected.GetProperty("pid").GetString()!.StartsWith(Tag, StringComparison.Ordinal));
        cluster.Peers.TryGet(Tag, out var peer);
        Assert.Equal(!listens, peer!.IsProcessGone);
        cluster.Peers.Remove(peer);
    }

    private sealed class ShortTimers : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime > TimeSpan.FromSeconds(1.5) ? Timeout.InfiniteTimeSpan : dueTime, period);
    }
}
