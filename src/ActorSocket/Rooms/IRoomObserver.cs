namespace ActorSocket.Rooms;

/// <summary>
/// Who hears of everybody who joins or leaves a room: told by the room's router, and so in the room's order. It must not wait.
/// </summary>
internal interface IRoomObserver<in T>
{
    /// <summary>Broadcasts reach the member from here on.</summary>
    void Joined(string room, T member);

    /// <summary>Broadcasts do not reach it any more.</summary>
    void Left(string room, T member);
}
