using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>
/// Who leaves, why, and what both sides call it, by the official JavaScript client. The cases are in node/disconnect.mjs.
/// </summary>
public sealed class DisconnectTests(ITestOutputHelper output) : ClientTest("disconnect", output)
{
    [Theory]
    [EachTransport]
    public Task The_server_disconnects_one_namespace_and_leaves_the_others(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task The_server_ends_the_whole_connection(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task The_server_closes_the_connection_and_the_client_comes_back(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task The_client_says_goodbye(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task The_client_closes_its_transport(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task What_was_emitted_before_a_disconnect_arrives_first(string mode) => RunAsync(mode);

    [Theory]
    [InlineData("polling")]
    [InlineData("websocket")]
    public Task What_a_client_sees_of_each_end_is_what_the_guide_says(string mode) => RunAsync(mode);

    [Theory]
    [InlineData("polling", "transport error")]
    [InlineData("websocket", "transport close", "transport error")]
    public async Task A_killed_client_is_noticed(string mode, params string[] reasons)
    {
        await using var server = await RealServer.StartAsync(Output);
        await using var client = await StartAsync(server.Url, mode);
        var id = (await client.SignalAsync("connected")).GetProperty("id").GetString()!;

        client.Kill();

        var line = await server.Journal.SeenAnyAsync([.. reasons.Select(reason => $"{id} disconnect {reason}")]);
        Assert.Equal(
            [$"{id} connect /", line.Replace(" disconnect ", " disconnecting ", StringComparison.Ordinal) + $" {id}", line],
            server.Journal.About(id)
        );
    }

    [Theory]
    [EachTransport]
    public async Task A_stopping_server_lets_its_clients_go(string mode)
    {
        await using var server = await RealServer.StartAsync(Output);
        await using var client = await StartAsync(server.Url, mode);
        var id = (await client.SignalAsync("connected")).GetProperty("id").GetString()!;

        await client.ContinueAsync();
        await server.StopAsync();

        await server.Journal.SawAsync(await client.FinishAsync());
        string[] rooms = [id, "blue"];
        Assert.Contains(
            $"{id} disconnecting server shutting down {string.Join(',', rooms.Order(StringComparer.Ordinal))}",
            server.Journal.About(id)
        );
    }

    // An abandoned handshake, a tab that was closed between two polls, with something queued for it: neither comes for its close.
    // DrainTimeout is longer than the wait for the stop.
    [Fact]
    public async Task A_stop_does_not_wait_for_polling_clients_that_do_not_come()
    {
        await using var server = await RealServer.StartAsync(Output, static options => options.DrainTimeout = TimeSpan.FromMinutes(10));
        using var wire = new Wire(server.Url);
        await wire.OpenAsync();
        var joined = await wire.JoinAsync();
        await joined.PostAsync("""42["echo","for nobody"]""");
        await server.Io.CloseAsync().WaitForAsync("the server to close");
        await server.Journal.SeenAsync($"{joined.Id} disconnect server shutting down");
    }
}
