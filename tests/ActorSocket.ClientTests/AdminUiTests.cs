using System.Runtime.CompilerServices;
using System.Text.Json;
using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>The server side of the Admin UI, by the official JavaScript client in its place. The cases are in node/admin.mjs.</summary>
public sealed class AdminUiTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1, "polling")]
    [InlineData(1, "websocket")]
    [InlineData(1, "upgrade")]
    [InlineData(3, "websocket")]
    public Task An_administrator_sees_sockets_come_move_and_go(int nodes, string mode) => RunAsync(nodes, mode);

    [Theory]
    [InlineData(1, "polling")]
    [InlineData(3, "websocket")]
    public Task An_administrator_sees_how_each_node_does(int nodes, string mode) => RunAsync(nodes, mode);

    [Theory]
    [InlineData(1, "polling")]
    [InlineData(3, "websocket")]
    public Task An_administrator_acts_on_sockets_of_every_node(int nodes, string mode) => RunAsync(nodes, mode);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public Task Only_who_has_the_password_or_a_session_is_let_in(int nodes) => RunAsync(nodes, "websocket");

    [Fact]
    public async Task A_session_is_known_to_nodes_that_start_later_also_when_all_others_are_gone()
    {
        await using var nodes = await WatchedNodes.StartAsync(output, 2);
        var session = (await RunAsync("")).GetProperty("session").GetString()!;

        await nodes.JoinAsync();
        await RunAsync(session); // at once: who does not know it asks
        await nodes.JoinAsync(); // hears of it though nobody shows it
        await Bounded.UntilAsync(
            () => nodes.SessionsOfLast.Has(session), "the last one to hear of it");
        for (var i = 0; i < 3; i++)
            await nodes.StopFirstAsync();
        await RunAsync(session);

        async Task<JsonElement> RunAsync(string known)
        {
            const string Name = nameof(A_session_is_known_to_nodes_that_start_later_also_when_all_others_are_gone);
            await using var client = await nodes.StartAsync("admin", Name, "websocket", ("SESSION", known));
            return await client.FinishAsync();
        }
    }

    [Fact]
    public Task Who_may_only_look_changes_nothing() => RunAsync(1, "websocket", static options => options.ReadOnly = true);

    [Fact]
    public Task Of_too_many_events_it_is_said_how_many_are_not_shown() => RunAsync(1, "websocket");

    [Fact]
    public Task A_policy_says_who_is_an_administrator() => RunAsync(1, "websocket", static options => options.UsePolicy("admins"));

    [Fact]
    public Task Nobody_has_to_sign_in_where_that_was_said() => RunAsync(1, "websocket", static options =>
        (options.Username, options.PasswordHash, options.AllowAnonymous) = (null, null, true));

    [Fact]
    public async Task In_production_an_administrator_gets_numbers_only()
    {
        await using var nodes = await WatchedNodes.StartAsync(output, 1, static options => options.Mode = AdminUiMode.Production);
        await using var client = await ScriptClient.StartJavaScriptAsync(
            "admin", nameof(In_production_an_administrator_gets_numbers_only), nodes.Urls[0], "websocket",
            ("URLS", nodes.Urls[0].GetLeftPart(UriPartial.Authority)));
        await client.SignalAsync("looking");
        Assert.Null(nodes.Servers[0].Server.Observer);
        await client.ContinueAsync();
        await client.FinishAsync();
    }

    [Fact]
    public async Task While_nobody_looks_nothing_is_watched_on_any_node()
    {
        await using var nodes = await WatchedNodes.StartAsync(output, 3);
        Assert.All(nodes.Servers, static server => Assert.Null(server.Server.Observer));
        await nodes.RunAsync("websocket", nameof(An_administrator_sees_how_each_node_does));
        await Bounded.UntilAsync(
            () => nodes.Servers.All(static server => server.Server.Observer is null), "the nodes to notice that nobody looks");
    }

    private async Task RunAsync(
        int count, string mode, Action<ActorSocketAdminUiOptions>? configure = null, [CallerMemberName] string name = "")
    {
        await using var nodes = await WatchedNodes.StartAsync(output, count, configure);
        await nodes.RunAsync(mode, name);
        // Refusals are warnings; what administrators and clients wrote is in no line.
        Assert.DoesNotContain(nodes.Log, static line => line.StartsWith("Error", StringComparison.Ordinal));
        Assert.DoesNotContain(nodes.Log, static line => line.Contains("changeit", StringComparison.Ordinal));
    }
}
