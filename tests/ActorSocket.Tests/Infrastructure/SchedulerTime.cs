using Akka.Actor;
using Akka.TestKit;

namespace ActorSocket.Tests.Infrastructure;

/// <summary>Its timers run when the test advances the actor system's clock; its time stamps are the real ones.</summary>
internal sealed class SchedulerTime(TestScheduler clock) : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(clock, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(TestScheduler clock, Action callback) : ITimer
    {
        private Cancelable? _next;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var next = dueTime == Timeout.InfiniteTimeSpan ? null : new Cancelable((IActionScheduler)clock);
            Interlocked.Exchange(ref _next, next)?.Cancel();
            if (next is not null)
                clock.Advanced.ScheduleOnce(dueTime, () => Run(period), next);
            return true;
        }

        public void Dispose() => Interlocked.Exchange(ref _next, null)?.Cancel();

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }

        private void Run(TimeSpan period)
        {
            callback();
            if (period > TimeSpan.Zero)
                Change(period, period);
        }
    }
}
