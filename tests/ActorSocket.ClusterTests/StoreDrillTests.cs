using System.Diagnostics;
using System.Globalization;
using ActorSocket.ClientTests.Infrastructure;
using ActorSocket.ClusterTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClusterTests;

/// <summary>
/// Entities that tick and are saved every second, on three nodes with a real PostgreSQL that is away for a while: for some seconds, or for
/// as many as the environment says; as docs/PERFORMANCE-CLUSTER.md reports it: <c>ACTORSOCKET_STORE_AWAY=30 dotnet test
/// tests/ActorSocket.ClusterTests -c Release --filter FullyQualifiedName~StoreDrillTests --logger "console;verbosity=detailed"</c>.
/// </summary>
[Trait("Category", "Drill")]
public sealed class StoreDrillTests(ITestOutputHelper output)
{
    private const int Keepers = 30;

    /// <summary>Nothing else runs in an entity that waits for the store: one whose pauses do not count.</summary>
    private const string Saver = "saver";

    private static readonly TimeSpan WholeAgain = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Away = TimeSpan.FromSeconds(
        int.Parse(Environment.GetEnvironmentVariable("ACTORSOCKET_STORE_AWAY") ?? "5", CultureInfo.InvariantCulture));

    /// <param name="isGone">Else it does not answer, which takes a time-out to find out.</param>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_store_that_is_away_for_a_while_costs_no_tick_no_state_and_nothing_is_said_to_be_saved(bool isGone)
    {
        await using var database = await PostgresServer.StartAsync();
        await using var cluster = await TestCluster.StartAsync(
            3, "--ActorSocket:Cluster:StableAfter=00:00:03", $"--postgres={database.ConnectionString}");
        try
        {
            for (var i = 0; i < Keepers; i++)
            {
                await KeptAsync(cluster, i, IdOf(i), i);
                Assert.Null((await NodeOf(cluster, i).SaveAsync(IdOf(i))).Refusal);
            }
            await KeptAsync(cluster, 0, Saver, 1);

            await (isGone ? database.CrashAsync() : database.PauseAsync());
            var (told, slowest) = await LiveWithoutStoreAsync(cluster, isGone);
            var living = await AllAsync(cluster);
            Assert.All(living, one => Assert.Equal(NumberOf(one.Id) + told, one.Count));
            var pause = living.Max(static one => one.LongestPause);

            await (isGone ? database.StartAgainAsync() : database.ContinueAsync());
            var back = Stopwatch.GetTimestamp();
            await SavedByThemselvesAsync(database, cluster, told);
            var saved = Stopwatch.GetElapsedTime(back);
            await NodeProcess.UntilAsync(
                async () => (await NodeOf(cluster, 1).KeepAsync("made while it was away 1", 1)).Refusal is null,
                "those that could not start to start",
                WholeAgain,
                cluster.Explain);
            for (var i = 0; i < Keepers; i++)
            {
                var number = i;
                await NodeProcess.UntilAsync(
                    async () => (await NodeOf(cluster, number).SaveAsync(IdOf(number))).Refusal is null,
                    "what is saved when asked to be saved again",
                    WholeAgain,
                    cluster.Explain);
            }
            output.WriteLine(
                $"{(isGone ? "gone" : "silent")} for {Away.TotalSeconds} s: each of {Keepers} entities was told {told} things meanwhile; "
                + $"the longest pause between two ticks, of 100 ms: {pause} ms; the slowest refusal took {slowest.TotalSeconds:f1} s; all "
                + $"were saved {saved.TotalSeconds:f1} s after it was back");
            Assert.InRange(pause, 0, 3000);
            if (isGone)
                await KillAsync(cluster, told);
        }
        catch
        {
            output.WriteLine(cluster.Explain());
            throw;
        }
    }

    /// <summary>A store that has just been started, on a machine that is busy, may take longer than an entity waits for it.</summary>
    private static Task KeptAsync(TestCluster cluster, int i, string id, int number) =>
        NodeProcess.UntilAsync(
            async () => (await NodeOf(cluster, i).KeepAsync(id, number)).Refusal is null, $"{id} to start", WholeAgain, cluster.Explain);

