using System.Runtime.CompilerServices;
using ActorSocket.ClientTests.Infrastructure;
using ActorSocket.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>What the real emitters publish by a real Redis, and what real clients get of it. The cases are in node/redis.mjs.</summary>
public sealed class RedisTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1, "polling")]
    [InlineData(3, "websocket")]
    public Task The_official_emitter_emits(int nodes, string mode) => RunAsync(nodes, mode);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public Task The_official_emitter_moves_sockets_and_lets_them_go(int nodes) => RunAsync(nodes, "websocket");

    [Fact]
    public Task The_official_emitter_tells_every_server() => RunAsync(3, "websocket");

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public Task Pythons_manager_emits(int nodes) => RunAsync(nodes, "websocket");

    [Fact]
    public Task Pythons_manager_of_today_says_it_in_JSON() => RunAsync(1, "websocket");

    [Fact]
    public Task What_is_no_message_costs_nobody_anything() => RunAsync(1, "websocket", static (nodes, _) =>
        Assert.InRange(
            nodes.Log.Count(static line => line.StartsWith("Warning: What an emitter has published", StringComparison.Ordinal)),
            1, BoundedLogger.Burst));

    [Fact]
    public async Task A_client_that_changes_nodes_gets_what_an_emitter_publishes_once()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var nodes = await StartAsync(redis, 3, recovers: true);
        await using var client = await nodes.StartAsync(
            "redis", nameof(A_client_that_changes_nodes_gets_what_an_emitter_publishes_once), "websocket", ("REDIS", redis.Url.ToString()));
        await client.FinishAsync();
    }

    [Fact]
    public async Task Redis_may_go_and_come_back()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var nodes = await StartAsync(redis, 1);
        await using var client = await nodes.StartAsync(
            "redis", nameof(Redis_may_go_and_come_back), "websocket", ("REDIS", redis.Url.ToString()));
        await client.SignalAsync("heard");
        await redis.CrashAsync();
        await Bounded.UntilAsync(() => Said(nodes, "Warning: Redis is not reached"), "the loss to be told");
        await redis.StartAgainAsync();
        await Bounded.UntilAsync(() => Said(nodes, "Information: Redis is reached again"), "its return to be told");
        await client.ContinueAsync();
        await client.FinishAsync();
    }

    private async Task RunAsync(
        int count, string mode, Action<WatchedNodes, RedisServer>? check = null, [CallerMemberName] string name = "")
    {
        var python = await Prerequisites.PythonAsync();
        await using var redis = await RedisServer.StartAsync();
        await using var nodes = await StartAsync(redis, count);
        await using var client = await nodes.StartAsync(
            "redis", name, mode, ("REDIS", redis.Url.ToString()), ("PYTHON", python));
        await client.FinishAsync();
        check?.Invoke(nodes, redis);
        Assert.DoesNotContain(nodes.Log, static line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    private async Task<WatchedNodes> StartAsync(RedisServer redis, int count, bool recovers = false)
    {
        var nodes = await WatchedNodes.StartAsync(
            output,
            count,
            add: server =>
            {
                server.AddRedisEmitters(options => options.ConnectionString = redis.Address);
                if (recovers)
                    server.Services.Configure<ActorSocketOptions>(static options => options.ConnectionStateRecovery = new());
            });
        foreach (var server in nodes.Servers)
            server.OnServerEvent("refresh", (string what) => server.Local.Emit("refreshed", server.NodeTag, what));
        await Bounded.UntilAsync(
            () => nodes.Log.Count(static line => line.StartsWith("Information: Listens to what", StringComparison.Ordinal)) == count,
            "the nodes to listen");
        return nodes;
    }

    private static bool Said(WatchedNodes nodes, string begin) =>
        nodes.Log.Any(line => line.StartsWith(begin, StringComparison.Ordinal));
}
