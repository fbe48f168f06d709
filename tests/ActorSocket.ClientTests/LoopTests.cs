using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>
/// A host on event loops (<c>UseActorSocketTransport</c>), on which handlers run. Most of the cases run on Kestrel's own transport too.
/// </summary>
public sealed class LoopTests(ITestOutputHelper output) : ClientTest("events", output)
{
    private static readonly string[] OnLoops = ["--transport=loops"];

    [Theory]
    [InlineData("websocket")]
    [InlineData("upgrade")]
    public Task A_handler_runs_on_the_loop(string mode) => RunAsync(mode, OnLoops);

    [Theory]
    [InlineData("events", "Two_thousand_events_keep_their_order_both_ways")]
    [InlineData("events", "Payloads_up_to_the_limit_pass_both_ways")]
    [InlineData("events", "A_handler_that_throws_costs_nobody_the_connection")]
    [InlineData("acks", "Two_hundred_acknowledgements_find_their_own_callers")]
    [InlineData("acks", "The_server_gets_the_acknowledgement_it_asked_for")]
    public async Task The_same_cases_hold(string script, string name)
    {
        await using var host = await HostProcess.StartAsync(Output, "default", OnLoops);
        foreach (var mode in new[] { "polling", "websocket", "upgrade" })
        {
            await using var client = await ScriptClient.StartJavaScriptAsync(script, name, host.Url, mode);
            await host.Journal.SawAsync(await client.FinishAsync());
        }
    }
}
