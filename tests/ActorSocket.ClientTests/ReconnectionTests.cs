using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>Servers that go and come back, and connections that die in silence, by the official JavaScript client. The cases are in node/reconnection.mjs.</summary>
public sealed class ReconnectionTests(ITestOutputHelper output) : ClientTest("reconnection", output)
{
    [Theory]
    [EachTransport]
    public async Task Every_namespace_comes_back_each_time_the_server_does(string mode)
    {
        await using var server = await RealServer.StartAsync(Output, port: Ports.Free());
        await using var client = await StartAsync(server.Url, mode);
        for (var round = 0; round < 3; round++)
        {
            await client.SignalAsync("up");
            await server.StopAsync();
            await client.ContinueAsync();
            await client.SignalAsync("down");
            await server.StartAsync();
            await client.ContinueAsync();
        }

        await client.FinishAsync();
    }

    [Theory]
    [EachTransport]
    public async Task A_frozen_connection_is_noticed_by_both_sides(string mode)
    {
        await using var server = await RealServer.StartAsync(Output, options =>
        {
            options.PingInterval = TimeSpan.FromMilliseconds(600);
            options.PingTimeout = TimeSpan.FromMilliseconds(600);
        });
        await using var proxy = new FreezingProxy(server.Url);
        await using var client = await StartAsync(proxy.Url, mode);
        await client.SignalAsync("connected");

        proxy.Freeze();
        await client.ContinueAsync();
        await client.SignalAsync("noticed");
        proxy.Thaw();
        await client.ContinueAsync();

        await server.SawAsync(await client.FinishAsync(endsByItself: false));
    }

    [Theory]
    [EachTransport]
    public Task A_silent_connection_is_kept_alive_by_heartbeats(string mode) => RunAsync(mode, options =>
    {
        options.PingInterval = TimeSpan.FromMilliseconds(200);
        options.PingTimeout = TimeSpan.FromSeconds(2);
    });

    [Theory]
    [EachTransport]
    public Task A_client_gets_its_socket_back_with_what_it_missed(string mode) => RunAsync(mode, options => options.ConnectionStateRecovery = new RecoveryOptions());
}
