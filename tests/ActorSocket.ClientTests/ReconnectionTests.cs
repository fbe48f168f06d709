using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>
/// Servers that go and come back, and connections that die in silence, by the official JavaScript client. The cases are in
/// node/reconnection.mjs.
/// </summary>
public sealed class ReconnectionTests(ITestOutputHelper output) : ClientTest("reconnection", output)
{
    [Theory]
    [EachTransport]
    public Task Every_namespace_comes_back_each_time_the_server_does(string mode) => RunWithBreaksAsync(mode, breaks: 3);

    [Theory]
    [EachTransport]
    public async Task A_frozen_connection_is_noticed_by_both_sides(string mode)
    {
        await using var server = await RealServer.StartAsync(Output, options =>
        {
            options.PingInterval = TimeSpan.FromSeconds(1);
            options.PingTimeout = TimeSpan.FromSeconds(1);
        });
        await using var proxy = new FreezingProxy(server.Url);
        await using var client = await StartAsync(proxy.Url, mode);
        await client.SignalAsync("connected");

        proxy.Freeze();
        await client.ContinueAsync();
        await client.SignalAsync("noticed");
        proxy.Thaw();
        await client.ContinueAsync();

        await server.Journal.SawAsync(await client.FinishAsync(endsByItself: false));
    }

    [Theory]
    [EachTransport]
    public Task A_silent_connection_is_kept_alive_by_heartbeats(string mode) =>
        RunAsync(mode, ["PingInterval=00:00:00.2", "PingTimeout=00:00:02"]);

    [Theory]
    [EachTransport]
    public Task A_client_gets_its_socket_back_with_what_it_missed(string mode) =>
        RunAsync(mode, ["ConnectionStateRecovery:SkipMiddlewares=true"]);

    [Theory]
    [EachTransport]
    public Task A_volatile_text_does_not_cost_the_recovery(string mode) => RunAsync(mode, ["ConnectionStateRecovery:SkipMiddlewares=true"]);

    [Theory]
    [EachTransport]
    public Task A_client_that_has_received_no_event_is_recovered(string mode) =>
        RunAsync(mode, ["ConnectionStateRecovery:SkipMiddlewares=true"]);

    [Theory]
    [EachTransport]
    public Task The_manager_tells_of_every_attempt_until_the_server_is_back(string mode) => RunWithBreaksAsync(mode);

    [Theory]
    [EachTransport]
    public Task The_manager_gives_up_after_its_attempts_and_connects_when_told_to(string mode) => RunWithBreaksAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_client_without_reconnection_stays_away_until_told(string mode) => RunAsync(mode);

    [Theory]
    [InlineData("polling")]
    [InlineData("websocket")]
    public async Task An_attempt_that_takes_too_long_is_given_up(string mode)
    {
        await using var server = await RealServer.StartAsync(Output);
        await using var proxy = new FreezingProxy(server.Url);
        proxy.Freeze();
        await using var client = await StartAsync(proxy.Url, mode);
        await client.FinishAsync(endsByItself: false);
    }

    [Theory]
    [InlineData("polling")]
    [InlineData("websocket")]
    public Task A_socket_is_recovered_by_another_transport(string mode) => RunAsync(mode, ["ConnectionStateRecovery:SkipMiddlewares=true"]);

    [Theory]
    [EachTransport]
    public Task A_client_that_missed_more_than_is_remembered_gets_a_new_socket(string mode) =>
        RunAsync(mode, ["ConnectionStateRecovery:MaxEvents=5"]);
}
