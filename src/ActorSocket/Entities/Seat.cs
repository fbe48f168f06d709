using System.Diagnostics;
using System.Security.Cryptography;
using ActorSocket.Entities;

namespace ActorSocket;

/// <summary>Where a <see cref="Seat"/> is in its story.</summary>
public enum SeatState
{
    /// <summary>It waits for whoever shows its <see cref="Seat.Token"/>.</summary>
    Reserved,

    /// <summary>Its socket is there.</summary>
    Connected,

    /// <summary>The connection of its socket is gone; it is kept for <see cref="Seat.GraceTime"/>.</summary>
    Lost,

    /// <summary>It is over, and will not be anything else.</summary>
    Left,
}

/// <summary>Why a <see cref="Seat"/> is over.</summary>
public enum SeatLeaveReason
{
    /// <summary>The entity said so: <see cref="Seats.LeaveAsync(Seat, CancellationToken)"/>.</summary>
    Left,

    /// <summary>The entity said so: <see cref="Seats.KickAsync"/>.</summary>
    Kicked,

    /// <summary>Its socket was disconnected on purpose, by its client or by the server: it will not come back by itself.</summary>
    Disconnected,

    /// <summary>It was lost, and nobody returned within <see cref="Seat.GraceTime"/>.</summary>
    GraceTimeOver,

    /// <summary>It was reserved, and nobody came in time.</summary>
    ReservationExpired,

    /// <summary>The entity retires.</summary>
    EntityEnded,
}

/// <summary>One member of an entity: see <see cref="Seats"/>.</summary>
/// <remarks>For the entity's own code, while it runs.</remarks>
[DebuggerDisplay("{Number}: {State}")] // not the token
public sealed class Seat
{
    /// <summary>The one that its client has, and one whose answer may not have arrived.</summary>
    private const int MostTokens = 2;

    private readonly SeatTable _table;
    private TimeSpan _graceTime;
    private string? _token; // where it is known: made in this life, handed over, or shown
    private byte[][] _tokenDigests; // of those that it is had by, the newest last

    internal Seat(SeatTable table, long number, string? token, string name, TimeSpan graceTime, byte[][]? tokenDigests = null)
    {
        (_table, Number, _token, Name, _graceTime) = (table, number, token, name, graceTime);
        _tokenDigests = tokenDigests ?? (token is null ? [] : [SeatToken.DigestOf(token)]);
    }

    /// <summary>Which one: from 1, never given twice by the same entity. No secret: others may know a member by it.</summary>
    public long Number { get; }

    /// <summary>
    /// What its client comes back with, by <see cref="Seats.ReturnAsync"/>, when its socket is another one. A secret of that client: with
    /// it one has the seat. URL-safe, some 25 characters, 132 bits of them random.
    /// </summary>
    /// <remarks>
    /// The store has its digest alone. So after a crash, until its client has shown it, it is not known: whoever asks for it then gets a
    /// new one, and the client has the seat by either.
    /// </remarks>
    public string Token => _token ??= MakeToken();

    /// <summary>What the entity has called it, such as the player's name; empty for nothing.</summary>
    public string Name { get; }

    /// <summary>Where it is in its story.</summary>
    public SeatState State { get; private set; }

    /// <summary>
    /// The id of its socket, also while that is lost: <c>Namespace.To(seat.SocketId)</c> reaches it alone. Empty while it is reserved.
    /// </summary>
    public string SocketId { get; private set; } = "";

    /// <summary>When it came to be where it is: reserved, taken or returned, lost, or over.</summary>
    public DateTimeOffset Since { get; private set; }

    /// <summary>
    /// For how long it is kept once it is lost, from then on; begins with <see cref="Seats.GraceTime"/>. May be set at any time, also in
    /// <see cref="RoomEntity.OnLostAsync"/>. Zero for not at all, a year at most.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative, or more than a year.</exception>
    public TimeSpan GraceTime
    {
        get => _graceTime;
        set
        {
            Seats.CheckTime(value, nameof(value));
            _graceTime = value;
            if (State == SeatState.Lost)
                SetDue(Since + value);
            _table.Touch();
        }
    }

    /// <summary>
    /// When it will be over, unless somebody comes before; null while its socket is there. After a move or a crash of the entity, 5 s later
    /// at least.
    /// </summary>
    public DateTimeOffset? Due { get; private set; }

    internal void Reserve(DateTimeOffset now, DateTimeOffset due) => Set(SeatState.Reserved, "", now, due);

    internal void Connect(string socketId, DateTimeOffset now) => Set(SeatState.Connected, socketId, now, null);

    internal void Lose(DateTimeOffset now) => Set(SeatState.Lost, SocketId, now, now + _graceTime);

    internal void KeepUntil(DateTimeOffset due) => SetDue(due);

    internal void Leave(DateTimeOffset now) => Set(SeatState.Left, SocketId, now, null);

    /// <summary>Whether its client has it by this token, in a time that says nothing of what a wrong one has right.</summary>
    internal bool IsHadBy(string token)
    {
        var (digest, isOne) = (SeatToken.DigestOf(token), false);
        foreach (var own in _tokenDigests)
            isOne |= CryptographicOperations.FixedTimeEquals(digest, own);
        if (isOne)
            _token ??= token;
        return isOne;
    }

    /// <param name="isHandOver">It goes to another node, and not into the store: with its token.</param>
    internal SeatRecord ToRecord(bool isHandOver) =>
        new(Number, isHandOver ? _token : null, Name, State, SocketId, Since, _graceTime, Due, _tokenDigests);

    internal static Seat Of(SeatTable table, SeatRecord record)
    {
        var seat = new Seat(table, record.Number, record.Token, record.Name, record.GraceTime, record.TokenDigests);
        seat.Set(record.State, record.SocketId, record.Since, record.Due);
        return seat;
    }

    /// <summary>Its number, its name and where it is; not its token.</summary>
    public override string ToString() => $"{Number} {Name} ({State})";

    private void Set(SeatState state, string socketId, DateTimeOffset since, DateTimeOffset? due)
    {
        (State, SocketId, Since) = (state, socketId, since);
        SetDue(due);
    }

    private void SetDue(DateTimeOffset? due)
    {
        _table.Reschedule(this, due);
        Due = due;
    }

    private string MakeToken()
    {
        var token = SeatToken.New(Number);
        _tokenDigests = [.. _tokenDigests.TakeLast(MostTokens - 1), SeatToken.DigestOf(token)];
        _table.Touch();
        return token;
    }
}
