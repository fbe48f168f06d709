using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ActorSocket.IntegrationTests.Cluster.Nodes;

/// <summary>A program without clients, endpoints and a web server is a node as good as any.</summary>
public sealed class WorkerTests
{
    [Fact]
    public async Task A_worker_emits_asks_fetches_joins_and_disconnects()
    {
        await using var node = await Node.StartAsync(
            map: static io => io.OnConnection(static async socket => await socket.JoinAsync("red"))
        );
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddActorSocket().AddCluster(cluster =>
        {
            cluster.Port = 0;
            cluster.SeedNodes.Add(node.Seed);
        });
        using var worker = builder.Build();
        await worker.StartAsync();
        var io = worker.Services.GetRequiredService<ActorSocketServer>();
        await Node.UntilAsync(() => node.UpMembers == 2 && io.Server.Engine.Placement.IsReady, "the worker to join");
        await using var client = await PollingClient.ConnectAsync(node, "client");
        await Node.UntilAsync(() => io.To("red").FetchSocketsAsync().GetAwaiter().GetResult().Count == 1, "the worker to see the client");

        io.To("red").Emit("news", 1);
        Assert.Equal("""42["news",1]""", await client.NextAsync());

        Assert.Equal(["client"], await io.Timeout(TimeSpan.FromSeconds(20)).EmitWithAckAsync<string>("name?"));

        await io.SocketsJoinAsync("blue");
        var socket = Assert.Single(await io.To("blue").FetchSocketsAsync());
        await socket.DisconnectAsync();
        Assert.Equal("41", await client.NextAsync());
        await worker.StopAsync();
        await Node.UntilAsync(() => node.UpMembers == 1, "the worker to leave");
    }
}
