namespace ActorSocket;

// Its rooms as its namespace's actor keeps them, a little longer than the application sees them.
public sealed partial class Socket
{
    private HashSet<string>? _rooms;
    private bool _roomsLeft;
    private bool _inOwnRoom;

    internal IReadOnlyCollection<string> CurrentRooms
    {
        get
        {
            lock (_gate)
                return _roomsLeft ? [] : _inOwnRoom ? [Id, .. _rooms ?? []] : [.. _rooms ?? []];
        }
    }

    internal bool IsIn(string room)
    {
        lock (_gate)
            return string.Equals(room, Id, StringComparison.Ordinal) ? _inOwnRoom : _rooms is not null && _rooms.Contains(room);
    }

    internal bool AddRoom(string room)
    {
        lock (_gate)
            return (_rooms ??= new HashSet<string>(StringComparer.Ordinal)).Add(room);
    }

    internal bool RemoveRoom(string room)
    {
        lock (_gate)
            return _rooms is not null && _rooms.Remove(room);
    }

    internal int RoomCount
    {
        get
        {
            lock (_gate)
                return _rooms?.Count ?? 0;
        }
    }

    /// <returns>False when it was so already.</returns>
    internal bool SetOwnRoom(bool joined)
    {
        lock (_gate)
        {
            var changes = _inOwnRoom != joined;
            _inOwnRoom = joined;
            return changes;
        }
    }

    /// <summary>Takes the socket out of all rooms; called by the namespace's actor.</summary>
    internal string[] TakeRooms()
    {
        lock (_gate)
        {
            string[] all = [.. _rooms ?? []];
            _rooms = null;
            _roomsLeft = true;
            return all;
        }
    }
}
