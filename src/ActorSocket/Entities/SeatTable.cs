namespace ActorSocket.Entities;

/// <summary>What became of a seat, for the entity to be told.</summary>
internal enum SeatChangeKind { Joined, Lost, Returned, Left }

/// <param name="Seat">Which one.</param>
/// <param name="Kind">What became of it.</param>
/// <param name="Reason">Why it is over.</param>
internal readonly record struct SeatChange(Seat Seat, SeatChangeKind Kind, SeatLeaveReason Reason = default);

/// <summary>
/// The seats of one entity, and the story of each: reserved, connected, lost and returned any number of times, left. No clock, no actor and
/// no network is in it: each step is told the time, and gives what the entity is to be told.
/// </summary>
/// <remarks>
/// Sockets are known by their ids alone, and a seat has one socket. What is said of a socket that no seat has (any more) changes nothing:
/// so a word that comes late, or twice, of the socket before never ends the one after it.
/// </remarks>
internal sealed class SeatTable
{
    private readonly SortedDictionary<long, Seat> _byNumber = [];
    private readonly Dictionary<string, Seat> _bySocket = new(StringComparer.Ordinal);
    private readonly SortedSet<(DateTimeOffset Due, long Number)> _due = []; // those that wait for somebody
    private long _last;

    public SeatTable(int most)
    {
        Capacity = Most = most;
        Version = 0;
    }

    /// <param name="most">How many there may be, whatever the entity says.</param>
    /// <param name="kept">What was kept.</param>
    public SeatTable(int most, SeatRecords kept)
        : this(most)
    {
        (_last, Capacity, IsLocked) = (kept.Last, Math.Min(kept.Capacity, most), kept.IsLocked);
        (GraceTime, ReservationTime) = (kept.GraceTime, kept.ReservationTime);
        foreach (var record in kept.All)
        {
            var seat = Seat.Of(this, record);
            _byNumber[seat.Number] = seat;
            if (seat.SocketId.Length > 0)
                _bySocket[seat.SocketId] = seat;
        }
        Touch();
    }

    public int Most { get; }

    public int Capacity
    {
        get;
        set
        {
            if (field == value)
                return;
            field = value;
            Touch();
        }
    }

    public bool IsLocked
    {
        get;
        set
        {
            if (field == value)
                return;
            field = value;
            Touch();
        }
    }

    public TimeSpan GraceTime
    {
        get;
        set
        {
            if (field == value)
                return;
            field = value;
            Touch();
        }
    } = TimeSpan.FromSeconds(30);

    public TimeSpan ReservationTime
    {
        get;
        set
        {
            if (field == value)
                return;
            field = value;
            Touch();
        }
    } = TimeSpan.FromSeconds(15);

    public IReadOnlyCollection<Seat> All => _byNumber.Values;

    public int Count => _byNumber.Count;

    /// <summary>Whether anybody ever had a seat, or is to have none.</summary>
    public bool HasStory => _last > 0 || IsLocked;

    /// <summary>Grows with each change; zero while it is as it was made.</summary>
    public long Version { get; private set; }

    /// <summary>When the first one is over by itself.</summary>
    public DateTimeOffset? FirstDue => _due.Count > 0 ? _due.Min.Due : null;

    public void Touch() => Version++;

    public Seat? OfSocket(string socketId) => _bySocket.GetValueOrDefault(socketId);

    public Seat? OfToken(string token) =>
        SeatToken.TryReadNumber(token, out var number) && _byNumber.TryGetValue(number, out var seat) && seat.IsHadBy(token) ? seat : null;

    /// <summary>A seat is to be over at another time.</summary>
    public void Reschedule(Seat seat, DateTimeOffset? due)
    {
        if (seat.Due is { } before)
            _due.Remove((before, seat.Number));
        if (due is { } next)
            _due.Add((next, seat.Number));
    }

    /// <summary>A seat for a socket, which has none.</summary>
    public SeatChange Take(string socketId, string name, DateTimeOffset now)
    {
        var seat = Add(name);
        seat.Connect(socketId, now);
        _bySocket.Add(socketId, seat);
        return new SeatChange(seat, SeatChangeKind.Joined);
    }

