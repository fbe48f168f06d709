namespace ActorSocket.Tests.Infrastructure;

/// <summary>What time stamps are taken from, moved by the test.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly List<(ManualTimer Timer, Action Run)> _timers = [];

    public int Seconds { get; set; }

    /// <summary>Moves it, and runs the timers that are due then, each once.</summary>
    public void Advance(int seconds)
    {
        Seconds += seconds;
        foreach (var (timer, run) in _timers.ToArray())
        {
            if (timer.Due is not { } due || due > Seconds)
                continue;
            timer.Due = null;
            run();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this);
        _timers.Add((timer, () => callback(state)));
        timer.Change(dueTime, period);
        return timer;
    }

    public override long TimestampFrequency => 1;

    public override long GetTimestamp() => Seconds;

    private sealed class ManualTimer(ManualTime time) : ITimer
    {
        public double? Due { get; set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Due = dueTime == Timeout.InfiniteTimeSpan ? null : time.Seconds + dueTime.TotalSeconds;
            return true;
        }

        public void Dispose() => Due = null;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
