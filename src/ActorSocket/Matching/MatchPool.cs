namespace ActorSocket.Matching;

/// <summary>One that waits, as the pool knows it.</summary>
/// <param name="number">The age: of two, the lower one has waited for longer.</param>
internal sealed class PoolTicket(long number, int size, double rank, string group, DateTimeOffset since)
{
    public long Number => number;

    /// <summary>How many players it has.</summary>
    public int Size => size;

    public double Rank => rank;

    public string Group => group;

    public DateTimeOffset Since => since;

    /// <summary>It keeps its place and its age, and is in no match: a player is away for a moment.</summary>
    public bool IsPaused { get; set; }

    /// <summary>Until then it is in no match.</summary>
    public DateTimeOffset NotBefore { get; init; }

    // of the round that runs
    internal double Range { get; set; }

    internal bool IsTaken { get; set; }
}

/// <summary>What a round has come to.</summary>
/// <param name="Matches">Each from its oldest ticket to its youngest. These are out of the pool.</param>
/// <param name="TimedOut">So are these.</param>
/// <param name="IsCut">Whether there may be more matches than were asked for.</param>
internal sealed record PoolRound(IReadOnlyList<IReadOnlyList<PoolTicket>> Matches, IReadOnlyList<PoolTicket> TimedOut, bool IsCut);

/// <summary>
/// Makes matches of tickets. No clock, no actor and no network is in it. In a match the highest rank is above the lowest by no more than
/// anybody in it accepts: <see cref="RangeOf"/>.
/// </summary>
/// <remarks>
/// The oldest ticket has the first choice: among those who are near by rank, the narrowest range in which a match comes about, and of these
/// the oldest ones. It looks at <see cref="Nearest"/> of them, so that a round takes n log n steps for the order and a fixed number for
/// each ticket; who is further off is looked at by the tickets between, or later, when those have gone or accept more.
/// </remarks>
internal sealed class MatchPool(MatchRules rules)
{
    /// <summary>How many others a ticket looks at in a round.</summary>
    public const int Nearest = 64;

    /// <summary>How many sets it tries to fill: parties may not fit together in any of them.</summary>
    private const int MaxFills = 16;

    private readonly Dictionary<long, PoolTicket> _tickets = [];

    public int Count => _tickets.Count;

    public IReadOnlyCollection<PoolTicket> Tickets => _tickets.Values;

    public void Add(PoolTicket ticket) => _tickets.Add(ticket.Number, ticket);

    public PoolTicket? Find(long number) => _tickets.GetValueOrDefault(number);

    public bool Remove(long number) => _tickets.Remove(number);

    /// <summary>How far the ranks of a match may be apart that a ticket comes into.</summary>
    public static double RangeOf(MatchRules rules, TimeSpan waited) => Math.Min(
        rules.MaxRankRange,
        rules.RankRange + (rules.RankRangeGrowth * Math.Max(0, waited.TotalSeconds))
    );

    /// <param name="now">The time.</param>
    /// <param name="most">How many matches at most.</param>
    public PoolRound Round(DateTimeOffset now, int most)
    {
        var matches = new List<IReadOnlyList<PoolTicket>>();
        var groups = _tickets.Values.Where(ticket => !ticket.IsPaused && ticket.NotBefore <= now)
            .GroupBy(static ticket => ticket.Group, StringComparer.Ordinal);
        foreach (var group in groups)
        {
            if (matches.Count >= most)
                break;
            Match([.. group], now, most, matches);
        }
        foreach (var ticket in matches.SelectMany(static match => match))
            _tickets.Remove(ticket.Number);
        var isCut = matches.Count >= most;
        // One whose turn did not come has another one.
        var timedOut = isCut ? [] : _tickets.Values.Where(ticket => now - ticket.Since >= rules.Timeout).ToList();
        foreach (var ticket in timedOut)
            _tickets.Remove(ticket.Number);
        return new PoolRound(matches, timedOut, isCut);
    }

    private void Match(PoolTicket[] byAge, DateTimeOffset now, int most, List<IReadOnlyList<PoolTicket>> matches)
    {
        foreach (var ticket in byAge)
            (ticket.Range, ticket.IsTaken) = (RangeOf(rules, now - ticket.Since), false);
        Array.Sort(byAge, static (one, other) => one.Number.CompareTo(other.Number));
        var line = new RankLine(byAge);
        var search = new Search(rules.MaxPlayers);
        for (var i = 0; i < byAge.Length && matches.Count < most; i++)
        {
            var ticket = byAge[i];
            if (ticket.IsTaken)
                continue;
            var waited = now - ticket.Since;
            var least = waited >= rules.WaitForFull || waited >= rules.Timeout ? rules.MinPlayers : rules.MaxPlayers;
            if (search.Find(line.Around(i, Nearest), ticket, least) is not { } found)
                continue;
            foreach (var member in found)
            {
                member.IsTaken = true;
                line.Remove(member);
            }
            matches.Add(found);
        }
    }

    /// <summary>Tickets in the order of their ranks, from which some are taken out.</summary>
    private sealed class RankLine
    {
        private readonly PoolTicket[] _byRank;
        private readonly int[] _next;
        private readonly int[] _previous;
        private readonly int[] _placeOfAge;
        private readonly Dictionary<PoolTicket, int> _places;
        private readonly List<PoolTicket> _found = [];

