namespace ActorSocket.Entities;

/// <summary>A method that an entity wants to be called later.</summary>
/// <param name="Method">Its <see cref="EventAttribute"/>'s name.</param>
/// <param name="Due">By the clock, which other nodes have too.</param>
/// <param name="Interval">After which it is due again; zero for once.</param>
internal sealed record EntityTimer(string Method, DateTimeOffset Due, TimeSpan Interval)
{
    public static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(10);
    public static readonly TimeSpan Longest = TimeSpan.FromDays(365);

    /// <summary>What is due after it: at the next whole multiple of the interval, so that those that were missed are left out.</summary>
    public EntityTimer? After(DateTimeOffset now)
    {
        if (Interval == TimeSpan.Zero)
            return null;
        var missed = now > Due ? (now - Due).Ticks / Interval.Ticks : 0;
        return this with { Due = Due + ((missed + 1) * Interval) };
    }
}