    public Seat Reserve(string name, DateTimeOffset now)
    {
        var seat = Add(name);
        seat.Reserve(now, now + ReservationTime);
        return seat;
    }

    /// <summary>
    /// Its client has shown its token, by a socket that has no other seat: the next step, until there is none. One whose socket before
    /// still seems to be there is lost first: that it is gone only its client knows so far.
    /// </summary>
    public SeatChange? Return(Seat seat, string socketId, DateTimeOffset now)
    {
        switch (seat.State)
        {
            case SeatState.Connected when seat.SocketId != socketId:
                seat.Lose(now);
                Touch();
                return new SeatChange(seat, SeatChangeKind.Lost);
            case SeatState.Reserved or SeatState.Lost:
                var kind = seat.State == SeatState.Reserved ? SeatChangeKind.Joined : SeatChangeKind.Returned;
                _bySocket.Remove(seat.SocketId);
                _bySocket.Add(socketId, seat);
                seat.Connect(socketId, now);
                Touch();
                return new SeatChange(seat, kind);
            default:
                return null;
        }
    }

    /// <summary>Those of the numbers up to this one that wait for somebody are kept until then at least.</summary>
    public void KeepUntil(DateTimeOffset earliest, long number)
    {
        foreach (var seat in _byNumber.Values)
        {
            if (seat.Number <= number && seat.Due < earliest)
            {
                seat.KeepUntil(earliest);
                Touch();
            }
        }
    }

    /// <summary>Who came for it is not let in after all: it waits again.</summary>
    public void ReserveAgain(Seat seat, DateTimeOffset since, DateTimeOffset due)
    {
        _bySocket.Remove(seat.SocketId);
        seat.Reserve(since, due);
        Touch();
    }

    /// <summary>Who took it is not let in after all: it never was.</summary>
    public void Drop(Seat seat, DateTimeOffset now) => Remove(seat, now);

    /// <summary>What the nodes say of a socket. Said again, or of a socket that no seat has, it is nothing new.</summary>
    public SeatChange? See(string socketId, SocketPresence presence, DateTimeOffset now)
    {
        if (!_bySocket.TryGetValue(socketId, out var seat))
            return null;
        switch (presence, seat.State)
        {
            case (SocketPresence.Here, SeatState.Lost):
                seat.Connect(socketId, now);
                Touch();
                return new SeatChange(seat, SeatChangeKind.Returned);
            case (SocketPresence.Gone, SeatState.Connected):
                seat.Lose(now);
                Touch();
                return new SeatChange(seat, SeatChangeKind.Lost);
            case (SocketPresence.Left, _):
                return Leave(seat, SeatLeaveReason.Disconnected, now);
            default:
                return null;
        }
    }

    /// <summary>Null for one that has left already, or is another entity's.</summary>
    public SeatChange? Leave(Seat seat, SeatLeaveReason reason, DateTimeOffset now)
    {
        if (!_byNumber.TryGetValue(seat.Number, out var own) || own != seat)
            return null;
        Remove(seat, now);
        return new SeatChange(seat, SeatChangeKind.Left, reason);
    }

    /// <summary>The time of the next one that is due is over; null where none is.</summary>
    public SeatChange? Expire(DateTimeOffset now)
    {
        if (!(FirstDue <= now))
            return null;
        var seat = _byNumber[_due.Min.Number];
        return Leave(seat, seat.State == SeatState.Reserved ? SeatLeaveReason.ReservationExpired : SeatLeaveReason.GraceTimeOver, now);
    }

    /// <param name="isHandOver">They go to another node, and not into the store.</param>
    public SeatRecords ToRecords(bool isHandOver) =>
        new(_last, Capacity, IsLocked, GraceTime, ReservationTime, [.. _byNumber.Values.Select(seat => seat.ToRecord(isHandOver))]);

    private Seat Add(string name)
    {
        var number = ++_last;
        var seat = new Seat(this, number, SeatToken.New(number), name, GraceTime);
        _byNumber.Add(number, seat);
        Touch();
        return seat;
    }

    private void Remove(Seat seat, DateTimeOffset now)
    {
        _byNumber.Remove(seat.Number);
        _bySocket.Remove(seat.SocketId);
        seat.Leave(now);
        Touch();
    }
}
