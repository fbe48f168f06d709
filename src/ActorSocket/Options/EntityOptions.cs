namespace ActorSocket;

/// <summary>
/// Limits of entities: clients often choose their ids. <see cref="ActorSocketOptions.Entities"/> is for all classes, and what a class
/// begins with that sets its own in <see cref="RoomEntityExtensions.MapEntities{TEntity}(Namespace, string, Action{EntityOptions})"/>.
/// </summary>
public sealed class EntityOptions
{
    /// <summary>
    /// The most entities of one class on one node. Calls of an id that is not there are then refused with an
    /// <see cref="EntityCallException"/>; one that lived, and moves here, is let in. 100 000.
    /// </summary>
    public int MaxEntities { get; set; } = 100_000;

    /// <summary>
    /// For how long an entity may go without a call before it retires, as by <see cref="RoomEntity.Retire"/>: its state is gone, unless it
    /// is a <see cref="RoomEntity{TState}"/>, which is saved. Ticks do not count as calls, and one with seats is not idle. Null, the
    /// default: for ever.
    /// </summary>
    public TimeSpan? IdleTimeout { get; set; }

    /// <summary>
    /// How often a <see cref="RoomEntity{TState}"/> whose state has changed is saved: what its node's crash may cost. Between 100 ms and a
    /// day; 5 s.
    /// </summary>
    public TimeSpan SaveInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The most bytes of JSON that the state of a <see cref="RoomEntity{TState}"/> may have to be saved; 1 MiB. A bigger one is not saved,
    /// which is logged, and told to who waits for <see cref="RoomEntity{TState}.SaveAsync"/>.
    /// </summary>
    public int MaxStateBytes { get; set; } = 1024 * 1024;

    /// <summary>
    /// The most seats of one entity (<see cref="Seats"/>), reserved and lost ones included, whatever the entity sets as their capacity.
    /// Between 1 and 100 000; 1000.
    /// </summary>
    public int MaxSeats { get; set; } = 1000;

    /// <summary>The most bytes of JSON that a <see cref="RoomEntity.Listing"/> may have: from 1 to 16 384; 2048.</summary>
    public int MaxListingBytes { get; set; } = 2048;

    /// <summary>
    /// How often an entity's listing is told to the cluster at most, however often it changes: between 10 ms and a minute; 200 ms. A change
    /// after a quiet time is told at once.
    /// </summary>
    public TimeSpan ListingInterval { get; set; } = TimeSpan.FromMilliseconds(200);

    internal EntityOptions Copy() => (EntityOptions)MemberwiseClone();

    internal IEnumerable<string> Faults(string prefix)
    {
        if (MaxEntities < 1)
            yield return $"{prefix}{nameof(MaxEntities)} is {MaxEntities}; it must be 1 at least.";
        if (IdleTimeout is { } idle && (idle < TimeSpan.FromMilliseconds(100) || idle > TimeSpan.FromDays(365)))
            yield return $"{prefix}{nameof(IdleTimeout)} is {idle}; it must be between 00:00:00.1000000 and 365.00:00:00, or absent.";
        if (SaveInterval < TimeSpan.FromMilliseconds(100) || SaveInterval > TimeSpan.FromDays(1))
            yield return $"{prefix}{nameof(SaveInterval)} is {SaveInterval}; it must be between 00:00:00.1000000 and 1.00:00:00.";
        if (MaxSeats is < 1 or > 100_000)
            yield return $"{prefix}{nameof(MaxSeats)} is {MaxSeats}; it must be between 1 and 100000.";
        if (MaxListingBytes is < 1 or > 16_384)
            yield return $"{prefix}{nameof(MaxListingBytes)} is {MaxListingBytes}; it must be between 1 and 16384.";
        if (ListingInterval < TimeSpan.FromMilliseconds(10) || ListingInterval > TimeSpan.FromMinutes(1))
            yield return $"{prefix}{nameof(ListingInterval)} is {ListingInterval}; it must be between 00:00:00.0100000 and 00:01:00.";
        if (MaxStateBytes < 1)
            yield return $"{prefix}{nameof(MaxStateBytes)} is {MaxStateBytes}; it must be 1 at least.";
    }
}
