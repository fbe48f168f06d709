using System.Text.Json;
using ActorSocket.Sockets;

namespace ActorSocket;

/// <summary>
/// A room, a game or whatever else has state, as one object for each id: it lives on one node of the cluster, wherever it is called from,
/// and moves to another one when its node leaves. Its <see cref="EventAttribute"/> methods are called by
/// <see cref="RoomEntities{TEntity}"/>; they, its ticks and its start run one at a time, so its fields need no lock.
/// </summary>
/// <remarks>
/// Constructed by dependency injection in a scope of its own, when it is called for the first time. Map the class with
/// <c>io.MapEntities&lt;Lobby&gt;("lobby")</c>. From then on it lives until it retires: when its node leaves, or its shard moves, it hands
/// its state over and goes on elsewhere by itself; when its node crashes, it starts anew elsewhere, and is told so.
/// </remarks>
public abstract class RoomEntity
{
    /// <summary>What every entity can be asked: to reserve seats.</summary>
    internal const string ReserveMethod = "actorsocket:reserve";

    /// <summary>Likewise, where it is there and listed: it is not started for it.</summary>
    internal const string JoinMethod = "actorsocket:join";

    /// <summary>To give seats back that nobody has taken.</summary>
    internal const string ReleaseMethod = "actorsocket:release";

    private Entities.EntityContext? _context;

    /// <summary>The id that it was called by.</summary>
    public string Id => Context.Id;

    /// <summary>The namespace that its class was mapped in.</summary>
    public Namespace Namespace => Context.Namespace;

    /// <summary>
    /// How often <see cref="OnTickAsync"/> runs; zero, the default, for never; a millisecond at least, and exact up to 128 times a second.
    /// Read once, after the start. Ticks are due at whole multiples of it, so a late one does not move those that follow. One that comes
    /// due while a call runs follows it, unless half the interval has passed by then: it is then left out, as is one that comes due while
    /// the one before runs. For what is to be sent at a steady rate, such as a game's positions, best by
    /// <c>Namespace.To(room).Volatile</c>.
    /// </summary>
    public virtual TimeSpan TickInterval => TimeSpan.Zero;

    internal Entities.EntityContext Context
    {
        get => _context ?? throw new InvalidOperationException("An entity has its id from OnStartedAsync on, not in its constructor.");
        set => _context = value;
    }

    /// <summary>
    /// Runs first; calls wait until it is done. When it throws, as when the constructor does, they fail with what it threw, what was handed
    /// over is kept, and the next call starts the entity again.
    /// </summary>
    /// <param name="start">Whether there was one before, and its state.</param>
    public virtual Task OnStartedAsync(EntityStart start) => Task.CompletedTask;

    /// <summary>Runs every <see cref="TickInterval"/>.</summary>
    /// <param name="elapsed">The time since the tick before began, or since the start: more than the interval when ticks were left
    /// out.</param>
    public virtual Task OnTickAsync(TimeSpan elapsed) => Task.CompletedTask;

    /// <summary>
    /// How often those who follow the entity are told at most what has changed of <see cref="SyncView"/>; zero, the default, for never; a
    /// millisecond at least. Read once, after the start. Twenty times a second is plenty for most. What is to be shown with each tick and
    /// may be missed, such as positions, is smaller and never late as a volatile event of its own.
    /// </summary>
    public virtual TimeSpan SyncInterval => TimeSpan.Zero;

    /// <summary>
    /// What clients see of the entity, whoever they are: see <see cref="Sync"/>. Written as JSON with <see cref="ActorSocketOptions.Json"/>
    /// after each call and tick, at most every <see cref="SyncInterval"/>: best of objects and dictionaries whose keys stay, since a list
    /// is sent as a whole when anything of it has changed. Members that are null are left out, and binary is base64 text. Called between
    /// what the entity runs, on any thread; it only reads.
    /// </summary>
    public virtual object? SyncView() => null;

    /// <summary>
    /// What the entity goes on with on another node: serialised as JSON with <see cref="ActorSocketOptions.Json"/>. Null: nothing. Called
    /// once nothing runs any more.
    /// </summary>
    public virtual object? HandOver() => null;

