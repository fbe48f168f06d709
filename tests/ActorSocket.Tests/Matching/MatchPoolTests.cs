using ActorSocket.Matching;
using CsCheck;

namespace ActorSocket.Tests.Matching;

/// <summary>Who is matched with whom, round by round.</summary>
public sealed class MatchPoolTests
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly Gen<MatchRules> AnyRules =
        Gen.Select(Gen.Int[1, 6], Gen.Int[0, 5], Gen.Double[0, 60], Gen.Double[0, 20], Gen.Double[0, 100], Gen.Int[0, 20], Gen.Int[1, 40])
            .Select(static (least, more, range, growth, most, full, timeout) => new MatchRules
            {
                MinPlayers = least,
                MaxPlayers = least + more,
                RankRange = range,
                RankRangeGrowth = growth,
                MaxRankRange = range + most,
                WaitForFull = TimeSpan.FromSeconds(full),
                Timeout = TimeSpan.FromSeconds(timeout),
            });

    // What happens: somebody comes, of a size, a rank and a group; somebody goes, or is away, or back; time passes, and matches are made.
    private static readonly Gen<(int What, int Size, double Rank, int Group)> AnyStep =
        Gen.Select(Gen.Int[0, 9], Gen.Int[1, 4], Gen.Double[0, 300], Gen.Int[0, 1]);

    [Fact]
    public void Nobody_is_in_two_matches_or_lost_and_no_match_breaks_the_rules() =>
        Gen.Select(AnyRules, AnyStep.Array[1, 120]).Sample(static (rules, steps) =>
        {
            var world = new World(rules);
            foreach (var (what, size, rank, group) in steps)
                world.Take(what, size, rank, group);
            world.Wait(rules.Timeout);
            world.Round(int.MaxValue);
            Assert.Equal(0, world.Pool.Count); // each was matched, has gone, or was told that nobody was found
            world.AssertAllAccountedFor();
        });

    [Fact]
    public void After_a_round_no_two_are_left_who_would_play_together() =>
        Gen.Select(Gen.Double[0, 300].Array[0, MatchPool.Nearest + 1], Gen.Double[0, 40], Gen.Double[0, 5]).Sample(
            static (ranks, range, growth) =>
            {
                var rules = new MatchRules { RankRange = range, RankRangeGrowth = growth, Timeout = TimeSpan.FromDays(1) };
                var pool = new MatchPool(rules);
                for (var i = 0; i < ranks.Length; i++)
                    pool.Add(new PoolTicket(i, 1, ranks[i], "", Start + TimeSpan.FromSeconds(i)));
                var now = Start + TimeSpan.FromSeconds(ranks.Length);
                pool.Round(now, int.MaxValue);
                foreach (var one in pool.Tickets)
                {
                    foreach (var other in pool.Tickets.Where(other => other != one))
                    {
                        var accepted = Math.Min(
                            MatchPool.RangeOf(rules, now - one.Since), MatchPool.RangeOf(rules, now - other.Since));
                        Assert.True(Math.Abs(one.Rank - other.Rank) > accepted, $"{one.Number} and {other.Number} are left");
                    }
                }
            });

    [Fact]
    public void Among_equals_who_came_first_plays_first() => Gen.Select(Gen.Int[2, 5], Gen.Int[0, 300]).Sample(static (size, count) =>
    {
        var pool = new MatchPool(new MatchRules { MinPlayers = size, MaxPlayers = size });
        foreach (var number in Enumerable.Range(0, count).Reverse())
            pool.Add(new PoolTicket(number, 1, 1500, "", Start));
        var round = pool.Round(Start, int.MaxValue);
        Assert.Equal(Enumerable.Range(0, count / size * size).Select(static number => (long)number), NumbersOf(round));
    });

    [Fact]
    public void The_oldest_has_the_first_choice_and_takes_the_oldest_of_those_within_its_reach()
    {
        var pool = new MatchPool(new MatchRules { RankRange = 50, RankRangeGrowth = 0 });
        Put(pool, (1, 1500, ""), (2, 1400, ""), (3, 1541, ""), (4, 1501, ""), (5, 1449, ""), (6, 1500, "other"));
        Assert.Equal([1, 3, 2, 5], NumbersOf(pool.Round(Start, int.MaxValue)));
        Assert.Equal([4, 6], pool.Tickets.Select(static ticket => ticket.Number).Order());
    }

    [Fact]
    public void A_narrow_newcomer_between_two_who_accept_more_does_not_keep_them_apart()
    {
        var rules = new MatchRules { MinPlayers = 3, MaxPlayers = 3, RankRange = 10, RankRangeGrowth = 10 };
        var pool = new MatchPool(rules);
        foreach (var (number, rank) in new[] { (1, 1000.0), (2, 1100.0), (3, 1050.0) })
            pool.Add(new PoolTicket(number, 1, rank, "", Start));
        var later = Start + TimeSpan.FromSeconds(10);
        foreach (var (number, rank) in new[] { (4, 1001.0), (5, 1051.0), (6, 1099.0) })
            pool.Add(new PoolTicket(number, 1, rank, "", later));
        Assert.Equal([1, 2, 3], NumbersOf(pool.Round(later, int.MaxValue)));
    }

    [Fact]
    public void A_full_match_is_waited_for_and_then_what_there_is_plays()
    {
        var rules = new MatchRules { MinPlayers = 2, MaxPlayers = 4, WaitForFull = TimeSpan.FromSeconds(5) };
        var pool = new MatchPool(rules);
        Put(pool, (1, 0, ""), (2, 0, ""), (3, 0, ""));
        Assert.Empty(pool.Round(Start + TimeSpan.FromSeconds(4), int.MaxValue).Matches);
        Assert.Equal([1, 2, 3], NumbersOf(pool.Round(Start + TimeSpan.FromSeconds(5), int.MaxValue)));
        Put(pool, (4, 0, ""));
        var last = pool.Round(Start + TimeSpan.FromSeconds(60), int.MaxValue);
        Assert.Equal([4], last.TimedOut.Select(static ticket => ticket.Number));
    }

    [Fact]
    public void A_party_comes_whole_and_one_that_is_away_is_passed_over()
    {
        var pool = new MatchPool(new MatchRules { MinPlayers = 4, MaxPlayers = 4 });
        pool.Add(new PoolTicket(1, 2, 0, "", Start));
        pool.Add(new PoolTicket(2, 3, 0, "", Start));
        pool.Add(new PoolTicket(3, 2, 0, "", Start) { IsPaused = true });
        pool.Add(new PoolTicket(4, 1, 0, "", Start));
        Assert.Equal([2, 4], NumbersOf(pool.Round(Start, int.MaxValue)));
        pool.Find(3)!.IsPaused = false;
        Assert.Equal([1, 3], NumbersOf(pool.Round(Start, int.MaxValue)));
    }

    [Fact]
    public void A_round_that_is_cut_short_times_nobody_out()
    {
        var pool = new MatchPool(new MatchRules());
        Put(pool, (1, 0, ""), (2, 0, ""), (3, 0, ""), (4, 0, ""), (5, 0, ""));
        var round = pool.Round(Start + TimeSpan.FromHours(1), 1);
        Assert.True(round.IsCut);
        Assert.Empty(round.TimedOut);
        round = pool.Round(Start + TimeSpan.FromHours(1), 10);
        Assert.Equal([3, 4], NumbersOf(round));
        Assert.Equal(5, Assert.Single(round.TimedOut).Number);
    }

    private static void Put(MatchPool pool, params (long Number, double Rank, string Group)[] tickets)
    {
        foreach (var (number, rank, group) in tickets)
            pool.Add(new PoolTicket(number, 1, rank, group, Start));
    }

    private static IEnumerable<long> NumbersOf(PoolRound round) =>
        round.Matches.SelectMany(static match => match).Select(static ticket => ticket.Number);

    private sealed class World(MatchRules rules)
    {
        private readonly Dictionary<long, PoolTicket> _known = [];
        private readonly HashSet<long> _over = [];
        private DateTimeOffset _now = Start;
        private long _last;

        public MatchPool Pool { get; } = new(rules);

        public void Wait(TimeSpan time) => _now += time;

        public void Take(int what, int size, double rank, int group)
        {
            if (what <= 4)
                Come(Math.Min(size, rules.MaxPlayers), rank, group);
            else if (what == 5 && Some(rank) is { } gone)
                Over(gone, Pool.Remove(gone.Number));
            else if (what == 6 && Some(rank) is { } away)
                away.IsPaused = !away.IsPaused;
            else
            {
                Wait(TimeSpan.FromSeconds(rank / 30));
                Round(what == 9 ? 1 : int.MaxValue);
            }
        }

        public void Round(int most)
        {
            var round = Pool.Round(_now, most);
            Assert.True(round.Matches.Count <= most);
            foreach (var match in round.Matches)
            {
                var players = match.Sum(static ticket => ticket.Size);
                Assert.InRange(players, rules.MinPlayers, rules.MaxPlayers);
                Assert.Single(match.Select(static ticket => ticket.Group).Distinct(StringComparer.Ordinal));
                Assert.DoesNotContain(match, static ticket => ticket.IsPaused);
                var spread = match.Max(static ticket => ticket.Rank) - match.Min(static ticket => ticket.Rank);
                Assert.All(match, ticket => Assert.True(spread <= MatchPool.RangeOf(rules, _now - ticket.Since)));
                if (players < rules.MaxPlayers)
                    Assert.Contains(match, ticket => _now - ticket.Since >= rules.WaitForFull || _now - ticket.Since >= rules.Timeout);
                Assert.Equal(match.Select(static ticket => ticket.Number).Order(), match.Select(static ticket => ticket.Number));
                foreach (var ticket in match)
                    Over(ticket, wasIn: true);
            }
            foreach (var ticket in round.TimedOut)
            {
                Assert.True(_now - ticket.Since >= rules.Timeout);
                Over(ticket, wasIn: true);
            }
        }

        public void AssertAllAccountedFor() => Assert.Equal(_known.Count, _over.Count);

        private void Come(int size, double rank, int group)
        {
            var ticket = new PoolTicket(++_last, size, rank, group == 0 ? "red" : "blue", _now);
            _known.Add(ticket.Number, ticket);
            Pool.Add(ticket);
        }

        private PoolTicket? Some(double dice) => _known.GetValueOrDefault(1 + ((long)dice % Math.Max(1, _last))) is { } ticket
            && !_over.Contains(ticket.Number) ? ticket : null;

        private void Over(PoolTicket ticket, bool wasIn)
        {
            Assert.True(wasIn);
            Assert.True(_over.Add(ticket.Number), $"{ticket.Number} has two ends");
            Assert.Null(Pool.Find(ticket.Number));
        }
    }
}
