using System.Collections.Concurrent;
using System.Security.Claims;
using System.Text.Json;
using ActorSocket.Clustering;
using ActorSocket.Recovery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.IntegrationTests.Cluster.Recovery;

/// <summary>
/// What an application keeps in <see cref="Socket.Data"/>, and who the user is, when the socket comes back on another node.
/// </summary>
public sealed class DataRecoveryTests
{
    private sealed record Cart(string Owner, List<int> Items);

    [Fact]
    public async Task Data_that_changes_without_a_change_of_rooms_is_on_another_node_at_once()
    {
        await using var cluster = await TwoNodes.StartAsync(static (_, _) => { });
        await using var client = await PollingClient.ConnectAsync(cluster.First, "client");
        var socket = Assert.Single(cluster.First.Server.Sockets);
        var replica = await cluster.ReplicaAsync();
        socket.Data["score"] = 5;
        await ReachesAsync(5);
        socket.Data["score"] = 6;
        await ReachesAsync(6);
        socket.Data.Remove("score");
        await ReachesAsync(null);

        Task ReachesAsync(object? score) =>
            Node.UntilAsync(
                () => Equals(replica.Peek(socket.RecoverySecret!)?.Data.TryGetValue("score", out var value) == true ? value : null, score),
                $"the replica to know the score {score}"
            );
    }