    /// <summary>
    /// Who is in it: sockets that it has given a seat. There from <see cref="OnStartedAsync"/> on; those that moved along, or were saved,
    /// are in it by then, and what has become of them meanwhile is told afterwards.
    /// </summary>
    /// <exception cref="InvalidOperationException">In the constructor.</exception>
    /// <exception cref="NotSupportedException">Its class is mapped on the template of dynamic namespaces.</exception>
    protected Seats Seats => Context.SeatsOf(this);

    /// <summary>Who is shown <see cref="SyncView"/>: those with a seat, and those that it lets watch. From the first call on.</summary>
    /// <exception cref="InvalidOperationException">Its <see cref="SyncInterval"/> is zero; or it has not started yet.</exception>
    protected Sync Sync => Context.Sync
        ?? throw new InvalidOperationException(
            "An entity shows something if it overrides SyncInterval and SyncView; and not before its start is over.");

    /// <summary>
    /// What it publishes about itself: whoever looks finds it by that, on all nodes, with its seats (<see
    /// cref="RoomEntities{TEntity}.Listed{TListing}"/>). Null, the default: it is not listed. Taken as it is when it is set, as JSON (<see
    /// cref="ActorSocketOptions.Json"/>), of at most <see cref="EntityOptions.MaxListingBytes"/>; known elsewhere a moment later, and at
    /// most once in <see cref="EntityOptions.ListingInterval"/>. It neither moves along nor is it saved: <see cref="OnStartedAsync"/> is
    /// where it is set from what does.
    /// </summary>
    /// <exception cref="ArgumentException">It is too long.</exception>
    /// <exception cref="InvalidOperationException">In the constructor.</exception>
    protected object? Listing
    {
        get => Context.Listing;
        set => Context.SetListing(value);
    }

    /// <summary>
    /// Runs when a seat is taken, within <see cref="Seats.TakeAsync(string, string, CancellationToken)"/> or, for a reserved one, <see
    /// cref="Seats.ReturnAsync"/>. What it throws, such as an <see cref="EventException"/>, refuses the socket.
    /// </summary>
    /// <param name="seat">Its socket is in the room already.</param>
    public virtual Task OnJoinedAsync(Seat seat) => Task.CompletedTask;

    /// <summary>
    /// Runs when the connection of a seat's socket is gone, on whichever node, or that node is. Then either <see cref="OnReturnedAsync"/>
    /// runs, or <see cref="OnLeftAsync"/>, once.
    /// </summary>
    /// <param name="seat">It is kept for <see cref="Seat.GraceTime"/>, which may be set here.</param>
    public virtual Task OnLostAsync(Seat seat) => Task.CompletedTask;

    /// <summary>
    /// Runs when a lost seat's socket was recovered (<see cref="ActorSocketOptions.ConnectionStateRecovery"/>), or another one has shown
    /// its token, within <see cref="Seats.ReturnAsync"/>; on whichever node.
    /// </summary>
    /// <param name="seat">Its <see cref="Seat.SocketId"/> may be another one.</param>
    public virtual Task OnReturnedAsync(Seat seat) => Task.CompletedTask;

    /// <summary>Runs when a seat is over: once for each, and nothing else of it runs afterwards.</summary>
    /// <param name="seat">It is not among <see cref="Seats"/> any more.</param>
    /// <param name="reason">Why.</param>
    public virtual Task OnLeftAsync(Seat seat, SeatLeaveReason reason) => Task.CompletedTask;

    /// <summary>
    /// Runs when seats were reserved by somebody else than the entity: <see cref="RoomEntities{TEntity}.ReserveAsync"/>, or a <see
    /// cref="MatchQueue"/>. What it throws, such as an <see cref="EventException"/>, refuses them all.
    /// </summary>
    /// <param name="seats">They are reserved already.</param>
    /// <param name="options">What was given along; JSON's null for nothing.</param>
    public virtual Task OnReservedAsync(IReadOnlyList<Seat> seats, SocketArgument options) => Task.CompletedTask;

