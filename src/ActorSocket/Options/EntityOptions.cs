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
    /// For how long an entity may go without a call before it retires, as by <see cref="RoomEntity.Retire"/>: its state is gone. Ticks do
    /// not count as calls. Null, the default: for ever.
    /// </summary>
    public TimeSpan? IdleTimeout { get; set; }

    internal EntityOptions Copy() => new() { MaxEntities = MaxEntities, IdleTimeout = IdleTimeout };

    internal IEnumerable<string> Faults(string prefix)
    {
        if (MaxEntities < 1)
            yield return $"{prefix}{nameof(MaxEntities)} is {MaxEntities}; it must be 1 at least.";
        if (IdleTimeout is { } idle && (idle < TimeSpan.FromMilliseconds(100) || idle > TimeSpan.FromDays(365)))
            yield return $"{prefix}{nameof(IdleTimeout)} is {idle}; it must be between 00:00:00.1000000 and 365.00:00:00, or absent.";
    }
}
