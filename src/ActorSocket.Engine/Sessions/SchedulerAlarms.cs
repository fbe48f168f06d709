using Akka.Actor;

namespace ActorSocket.Sessions;

/// <summary>
/// Where the scheduler of an actor system is not Akka's usual one, it is what tells the time: a virtual one in tests.
/// </summary>
internal sealed class SchedulerAlarms(IScheduler scheduler) : IAlarms
{
    /// <summary>What runs actions for the actors of a system: something more precise than Akka's usual scheduler, or its own.</summary>
    public static IAlarms Or(IAlarms precise, ActorSystem system) =>
        system.Scheduler is HashedWheelTimerScheduler ? precise : new SchedulerAlarms(system.Scheduler);

    public TimeSpan Now => scheduler.Now - DateTimeOffset.UnixEpoch;

    public void Set(TimeSpan delay, Action action) => scheduler.Advanced.ScheduleOnce(delay, action);
}