    [Event(ReserveMethod)]
    internal async Task<Entities.Reservation> ReserveSeatsAsync(string[] names, SocketArgument options)
    {
        var before = Context.ToListed();
        IReadOnlyList<Seat> seats;
        try
        {
            seats = await Seats.ReserveAllAsync(names, options).ConfigureAwait(false);
        }
        catch
        {
            Context.HasRefused = true;
            throw;
        }
        Context.IsForSeats = false; // it is somebody's
        var reserved = seats.Select(static seat => new Entities.ReservedSeat(seat.Number, seat.Token)).ToArray();
        var listed = Context.ToListed();
        return (listed ?? before) is { } any
            ? new Entities.Reservation(
                reserved,
                any.Generation,
                any.Revision,
                listed is null ? null : JsonElement.Parse(listed.Data),
                Seats.Count,
                any.Capacity,
                any.IsLocked,
                before is null ? null : JsonElement.Parse(before.Data)
            )
            : new Entities.Reservation(reserved);
    }

    [Event(JoinMethod)]
    internal Task<Entities.Reservation> JoinListedAsync(string[] names, SocketArgument options) =>
        Listing is null || Context.IsRetired ? throw NotListed() : ReserveSeatsAsync(names, options);

    [Event(ReleaseMethod)]
    internal async Task ReleaseSeatsAsync(string[] tokens)
    {
        foreach (var token in tokens)
        {
            if (Seats.FindByToken(token) is { State: SeatState.Reserved } seat)
                await Seats.LeaveAsync(seat).ConfigureAwait(false);
        }
    }

    internal static EventException NotListed() => new("The room is not open any more.") { Code = "NOT_LISTED" };

    /// <summary>
    /// Ends the entity once it has nothing more to do, with its state: the next call starts a new one. That of a <see
    /// cref="RoomEntity{TState}"/> is saved first, and the next call starts it with that; where the store does not take it, it goes on
    /// until it does. Who has a seat leaves it before.
    /// </summary>
    protected void Retire() => Context.Retire();

    /// <summary>
    /// Calls one of the entity's own methods after a time, when it is its turn, as if somebody had. Kept over a move, and by a <see
    /// cref="RoomEntity{TState}"/> in its store: what came due meanwhile is called at once. A method has one timer: to be set again moves
    /// it.
    /// </summary>
    /// <param name="delay">Zero or more, a year at most; exact to about ten milliseconds.</param>
    /// <param name="method">
    /// The name of one of its <see cref="EventAttribute"/> methods, which may be private. It gets no arguments.
    /// </param>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The delay is out of range.</exception>
    protected void After(TimeSpan delay, string method)
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(delay, Entities.EntityTimer.Longest);
        Context.SetTimer(method, delay, TimeSpan.Zero);
    }

    /// <summary>
    /// Calls one of the entity's own methods again and again, as <see cref="After"/> does once: at whole multiples of the interval from
    /// now. Those that were missed, because it moved or had other things to do, are left out.
    /// </summary>
    /// <param name="interval">A hundredth of a second or more, a year at most. For less there is <see cref="TickInterval"/>.</param>
    /// <param name="method">
    /// The name of one of its <see cref="EventAttribute"/> methods, which may be private. It gets no arguments.
    /// </param>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The interval is out of range.</exception>
    protected void Every(TimeSpan interval, string method)
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentOutOfRangeException.ThrowIfLessThan(interval, Entities.EntityTimer.Shortest);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(interval, Entities.EntityTimer.Longest);
        Context.SetTimer(method, interval, interval);
    }

    /// <summary>Takes back what <see cref="After"/> or <see cref="Every"/> set.</summary>
    /// <returns>Whether there was a timer for the method.</returns>
    protected bool StopTimer(string method) => Context.RemoveTimer(method);
}

/// <summary>
/// An entity could not start, or its method threw, or there is none of that name, or what it returned is too long. Where the method threw
/// an <see cref="EventException"/>, that is the <see cref="Exception.InnerException"/>, from whichever node: a handler that lets this pass
/// answers its client with what the entity said, and with "Internal server error" in all other cases.
/// </summary>
/// <param name="message">What its exception said, or what is wrong.</param>
/// <param name="innerException">The method's <see cref="EventException"/>.</param>
public sealed class EntityCallException(string message, Exception? innerException = null) : Exception(message, innerException), IRefusal
{
    EventException? IRefusal.Refusal => InnerException as EventException;
}
