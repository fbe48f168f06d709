using ActorSocket.Listings;

namespace ActorSocket;

/// <summary>
/// Listed rooms by a key, such as their mode: <c>var byMode = lobby.IndexBy(room => room.Listing.Mode)</c>, and then
/// <c>byMode["ctf"].Where(room => room.Free > 0)</c>, which looks at those alone. Made once, and kept.
/// </summary>
/// <remarks>Any thread. Some 200 bytes for each room that is listed.</remarks>
/// <typeparam name="TKey">What they are looked for by: compared by its equality.</typeparam>
/// <typeparam name="TListing">What listings are read as.</typeparam>
#pragma warning disable CA1711, CA1710 // it is an index
public sealed class ListedRoomIndex<TKey, TListing> : IDisposable
#pragma warning restore CA1711, CA1710
    where TKey : notnull
{
    private readonly ListedRooms<TListing> _rooms;
    private readonly Func<ListedRoom<TListing>, TKey> _keyOf;
    private readonly ListingIndex<TKey, TListing> _index;

    internal ListedRoomIndex(
        ListedRooms<TListing> rooms, Func<ListedRoom<TListing>, TKey> keyOf, ListingIndex<TKey, TListing> index) =>
        (_rooms, _keyOf, _index) = (rooms, keyOf, index);

    /// <summary>Those of this key, in no order; none where there is none.</summary>
    public IReadOnlyList<ListedRoom<TListing>> this[TKey key] => [.. _rooms.Read(_index.Of(key))];

    /// <summary>The keys that there are.</summary>
    public IReadOnlyCollection<TKey> Keys => _index.Keys;

    /// <summary>As that of <see cref="ListedRooms{TListing}"/>, among those of one key: it looks at no others.</summary>
    /// <param name="key">Which rooms fit.</param>
    /// <param name="name">What the room calls who comes, 256 characters at most.</param>
    /// <param name="where">Which of those fit; null for all.</param>
    /// <param name="options">What <see cref="RoomEntity.OnReservedAsync"/> is given: a new room sets itself up by it.</param>
    /// <param name="cancellationToken">Ends the wait; the seat may be reserved nevertheless, and is free again in a while.</param>
    /// <returns>The seat, in that room.</returns>
    /// <exception cref="EntityCallException">A new room refused it, or could not start.</exception>
    /// <exception cref="TimeoutException">A new room did not answer within the limit, or nobody of those who wait before did.</exception>
    public async Task<SeatReservation> JoinOrCreateAsync(
        TKey key, string name, Func<ListedRoom<TListing>, bool>? where = null, object? options = null,
        CancellationToken cancellationToken = default) =>
        (await JoinOrCreateAsync(key, [name], where, options, cancellationToken).ConfigureAwait(false))[0];

    /// <summary>Likewise seats for some who stay together, all in one room.</summary>
    /// <param name="key">Which rooms fit.</param>
    /// <param name="names">What the room calls those who come, one for each seat, 256 characters each at most.</param>
    /// <param name="where">Which of those fit; null for all.</param>
    /// <param name="options">What <see cref="RoomEntity.OnReservedAsync"/> is given: a new room sets itself up by it.</param>
    /// <param name="cancellationToken">Ends the wait; seats may be reserved nevertheless, and are free again in a while.</param>
    /// <returns>One for each name, in that order.</returns>
    /// <exception cref="EntityCallException">A new room refused it, or could not start.</exception>
    /// <exception cref="TimeoutException">A new room did not answer within the limit, or nobody of those who wait before did.</exception>
    public Task<IReadOnlyList<SeatReservation>> JoinOrCreateAsync(
        TKey key, IReadOnlyList<string> names, Func<ListedRoom<TListing>, bool>? where = null, object? options = null,
        CancellationToken cancellationToken = default) =>
        _rooms.JoinOrCreateAsync(
            names,
            () => _index.Of(key),
            room => EqualityComparer<TKey>.Default.Equals(_keyOf(room), key) && (where is null || where(room)),
            options,
            cancellationToken
        );

    /// <summary>It follows the list no more.</summary>
    public void Dispose() => _index.Dispose();
}
