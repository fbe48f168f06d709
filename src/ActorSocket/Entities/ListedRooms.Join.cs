using System.Text;
using System.Text.Json;
using ActorSocket.Entities;
using ActorSocket.Listings;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket;

// A seat in one of them, or in a new one.
public sealed partial class ListedRooms<TListing>
{
    /// <summary>How many rooms are asked before a new one is made.</summary>
    private const int MaxAsked = 8;

    /// <summary>Of how many that fit the fullest are looked for.</summary>
    private const int MaxLooked = 64;

    /// <summary>How many of those that are asked may not answer.</summary>
    private const int MaxSilent = 2;

    /// <summary>
    /// Reserves a seat in a listed room that fits, or in a new one when there is none: for whoever shows its token to a method of the
    /// entity that calls <see cref="Seats.ReturnAsync"/>.
    /// </summary>
    /// <inheritdoc cref="JoinOrCreateAsync(IReadOnlyList{string}, Func{ListedRoom{TListing}, bool}, object, CancellationToken)"/>
    /// <param name="name">What the room calls who comes, 256 characters at most.</param>
    public async Task<SeatReservation> JoinOrCreateAsync(
        string name, Func<ListedRoom<TListing>, bool>? where = null, object? options = null,
        CancellationToken cancellationToken = default) =>
        (await JoinOrCreateAsync([name], where, options, cancellationToken).ConfigureAwait(false))[0];

    /// <summary>Likewise seats for some who stay together, all in one room.</summary>
    /// <remarks>
    /// <para>The room decides, and never has more than its <see cref="Seats.Capacity"/>, however many ask at once: who is refused is given
    /// another one. Whether it fits is looked at again with what it said just before. Of those that fit, the fullest is asked first (of
    /// the first 64 that are found). When eight have refused, a new one is made, of an id of its own (32 hexadecimal digits), which is not
    /// compared with <paramref name="where"/>.</para>
    /// <para>On each node, one caller at a time makes a room of a class, and the others who wait look again: so a node makes none while one
    /// that it has made, or knows, has a place. Callers on n nodes at once leave up to n rooms that are not full.</para>
    /// </remarks>
    /// <param name="names">What the room calls those who come, one for each seat, 256 characters each at most.</param>
    /// <param name="where">Which rooms fit; null for all.</param>
    /// <param name="options">What <see cref="RoomEntity.OnReservedAsync"/> is given: a new room sets itself up by it.</param>
    /// <param name="cancellationToken">Ends the wait; seats may be reserved nevertheless, and are free again in a while.</param>
    /// <returns>One for each name, in that order.</returns>
    /// <exception cref="EntityCallException">A new room refused it, or could not start.</exception>
    /// <exception cref="TimeoutException">A new room did not answer within the limit, or nobody of those who wait before did.</exception>
    public Task<IReadOnlyList<SeatReservation>> JoinOrCreateAsync(
        IReadOnlyList<string> names, Func<ListedRoom<TListing>, bool>? where = null, object? options = null,
        CancellationToken cancellationToken = default) =>
        JoinOrCreateAsync(names, () => _table.All, where, options, cancellationToken);

