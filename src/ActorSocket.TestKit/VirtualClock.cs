namespace ActorSocket.TestKit;

/// <summary>
/// Time that stands still until a test advances it: for a server (<see cref="ActorSocketTestServer.StartAsync"/>), whose heartbeats,
/// limits, ticks and timers then follow it, and for whatever else takes a <see cref="TimeProvider"/>.
/// </summary>
/// <remarks>Any thread; one advances at a time.</remarks>
#pragma warning disable CA1001 // a semaphore whose wait handle is never asked for holds nothing
public sealed class VirtualClock : TimeProvider
#pragma warning restore CA1001
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private readonly PriorityQueue<Alarm, (long Due, long Number)> _due = new();
    private readonly SemaphoreSlim _advancing = new(1);
    private readonly List<Func<CancellationToken, Task>> _settlers = [];
    private readonly DateTimeOffset _start;
    private long _now; // ticks since the start
    private long _number;

    /// <summary>A clock that shows the first moment of the year 2000, in UTC.</summary>
    public VirtualClock()
        : this(new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    /// <summary>A clock that shows some moment: that of a token, say, which is valid then.</summary>
    public VirtualClock(DateTimeOffset start) => _start = start.ToUniversalTime();

    /// <summary>How much time has passed since the clock was made.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(Interlocked.Read(ref _now));

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>UTC, so that a test is the same everywhere.</summary>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _start + Elapsed;

    /// <inheritdoc/>
    public override long GetTimestamp() => Interlocked.Read(ref _now);

    /// <summary>
    /// Advances to each moment at which something is due, runs that, and lets the servers of this clock handle what came of it before the
    /// next one: over a minute, a client is pinged and answers, and is pinged again.
    /// </summary>
    /// <param name="time">How much; zero runs what is due now.</param>
    /// <param name="cancellationToken">Ends it between two moments.</param>
    public async Task AdvanceAsync(TimeSpan time, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        await _advancing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await SettleAsync(cancellationToken).ConfigureAwait(false); // what it sets timers by
            var target = Interlocked.Read(ref _now) + time.Ticks;
            while (TryMove(target))
            {
                while (TryTake() is { } run)
                    run();
                await SettleAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _advancing.Release();
        }
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new VirtualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Runs something once when the time has passed. At once, on another thread, when there is none to pass.</summary>
    internal Alarm Schedule(TimeSpan delay, Action action)
    {
        var alarm = new Alarm(action);
        if (delay <= TimeSpan.Zero)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static alarm => alarm.Run(), alarm, preferLocal: false);
            return alarm;
        }
        lock (_gate)
            _due.Enqueue(alarm, (_now + delay.Ticks, _number++));
        return alarm;
    }

    /// <summary>What lets a server handle what came of an alarm.</summary>
    internal void AddSettler(Func<CancellationToken, Task> settle)
    {
        lock (_gate)
            _settlers.Add(settle);
    }

    internal void RemoveSettler(Func<CancellationToken, Task> settle)
    {
        lock (_gate)
            _settlers.Remove(settle);
    }

    /// <summary>
    /// Lets time flow while something goes on that waits for it and is no test's business, such as a server's end.
    /// </summary>
    internal async Task FlowWhileAsync(Task task)
    {
        while (await Task.WhenAny(task, Task.Delay(Step, System)).ConfigureAwait(false) != task)
            await AdvanceAsync(Step).ConfigureAwait(false);
        await task.ConfigureAwait(false);
    }

    private async Task SettleAsync(CancellationToken cancellationToken)
    {
        Func<CancellationToken, Task>[] settlers;
        lock (_gate)
            settlers = [.. _settlers];
        foreach (var settle in settlers)
            await settle(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>To the next moment at which something is due; to the target, and false, when there is none before.</summary>
    private bool TryMove(long target)
    {
        lock (_gate)
        {
            while (_due.TryPeek(out var alarm, out _) && alarm.IsCancelled)
                _due.Dequeue();
            var isDue = _due.TryPeek(out _, out var next) && next.Due <= target;
            Interlocked.Exchange(ref _now, Math.Max(_now, isDue ? next.Due : target));
            return isDue;
        }
    }

    private Action? TryTake()
    {
        lock (_gate)
            return _due.TryPeek(out _, out var next) && next.Due <= _now ? _due.Dequeue().Run : null;
    }

    /// <summary>Something that is to be done once.</summary>
    internal sealed class Alarm(Action action)
    {
        private Action? _action = action;

        public bool IsCancelled => Volatile.Read(ref _action) is null;

        public void Run() => Interlocked.Exchange(ref _action, null)?.Invoke();

        public void Cancel() => Volatile.Write(ref _action, null);
    }

    private sealed class VirtualTimer(VirtualClock clock, TimerCallback callback, object? state) : ITimer
    {
        private readonly Lock _gate = new();
        private Alarm? _next;
        private bool _isDisposed;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (_gate)
            {
                _next?.Cancel();
                _next = null;
                if (_isDisposed)
                    return false;
                if (dueTime != Timeout.InfiniteTimeSpan)
                    _next = clock.Schedule(dueTime, () => Run(period));
                return true;
            }
        }

        public void Dispose()
        {
            lock (_gate)
            {
                _isDisposed = true;
                _next?.Cancel();
                _next = null;
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }

        private void Run(TimeSpan period)
        {
            if (period > TimeSpan.Zero)
            {
                lock (_gate)
                {
                    if (_isDisposed)
                        return;
                    _next = clock.Schedule(period, () => Run(period));
                }
            }
            callback(state);
        }
    }
}
