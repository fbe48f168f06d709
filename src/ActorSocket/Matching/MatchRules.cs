namespace ActorSocket;

/// <summary>Who plays with whom, and for how long one waits: what a <see cref="MatchQueue"/> goes by.</summary>
public sealed record MatchRules
{
    /// <summary>The fewest players of a match; 2. From 1 to <see cref="MaxPlayers"/>.</summary>
    public int MinPlayers { get; init; } = 2;

    /// <summary>The most players of a match, and what is waited for first; 2. Up to 64.</summary>
    public int MaxPlayers { get; init; } = 2;

    /// <summary>
    /// How far the ranks in a match may be apart for a player who has just come; 100. The highest and the lowest rank differ by no more
    /// than anybody in the match accepts at that moment. Infinite where ranks do not matter.
    /// </summary>
    public double RankRange { get; init; } = 100;

    /// <summary>By how much that grows with each second of waiting; 10.</summary>
    public double RankRangeGrowth { get; init; } = 10;

    /// <summary>How far it grows at most; without end by default.</summary>
    public double MaxRankRange { get; init; } = double.PositiveInfinity;

    /// <summary>
    /// For how long a match of <see cref="MaxPlayers"/> is waited for: once its oldest ticket has waited so long, one of at least <see
    /// cref="MinPlayers"/> is made, as large as it can be. 10 s; zero for not at all.
    /// </summary>
    public TimeSpan WaitForFull { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// After which a ticket that nobody was found for leaves the queue (<see cref="UnmatchedReason.TimedOut"/>); 60 s, a day at most. What
    /// can be made of it is made before, also where <see cref="WaitForFull"/> is longer.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often matches are made: between 10 ms and a minute; 500 ms.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// The most tickets that wait, from 1 to 100 000; 10 000. More are refused with <c>QUEUE_FULL</c>. Each player has a seat in the queue,
    /// so <see cref="EntityOptions.MaxSeats"/> of its class, 1000, is a limit of players, too.
    /// </summary>
    public int MaxTickets { get; init; } = 10_000;

    internal void Check()
    {
        Demand(MaxPlayers is >= 1 and <= 64, $"{nameof(MaxPlayers)} is {MaxPlayers}; it must be between 1 and 64.");
        Demand(MinPlayers >= 1 && MinPlayers <= MaxPlayers, $"{nameof(MinPlayers)} is {MinPlayers}; it must be between 1 and MaxPlayers.");
        Demand(RankRange >= 0, $"{nameof(RankRange)} is {RankRange}; it must not be negative.");
        Demand(RankRangeGrowth >= 0, $"{nameof(RankRangeGrowth)} is {RankRangeGrowth}; it must not be negative.");
        Demand(MaxRankRange >= RankRange, $"{nameof(MaxRankRange)} is {MaxRankRange}; it must not be below RankRange, {RankRange}.");
        Demand(WaitForFull >= TimeSpan.Zero, $"{nameof(WaitForFull)} is {WaitForFull}; it must not be negative.");
        Demand(
            Timeout > TimeSpan.Zero && Timeout <= TimeSpan.FromDays(1),
            $"{nameof(Timeout)} is {Timeout}; it must be more than zero, and a day at most."
        );
        Demand(
            Interval >= TimeSpan.FromMilliseconds(10) && Interval <= TimeSpan.FromMinutes(1),
            $"{nameof(Interval)} is {Interval}; it must be between 00:00:00.0100000 and 00:01:00."
        );
        Demand(MaxTickets is >= 1 and <= 100_000, $"{nameof(MaxTickets)} is {MaxTickets}; it must be between 1 and 100000.");

        static void Demand(bool holds, string fault)
        {
            if (!holds)
                throw new InvalidOperationException("The queue's rules cannot be kept: " + fault);
        }
    }
}
