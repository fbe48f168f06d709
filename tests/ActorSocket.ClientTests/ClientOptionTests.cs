using System.Collections.Concurrent;
using ActorSocket.ClientTests.Infrastructure;
using Microsoft.AspNetCore.Http;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>Each option of the official JavaScript client that a server has a part in. The cases are in node/options.mjs.</summary>
public sealed class ClientOptionTests(ITestOutputHelper output) : ClientTest("options", output)
{
    [Theory]
    [EachTransport]
    public Task An_auth_function_is_asked_at_each_connection(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Connections_are_shared_unless_the_client_says_otherwise(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_client_may_connect_when_it_likes_and_again(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Time_stamps_are_the_clients_choice(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_query_in_the_address_reaches_the_handshake(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task Headers_may_differ_by_transport(string mode) => RunAsync(mode);

    [Theory]
    [EachTransport]
    public Task A_client_that_asks_for_base64_gets_no_binary_frame(string mode) => RunAsync(mode);

    [Theory]
    [InlineData("websocket")]
    [InlineData("upgrade")]
    public Task A_subprotocol_of_the_WebSocket_is_agreed_on(string mode) => RunAsync(mode);

    [Fact]
    public Task Transports_are_tried_in_the_clients_order() => RunAsync("websocket");

    [Fact]
    public Task A_client_that_tries_all_transports_finds_the_one_that_is_offered() => RunAsync("polling", ["Transports=Polling"]);

    [Fact]
    public Task An_upgrade_is_remembered_for_the_next_connection() => RunAsync("upgrade");

    [Fact]
    public Task A_client_that_does_not_want_the_upgrade_stays_with_polling() => RunAsync("polling");

    [Theory]
    [EachTransport]
    public async Task The_path_and_its_slash_are_the_clients_choice(string mode)
    {
        await using var server = await RealServer.StartAsync(Output, static options => options.AddTrailingSlash = false, path: "/game/io");
        await using var client = await StartAsync(server.Url, mode);
        await client.FinishAsync();
    }

    [Theory]
    [InlineData("polling")]
    [InlineData("upgrade")]
    public async Task A_client_with_credentials_returns_the_cookie(string mode)
    {
        var requests = new ConcurrentQueue<(bool IsUpgrade, string Cookie)>();
        await using var server = await RealServer.StartAsync(
            Output,
            options =>
            {
                options.Cookie = new CookieBuilder { HttpOnly = true, Path = "/" };
                options.OnHeaders = context =>
                    requests.Enqueue((context.Request.Headers.Upgrade.Count > 0, context.Request.Headers.Cookie.ToString()));
            }
        );
        await using var client = await StartAsync(server.Url, mode);
        var cookie = "io=" + (await client.FinishAsync()).GetProperty("sid").GetString();

        Assert.Equal("", requests.First().Cookie);
        Assert.Contains((mode == "upgrade", cookie), requests);
    }

    [Theory]
    [InlineData("websocket")]
    [InlineData("upgrade")]
    public Task A_packet_may_be_left_uncompressed(string mode) => RunAsync(mode, ["PerMessageDeflate:Threshold=1024"]);
}