    /// <summary>Who lives goes on, and whatever needs the store is refused with the reason, soon.</summary>
    /// <returns>What each was told, and how long the slowest refusal took.</returns>
    private static async Task<(int Told, TimeSpan Slowest)> LiveWithoutStoreAsync(TestCluster cluster, bool isGone)
    {
        var (told, slowest, since) = (0, TimeSpan.Zero, Stopwatch.GetTimestamp());
        do
        {
            told++;
            var calls = Task.WhenAll(Enumerable.Range(0, Keepers).Select(i => NodeOf(cluster, i + told).KeepAsync(IdOf(i), 1)));
            Assert.All(await calls, static answer => Assert.Null(answer.Refusal));

            var asked = Stopwatch.GetTimestamp();
            var made = NodeOf(cluster, told).KeepAsync($"made while it was away {told}", 1);
            var save = NodeOf(cluster, told).SaveAsync(Saver);
            // One that waits behind another, which nobody answers, may take longer than who has asked does wait.
            if (!isGone && (IsOverdue(await made) || IsOverdue(await save)))
                continue;
            Assert.StartsWith(
                "EntityCallException: The entity cannot start: its state could not be loaded: ",
                (await made).Refusal,
                StringComparison.Ordinal);
            Assert.StartsWith("EntityCallException: The entity's state was not saved: ", (await save).Refusal, StringComparison.Ordinal);
            slowest = TimeSpan.FromTicks(Math.Max(slowest.Ticks, Stopwatch.GetElapsedTime(asked).Ticks));
        } while (Stopwatch.GetElapsedTime(since) < Away);
        return (told, slowest);
    }

    private static bool IsOverdue(KeeperAnswer answer) =>
        answer.Refusal?.StartsWith("TimeoutException: ", StringComparison.Ordinal) is true;

    /// <summary>The store has what each was told last, though nobody has asked for that.</summary>
    private static async Task SavedByThemselvesAsync(PostgresServer database, TestCluster cluster, int told)
    {
        string[] rows = [];
        await NodeProcess.UntilAsync(
            async () =>
            {
                rows = await database.QueryAsync(
                    "SELECT persistence_id || ' ' || convert_from(snapshot, 'UTF8') FROM actorsocket_entities ORDER BY sequence_number");
                return Enumerable.Range(0, Keepers).All(i => rows.Any(row =>
                    row.Contains($"/keeper/{IdOf(i)} ", StringComparison.Ordinal)
                    && row.Contains($"\"count\":{i + told},", StringComparison.Ordinal)));
            },
            "all to be saved after the store was back",
            WholeAgain,
            () => $"{string.Join('\n', rows)}\n{cluster.Explain()}");
    }

    /// <summary>kill -9 of a node: what is lost is no more than the interval of saving.</summary>
    private async Task KillAsync(TestCluster cluster, int told)
    {
        var victim = cluster.Nodes[^1];
        var before = await victim.KeepersAsync();
        Assert.NotEmpty(before);
        victim.Kill();
        await victim.EndAsync(WholeAgain);
        KeeperReport[] after = [];
        await NodeProcess.UntilAsync(
            async () => (after = await AllAsync(cluster)).Length == Keepers,
            "all to live again",
            WholeAgain,
            cluster.Explain);
        Assert.All(after, one => Assert.Equal(NumberOf(one.Id) + told, one.Count));
        var lost = before.Where(static one => one.Id.StartsWith("keeper ", StringComparison.Ordinal))
            .Max(one => one.Ticks - after.Single(next => next.Id == one.Id).TicksAtStart);
        output.WriteLine($"kill -9 of a node with {before.Length}: at most {lost} ticks of 100 ms were lost, with a save each second");
        Assert.InRange(lost, -100, 30);
    }

    private static async Task<KeeperReport[]> AllAsync(TestCluster cluster)
    {
        var all = await Task.WhenAll(cluster.Living.Select(static node => node.KeepersAsync()));
        return [.. all.SelectMany(static some => some).Where(static one => one.Id.StartsWith("keeper ", StringComparison.Ordinal))];
    }

    private static NodeProcess NodeOf(TestCluster cluster, int number) => cluster.Nodes[number % cluster.Nodes.Count];

    private static string IdOf(int number) => $"keeper {number}";

    private static int NumberOf(string id) => int.Parse(id.AsSpan("keeper ".Length), CultureInfo.InvariantCulture);
}
