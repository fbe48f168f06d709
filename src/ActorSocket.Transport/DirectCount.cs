namespace ActorSocket.EventLoops;

/// <summary>How many connections go on without Kestrel, which counts them no more.</summary>
internal sealed class DirectCount(LoopMetrics metrics)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _none;
    private int _count;

    public int Current => Volatile.Read(ref _count);

    public void Began()
    {
        Interlocked.Increment(ref _count);
        metrics.DirectBegan();
    }

    public void Ended()
    {
        metrics.DirectEnded();
        if (Interlocked.Decrement(ref _count) > 0)
            return;
        lock (_gate)
            _none?.TrySetResult();
    }

    /// <summary>Completes when there are none, or the time is over.</summary>
    public async Task WhenNoneAsync(TimeSpan limit)
    {
        Task none;
        lock (_gate)
            none = (_none ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        if (Current == 0)
            return;
        try
        {
            await none.WaitAsync(limit).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Their loops' end resets them.
        }
    }
}