    [Fact]
    public async Task A_socket_that_comes_back_by_another_node_has_its_data_and_its_user()
    {
        var sockets = new ConcurrentQueue<Socket>();
        await using var cluster = await TwoNodes.StartAsync((_, io) =>
        {
            io.Use((socket, next) =>
            {
                socket.Data["ran"] = socket.GetData<int>("ran") + 1;
                return next();
            });
            io.OnConnection(sockets.Enqueue);
        });
        var client = await PollingClient.ConnectAsync(cluster.First, "client", query: "&user=ada");
        var lost = Assert.Single(sockets);
        Assert.Equal("ada", lost.User.Identity!.Name);
        lost.Data["account"] = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, "Ada's account")], "token"));
        lost.Data["cart"] = new Cart("ada", [1]);
        lost.Emit("seen");
        var offset = JsonElement.Parse((await client.NextAsync())[2..])[1].GetString();
        await client.DisposeAsync();

        await using var again = await PollingClient.ConnectAsync(cluster.Second, "client", Claim(client, offset));
        var socket = sockets.Last();
        Assert.True(socket.Recovered);
        Assert.Equal(lost.Id, socket.Id);
        Assert.Equal(1, socket.Data["ran"]); // the middleware was passed by
        Assert.Equal("Ada's account", Assert.IsType<ClaimsPrincipal>(socket.Data["account"]).Identity!.Name);
        Assert.Equal([1], socket.GetData<Cart>("cart")!.Items);
        Assert.True(socket.User.Identity!.IsAuthenticated);
        Assert.Equal("ada", socket.User.Identity.Name);
        var seen = Assert.Single(await cluster.First.Server.FetchSocketsAsync());
        Assert.Equal([1], seen.GetData<Cart>("cart")!.Items);
        Assert.Equal(1, seen.Data["ran"]);
        Assert.True(seen.TryGetData<ClaimsPrincipal>("account", out _));
    }

    [Fact]
    public async Task What_stays_behind_is_told_when_it_is_put_and_the_middleware_runs_again()
    {
        var sockets = new ConcurrentQueue<Socket>();
        await using var cluster = await TwoNodes.StartAsync((_, io) =>
        {
            io.Use((socket, next) =>
            {
                socket.Data["lifetime"] = new CancellationTokenSource();
                return next();
            });
            io.OnConnection(sockets.Enqueue);
        });
        var client = await PollingClient.ConnectAsync(cluster.First, "client");
        Assert.Single(
            cluster.First.Log,
            static line => line.StartsWith("Warning: Socket.Data got a System.Threading.CancellationTokenSource", StringComparison.Ordinal)
        );
        sockets.First().Data["n"] = 7;
        sockets.First().Emit("seen");
        var offset = JsonElement.Parse((await client.NextAsync())[2..])[1].GetString();
        await client.DisposeAsync();
        await using var again = await PollingClient.ConnectAsync(cluster.Second, "client", Claim(client, offset));
        Assert.True(sockets.Last().Recovered);
        Assert.IsType<CancellationTokenSource>(sockets.Last().Data["lifetime"]);
        Assert.Equal(7, sockets.Last().Data["n"]);
    }

    [Fact]
    public async Task Another_user_does_not_get_the_socket_with_the_secret_alone()
    {
        var sockets = new ConcurrentQueue<Socket>();
        await using var cluster = await TwoNodes.StartAsync((_, io) => io.OnConnection(sockets.Enqueue));
        foreach (var node in new[] { cluster.First, cluster.Second })
        {
            var client = await PollingClient.ConnectAsync(cluster.First, "client", query: "&user=ada");
            sockets.Last().Emit("seen");
            var offset = JsonElement.Parse((await client.NextAsync())[2..])[1].GetString();
            await client.DisposeAsync();
            await using var other = await PollingClient.ConnectAsync(node, "client", Claim(client, offset), "&user=mallory");
            Assert.False(sockets.Last().Recovered);
            Assert.Equal("mallory", sockets.Last().User.Identity!.Name);
            await using var own = await PollingClient.ConnectAsync(node, "client", Claim(client, offset), "&user=ada");
            Assert.True(sockets.Last().Recovered);
        }
    }

    [Fact]
    public async Task What_a_handler_writes_after_the_loss_is_there_when_the_client_is_back()
    {
        var sockets = new ConcurrentQueue<Socket>();
        await using var node = await Node.StartAsync(
            map: io => io.OnConnection(sockets.Enqueue),
            options: static options => options.ConnectionStateRecovery = new RecoveryOptions()
        );
        await Node.MeetAsync(node);
        var client = await PollingClient.ConnectAsync(node, "client");
        var lost = sockets.Last();
        lost.Emit("seen");
        var offset = JsonElement.Parse((await client.NextAsync())[2..])[1].GetString();
        await client.DisposeAsync();
        await Node.UntilAsync(() => lost.Disconnected.IsCancellationRequested, "the socket to be lost");
        lost.Data["late"] = 1;
        await using var again = await PollingClient.ConnectAsync(node, "client", Claim(client, offset));
        Assert.Equal(1, sockets.Last().Data["late"]);
        lost.Data["later"] = 2;
        Assert.Equal(2, sockets.Last().Data["later"]);
    }

    private static string Claim(PollingClient client, string? offset) =>
        JsonSerializer.Serialize(new { pid = client.Connected.GetProperty("pid").GetString(), offset });

    private sealed class TwoNodes(Node first, Node second) : IAsyncDisposable
    {
        public Node First => first;

        public Node Second => second;

        public static async Task<TwoNodes> StartAsync(Action<string, ActorSocketServer> map)
        {
            var first = await StartAsync("first", null, map);
            var second = await StartAsync("second", first, map);
            await Node.MeetAsync(first, second);
            return new TwoNodes(first, second);
        }

        private static Task<Node> StartAsync(string name, Node? seed, Action<string, ActorSocketServer> map) => Node.StartAsync(
            cluster =>
            {
                if (seed is not null)
                    cluster.SeedNodes.Add(seed.Seed);
            },
            io => map(name, io),
            static services => services.AddSingleton<IStartupFilter, QueryUser>(),
            static options => options.ConnectionStateRecovery = new RecoveryOptions());

        /// <summary>What the second has of the first.</summary>
        public async Task<RecoveryLog> ReplicaAsync()
        {
            await Node.UntilAsync(() => Find() is not null, "the second node to have the first one's replica");
            return Find()!;

            RecoveryLog? Find() => ((ClusterAdapter)second.Server.Server.Adapter).Recovery.Replicas.Find(first.Server.NodeTag, "/");
        }

        public async ValueTask DisposeAsync()
        {
            await second.DisposeAsync();
            await first.DisposeAsync();
        }
    }

    /// <summary>Takes the user from the query.</summary>
    private sealed class QueryUser : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, rest) =>
            {
                if (context.Request.Query["user"].ToString() is { Length: > 0 } name)
                    context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, name)], "query"));
                return rest(context);
            });
            next(app);
        };
    }
}
