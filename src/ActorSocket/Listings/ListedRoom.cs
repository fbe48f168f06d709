namespace ActorSocket;

/// <summary>A listed entity, as a node knows it at a moment.</summary>
/// <typeparam name="TListing">What its <see cref="RoomEntity.Listing"/> is read as.</typeparam>
/// <param name="Id">Which entity.</param>
/// <param name="Listing">What it publishes.</param>
/// <param name="Seats">How many seats are taken, reserved and lost ones included.</param>
/// <param name="Capacity">How many there may be: <see cref="EntityOptions.MaxSeats"/> where the entity has not said.</param>
/// <param name="IsLocked">Whether nobody may take one: <see cref="ActorSocket.Seats.IsLocked"/>.</param>
public sealed record ListedRoom<TListing>(string Id, TListing Listing, int Seats, int Capacity, bool IsLocked)
{
    /// <summary>How many seats may be taken: none while it is locked.</summary>
    public int Free => IsLocked ? 0 : Math.Max(0, Capacity - Seats);
}

/// <summary>What has become of a listed entity.</summary>
public enum ListedRoomChangeKind
{
    /// <summary>It is listed from now on.</summary>
    Added,

    /// <summary>It publishes something else, or its seats are others.</summary>
    Changed,

    /// <summary>It is not listed any more: it said so, has ended, or is gone with its node.</summary>
    Removed,
}

/// <summary>A change of the list.</summary>
/// <typeparam name="TListing">What listings are read as.</typeparam>
/// <param name="Kind">What has happened.</param>
/// <param name="Room">What it is now; of one that is removed, what it was when it was told last.</param>
public sealed record ListedRoomChange<TListing>(ListedRoomChangeKind Kind, ListedRoom<TListing> Room);
