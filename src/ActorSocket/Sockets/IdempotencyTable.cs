using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Sockets;

/// <summary>What makes an event the same as one that came before.</summary>
internal readonly record struct IdempotencyKey(string Scope, string EventName, string Key)
{
    public long Size => 2L * (Scope.Length + EventName.Length + Key.Length);
}

/// <summary>
/// The events with an idempotency key that one namespace remembers, or all that were made from one template (B-13), bounded in time, number
/// and bytes.
/// </summary>
/// <remarks>Any thread. Old ones are removed when others come, and by a timer, which runs while there are any.</remarks>
internal sealed class IdempotencyTable(IdempotencyOptions options, SocketJson json, TimeProvider time)
{
    private const int EntryBytes = 200; // the objects of an entry, about
    private static readonly TimeSpan SweepGrain = TimeSpan.FromSeconds(1); // those that are due together go together

    private readonly Lock _gate = new();
    private readonly Dictionary<IdempotencyKey, LinkedListNode<RememberedEvent>> _byKey = [];
    private readonly LinkedList<RememberedEvent> _oldestFirst = new();
    private long _bytes;
    private ITimer? _sweep;
    private bool _isSweepDue;

    /// <summary>True when the event is new, and so the caller's to handle.</summary>
    public bool TryBegin(IdempotencyKey key, out RememberedEvent remembered)
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            while (_oldestFirst.First is { Value: { HasEnded: true } oldest } && time.GetElapsedTime(oldest.BeganAt, now) >= options.Window)
                Remove(oldest);
            if (_byKey.TryGetValue(key, out var known))
            {
                remembered = known.Value;
                if (!remembered.HasEnded || time.GetElapsedTime(remembered.BeganAt, now) < options.Window)
                    return false;
                Remove(remembered); // behind an older one that still runs
            }
            remembered = new RememberedEvent(this, key, now, json) { Size = key.Size + EntryBytes };
            _byKey[key] = _oldestFirst.AddLast(remembered);
            _bytes += remembered.Size;
            Bound();
            if (!_isSweepDue)
                SweepIn(options.Window);
            return true;
        }
    }

    public void Forget(RememberedEvent remembered)
    {
        lock (_gate)
            Remove(remembered);
    }

    public void Grew(RememberedEvent remembered, long bytes)
    {
        lock (_gate)
        {
            if (!Holds(remembered))
                return;
            remembered.Size += bytes;
            _bytes += bytes;
            Bound();
        }
    }

    /// <summary>How many are remembered.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _byKey.Count;
        }
    }

    private void SweepIn(TimeSpan window)
    {
        _isSweepDue = true;
        _sweep ??= time.CreateTimer(
            static table => ((IdempotencyTable)table!).Sweep(),
            this,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan
        );
        _sweep.Change(window, Timeout.InfiniteTimeSpan);
    }

    private void Sweep()
    {
        lock (_gate)
        {
            _isSweepDue = false;
            var now = time.GetTimestamp();
            var next = options.Window;
            for (var node = _oldestFirst.First; node is not null;)
            {
                var (remembered, age) = (node.Value, time.GetElapsedTime(node.Value.BeganAt, now));
                node = node.Next;
                if (age < options.Window)
                {
                    next -= age;
                    break;
                }
                if (remembered.HasEnded)
                    Remove(remembered);
            }
            if (_byKey.Count > 0)
                SweepIn(next + SweepGrain);
        }
    }

    /// <summary>Forgets the oldest until the others fit; the newest too when it alone is too big to keep.</summary>
    private void Bound()
    {
        while ((_byKey.Count > options.MaxKeys || _bytes > options.MaxBytes) && _oldestFirst.First is { } oldest)
            Remove(oldest.Value);
    }

    private bool Holds(RememberedEvent remembered) =>
        _byKey.TryGetValue(remembered.Key, out var node) && ReferenceEquals(node.Value, remembered);

    private void Remove(RememberedEvent remembered)
    {
        if (!Holds(remembered) || !_byKey.Remove(remembered.Key, out var node))
            return;
        _oldestFirst.Remove(node);
        _bytes -= remembered.Size;
    }
}
