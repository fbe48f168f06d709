using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.RateLimiting;

namespace ActorSocket.Limits;

/// <summary>The limiters of one limit: one for each key that has sent events lately.</summary>
internal abstract class EventPartitions
{
    /// <summary>The limiters that there are now.</summary>
    public abstract int Count { get; }

    public abstract void Start(TimeProvider time, int max);

    /// <summary>A permit for the event; waits for it where the limiter has a queue.</summary>
    /// <param name="e">The event.</param>
    /// <param name="isHandled">
    /// Whether handlers run for it. Of the others a limit to how many run at a time knows nothing: the handler that holds the permit may be
    /// what waits for them.
    /// </param>
    public abstract ValueTask<RateLimitLease> AcquireAsync(SocketEvent e, bool isHandled);
}

/// <inheritdoc/>
/// <remarks>
/// Not the library's own <c>PartitionedRateLimiter</c>, which knows nothing of sockets that leave, has no bound, and replenishes all of its
/// limiters ten times a second, those of idle clients, too, for ten seconds at least. Here one that is full again for as long is dropped as
/// there, one of a socket with the socket; what is refused is replenished first, so that the sweep need not be exact.
/// </remarks>
internal sealed class EventPartitions<TKey> : EventPartitions
    where TKey : notnull
{
    private const int IdleSweeps = 100; // ten seconds

    private static readonly TimeSpan SweepInterval = TimeSpan.FromMilliseconds(100);
    private static readonly Type Unlimited = RateLimitPartition.GetNoLimiter(0).Factory(0).GetType(); // is never idle, and holds nothing

    private readonly Func<SocketEvent, RateLimitPartition<TKey>> _partitioner;
    private readonly ConcurrentDictionary<TKey, Partition> _partitions = new();
    private readonly Lock _gate = new();
    private TimeProvider _time = TimeProvider.System;
    private ITimer? _sweep;
    private int _max;

    public EventPartitions(Func<SocketEvent, RateLimitPartition<TKey>> partitioner)
    {
        ArgumentNullException.ThrowIfNull(partitioner);
        _partitioner = partitioner;
    }

    public override int Count => _partitions.Count;

    public override void Start(TimeProvider time, int max)
    {
        _time = time;
        _max = max;
    }

    public override ValueTask<RateLimitLease> AcquireAsync(SocketEvent e, bool isHandled)
    {
        var asked = _partitioner(e);
        while (!e.Socket.IsOver) // its limiters are gone, and nothing of it is handled
        {
            if (Find(asked, e.Socket) is not { } partition)
                break;
            if (!isHandled && partition.Limiter is ConcurrencyLimiter)
                return new ValueTask<RateLimitLease>(Granted.Instance);
            if (partition.TryAcquire(e.Socket, out var lease))
                return lease;
            Remove(asked.PartitionKey, partition); // it was dropped just now
        }
        return new ValueTask<RateLimitLease>(Refused.Instance);
    }

    private Partition? Find(in RateLimitPartition<TKey> asked, Socket socket)
    {
        if (_partitions.TryGetValue(asked.PartitionKey, out var known))
            return known;
        if (_partitions.Count >= _max)
            return null;
        var made = new Partition(asked.Factory(asked.PartitionKey));
        if (made.Limiter.GetType() == Unlimited)
            return made;
        var kept = _partitions.GetOrAdd(asked.PartitionKey, made);
        if (!ReferenceEquals(kept, made))
        {
            made.Drop();
            return kept;
        }
        if (IsOfSocket(asked.PartitionKey))
        {
            var key = asked.PartitionKey;
            socket.Over.UnsafeRegister(_ => Remove(key, made), null);
        }
        lock (_gate)
            _sweep ??= _time.CreateTimer(static state => ((EventPartitions<TKey>)state!).Sweep(), this, SweepInterval, SweepInterval);
        return made;
    }

    private static bool IsOfSocket(TKey key)
    {
        if (key is not ITuple tuple)
            return key is Socket;
        for (var i = 0; i < tuple.Length; i++)
        {
            if (tuple[i] is Socket)
                return true;
        }
        return false;
    }

    private void Remove(TKey key, Partition partition)
    {
        _partitions.TryRemove(KeyValuePair.Create(key, partition));
        partition.Drop();
    }

    private void Sweep()
    {
        foreach (var (key, partition) in _partitions)
        {
            if (partition.IsIdle())
                Remove(key, partition);
        }
        lock (_gate)
        {
            if (!_partitions.IsEmpty)
                return;
            _sweep?.Dispose();
            _sweep = null;
        }
    }

    private sealed class Partition(RateLimiter limiter)
    {
        private bool _isOver;
        private int _idleSweeps; // since it was used last

        public RateLimiter Limiter => limiter;

        /// <summary>False when it was dropped: then there is another one to be asked.</summary>
        public bool TryAcquire(Socket socket, out ValueTask<RateLimitLease> lease)
        {
            lock (limiter)
            {
                lease = default;
                if (_isOver)
                    return false;
                _idleSweeps = 0;
                var now = limiter.AttemptAcquire();
                if (!now.IsAcquired && limiter is ReplenishingRateLimiter { IsAutoReplenishing: false } behind && behind.TryReplenish())
                    now = limiter.AttemptAcquire();
                // One without a queue answers at once, with the same.
                lease = now.IsAcquired ? new ValueTask<RateLimitLease>(now) : limiter.AcquireAsync(1, socket.Over);
                return true;
            }
        }

        /// <summary>Whether it has been full for a while: then a new one would be the same.</summary>
        public bool IsIdle()
        {
            lock (limiter)
            {
                if (_isOver)
                    return true;
                if (limiter is ReplenishingRateLimiter { IsAutoReplenishing: false } behind)
                    behind.TryReplenish();
                return limiter.IdleDuration is not null && ++_idleSweeps > IdleSweeps;
            }
        }

        /// <summary>Who waits in its queue is refused.</summary>
        public void Drop()
        {
            lock (limiter)
            {
                if (_isOver)
                    return;
                _isOver = true;
            }
            limiter.Dispose();
        }
    }

    /// <summary>No permit, and nothing more to say.</summary>
    private sealed class Refused : PlainLease
    {
        public static readonly Refused Instance = new();

        public override bool IsAcquired => false;
    }

    /// <summary>A permit of nobody's.</summary>
    private sealed class Granted : PlainLease
    {
        public static readonly Granted Instance = new();

        public override bool IsAcquired => true;
    }

    private abstract class PlainLease : RateLimitLease
    {
        public override IEnumerable<string> MetadataNames => [];

        public override bool TryGetMetadata(string metadataName, out object? metadata)
        {
            metadata = null;
            return false;
        }
    }
}
