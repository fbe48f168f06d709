namespace ActorSocket.Emitting;

/// <summary>A socket, as far as it matters whom an event is for.</summary>
internal interface IRoomMember
{
    string Id { get; }

    /// <summary>Whether it is in this room now. Its id is a room, too.</summary>
    bool IsIn(string room);
}
