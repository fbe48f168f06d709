using Akka.Actor;

namespace ActorSocket.Sessions;

/// <summary>
/// What came in on one connection and waits for its handlers. Over its limits the transports stop reading, which holds up the client,
/// until half of it is done.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class Backlog(EngineConnection connection, int maxPackets, int maxBytes)
{
    private readonly Lock _pausing = new();
    private TaskCompletionSource? _resumed; // of all who wait to read on: during an upgrade there may be two
    private int _packets;
    private long _bytes;
    private int _answersOwed;
    private volatile bool _ended;

    /// <summary>How many answers the client owes.</summary>
    public int AnswersOwed => Volatile.Read(ref _answersOwed);

    /// <summary>How many packets came whose handlers have not ended.</summary>
    public int Packets => Volatile.Read(ref _packets);

    /// <summary>Their bytes.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Something came in that is to be handled; <see cref="Completed"/> follows in any case.</summary>
    public void Add(long bytes)
    {
        Interlocked.Increment(ref _packets);
        Interlocked.Add(ref _bytes, bytes);
    }

    /// <summary>It was handled, or nobody will come to it: its place is free.</summary>
    public void Completed(long bytes, int packets = 1)
    {
        var left = Interlocked.Add(ref _packets, -packets);
        var queued = Interlocked.Add(ref _bytes, -bytes);
        if (Volatile.Read(ref _resumed) is not null && left <= maxPackets / 2 && queued <= maxBytes / 2)
            Resume();
    }

    /// <summary>While the client owes an answer, reading pauses only at a hard bound: a handler may be waiting for it.</summary>
    public void AnswerAwaited()
    {
        Interlocked.Increment(ref _answersOwed);
        if (Volatile.Read(ref _resumed) is not null)
            Resume();
    }

    public void AnswerSettled() => Interlocked.Decrement(ref _answersOwed);

    /// <summary>Completes when the transport may read on: at once, unless handlers lag behind by more than the limits.</summary>
    public ValueTask ReadableAsync()
    {
        if (!MustPause())
            return default;
        Task waiting;
        lock (_pausing)
        {
            if (_resumed is null)
            {
                _resumed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                connection.Session.Tell(SessionProtocol.ReadingPaused.Instance);
            }
            waiting = _resumed.Task;
        }
        Interlocked.MemoryBarrier();
        if (!MustPause()) // what was completed meanwhile may not have seen that somebody waits
            Resume();
        return new ValueTask(waiting);
    }

    /// <summary>The session has ended: nobody waits for its handlers any more.</summary>
    public void End()
    {
        _ended = true;
        Interlocked.MemoryBarrier();
        Resume();
    }

    /// <summary>Lets all transports that wait go on. Pauses and their ends reach the session in their order.</summary>
    private void Resume()
    {
        lock (_pausing)
        {
            if (_resumed is null)
                return;
            connection.Session.Tell(SessionProtocol.ReadingResumed.Instance);
            _resumed.TrySetResult();
            _resumed = null;
        }
    }

    private bool MustPause()
    {
        var bytes = Volatile.Read(ref _bytes);
        var packets = Volatile.Read(ref _packets);
        if (_ended || (packets <= maxPackets && bytes <= maxBytes))
            return false;
        // An answer that a handler waits for may be what stands behind: go on reading, within a hard bound.
        return AnswersOwed == 0 || bytes > 4L * maxBytes || packets > 4L * maxPackets;
    }
}
