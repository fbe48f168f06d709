using System.Collections.Concurrent;

namespace ActorSocket.Delivery;

/// <summary>
/// Drains the connections that became dirty, each with a single write. One work item serves all of them and queues behind the reads that
/// wait already, so that what they produce leaves in the same write: the "end of the turn" of an event loop, without an event loop.
/// </summary>
internal sealed class Flusher : IThreadPoolWorkItem
{
    private readonly ConcurrentQueue<Outbound> _dirty = new();
    private int _scheduled;

    public void Add(Outbound outbound)
    {
        _dirty.Enqueue(outbound);
        if (Interlocked.Exchange(ref _scheduled, 1) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        // Cleared before draining: what is added while we drain is either seen by this loop or schedules another one.
        Volatile.Write(ref _scheduled, 0);
        Interlocked.MemoryBarrier();
        while (_dirty.TryDequeue(out var outbound))
            outbound.Flush();
    }
}

/// <summary>
/// A <see cref="Flusher"/> for every two processors, 1 to 16 of them; a connection keeps the one it was given.
/// </summary>
internal sealed class FlusherPool
{
    private readonly Flusher[] _flushers = Array.ConvertAll(
        new Flusher[Math.Clamp(Environment.ProcessorCount / 2, 1, 16)],
        static _ => new Flusher()
    );
    private int _next;

    public Flusher Next() => _flushers[(uint)Interlocked.Increment(ref _next) % (uint)_flushers.Length];
}
