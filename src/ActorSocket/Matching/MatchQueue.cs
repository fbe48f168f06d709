using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Text;
using System.Text.Json;
using ActorSocket.Diagnostics;
using ActorSocket.Matching;

namespace ActorSocket;

/// <summary>
/// A queue for matches: who waits in it is put together with others by <see cref="Rules"/>, and is told which entity to play in, and the
/// seat that is kept there. <see cref="MatchQueue{TGame}"/> is what most derive from; this one is for games that are no entities.
/// </summary>
/// <remarks>
/// <para>An entity as all others: called by <see cref="IMatchQueue"/>, each id a queue of its own, with those who wait when it moves. Who
/// waits has a seat in it (<see cref="Seats"/>), so that one whose connection is gone is out of the queue; with a <see
/// cref="Seats.GraceTime"/>, set in <see cref="OnQueueStartedAsync"/>, the place is kept meanwhile, and nobody is matched with one who is
/// away.</para>
/// <para>A crash of its node empties it. Who has waited is told (<see cref="UnmatchedReason.QueueLost"/>), once it is called again or its
/// cluster is whole again.</para>
/// </remarks>
#pragma warning disable CA1711 // players queue here; it is no collection
public abstract class MatchQueue : RoomEntity, IMatchQueue
#pragma warning restore CA1711
{
    /// <summary>How many matches are placed at the same time.</summary>
    private const int MaxPlacing = 64;

    private const int MaxGroupLength = 256;
    private const string PlacedMethod = "actorsocket:placed";

    private readonly Dictionary<long, Entry> _entries = []; // of all tickets, those that are placed included
    private readonly Dictionary<long, Entry> _bySeat = [];
    private readonly ConcurrentQueue<Placed> _placed = new();
    private MatchRules? _rules;
    private MatchPool? _pool;
    private int _placing;
    private long _last;
    private bool _isCut; // there may be more matches than were made

    /// <summary>Whose turn is next, for how long one waits. Read once, before the start.</summary>
    protected abstract MatchRules Rules { get; }

    /// <summary><see cref="MatchRules.Interval"/>.</summary>
    public sealed override TimeSpan TickInterval => CheckedRules.Interval;

    private MatchRules CheckedRules
    {
        get
        {
            if (_rules is null)
            {
                var rules = Rules;
                rules.Check();
                _rules = rules;
            }
            return _rules;
        }
    }

    private MatchPool Pool => _pool ??= new MatchPool(CheckedRules);

    private DateTimeOffset Now => Namespace.Services.Server.Time.GetUtcNow();

    /// <summary>Finds a place for a match: a seat for each of its players. When it throws, they go on waiting.</summary>
    /// <remarks>
    /// Runs beside the queue, and many at once, so that the queue waits for no game: it must not use what belongs to the entity.
    /// </remarks>
    /// <param name="match">Who plays.</param>
    /// <param name="cancellationToken">Cancelled when it takes more than 10 s: the players then go on waiting.</param>
    /// <returns>A seat for each of <see cref="GameMatch.Players"/>, in that order.</returns>
    protected abstract Task<IReadOnlyList<SeatReservation>> PlaceAsync(GameMatch match, CancellationToken cancellationToken);

    /// <summary>Runs first, when the queue has what it goes on with.</summary>
    protected virtual Task OnQueueStartedAsync(EntityStart start) => Task.CompletedTask;

    /// <summary>
    /// Runs when a match has a place. Tells each socket: emits <c>matched</c> with its <see cref="SeatReservation"/>, unless it is
    /// overridden.
    /// </summary>
    /// <param name="match">Who plays.</param>
    /// <param name="seats">Where: one for each of <see cref="GameMatch.Players"/>, in that order.</param>
    protected virtual Task OnMatchedAsync(GameMatch match, IReadOnlyList<SeatReservation> seats)
    {
        ArgumentNullException.ThrowIfNull(match);
        ArgumentNullException.ThrowIfNull(seats);
        foreach (var (player, seat) in match.Players.Zip(seats))
            Namespace.To(player.SocketId).Emit("matched", seat);
        return Task.CompletedTask;
    }

    /// <summary>
    /// Runs when a ticket leaves the queue without a match. Tells its sockets: emits <c>unmatched</c> with the reason's name in camel case,
    /// such as <c>timedOut</c>, unless it is overridden. Of <see cref="UnmatchedReason.QueueLost"/> the queue knows no tickets: that is
    /// emitted to the room of those who waited.
    /// </summary>
    protected virtual Task OnUnmatchedAsync(MatchTicket ticket, UnmatchedReason reason)
    {
        ArgumentNullException.ThrowIfNull(ticket);
        foreach (var player in ticket.Request.Players)
            Namespace.To(player.SocketId).Emit("unmatched", NameOf(reason));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    [Event("join")]
    public async Task<long> JoinAsync(MatchRequest request, CancellationToken cancellationToken = default)
    {
        Check(request);
        if (_entries.Count >= CheckedRules.MaxTickets)
            throw Full();
        var entry = new Entry(new MatchTicket(++_last, Now, request));
        try
        {
            foreach (var player in request.Players)
                entry.Seats.Add(await Seats.TakeAsync(player.SocketId, player.Name, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception error)
        {
            foreach (var seat in entry.Seats)
                Seats.Release(seat);
            if (error is EventException { Code: "SEATS_FULL" })
                throw Full();
            throw;
        }
        Add(entry);
        return entry.Ticket.Number;

        static EventException Full() => new("Too many wait for a match already.") { Code = "QUEUE_FULL" };
    }

    /// <inheritdoc/>
    [Event("cancel")]
    public async Task<bool> CancelAsync(string socketId, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(socketId);
        if (Seats.Find(socketId) is not { } seat || !_bySeat.TryGetValue(seat.Number, out var entry) || entry.IsPlaced)
            return false;
        await DropAsync(entry, UnmatchedReason.Cancelled).ConfigureAwait(false);
        return true;
    }

    /// <inheritdoc/>
    [Event("count")]
    public Task<int> CountAsync(CancellationToken cancellationToken = default) => Task.FromResult(_bySeat.Count);

    /// <summary>Takes on those who have moved along.</summary>
    public sealed override async Task OnStartedAsync(EntityStart start)
    {
        ArgumentNullException.ThrowIfNull(start);
        _ = CheckedRules;
        Seats.GraceTime = TimeSpan.Zero;
        List<Entry> gone = [];
        if (start.GetState<Waiting>() is { } kept)
        {
            _last = kept.Last;
            var seats = Seats.ToDictionary(static seat => seat.Number);
            foreach (var (ticket, numbers) in kept.Tickets)
            {
                var own = numbers.Where(seats.ContainsKey).Select(number => seats[number]).ToList();
                var entry = new Entry(ticket, own);
                if (own.Count == numbers.Count)
                    Add(entry);
                else
                    gone.Add(entry); // one left while it was placed
            }
        }
        foreach (var entry in gone)
            Forget(entry);
        if (start.Origin == EntityOrigin.Lost) // they are in the room until the start is over
            Namespace.To(Seats.Room).Emit("unmatched", NameOf(UnmatchedReason.QueueLost));
        await OnQueueStartedAsync(start).ConfigureAwait(false);
        try
        {
            await TellAllAsync(gone.Select<Entry, Func<Task>>(
                entry => () => OnUnmatchedAsync(entry.Ticket, UnmatchedReason.PlayerGone))).ConfigureAwait(false);
        }
        catch (Exception error) // they are out, whether they know or not, and the others wait
        {
            Namespace.Services.Server.Log.HandlerFailed(error, Context.Type);
        }
    }

    /// <summary>All who wait. Who is about to be placed waits again on the other node; the seats that were kept for them expire.</summary>
    public sealed override object HandOver() => new Waiting(
        _last,
        [.. _entries.Values.Select(static entry =>
            new WaitingTicket(entry.Ticket, [.. entry.Seats.Select(static seat => seat.Number)]))]
    );

    /// <summary>Makes matches.</summary>
    public sealed override async Task OnTickAsync(TimeSpan elapsed)
    {
        await TakePlacedAsync().ConfigureAwait(false); // should the word of it be lost, since too many calls wait
        await RoundAsync().ConfigureAwait(false);
    }

    /// <summary>Somebody is away: its ticket is passed over.</summary>
    public sealed override Task OnLostAsync(Seat seat) => Pause(seat);

    /// <summary>Somebody is back.</summary>
    public sealed override Task OnReturnedAsync(Seat seat) => Pause(seat);

    /// <summary>Somebody is gone, and the ticket with it.</summary>
    public sealed override async Task OnLeftAsync(Seat seat, SeatLeaveReason reason)
    {
        ArgumentNullException.ThrowIfNull(seat);
        if (!_bySeat.TryGetValue(seat.Number, out var entry))
            return;
        if (entry.IsPlaced && reason != SeatLeaveReason.EntityEnded)
            return;
        await DropAsync(
            entry,
            reason == SeatLeaveReason.EntityEnded ? UnmatchedReason.QueueEnded : UnmatchedReason.PlayerGone
        ).ConfigureAwait(false);
    }

    [Event(PlacedMethod)]
    internal async Task TakePlacedAsync()
    {
        List<Func<Task>> tells = [];
        while (_placed.TryDequeue(out var placed))
        {
            _placing--;
            if (placed.Seats is { } seats)
            {
                if (!placed.Entries.All(entry => _entries.ContainsKey(entry.Ticket.Number)))
                    continue; // they were told that the queue has ended; the seats expire
                foreach (var entry in placed.Entries)
                    Forget(entry);
                tells.Add(() => OnMatchedAsync(placed.Match, seats));
            }
            else
            {
                Namespace.Services.Server.Log.MatchNotPlaced(placed.Error!, Context.Type);
                foreach (var (place, entry) in placed.Entries.Index())
                {
                    if (PutBack(entry, place) is { } reason)
                        tells.Add(() => OnUnmatchedAsync(entry.Ticket, reason));
                }
            }
        }
        await TellAllAsync(tells).ConfigureAwait(false);
        if (_isCut)
            await RoundAsync().ConfigureAwait(false);
    }

    private static string NameOf(UnmatchedReason reason) => JsonNamingPolicy.CamelCase.ConvertName(reason.ToString());

    private void Check(MatchRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Players is not { Count: > 0 } players || players.Any(static player => player is not { SocketId.Length: > 0 }))
            throw Bad("A request has a player at least, and each has the id of a socket.");
        if (players.Count > CheckedRules.MaxPlayers)
            throw Bad($"A party has {players.Count} players, and a match here {CheckedRules.MaxPlayers} at most.");
        if (players.Select(static player => player.SocketId).Distinct(StringComparer.Ordinal).Count() < players.Count)
            throw Bad("A socket is in the request twice.");
        if (!double.IsFinite(request.Rank))
            throw Bad("A rank is a finite number.");
        if (request.Group is not { Length: <= MaxGroupLength })
            throw Bad($"A group has {MaxGroupLength} characters at most.");
        var most = Math.Min(4096, 60_000 / CheckedRules.MaxPlayers); // all of a match go to its game in one call
        if (request.Properties is { } properties && Encoding.UTF8.GetByteCount(properties.GetRawText()) > most)
            throw Bad($"Properties have {most} bytes of JSON at most.");
        if (players.Any(static player => player.Name is not { Length: <= Seats.MaxNameLength }))
            throw Bad($"A name has {Seats.MaxNameLength} characters at most.");
        if (players.Any(player => Seats.Find(player.SocketId) is not null))
            throw new EventException("This socket waits for a match already.") { Code = "ALREADY_QUEUED" };

        static EventException Bad(string message) => new(message) { Code = "BAD_REQUEST" };
    }

    private async Task RoundAsync()
    {
        _isCut = false;
        if (Pool.Count == 0)
            return;
        if (_placing >= MaxPlacing)
        {
            _isCut = true;
            return;
        }
        var round = Pool.Round(Now, MaxPlacing - _placing);
        _isCut = round.IsCut;
        foreach (var tickets in round.Matches)
        {
            var entries = tickets.Select(ticket => _entries[ticket.Number]).ToList();
            foreach (var entry in entries)
                entry.IsPlaced = true;
            _placing++;
            _ = PlaceLaterAsync(
                new GameMatch(Guid.NewGuid().ToString("N"), tickets[0].Group, entries.ConvertAll(static entry => entry.Ticket)),
                entries
            );
        }
        var timedOut = round.TimedOut.Select(ticket => _entries[ticket.Number]).ToList();
        foreach (var entry in timedOut)
            Forget(entry);
        await TellAllAsync(timedOut.Select<Entry, Func<Task>>(
            entry => () => OnUnmatchedAsync(entry.Ticket, UnmatchedReason.TimedOut))).ConfigureAwait(false);
    }

    /// <summary>What is told is so by then: one that fails does not keep the others from being told.</summary>
    private static async Task TellAllAsync(IEnumerable<Func<Task>> tells)
    {
        ExceptionDispatchInfo? failure = null;
        foreach (var tell in tells)
        {
            try
            {
                await tell().ConfigureAwait(false);
            }
            catch (Exception error)
            {
                failure ??= ExceptionDispatchInfo.Capture(error);
            }
        }
        failure?.Throw();
    }

    private async Task PlaceLaterAsync(GameMatch match, IReadOnlyList<Entry> entries)
    {
        Placed placed;
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10), Namespace.Services.Server.Time);
            var seats = await PlaceAsync(match, limit.Token).WaitAsync(limit.Token).ConfigureAwait(false);
            var players = match.Players.Count();
            placed = seats.Count == players
                ? new Placed(match, entries, seats, null)
                : throw new InvalidOperationException($"PlaceAsync gave {seats.Count} seats for {players} players.");
        }
        catch (Exception error)
        {
            placed = new Placed(match, entries, null, error);
        }
        _placed.Enqueue(placed);
        Context.CallSelf(PlacedMethod);
    }

    /// <summary>
    /// It has no place after all, and waits on, a while longer each time: so that others are matched meanwhile, who may fare better. Those
    /// of one match come back one after the other, else they would choose each other again. Unless its time is over, or somebody has gone.
    /// </summary>
    /// <returns>Why it is out; null where it is not.</returns>
    private UnmatchedReason? PutBack(Entry entry, int place)
    {
        if (!_entries.ContainsKey(entry.Ticket.Number))
            return null; // the queue has ended meanwhile
        entry.IsPlaced = false;
        entry.Failures++;
        UnmatchedReason? reason = entry.Seats.Exists(static seat => seat.State == SeatState.Left) ? UnmatchedReason.PlayerGone
            : Now - entry.Ticket.Since >= CheckedRules.Timeout ? UnmatchedReason.TimedOut
            : null;
        if (reason is null)
        {
            var delay = TimeSpan.FromSeconds(Math.Min(10, 1 << Math.Min(4, entry.Failures - 1)));
            var after = CheckedRules.Interval * place;
            Pool.Add(entry.ToPool(Now + delay + (after < delay ? after : delay)));
        }
        else
        {
            Forget(entry);
        }
        return reason;
    }

    private void Add(Entry entry)
    {
        _entries.Add(entry.Ticket.Number, entry);
        foreach (var seat in entry.Seats)
            _bySeat.Add(seat.Number, entry);
        Pool.Add(entry.ToPool());
    }

    private Task Pause(Seat seat)
    {
        ArgumentNullException.ThrowIfNull(seat);
        if (_bySeat.TryGetValue(seat.Number, out var entry) && Pool.Find(entry.Ticket.Number) is { } ticket)
            ticket.IsPaused = entry.IsAway;
        return Task.CompletedTask;
    }

    private Task DropAsync(Entry entry, UnmatchedReason reason)
    {
        Forget(entry);
        return OnUnmatchedAsync(entry.Ticket, reason);
    }

    private void Forget(Entry entry)
    {
        Pool.Remove(entry.Ticket.Number);
        _entries.Remove(entry.Ticket.Number);
        foreach (var seat in entry.Seats)
        {
            _bySeat.Remove(seat.Number);
            Seats.Release(seat);
        }
    }

    /// <summary>A ticket and the seats of its players in the queue.</summary>
    private sealed record Entry(MatchTicket Ticket, List<Seat> Seats)
    {
        public Entry(MatchTicket ticket)
            : this(ticket, [])
        {
        }

        /// <summary>Its match is made.</summary>
        public bool IsPlaced { get; set; }

        /// <summary>How often it got no place.</summary>
        public int Failures { get; set; }

        public bool IsAway => Seats.Exists(static seat => seat.State != SeatState.Connected);

        public PoolTicket ToPool(DateTimeOffset notBefore = default) =>
            new(Ticket.Number, Seats.Count, Ticket.Request.Rank, Ticket.Request.Group, Ticket.Since)
            {
                IsPaused = IsAway,
                NotBefore = notBefore,
            };
    }

    private sealed record Placed(
        GameMatch Match, IReadOnlyList<Entry> Entries, IReadOnlyList<SeatReservation>? Seats, Exception? Error);

    /// <summary>What moves along.</summary>
    private sealed record Waiting(long Last, IReadOnlyList<WaitingTicket> Tickets);

    private sealed record WaitingTicket(MatchTicket Ticket, IReadOnlyList<long> Seats);
}

/// <summary>A queue for matches in entities of one class: each match gets a new one, with a seat for each player.</summary>
/// <remarks>
/// The game learns who comes in <see cref="RoomEntity.OnReservedAsync"/>, whose options are the <see cref="GameMatch"/>; a client comes by
/// a method of it that calls <see cref="Seats.ReturnAsync"/>. Who does not come within <see cref="Seats.ReservationTime"/> frees the seat.
/// </remarks>
/// <typeparam name="TGame">The class.</typeparam>
/// <param name="games">What was mapped for it.</param>
#pragma warning disable CA1711 // players queue here; it is no collection
public abstract class MatchQueue<TGame>(RoomEntities<TGame> games) : MatchQueue
#pragma warning restore CA1711
    where TGame : RoomEntity
{
    /// <summary>Reserves seats in a new entity, whose id is the match's.</summary>
    protected override Task<IReadOnlyList<SeatReservation>> PlaceAsync(GameMatch match, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(match);
        return games.ReserveAsync(match.Id, [.. match.Players.Select(static player => player.Name)], match, cancellationToken);
    }
}
