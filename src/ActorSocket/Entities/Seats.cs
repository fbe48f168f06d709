using System.Collections;
using System.Runtime.ExceptionServices;
using ActorSocket.Diagnostics;
using ActorSocket.Entities;

namespace ActorSocket;

/// <summary>
/// The members of an entity, each on a <see cref="Seat"/>: taken by a socket, kept for a while when its connection is lost, returned to,
/// and left. What becomes of them the server finds out, on whichever node the sockets are, and tells the entity: <see
/// cref="RoomEntity.OnJoinedAsync"/>, <see cref="RoomEntity.OnLostAsync"/>, <see cref="RoomEntity.OnReturnedAsync"/>, <see
/// cref="RoomEntity.OnLeftAsync"/>.
/// </summary>
/// <remarks>
/// <para>For the entity's own code while it runs, so one at a time. Moves with the entity, and is in the store of a <see
/// cref="RoomEntity{TState}"/> together with its state, saved with each change: after a crash both are as they were saved last, and the
/// story goes on from there. Each lost seat is either returned to or left, once.</para>
/// <para>Refusals are <see cref="EventException"/>s, which reach the client whose handler called the entity: <c>SEATS_FULL</c>,
/// <c>SEATS_LOCKED</c>, <c>SEAT_UNKNOWN</c>, <c>SEAT_TAKEN</c>.</para>
/// </remarks>
#pragma warning disable CA1710 // Seats.Take reads as it is meant; a SeatCollection would be read as one of its seats
public sealed class Seats : IReadOnlyCollection<Seat>
#pragma warning restore CA1710
{
    /// <summary>The longest name, in characters.</summary>
    internal const int MaxNameLength = 256;

    /// <summary>The most seats that are reserved at once.</summary>
    internal const int MostReserved = 1000;

    private static readonly TimeSpan Longest = TimeSpan.FromDays(365);

    /// <summary>
    /// For how long one that was lost or reserved before a move or a crash is kept at least from then on, whatever it had left: who came
    /// back meanwhile found no entity, and a client tries again within a few seconds.
    /// </summary>
    private static readonly TimeSpan ShortestAfterStart = TimeSpan.FromSeconds(5);

    private readonly EntityContext _context;
    private readonly RoomEntity _entity;
    private readonly SeatTable _table;
    private readonly SeatRoom _room;
    private readonly long _lastKept; // the highest number of those that were kept
    private bool _isEnding;

    internal Seats(EntityContext context, RoomEntity entity, SeatRecords? kept)
    {
        if (context.Namespace.Services.Children is not null)
        {
            throw new NotSupportedException(
                $"Seats are not supported in a class that is mapped on the template of dynamic namespaces, as \"{context.Type}\" is: map "
                + "it in a namespace with a name of its own."
            );
        }
        (_context, _entity, _lastKept) = (context, entity, kept?.Last ?? 0);
        var most = context.Options.MaxSeats;
        _table = kept is null ? new SeatTable(most) : new SeatTable(most, kept);
        _room = new SeatRoom(context, _table);
    }

    /// <summary>
    /// The room of those who sit here, <c>class:id</c>: <c>Namespace.To(Seats.Room).Emit(…)</c>. A socket is in it from before <see
    /// cref="RoomEntity.OnJoinedAsync"/> until its seat is left.
    /// </summary>
    public string Room => _room.Name;

    /// <summary>How many seats there are at this moment: reserved, connected and lost ones.</summary>
    public int Count => _table.Count;

    /// <summary>
    /// How many there may be: <see cref="EntityOptions.MaxSeats"/> at most, with which it begins. Those that are there stay when it is set
    /// below their number. Kept.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative, or more than <see cref="EntityOptions.MaxSeats"/>.</exception>
    public int Capacity
    {
        get => _table.Capacity;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, _table.Most);
            _table.Capacity = value;
        }
    }

    /// <summary>
    /// Whether nobody may take a seat, though there may be some: the game has begun. Those who were there return, and reserved seats are
    /// taken, all the same. Kept.
    /// </summary>
    public bool IsLocked
    {
        get => _table.IsLocked;
        set => _table.IsLocked = value;
    }

    /// <summary>
    /// The <see cref="Seat.GraceTime"/> of seats from now on: for how long one is kept once it is lost. 30 s; zero for not at all, a year
    /// at most. Kept.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative, or more than a year.</exception>
    public TimeSpan GraceTime
    {
        get => _table.GraceTime;
        set
        {
            CheckTime(value, nameof(value));
            _table.GraceTime = value;
        }
    }

    /// <summary>
    /// For how long the seats that are reserved from now on wait for who is to have them. 15 s; a year at most. Kept.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative, or more than a year.</exception>
    public TimeSpan ReservationTime
    {
        get => _table.ReservationTime;
        set
        {
            CheckTime(value, nameof(value));
            _table.ReservationTime = value;
        }
    }

    internal SeatTable Table => _table;

    /// <summary>When the next is over by itself, or need not be looked for any more.</summary>
    internal DateTimeOffset? FirstDue
    {
        get
        {
            var (seat, socket) = (_table.FirstDue, _room.FirstDue);
            return seat is null || socket < seat ? socket : seat;
        }
    }

    private DateTimeOffset Now => _context.Namespace.Services.Server.Time.GetUtcNow();

    /// <summary>
    /// Seats a socket, lets it join the <see cref="Room"/>, and runs <see cref="RoomEntity.OnJoinedAsync"/>: when that throws, there is no
    /// seat. A socket that has one keeps it, and joins the room again if it has left that; nothing runs.
    /// </summary>
    /// <param name="socketId">Of a connected socket of the entity's namespace: the handler's own <see cref="Socket.Id"/>.</param>
    /// <param name="name">What the entity calls it by, 256 characters at most.</param>
    /// <param name="cancellationToken">Ends the wait for the room: there is no seat.</param>
    /// <exception cref="EventException"><c>SEATS_FULL</c>, <c>SEATS_LOCKED</c>.</exception>
    /// <exception cref="ClusterTimeoutException">The socket's node did not let it join the room in time: there is no seat.</exception>
    public async Task<Seat> TakeAsync(string socketId, string name, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(socketId);
        CheckName(name);
        if (_table.OfSocket(socketId) is { } own)
        {
            await _room.JoinAsync(socketId, cancellationToken).ConfigureAwait(false); // it may have left the room on its own node
            _context.Sync?.Send(socketId); // it may have missed something: why else would it ask?
            _ = own.Token; // there is one before the entity saves, and tells its client
            return own;
        }
        if (IsLocked || _isEnding || _context.IsRetired)
            throw Refusal("No more seats are taken here.", "SEATS_LOCKED");
        CheckCapacity();
        var change = _table.Take(socketId, name, Now);
        var seat = change.Seat;
        var hasJoined = false;
        try
        {
            await _room.JoinAsync(socketId, cancellationToken).ConfigureAwait(false);
            hasJoined = true;
            _room.Keep(socketId);
            await TellAsync(change).ConfigureAwait(false);
        }
        catch
        {
            if (seat.State != SeatState.Left)
                _table.Drop(seat, Now);
            var isGone = _room.LetGoAsync(socketId, CancellationToken.None);
            if (hasJoined) // else its node does not answer
                await isGone.ConfigureAwait(false);
            throw;
        }
        _context.Sync?.Send(socketId);
        return seat;
    }

    /// <inheritdoc cref="TakeAsync(string, string, CancellationToken)"/>
    public Task<Seat> TakeAsync(string socketId, CancellationToken cancellationToken = default) =>
        TakeAsync(socketId, "", cancellationToken);

    /// <summary>
    /// Keeps a seat for whoever shows its <see cref="Seat.Token"/> (<see cref="ReturnAsync"/>), as when a lobby sends its members to a
    /// game. It counts as one that is taken. When nobody comes in time, <see cref="RoomEntity.OnLeftAsync"/> runs.
    /// </summary>
    /// <param name="name">What the entity calls it by, 256 characters at most.</param>
    /// <exception cref="EventException"><c>SEATS_FULL</c>.</exception>
    public Seat Reserve(string name = "")
    {
        CheckName(name);
        if (_isEnding || _context.IsRetired)
            throw Refusal("No more seats are taken here.", "SEATS_LOCKED");
        CheckCapacity();
        return _table.Reserve(name, Now);
    }

    /// <summary>Reserves a seat for each name, or none; so somebody who is not the entity has asked, whom a lock keeps out.</summary>
    internal async Task<IReadOnlyList<Seat>> ReserveAllAsync(string[] names, SocketArgument options)
    {
        if (names.Length is < 1 or > MostReserved)
            throw new ArgumentException($"{names.Length} seats were asked for; it must be 1 to {MostReserved}.", nameof(names));
        foreach (var name in names)
            CheckName(name);
        if (IsLocked || _isEnding || _context.IsRetired)
            throw Refusal("No more seats are taken here.", "SEATS_LOCKED");
        if (Count + names.Length > Capacity)
            throw Refusal($"There are {Capacity} seats here, of which {Count} are taken.", "SEATS_FULL");
        var seats = Array.ConvertAll(names, name => _table.Reserve(name, Now));
        try
        {
            await _entity.OnReservedAsync(seats, options).ConfigureAwait(false);
        }
        catch
        {
            foreach (var seat in seats.Where(static seat => seat.State != SeatState.Left))
                _table.Drop(seat, Now);
            throw;
        }
        return seats;
    }

    /// <summary>Ends a seat. Its entity is not told, and nobody waits for its socket to leave the room.</summary>
    internal void Release(Seat seat)
    {
        if (_table.Leave(seat, SeatLeaveReason.Left, Now) is null || seat.SocketId.Length == 0)
            return;
        _ = _room.LetGoAsync(seat.SocketId, CancellationToken.None);
        _room.Forget(seat.SocketId);
    }

    /// <summary>
    /// Gives whoever shows its token a reserved seat (<see cref="RoomEntity.OnJoinedAsync"/>; when that throws, it stays reserved), or a
    /// lost one back (<see cref="RoomEntity.OnReturnedAsync"/>). One whose socket still seems to be there is lost first: its client knows
    /// better. The socket joins the <see cref="Room"/>, and the one before leaves it, which is not waited for. What <see
    /// cref="RoomEntity.OnReturnedAsync"/> throws is thrown here, and the seat is returned to all the same.
    /// </summary>
    /// <param name="token">What its client has shown.</param>
    /// <param name="socketId">Of the socket that it has now: the handler's own <see cref="Socket.Id"/>.</param>
    /// <param name="cancellationToken">Ends the wait for the room: nothing has changed.</param>
    /// <exception cref="EventException">
    /// <c>SEAT_UNKNOWN</c>: there is no such token, or it was kept for too short a time. <c>SEAT_TAKEN</c>: the socket has another seat
    /// here.
    /// </exception>
    /// <exception cref="ClusterTimeoutException">The socket's node did not let it join the room in time: nothing has changed.</exception>
    public async Task<Seat> ReturnAsync(string token, string socketId, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(token);
        ArgumentException.ThrowIfNullOrEmpty(socketId);
        if (_table.OfToken(token) is not { } seat)
            throw Refusal("This seat is not kept, or was never there.", "SEAT_UNKNOWN");
        if (_table.OfSocket(socketId) is { } own && own != seat)
            throw Refusal("This socket has another seat.", "SEAT_TAKEN");
        try
        {
            await _room.JoinAsync(socketId, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            _room.LetGoIfWithoutSeat(socketId); // its node may yet take it in
            throw;
        }
        var (before, since, due) = (seat.SocketId, seat.Since, seat.Due);
        var isSeated = false;
        try
        {
            await TellEachAsync(() =>
            {
                var change = _table.Return(seat, socketId, Now);
                if (seat.State == SeatState.Connected && !isSeated)
                {
                    isSeated = true;
                    _room.Exchange(before, socketId);
                }
                return change;
            }).ConfigureAwait(false);
        }
        catch when (before.Length == 0 && seat.State == SeatState.Connected)
        {
            _table.ReserveAgain(seat, since, due!.Value);
            await _room.LetGoAsync(socketId, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
        finally
        {
            if (isSeated && _table.OfSocket(socketId) is not null)
                _context.Sync?.Send(socketId);
            else if (!isSeated)
                _room.LetGoIfWithoutSeat(socketId);
        }
        // It was ended by OnLostAsync, or by the entity's own code, which did not wait for one before.
        return isSeated ? seat : throw Refusal("This seat is not kept any more.", "SEAT_UNKNOWN");
    }

    /// <summary>Ends a seat: its socket leaves the <see cref="Room"/>, and <see cref="RoomEntity.OnLeftAsync"/> runs.</summary>
    /// <param name="seat">Which one.</param>
    /// <param name="cancellationToken">Ends the wait for the room; the seat is left all the same.</param>
    /// <returns>False for one that has left already.</returns>
    public Task<bool> LeaveAsync(Seat seat, CancellationToken cancellationToken = default) =>
        EndAsync(seat, SeatLeaveReason.Left, cancellationToken);

    /// <summary>Ends the seat of a socket: see <see cref="LeaveAsync(Seat, CancellationToken)"/>.</summary>
    /// <param name="socketId">Whose.</param>
    /// <param name="cancellationToken">Ends the wait for the room; the seat is left all the same.</param>
    /// <returns>False for one that has none.</returns>
    public Task<bool> LeaveAsync(string socketId, CancellationToken cancellationToken = default) =>
        Find(socketId) is { } seat ? LeaveAsync(seat, cancellationToken) : Task.FromResult(false);

    /// <summary>
    /// Ends a seat: its socket leaves the <see cref="Room"/>, and <see cref="RoomEntity.OnLeftAsync"/> runs. Its token is worth nothing
    /// from then on; whether the same person may take another one is the entity's to decide.
    /// </summary>
    /// <param name="seat">Which one.</param>
    /// <param name="disconnect">
    /// How its socket is disconnected as well, after <see cref="RoomEntity.OnLeftAsync"/>; null: it is not.
    /// </param>
    /// <param name="cancellationToken">Ends the wait for the socket's node; the seat is left all the same.</param>
    /// <returns>False for one that has left already.</returns>
    public async Task<bool> KickAsync(Seat seat, DisconnectScope? disconnect = null, CancellationToken cancellationToken = default)
    {
        if (!await EndAsync(seat, SeatLeaveReason.Kicked, cancellationToken).ConfigureAwait(false))
            return false;
        if (disconnect is { } scope && seat.SocketId.Length > 0)
        {
            var disconnected = _context.Namespace.In(seat.SocketId).DisconnectSocketsAsync(scope, cancellationToken);
            await _room.TryAsync(disconnected).ConfigureAwait(false);
        }
        return true;
    }

    /// <summary>The seat of a socket; null when it has none.</summary>
    public Seat? Find(string socketId)
    {
        ArgumentNullException.ThrowIfNull(socketId);
        return _table.OfSocket(socketId);
    }

    /// <summary>The seat of a token; null when there is none.</summary>
    public Seat? FindByToken(string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        return _table.OfToken(token);
    }

    /// <summary>
    /// All that there are, in the order of their numbers. As they are now: what is done to them meanwhile does not matter.
    /// </summary>
    public IEnumerator<Seat> GetEnumerator() => ((IEnumerable<Seat>)[.. _table.All]).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal static void CheckTime(TimeSpan time, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(time, Longest, name);
    }

    /// <summary>The entity lives from now on. Of those that were kept nobody is told of yet.</summary>
    internal void Begin()
    {
        _table.KeepUntil(Now + ShortestAfterStart, _lastKept);
        _room.Begin();
    }

    /// <summary>Whether anything depends on what becomes of this socket.</summary>
    internal bool Concerns(string socketId) => _table.OfSocket(socketId) is not null || _room.HasFormer(socketId);

    /// <summary>The nodes say what a socket is.</summary>
    internal async Task SeeAsync(string socketId, SocketPresence presence)
    {
        if (presence != SocketPresence.Gone && _room.RemoveFormer(socketId))
        {
            _ = _room.LetGoAsync(socketId, CancellationToken.None); // recovered, with its rooms: it has no seat
            return;
        }
        if (presence == SocketPresence.Here && _table.OfSocket(socketId) is { State: SeatState.Lost })
            await _room.JoinAgainAsync(socketId).ConfigureAwait(false);
        if (_table.See(socketId, presence, Now) is not { } change)
            return;
        if (change.Kind == SeatChangeKind.Left)
            _room.Unwatch(socketId);
        else if (change.Kind == SeatChangeKind.Returned)
            _context.Sync?.Send(socketId); // it was not in the room, or its recovery may have ended too early
        await TellAsync(change).ConfigureAwait(false);
    }

    /// <summary>Ends those whose time is over.</summary>
    internal async Task ExpireAsync()
    {
        var now = Now;
        _room.Expire(now);
        var most = Count; // what is reserved for no time meanwhile has its turn afterwards
        await TellEachAsync(() =>
        {
            if (most-- <= 0 || _table.Expire(now) is not { } change)
                return null;
            if (change.Seat.SocketId.Length > 0)
                _room.Forget(change.Seat.SocketId);
            return change;
        }).ConfigureAwait(false);
    }

    /// <summary>The entity ends, and so do all.</summary>
    internal async Task EndAllAsync()
    {
        _isEnding = true;
        try
        {
            using var seats = GetEnumerator();
            await TellEachAsync(() =>
            {
                while (seats.MoveNext())
                {
                    if (_table.Leave(seats.Current, SeatLeaveReason.EntityEnded, Now) is not { } change)
                        continue;
                    if (change.Seat.SocketId.Length > 0)
                        _ = _room.LetGoAsync(change.Seat.SocketId, CancellationToken.None); // not waited for: the entity ends
                    return change;
                }
                return null;
            }).ConfigureAwait(false);
        }
        finally
        {
            _isEnding = false;
        }
    }

    private async Task<bool> EndAsync(Seat seat, SeatLeaveReason reason, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(seat);
        var wasConnected = seat.State == SeatState.Connected;
        if (_table.Leave(seat, reason, Now) is not { } change)
            return false;
        try
        {
            if (wasConnected)
                await _room.LetGoAsync(seat.SocketId, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // Also of one that seemed to be there: it may have been lost a moment ago, and be recovered into the room.
            if (seat.SocketId.Length > 0 && _table.OfSocket(seat.SocketId) is null)
                _room.Forget(seat.SocketId);
            await TellAsync(change).ConfigureAwait(false);
        }
        return true;
    }

    private Task TellAsync(SeatChange change) => change.Kind switch
    {
        SeatChangeKind.Joined => _entity.OnJoinedAsync(change.Seat),
        SeatChangeKind.Lost => _entity.OnLostAsync(change.Seat),
        SeatChangeKind.Returned => _entity.OnReturnedAsync(change.Seat),
        _ => _entity.OnLeftAsync(change.Seat, change.Reason),
    };

    /// <summary>
    /// Makes a step, tells it, and only then makes the next: whatever a method saves has no step in it that nobody was told. One that
    /// fails does not keep the others from being told.
    /// </summary>
    private async Task TellEachAsync(Func<SeatChange?> next)
    {
        ExceptionDispatchInfo? failure = null;
        while (next() is { } change)
        {
            try
            {
                await TellAsync(change).ConfigureAwait(false);
            }
            catch (Exception error)
            {
                failure ??= ExceptionDispatchInfo.Capture(error);
            }
        }
        failure?.Throw();
    }

    private void CheckCapacity()
    {
        if (Count >= Capacity)
            throw Refusal($"All seats are taken: there are {Capacity}.", "SEATS_FULL");
    }

    internal static void CheckName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length > MaxNameLength)
            throw new ArgumentException($"A seat's name has {name.Length} characters; it has {MaxNameLength} at most.", nameof(name));
    }

    private static EventException Refusal(string message, string code) => new(message) { Code = code };
}
