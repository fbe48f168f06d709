using ActorSocket.Entities;

namespace ActorSocket;

// Seats that are reserved from outside of the entity.
public sealed partial class RoomEntities<TEntity>
{
    /// <summary>
    /// Reserves seats of an entity, all or none, for those who show the tokens within its <see cref="Seats.ReservationTime"/>: by a method
    /// of the entity that calls <see cref="Seats.ReturnAsync"/>. The entity decides, so however many ask at once, it has no more than its
    /// <see cref="Seats.Capacity"/>; and it may refuse, or learn what is wanted of it, in <see cref="RoomEntity.OnReservedAsync"/>.
    /// </summary>
    /// <param name="id">Which entity. It is started if it is not there.</param>
    /// <param name="names">What the entity calls those who come, one for each seat: 1000 at most, of 256 characters each.</param>
    /// <param name="options">What <see cref="RoomEntity.OnReservedAsync"/> is given; serialised as JSON.</param>
    /// <param name="cancellationToken">Ends the wait; the seats may be reserved nevertheless, and are free again when their time is
    /// over.</param>
    /// <returns>One for each name, in that order.</returns>
    /// <exception cref="EntityCallException">
    /// Refused, with an <see cref="EventException"/> of the code <c>SEATS_FULL</c> or <c>SEATS_LOCKED</c>, or with what <see
    /// cref="RoomEntity.OnReservedAsync"/> threw; or the entity could not start.
    /// </exception>
    /// <exception cref="TimeoutException">No answer within the limit.</exception>
    public async Task<IReadOnlyList<SeatReservation>> ReserveAsync(
        string id, IReadOnlyList<string> names, object? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(names);
        if (names.Count is < 1 or > Seats.MostReserved)
            throw new ArgumentException($"{names.Count} seats were asked for; it must be 1 to {Seats.MostReserved}.", nameof(names));
        foreach (var name in names)
            Seats.CheckName(name);
        var reservation = await InvokeCoreAsync<Reservation>(id, RoomEntity.ReserveMethod, [names, options], cancellationToken)
            .ConfigureAwait(false);
        return Array.ConvertAll(reservation!.Seats, seat => new SeatReservation(id, seat.Number, seat.Token));
    }

    /// <summary>The entities that publish something (<see cref="RoomEntity.Listing"/>), on all nodes.</summary>
    /// <typeparam name="TListing">What listings are read as: a record, best.</typeparam>
    public ListedRooms<TListing> Listed<TListing>() => new(Caller);
}

public sealed partial class RoomEntities<TEntity, TContract>
{
    /// <inheritdoc cref="RoomEntities{TEntity}.ReserveAsync"/>
    public Task<IReadOnlyList<SeatReservation>> ReserveAsync(
        string id, IReadOnlyList<string> names, object? options = null, CancellationToken cancellationToken = default) =>
        ByName.ReserveAsync(id, names, options, cancellationToken);

    /// <inheritdoc cref="RoomEntities{TEntity}.Listed"/>
    public ListedRooms<TListing> Listed<TListing>() => ByName.Listed<TListing>();
}
