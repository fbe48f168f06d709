namespace ActorSocket;

/// <summary>A seat that an entity keeps for somebody: what its client comes with, and the entity gives to <see cref="Seats.ReturnAsync"/>.
/// </summary>
/// <param name="Id">Which entity.</param>
/// <param name="Number">Which of its seats: <see cref="Seat.Number"/>.</param>
/// <param name="Token">A secret of the client that is to have it: <see cref="Seat.Token"/>.</param>
public sealed record SeatReservation(string Id, long Number, string Token);