    internal async Task<IReadOnlyList<SeatReservation>> JoinOrCreateAsync(
        IReadOnlyList<string> names, Func<IEnumerable<KeyValuePair<string, ListedEntity>>> among, Func<ListedRoom<TListing>, bool>? where,
        object? options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(names);
        if (names.Count is < 1 or > Seats.MostReserved)
            throw new ArgumentException($"{names.Count} seats were asked for; it must be 1 to {Seats.MostReserved}.", nameof(names));
        foreach (var name in names)
            Seats.CheckName(name);
        var asked = new HashSet<string>(StringComparer.Ordinal);
        if (await JoinAsync(names, among, where, options, asked, MaxSilent, cancellationToken).ConfigureAwait(false) is { } found)
            return found;
        await TakeTurnAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (await JoinAsync(names, among, where, options, asked, mostSilent: 0, cancellationToken).ConfigureAwait(false) is { } made)
                return made;
            var id = Guid.NewGuid().ToString("N");
            return await ReserveAsync(id, RoomEntity.ReserveMethod, names, null, options, cancellationToken).ConfigureAwait(false)
                ?? throw new InvalidOperationException("A room without a filter fits.");
        }
        finally
        {
            Interlocked.Increment(ref _table.Turns);
            _table.Creating.Release();
        }
    }

    /// <summary>However long the line is, as long as it moves on.</summary>
    /// <exception cref="TimeoutException">It does not.</exception>
    private async Task TakeTurnAsync(CancellationToken cancellationToken)
    {
        var limit = Server.Adapter.RequestTimeout;
        while (true)
        {
            var turns = Interlocked.Read(ref _table.Turns);
            if (await _table.Creating.WaitAsync(limit, cancellationToken).ConfigureAwait(false))
                return;
            if (turns == Interlocked.Read(ref _table.Turns))
                throw new TimeoutException($"Others of this node are making a \"{_caller.Type}\", and none came to an end within {limit}.");
        }
    }

    private async Task<IReadOnlyList<SeatReservation>?> JoinAsync(
        IReadOnlyList<string> names, Func<IEnumerable<KeyValuePair<string, ListedEntity>>> among, Func<ListedRoom<TListing>, bool>? where,
        object? options, HashSet<string> asked, int mostSilent, CancellationToken cancellationToken)
    {
        var silent = 0;
        foreach (var id in Candidates(names.Count, among, where, asked))
        {
            if (Newest(id) is not { } known || !HasRoom(known, names.Count)) // others have got it meanwhile
                continue;
            asked.Add(id);
            try
            {
                if (await ReserveAsync(id, RoomEntity.JoinMethod, names, where, options, cancellationToken).ConfigureAwait(false)
                    is { } found)
                    return found;
            }
            catch (EntityCallException error)
            {
                var taken = known.Capacity - names.Count + 1; // at least, where there are not enough
                switch ((error.InnerException as EventException)?.Code)
                {
                    case "SEATS_FULL": LearnRefusal(id, known, Math.Max(known.Seats, taken), known.IsLocked); break;
                    case "SEATS_LOCKED" or "NOT_LISTED": LearnRefusal(id, known, known.Seats, isLocked: true); break;
                }
                // Anything else is between this caller and the room.
            }
            catch (TimeoutException)
            {
                LearnRefusal(id, known, known.Seats, isLocked: true);
                if (++silent > mostSilent)
                    return null;
            }
        }
        return null;
    }

    /// <summary>
    /// Those to be asked, the fullest first: before all others those that were learned of by asking, since they are known best.
    /// </summary>
    private List<string> Candidates(
        int count, Func<IEnumerable<KeyValuePair<string, ListedEntity>>> among, Func<ListedRoom<TListing>, bool>? where,
        HashSet<string> asked)
    {
        var learned = _table.Learned.All(Server.Time);
        var best = new List<ListedRoom<TListing>>();
        foreach (var (id, _) in learned)
        {
            if (Fits(id, Newest(id)) is { } room)
                best.Add(room);
        }
        best.Sort(ByFree);
        var others = new List<ListedRoom<TListing>>();
        if (best.Count < MaxAsked)
        {
            var known = learned.Select(static one => one.Key).ToHashSet(StringComparer.Ordinal);
            foreach (var (id, listing) in among())
            {
                if (known.Contains(id) || Fits(id, listing) is not { } room)
                    continue;
                others.Add(room);
                if (others.Count >= MaxLooked)
                    break;
            }
            others.Sort(ByFree);
        }
        return [.. best.Concat(others).Take(MaxAsked).Select(static room => room.Id)];

        ListedRoom<TListing>? Fits(string id, ListedEntity? listing) =>
            listing is not null && HasRoom(listing, count) && !asked.Contains(id)
            && Read(id, listing) is { } room && (where is null || where(room))
                ? room
                : null;

        static int ByFree(ListedRoom<TListing> one, ListedRoom<TListing> other) => one.Free.CompareTo(other.Free);
    }

    private ListedEntity? Newest(string id)
    {
        var listed = _table.Find(id);
        if (listed?.Node is { IsAway: true })
            return listed; // whatever was learned of it
        var learned = _table.Learned.Find(id);
        return learned is null || listed?.IsNewerThan(learned) == true ? listed : learned;
    }

    /// <summary>For a moment, or until it says something else, nobody of this node asks it in vain.</summary>
    private void LearnRefusal(string id, ListedEntity known, int seats, bool isLocked) => _table.Learned.Learn(
        id, new ListedEntity(known.Generation, known.Revision, known.Data, seats, known.Capacity, isLocked), Server.Time);

    private static bool HasRoom(ListedEntity listing, int count) =>
        !listing.IsLocked && listing.Node is not { IsAway: true } && listing.Capacity - listing.Seats >= count;

    /// <summary>Null where the room does not fit any more: its seats are given back.</summary>
    private async Task<IReadOnlyList<SeatReservation>?> ReserveAsync(
        string id, string method, IReadOnlyList<string> names, Func<ListedRoom<TListing>, bool>? where, object? options,
        CancellationToken cancellationToken)
    {
        var result = await _caller.CallAsync(id, method, new ArgumentList([names, options]), cancellationToken).ConfigureAwait(false);
        var reservation = _caller.Read<Reservation>(result, method)!;
        var (taken, capacity) = (reservation.Taken, reservation.Capacity);
        if (reservation.Listing is { } now)
            _table.Learned.Learn(id, Listed(now, reservation.Revision, taken, reservation.IsLocked), Server.Time);
        if (where is not null && reservation.Before is { } before)
        {
            var asFound = Listed(before, revision: 0, taken - names.Count, isLocked: false);
            if (Read(id, asFound) is not { } room || !where(room))
            {
                var tokens = Array.ConvertAll(reservation.Seats, static seat => seat.Token);
                _caller.Send(id, RoomEntity.ReleaseMethod, new ArgumentList([tokens]));
                return null;
            }
        }
        return Array.ConvertAll(reservation.Seats, seat => new SeatReservation(id, seat.Number, seat.Token));

        ListedEntity Listed(JsonElement data, long revision, int seats, bool isLocked) =>
            new(reservation.Generation, revision, Encoding.UTF8.GetBytes(data.GetRawText()), seats, capacity, isLocked);
    }
}
