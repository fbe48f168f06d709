namespace ActorSocket.Entities;

/// <summary>A seat as it is kept.</summary>
/// <param name="Number">Which one.</param>
/// <param name="Token">As it is handed over, where it is known; null in the store, but for what older versions have written.</param>
/// <param name="Name">What the entity calls it.</param>
/// <param name="State">Where it is in its story.</param>
/// <param name="SocketId">Of its socket.</param>
/// <param name="Since">Since when it is there.</param>
/// <param name="GraceTime">For how long it is kept once it is lost.</param>
/// <param name="Due">When it is over by itself.</param>
/// <param name="TokenDigests">Of the tokens that it is had by; null where an older version has written it.</param>
internal sealed record SeatRecord(
    long Number,
    string? Token,
    string Name,
    SeatState State,
    string SocketId,
    DateTimeOffset Since,
    TimeSpan GraceTime,
    DateTimeOffset? Due,
    byte[][]? TokenDigests = null
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
