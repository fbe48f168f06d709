using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>
/// A host that serves connections on the threads that poll their sockets (<c>UseInlineSockets</c>). Most of the cases run against the
/// ordinary one too.
/// </summary>
public sealed class InlineTests(ITestOutputHelper output) : ClientTest("events", output)
{
    private static readonly string[] Inline = ["InlineHandlers=true"];

    [Theory]
    [InlineData("websocket")]
    [InlineData("upgrade")]
    public Task A_handler_runs_on_the_thread_that_polls(string mode) => RunAsync(mode, Inline);

    [Theory]
    [InlineData("events", "Two_thousand_events_keep_their_order_both_ways")]
    [InlineData("events", "Payloads_up_to_the_limit_pass_both_ways")]
    [InlineData("events", "A_handler_that_throws_costs_nobody_the_connection")]
    [InlineData("acks", "Two_hundred_acknowledgements_find_their_own_callers")]
    [InlineData("acks", "The_server_gets_the_acknowledgement_it_asked_for")]
    public async Task The_same_cases_hold(string script, string name)
    {
        await using var host = await HostProcess.StartAsync(Output, "default", Inline);
        foreach (var mode in new[] { "polling", "websocket", "upgrade" })
        {
            await using var client = await ScriptClient.StartJavaScriptAsync(script, name, host.Url, mode);
            await host.Journal.SawAsync(await client.FinishAsync());
        }
    }
}
