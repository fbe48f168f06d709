using System.Globalization;
using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>
/// Random actions of real clients, done to the official server from npm and to ours; see node/differential.mjs. What differs is a fault, or
/// a row of docs/COMPATIBILITY.md and not done there. Another seed, more of them, or one alone: <c>DIFFERENTIAL_SEED</c>,
/// <c>DIFFERENTIAL_SEQUENCES</c>, <c>DIFFERENTIAL_ONLY</c>.
/// </summary>
public sealed class DifferentialTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Random_sequences_are_the_same_as_on_the_official_server()
    {
        var seed = Environment.GetEnvironmentVariable("DIFFERENTIAL_SEED") ?? Random.Shared.Next().ToString(CultureInfo.InvariantCulture);
        var sequences = Environment.GetEnvironmentVariable("DIFFERENTIAL_SEQUENCES") ?? "1000";
        output.WriteLine($"seed {seed}, {sequences} sequences");
        await using var host = await HostProcess.StartAsync(output, "default", "differential", []);
        List<(string, string)> environment = [("SEED", seed), ("SEQUENCES", sequences)];
        if (Environment.GetEnvironmentVariable("DIFFERENTIAL_ONLY") is { } only)
            environment.Add(("ONLY", only));
        await using var client = await ScriptClient.StartJavaScriptAsync(
            "differential",
            nameof(Random_sequences_are_the_same_as_on_the_official_server),
            host.Url,
            "mixed",
            [.. environment]
        );
        output.WriteLine((await client.FinishAsync(limit: TimeSpan.FromMinutes(10))).ToString());
    }
}
