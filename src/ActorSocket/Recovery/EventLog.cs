namespace ActorSocket.Recovery;

/// <summary>
/// The events of the last while by their positions, with an index by room and one by emitter: what a socket missed is found by looking at
/// what was sent to its rooms, and at nothing else. An event takes a place of each room it is for, and gives it back when it is forgotten.
/// </summary>
/// <remarks>Not thread-safe: used under its log's gate.</remarks>
internal sealed class EventLog
{
    private const int PlaceSize = 16;

    private readonly Window<LoggedEvent> _events = new();
    private readonly Window<long> _forAll = new();
    private readonly Dictionary<string, Window<long>> _byRoom = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Window<(long Number, long Position)>> _byEmitter = new(StringComparer.Ordinal);

    public int Count => _events.Count;

    /// <summary>The position of the newest event; of a new log, what it begins after.</summary>
    public long Last { get; set; }

    /// <summary>The position of the newest event that is forgotten.</summary>
    public long Forgotten => Last - Count;

    /// <summary>With the places that the events take.</summary>
    public long Bytes { get; private set; }

    /// <summary>How many places were looked at: what a search costs.</summary>
    public long Examined { get; private set; }

    /// <summary>How many rooms have events here.</summary>
    public int RoomCount => _byRoom.Count;

    public LoggedEvent Oldest => _events[0];

    public void Add(in LoggedEvent logged)
    {
        _events.Add(logged);
        Last++;
        Bytes += SizeOf(logged);
        if (logged.Selection.Rooms is not { } rooms)
        {
            _forAll.Add(Last);
        }
        else
        {
            foreach (var room in rooms)
            {
                var places = Of(_byRoom, room);
                if (places.Count == 0 || places[^1] != Last) // a room may be named twice
                    places.Add(Last);
            }
        }
        Of(_byEmitter, logged.Emitter).Add((logged.Number, Last));
    }

    public LoggedEvent Forget()
    {
        var position = Forgotten + 1;
        var oldest = _events.RemoveFirst();
        Bytes -= SizeOf(oldest);
        if (oldest.Selection.Rooms is not { } rooms)
        {
            _forAll.RemoveFirst();
        }
        else
        {
            foreach (var room in rooms)
            {
                if (!_byRoom.TryGetValue(room, out var places) || places[0] != position)
                    continue;
                places.RemoveFirst();
                if (places.Count == 0)
                    _byRoom.Remove(room);
            }
        }
        var emitted = _byEmitter[oldest.Emitter];
        emitted.RemoveFirst();
        if (emitted.Count == 0)
            _byEmitter.Remove(oldest.Emitter);
        return oldest;
    }

    /// <summary>The events after a position, at most so many.</summary>
    public List<LoggedEvent> After(long position, int most)
    {
        var first = (int)(position - Forgotten);
        var events = new List<LoggedEvent>(Math.Min(most, Count - first));
        for (var i = first; i < Count && events.Count < most; i++)
            events.Add(_events[i]);
        return events;
    }

    /// <summary>The events after a position that a socket with this id and these rooms would have got, in order.</summary>
    public List<LoggedEvent> For(long after, string socketId, IReadOnlyCollection<string> rooms)
    {
        var own = rooms as IReadOnlySet<string> ?? rooms.ToHashSet(StringComparer.Ordinal);
        var found = new List<long>();
        var sources = AddAfter(found, _forAll, after) ? 1 : 0;
        foreach (var room in own)
        {
            Examined++;
            if (_byRoom.TryGetValue(room, out var places) && AddAfter(found, places, after))
                sources++;
        }
        if (sources > 1)
            found.Sort();
        var events = new List<LoggedEvent>(found.Count);
        var last = 0L;
        foreach (var position in found)
        {
            if (position == last)
                continue; // for several of its rooms
            last = position;
            var logged = _events[(int)(position - Forgotten - 1)];
            if (logged.Selection.Matches(socketId, own))
                events.Add(logged);
        }
        return events;
    }

    /// <summary>
    /// The position before the first event of an emitter's with a number above this one; the newest position when there is none.
    /// </summary>
    public long Before(string emitter, long number)
    {
        if (!_byEmitter.TryGetValue(emitter, out var emitted))
            return Last;
        var (low, high) = (0, emitted.Count);
        while (low < high)
        {
            Examined++;
            var middle = (low + high) / 2;
            if (emitted[middle].Number > number)
                high = middle;
            else
                low = middle + 1;
        }
        return low < emitted.Count ? emitted[low].Position - 1 : Last;
    }

    private bool AddAfter(List<long> found, Window<long> places, long after)
    {
        var before = found.Count;
        for (var i = places.Count - 1; i >= 0 && places[i] > after; i--)
        {
            Examined++;
            found.Add(places[i]);
        }
        found.Reverse(before, found.Count - before);
        return found.Count > before;
    }

    private static long SizeOf(in LoggedEvent logged) => logged.Frame.Size + (PlaceSize * (logged.Selection.Rooms?.Length ?? 1));

    private static TValue Of<TValue>(Dictionary<string, TValue> index, string key)
        where TValue : new()
    {
        if (!index.TryGetValue(key, out var value))
            index.Add(key, value = new TValue());
        return value;
    }

    /// <summary>A queue that can be looked into.</summary>
    private sealed class Window<T>
    {
        private T[] _items = new T[2];
        private int _first;

        public int Count { get; private set; }

        public T this[int index] => _items[(_first + index) & (_items.Length - 1)];

        public void Add(T item)
        {
            if (Count == _items.Length)
                Resize(Count * 2);
            _items[(_first + Count) & (_items.Length - 1)] = item;
            Count++;
        }

        public T RemoveFirst()
        {
            var item = this[0];
            _items[_first] = default!;
            _first = (_first + 1) & (_items.Length - 1);
            Count--;
            if (_items.Length > 64 && Count < _items.Length / 4)
                Resize(_items.Length / 2);
            return item;
        }

        private void Resize(int size)
        {
            var items = new T[size]; // a power of two
            for (var i = 0; i < Count; i++)
                items[i] = this[i];
            (_items, _first) = (items, 0);
        }
    }
}
