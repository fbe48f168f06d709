using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Emitting;

/// <summary>Who a broadcast is for, as a value: a union of rooms (or everyone), less some rooms, less one socket.</summary>
/// <param name="Rooms">The union; null for everyone.</param>
/// <param name="Excluded">Whose members are left out.</param>
/// <param name="ExcludedSocket">Who is left out.</param>
/// <param name="ExcludedId">Its id, where it is another node's.</param>
internal sealed record RoomSelection(string[]? Rooms, string[] Excluded, IRoomMember? ExcludedSocket, string? ExcludedId = null)
{
    public static readonly RoomSelection Everyone = new(null, [], null);

    public RoomSelection To(IEnumerable<string> rooms) => this with { Rooms = Joined(Rooms ?? [], rooms) };

    public RoomSelection Except(IEnumerable<string> rooms) => this with { Excluded = Joined(Excluded, rooms) };

    public RoomSelection ExceptSocket(IRoomMember socket) => this with { ExcludedSocket = socket };

    /// <summary>Whether it is for a socket that had this id and was in these rooms.</summary>
    public bool Matches(string socketId, IReadOnlyCollection<string> rooms)
    {
        if (string.Equals(ExcludedSocket?.Id ?? ExcludedId, socketId, StringComparison.Ordinal) || Excluded.Any(rooms.Contains))
            return false;
        return Rooms is null || Rooms.Any(rooms.Contains);
    }

    /// <summary>
    /// Both as they are now. <c>To("room")</c> comes as a list of one, made by the compiler, which is smaller than an array.
    /// </summary>
    private static string[] Joined(string[] before, IEnumerable<string> rooms)
    {
        ArgumentNullException.ThrowIfNull(rooms);
        var more = rooms as ICollection<string> ?? [.. rooms];
        var joined = new string[before.Length + more.Count];
        before.CopyTo(joined, 0);
        more.CopyTo(joined, before.Length);
        var added = joined.AsSpan(before.Length);
        ThrowIfNull(added, nameof(rooms));
        foreach (ref var room in added)
            room = LoneSurrogates.Mend(room); // as the other nodes know it
        return joined;
    }

    /// <exception cref="ArgumentException">One of the rooms is null, which would be nobody's, or left out for nobody.</exception>
    public static void ThrowIfNull(ReadOnlySpan<string> rooms, string name)
    {
        foreach (var room in rooms)
        {
            if (room is null)
                throw new ArgumentException("A room has a name; one of these is null.", name);
        }
    }

    public bool Excludes(IRoomMember socket)
    {
        if (ReferenceEquals(socket, ExcludedSocket))
            return true;
        foreach (var room in Excluded)
        {
            if (socket.IsIn(room))
                return true;
        }
        return false;
    }
}
