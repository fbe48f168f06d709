namespace ActorSocket;

/// <summary>Who a broadcast is for, as a value: a union of rooms (or everyone), less some rooms, less one socket.</summary>
internal sealed record RoomSelection(string[]? Rooms, string[] Excluded, Socket? ExcludedSocket)
{
    public static readonly RoomSelection Everyone = new(null, [], null);

    public RoomSelection To(string[] rooms) => this with { Rooms = [.. Rooms ?? [], .. rooms] };

    public RoomSelection Except(string[] rooms) => this with { Excluded = [.. Excluded, .. rooms] };

    public RoomSelection ExceptSocket(Socket socket) => this with { ExcludedSocket = socket };

    public bool Excludes(Socket socket)
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
