namespace ActorSocket.Rooms;

/// <summary>
/// The members of one room, or of a whole namespace, as emitters read them: an array that is made when the first broadcast after a change
/// asks for it, so that a join costs the same in a room of ten and of ten thousand.
/// </summary>
/// <remarks>One actor writes, any thread reads.</remarks>
internal sealed class RoomMembers<T>
    where T : class
{
    private const int IndexFrom = 16;

    private readonly Lock _gate = new();
    private readonly List<T> _members = [];
    private Dictionary<T, int>? _index; // made when searching the list would cost more
    private T[]? _snapshot = [];

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
    public T[] Snapshot
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

    /// <returns>False when it was there.</returns>
    public bool Add(T member)
    {
        lock (_gate)
        {
            if (IndexOf(member) >= 0)
                return false;
            _index?.Add(member, _members.Count);
            _members.Add(member);
            if (_index is null && _members.Count > IndexFrom)
            {
                _index = new Dictionary<T, int>(_members.Count * 2);
                for (var i = 0; i < _members.Count; i++)
                    _index[_members[i]] = i;
            }
            _snapshot = null;
            return true;
        }
    }

    /// <returns>False when it was not there.</returns>
    public bool Remove(T member)
    {
        lock (_gate)
        {
            var at = IndexOf(member);
            if (at < 0)
                return false;
            var last = _members[^1];
            _members[at] = last;
            _members.RemoveAt(_members.Count - 1);
            if (_index is not null)
            {
                _index[last] = at;
                _index.Remove(member);
            }
            _snapshot = null;
            return true;
        }
    }

    private int IndexOf(T member) => _index is null ? _members.IndexOf(member) : _index.GetValueOrDefault(member, -1);
}
