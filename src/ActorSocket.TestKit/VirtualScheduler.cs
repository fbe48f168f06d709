using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;

namespace ActorSocket.TestKit;

/// <summary>
/// Akka's scheduler by a <see cref="VirtualClock"/>. Akka makes it, by its name in the configuration (<see cref="TestKitParts"/>).
/// </summary>
internal sealed class VirtualScheduler(Config config, ILoggingAdapter log) : SchedulerBase(config, log)
{
    private readonly VirtualClock _clock = TestKitParts.Of(config).Clock!;

    protected override DateTimeOffset TimeNow => _clock.GetUtcNow();

    public override TimeSpan MonotonicClock => _clock.Elapsed;

    public override TimeSpan HighResMonotonicClock => _clock.Elapsed;

    protected override void InternalScheduleTellOnce(
        TimeSpan delay, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
        Once(delay, () => receiver.Tell(message, sender), cancelable);

    protected override void InternalScheduleTellRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
        Repeatedly(initialDelay, interval, () => receiver.Tell(message, sender), cancelable);

    protected override void InternalScheduleOnce(TimeSpan delay, Action action, ICancelable cancelable) => Once(delay, action, cancelable);

    protected override void InternalScheduleOnce(TimeSpan delay, IRunnable action, ICancelable cancelable) =>
        Once(delay, action.Run, cancelable);

    protected override void InternalScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable cancelable) =>
        Repeatedly(initialDelay, interval, action, cancelable);

    protected override void InternalScheduleRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, IRunnable action, ICancelable cancelable) =>
        Repeatedly(initialDelay, interval, action.Run, cancelable);

    private void Once(TimeSpan delay, Action action, ICancelable? cancelable)
    {
        if (cancelable is { IsCancellationRequested: true })
            return;
        CancellationTokenRegistration registration = default;
        var alarm = _clock.Schedule(delay, () =>
        {
            registration.Dispose(); // or a timer that repeats would leave one for each time
            Run(action, cancelable);
        });
        if (cancelable is not null)
            registration = cancelable.Token.UnsafeRegister(static alarm => ((VirtualClock.Alarm)alarm!).Cancel(), alarm);
    }

    private void Repeatedly(TimeSpan delay, TimeSpan interval, Action action, ICancelable? cancelable) => Once(
        delay,
        () =>
        {
            // Whoever fails once does not go on, as with Akka's own.
            action();
            Repeatedly(interval, interval, action, cancelable);
        },
        cancelable);

    private void Run(Action action, ICancelable? cancelable)
    {
        if (cancelable is { IsCancellationRequested: true })
            return;
        try
        {
            action();
        }
        catch (Exception error)
        {
            Log.Error(error, "What was scheduled failed.");
        }
    }
}