        public RankLine(PoolTicket[] byAge)
        {
            _byRank = [.. byAge];
            Array.Sort(
                _byRank,
                static (one, other) => one.Rank.CompareTo(other.Rank) is var order and not 0 ? order : one.Number.CompareTo(other.Number)
            );
            var count = _byRank.Length;
            (_next, _previous, _places) = (new int[count], new int[count], new Dictionary<PoolTicket, int>(count));
            for (var i = 0; i < count; i++)
            {
                (_next[i], _previous[i]) = (i + 1, i - 1);
                _places.Add(_byRank[i], i);
            }
            _placeOfAge = Array.ConvertAll(byAge, ticket => _places[ticket]);
        }

        /// <summary>The one of this age, and those of the nearest ranks that it accepts, in the order of their ranks.</summary>
        public List<PoolTicket> Around(int age, int most)
        {
            var place = _placeOfAge[age];
            var own = _byRank[place];
            var (left, right) = (place, place);
            for (var i = 0; i < most; i++)
            {
                var toLeft = _previous[left] < 0 ? double.PositiveInfinity : own.Rank - _byRank[_previous[left]].Rank;
                var toRight = _next[right] >= _byRank.Length ? double.PositiveInfinity : _byRank[_next[right]].Rank - own.Rank;
                var isLeft = _next[right] >= _byRank.Length || (_previous[left] >= 0 && toLeft < toRight);
                if ((isLeft ? toLeft : toRight) > own.Range || (isLeft && _previous[left] < 0))
                    break;
                if (isLeft)
                    left = _previous[left];
                else
                    right = _next[right];
            }
            _found.Clear();
            for (var at = left; ; at = _next[at])
            {
                _found.Add(_byRank[at]);
                if (at == right)
                    return _found;
            }
        }

        public void Remove(PoolTicket ticket)
        {
            var place = _places[ticket];
            var (previous, next) = (_previous[place], _next[place]);
            if (previous >= 0)
                _next[previous] = next;
            if (next < _byRank.Length)
                _previous[next] = previous;
        }
    }

    /// <summary>Finds a match for one ticket among those that are near.</summary>
    private sealed class Search(int most)
    {
        private readonly List<double> _ranges = [];
        private readonly List<PoolTicket> _able = [];
        private readonly List<PoolTicket> _window = [];
        private PoolTicket[]? _best;
        private int _bestSize;
        private int _fills;

        /// <param name="near">In the order of their ranks, the ticket among them.</param>
        /// <param name="own">Whose match it is.</param>
        /// <param name="least">How many players it has at least.</param>
        public PoolTicket[]? Find(List<PoolTicket> near, PoolTicket own, int least)
        {
            var all = 0;
            _ranges.Clear();
            near.RemoveAll(ticket => ticket != own && ticket.Size + own.Size > most);
            foreach (var ticket in near)
            {
                all += ticket.Size;
                _ranges.Add(Math.Min(ticket.Range, own.Range));
            }
            if (all < least || !CanFill(near, own, least))
                return null;
            (_best, _bestSize, _fills) = (null, least - 1, 0);
            _ranges.Sort();
            for (var i = 0; i < _ranges.Count && _bestSize < most; i++)
            {
                if (i == 0 || _ranges[i] > _ranges[i - 1])
                    TryWithin(_ranges[i], near, own);
            }
            return _best;
        }

        /// <summary>Whether parties of these sizes come to a match at all, whatever their ranks: asked where that is quick.</summary>
        private bool CanFill(List<PoolTicket> near, PoolTicket own, int least)
        {
            if (most > 63)
                return true;
            var sizes = 1UL << own.Size; // bit n: some of them are n players
            foreach (var ticket in near)
            {
                if (ticket != own)
                    sizes |= sizes << ticket.Size;
            }
            var fitting = sizes << (63 - most); // those above are out
            return fitting >> (63 - most + least) != 0;
        }

        /// <summary>Of those who accept this range, all that are no further apart.</summary>
        private void TryWithin(double range, List<PoolTicket> near, PoolTicket own)
        {
            _able.Clear();
            foreach (var ticket in near)
            {
                if (ticket.Range >= range)
                    _able.Add(ticket);
            }
            var ownPlace = _able.IndexOf(own);
            var (end, size, last) = (0, 0, -1);
            for (var first = 0; first <= ownPlace; first++)
            {
                for (; end < _able.Count && _able[end].Rank - _able[first].Rank <= range; end++)
                    size += _able[end].Size;
                // One that ends where the one before did has nothing new.
                if (end > ownPlace && end > last && size > Math.Min(_bestSize, most - 1))
                {
                    last = end;
                    Fill(first, end, own);
                }
                size -= _able[first].Size;
            }
        }

        private void Fill(int first, int end, PoolTicket own)
        {
            if (_fills++ >= MaxFills)
                return;
            _window.Clear();
            for (var i = first; i < end; i++)
                _window.Add(_able[i]);
            _window.Sort(static (one, other) => one.Number.CompareTo(other.Number));
            var size = own.Size;
            _window.RemoveAll(ticket =>
            {
                if (ticket == own)
                    return false;
                if (size + ticket.Size > most)
                    return true;
                size += ticket.Size;
                return false;
            });
            if (size > _bestSize || (size == _bestSize && _best is not null && IsOlder(_window, _best)))
                (_best, _bestSize) = ([.. _window], size);
        }

        private static bool IsOlder(List<PoolTicket> one, PoolTicket[] other)
        {
            for (var i = 0; i < one.Count && i < other.Length; i++)
            {
                if (one[i].Number != other[i].Number)
                    return one[i].Number < other[i].Number;
            }
            return false;
        }
    }
}
