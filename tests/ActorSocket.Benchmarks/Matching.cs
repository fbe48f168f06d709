using ActorSocket.Matching;

namespace ActorSocket.Benchmarks;

/// <summary>What a round of a queue for matches costs, in processor time: <c>-- matching [--tickets N]</c>.</summary>
internal static class Matching
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static int Run(string[] args)
    {
        var tickets = args is ["--tickets", var text] ? int.Parse(text) : 10_000;
        Console.WriteLine($"{tickets} tickets, ranks between 0 and 3000 unless it is said.");
        Console.WriteLine("| a round | |");
        Console.WriteLine("|---|---|");
        var duel = new MatchRules { MaxTickets = 100_000 };
        var five = duel with { MinPlayers = 10, MaxPlayers = 10 };
        Once("pairs, all find one", duel, tickets, static _ => 1, static dice => dice.NextDouble() * 3000);
        Once("tens, all find one", five, tickets, static _ => 1, static dice => dice.NextDouble() * 3000);
        Once("pairs, nobody finds one: ranks far apart", duel, tickets, static _ => 1, static dice => dice.NextDouble() * 1e9);
        Once("tens, nobody finds one: parties of four", five, tickets, static _ => 4, static dice => dice.NextDouble() * 3000);
        Once("tens, parties of one to four", five, tickets, static dice => dice.Next(1, 5), static dice => dice.NextDouble() * 3000);
        return 0;
    }

    private static void Once(string what, MatchRules rules, int count, Func<Random, int> sizeOf, Func<Random, double> rankOf)
    {
        var (best, matches) = (double.MaxValue, 0);
        for (var run = 0; run < 5; run++)
        {
            var dice = new Random(1);
            var pool = new MatchPool(rules);
            for (var i = 0; i < count; i++)
                pool.Add(new PoolTicket(i, sizeOf(dice), rankOf(dice), "", Start + TimeSpan.FromSeconds(dice.NextDouble() * 9)));
            var begun = Environment.CpuUsage.TotalTime;
            matches = pool.Round(Start + TimeSpan.FromSeconds(9), int.MaxValue).Matches.Count;
            best = Math.Min(best, (Environment.CpuUsage.TotalTime - begun).TotalMilliseconds);
        }
        Console.WriteLine($"| {what} | {best:0} ms, {matches} matches |");
    }
}
