namespace ActorSocket.Rooms;

/// <summary>
/// The members of one room, or of a whole namespace, as emitters read them: an array that is made when the first broadcast after a change asks for it,
/// so that a join costs the same in a room of ten and of ten thousand.
/// </summary>
/// <remarks>One actor writes, any thread reads.</remarks>
internal sealed class RoomMembers
{
    private const int IndexFrom = 16;

    private readonly Lock _gate = new();
    private readonly List<Socket> _members = [];
    private Dictionary<Socket, int>? _index; // made when searching the list would cost more
    private Socket[]? _snapshot = [];

    /// <summary>Completes when the other nodes know that the room has members here.</summary>
    public Task Announced { get; init; } = Task.CompletedTask;

    public int Count
    {
        get
        {
            lock (_gate)
                return _members.Count;
        }
    }

    /// <summary>Never changed once given out.</summary>
    public Socket[] Snapshot
    {
        get
        {
            var snapshot = Volatile.Read(ref _snapshot);
            if (snapshot is not null)
                return snapshot;
            lock (_gate)
                return _snapshot ??= [.. _members];
        }
    }

    public void Add(Socket socket)
    {
        lock (_gate)
        {
            if (IndexOf(socket) >= 0)
                return;
            _index?.Add(socket, _members.Count);
            _members.Add(socket);
            if (_index is null && _members.Count > IndexFrom)
            {
                _index = new Dictionary<Socket, int>(_members.Count * 2);
                for (var i = 0; i < _members.Count; i++)
                    _index[_members[i]] = i;
            }
            _snapshot = null;
        }
    }

    public void Remove(Socket socket)
    {
        lock (_gate)
        {
            var at = IndexOf(socket);
            if (at < 0)
                return;
            var last = _members[^1];
            _members[at] = last;
            _members.RemoveAt(_members.Count - 1);
            if (_index is not null)
            {
                _index[last] = at;
                _index.Remove(socket);
            }
            _snapshot = null;
        }
    }

    private int IndexOf(Socket socket) => _index is null ? _members.IndexOf(socket) : _index.GetValueOrDefault(socket, -1);
}
