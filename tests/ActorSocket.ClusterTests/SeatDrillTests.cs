using ActorSocket.ClientTests.Infrastructure;
using ActorSocket.ClusterTests.Infrastructure;
using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit.Abstractions;

namespace ActorSocket.ClusterTests;

/// <summary>
/// Seats in a game whose state is in a store, taken by official clients (node/seats.mjs), on nodes that are killed one after the other: the
/// game's own, and one with clients.
/// </summary>
[Trait("Category", "Drill")]
public sealed partial class SeatDrillTests(ITestOutputHelper output)
{
    private const string Game = "the game";
    private static readonly TimeSpan WholeAgain = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Everybody_keeps_the_seat_through_kills_and_each_seats_story_is_right()
    {
        var folder = Directory.CreateTempSubdirectory("actorsocket-");
        await using var cluster = await TestCluster.StartAsync(
            3,
            "--ActorSocket:Cluster:StableAfter=00:00:03",
            "--ActorSocket:ConnectionStateRecovery:MaxDisconnectionDuration=00:02:00",
            $"--store={Path.Combine(folder.FullName, "entities.db")}"
        );
        try
        {
            JsonElement result;
            await using (
                var client = await ScriptClient.StartJavaScriptAsync("seats", "Players_keep_their_seats", cluster.Balancer.Url, "websocket")
            )
            {
                for (var round = 1; round <= 3; round++)
                {
                    await client.SignalAsync($"round {round}", WholeAgain * 2);
                    var story = await StoryAsync(cluster);
                    Assert.Equal(9, story.Stories.Count);
                    Assert.All(story.Stories.Values, static one => Assert.Matches(Seated(), string.Join(' ', one)));
                    if (round == 3)
                    {
                        await client.ContinueAsync(); // only a connection is lost
                        continue;
                    }
                    // first the game's own node, then another one
                    var victim = cluster.Living.First(node => (node.Tag == story.Node) == (round == 1));
                    victim.Kill();
                    await victim.EndAsync(WholeAgain);
                    await client.ContinueAsync();
                    await (await cluster.AddAsync()).ReadyAsync();
                    await cluster.WholeAsync(WholeAgain);
                    cluster.Balancer.Target([.. cluster.Living]);
                }
                await client.SignalAsync("seated", WholeAgain * 2);
                await client.ContinueAsync();
                result = await client.FinishAsync(limit: WholeAgain);
            }
            output.WriteLine(result.ToString());
            DuelStory last = null!;
            await NodeProcess.UntilAsync(
                async () =>
                {
                    last = await StoryAsync(cluster);
                    return last.Stories.Values.All(static one => one[^1].StartsWith("left", StringComparison.Ordinal));
                },
                "all to have left",
                WholeAgain,
                () => $"{string.Join('\n', last.Stories.Select(static one => $"{one.Key}: {string.Join(' ', one.Value)}"))}\n"
                    + cluster.Explain());
            output.WriteLine(string.Join('\n', last.Stories.Select(static one => $"{one.Key}: {string.Join(' ', one.Value)}")));
            Assert.Equal(9, last.Stories.Count);
            Assert.All(last.Stories.Values, static one => Assert.Matches(Whole(), string.Join(' ', one)));
            Assert.Contains(last.Stories.Values, static one => one.Contains("lost", StringComparer.Ordinal));
            await cluster.AssertQuietAsync(mayFail: true);
        }
        catch
        {
            output.WriteLine(cluster.Explain());
            throw;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<DuelStory> StoryAsync(TestCluster cluster)
    {
        DuelStory? story = null;
        await NodeProcess.UntilAsync(
            async () => (story = await cluster.Living.First().DuelAsync(Game)) is not null,
            "the game to answer",
            WholeAgain,
            cluster.Explain
        );
        return story!;
    }

    [GeneratedRegex("^joined( lost returned)*$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Seated();

    [GeneratedRegex("^joined( lost returned)* left Disconnected$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Whole();
}
