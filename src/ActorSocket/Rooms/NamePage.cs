namespace ActorSocket.Rooms;

/// <summary>
/// A page of many names, in ordinal order. Pages that several nodes make of their own names become the page of all of them by being paged
/// once more.
/// </summary>
internal static class NamePage
{
    public const int DefaultLimit = 1000;

    /// <summary>An answer between nodes is some megabytes then, at worst.</summary>
    public const int MaxLimit = 10_000;

    private static readonly Comparer<string> LargestFirst = Comparer<string>.Create(static (one, other) =>
        string.CompareOrdinal(other, one)
    );

    public static void Check(string prefix, int limit)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        if (limit is < 1 or > MaxLimit)
            throw new ArgumentOutOfRangeException(
                nameof(limit), limit, $"A page has between 1 and {MaxLimit} names: ask for the next one with the last name of this one.");
    }

    /// <summary>Looks at each name once, and keeps no more than the page has.</summary>
    /// <param name="names">All of them, in any order; none twice.</param>
    /// <param name="prefix">What they begin with.</param>
    /// <param name="after">The last name of the page before; null for the first page.</param>
    /// <param name="limit">How many at most.</param>
    public static List<string> Of(IEnumerable<string> names, string prefix, string? after, int limit)
    {
        var kept = new PriorityQueue<string, string>(LargestFirst);
        foreach (var name in names)
        {
            if (!name.StartsWith(prefix, StringComparison.Ordinal) || (after is not null && string.CompareOrdinal(name, after) <= 0))
                continue;
            if (kept.Count < limit)
                kept.Enqueue(name, name);
            else if (string.CompareOrdinal(name, kept.Peek()) < 0)
                kept.EnqueueDequeue(name, name);
        }
        var page = new List<string>(kept.Count);
        while (kept.TryDequeue(out var name, out _))
            page.Add(name);
        page.Reverse();
        return page;
    }
}
