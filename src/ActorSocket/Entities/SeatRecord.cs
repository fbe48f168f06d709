namespace ActorSocket.Entities;

/// <summary>A seat as it is kept.</summary>
internal sealed record SeatRecord(
    long Number,
    string Token,
    string Name,
    SeatState State,
    string SocketId,
    DateTimeOffset Since,
    TimeSpan GraceTime,
    DateTimeOffset? Due
);

/// <summary>The seats of an entity as they are kept.</summary>
/// <param name="Last">The highest number that was given.</param>
/// <param name="Capacity">How many there may be.</param>
/// <param name="IsLocked">Whether no new one is taken.</param>
/// <param name="GraceTime">Of seats to come.</param>
/// <param name="ReservationTime">Likewise.</param>
/// <param name="All">Those that there are.</param>
internal sealed record SeatRecords(
    long Last, int Capacity, bool IsLocked, TimeSpan GraceTime, TimeSpan ReservationTime, IReadOnlyList<SeatRecord> All);

/// <summary>A seat that was reserved, as whoever asked for it is told.</summary>
internal sealed record ReservedSeat(long Number, string Token);

/// <summary>
/// Seats that were reserved, and what the entity publishes then, <see cref="Listings.ListedEntity"/>; and what it did before, which is what
/// whoever asked has looked for: it may close itself with the last seat.
/// </summary>
internal sealed record Reservation(
    ReservedSeat[] Seats,
    long Generation = 0,
    long Revision = 0,
    System.Text.Json.JsonElement? Listing = null,
    int Taken = 0,
    int Capacity = 0,
    bool IsLocked = false,
    System.Text.Json.JsonElement? Before = null
);
