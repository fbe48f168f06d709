using ActorSocket.Clustering;

namespace ActorSocket.IntegrationTests.Cluster.Recovery;

/// <summary>A client that has received nothing comes back by another node, or finds its own gone.</summary>
public sealed class NodeToNodeTests
{
    [Fact]
    public async Task A_client_that_has_received_nothing_moves_from_node_to_node()
    {
        await using var one = await Node.StartRecoveringAsync();
        await using var two = await Node.StartRecoveringAsync(one);
        await Node.MeetAsync(one, two);
        var client = await PollingClient.ConnectAsync(one, "client");
        var (id, pid) = (client.Connected.GetProperty("sid").GetString(), client.Connected.GetProperty("pid").GetString());
        foreach (var (from, to) in new[] { (one, two), (two, one), (one, two) })
        {
            await client.DisposeAsync();
            await Node.UntilAsync(() => from.Server.Sockets.Count == 0, "the socket to be lost");
            client = await PollingClient.ConnectAsync(to, "client", $$"""{"pid":"{{pid}}"}""");
            Assert.Equal(id, client.Connected.GetProperty("sid").GetString());
            Assert.Empty(client.MissedEventsReply);
        }
        await client.DisposeAsync();
        await Node.UntilAsync(() => two.Server.Sockets.Count == 0, "the socket to be lost");
        one.Server.Emit("missed", 1);
        client = await PollingClient.ConnectAsync(one, "client", $$"""{"pid":"{{pid}}"}""");
        Assert.Equal(id, client.Connected.GetProperty("sid").GetString());
        Assert.StartsWith("42[\"missed\",1", Assert.Single(client.MissedEventsReply), StringComparison.Ordinal);
        await client.DisposeAsync();
    }

    /// <summary>A token that has expired, say: it comes back with a new one, to whichever node.</summary>
    [Fact]
    public async Task A_client_that_another_node_refuses_has_lost_nothing()
    {
        var refuses = true;
        await using var one = await Node.StartRecoveringAsync();
        await using var two = await Node.StartAsync(
            cluster => cluster.SeedNodes.Add(one.Seed),
            io => io.Use((_, next) => refuses ? throw new ConnectErrorException("not now") : next()),
            options: static options => options.ConnectionStateRecovery = new RecoveryOptions { SkipMiddlewares = false });
        await Node.MeetAsync(one, two);
        var server = one.Server.Server;
        var log = server.Namespaces.GetOrAdd("/", server).Recovery!;
        foreach (var (stops, back) in new[] { (false, two), (false, one), (true, two) })
        {
            var client = await PollingClient.ConnectAsync(one, "client");
            var (id, pid) = (client.Connected.GetProperty("sid").GetString(), client.Connected.GetProperty("pid").GetString());
            var claim = $$"""{"pid":"{{pid}}"}""";
            await client.DisposeAsync();
            await Node.UntilAsync(() => one.Server.Sockets.Count == 0, "the socket to be lost");
            one.Server.Emit("missed");
            if (stops)
            {
                await one.StopAsync();
                await Node.UntilAsync(() => ((ClusterAdapter)two.Server.Server.Adapter).Peers.All.Length == 0, "the node to be gone");
            }
            refuses = true;
            Assert.Equal("44{\"message\":\"not now\"}", await PollingClient.RefusedAsync(two, claim));
            refuses = false;
            if (ReferenceEquals(back, one))
                await Node.UntilAsync(() => log.Peek(pid!) is not null, "the socket to be given back");
            await using var again = await PollingClient.ConnectAsync(back, "client", claim);
            Assert.Equal(id, again.Connected.GetProperty("sid").GetString());
            Assert.StartsWith("42[\"missed\"", Assert.Single(again.MissedEventsReply), StringComparison.Ordinal);
        }
    }

    /// <summary>It comes to the very node that has the copy, which need ask nobody.</summary>
    [Fact]
    public async Task A_client_whose_node_has_left_is_recovered_from_the_copy_at_hand()
    {
        await using var one = await Node.StartRecoveringAsync();
        await using var two = await Node.StartRecoveringAsync(one);
        await Node.MeetAsync(one, two);
        var client = await PollingClient.ConnectAsync(two, "client");
        var (id, pid) = (client.Connected.GetProperty("sid").GetString(), client.Connected.GetProperty("pid").GetString());
        await client.DisposeAsync();
        await two.StopAsync();
        await Node.UntilAsync(() => ((ClusterAdapter)one.Server.Server.Adapter).Peers.All.Length == 0, "the node to be gone");
        await using var again = await PollingClient.ConnectAsync(one, "client", $$"""{"pid":"{{pid}}"}""");
        Assert.Equal(id, again.Connected.GetProperty("sid").GetString());
    }
}
