using ActorSocket.Sessions;
using Akka.Actor;
using Akka.Event;

namespace ActorSocket.Entities;

/// <summary>
/// One entity's ticks: a periodic timer whose ticks are due at whole multiples of the interval from the start, so that lateness does not
/// add up. It is its own message, and at most one is in the actor's mailbox at a time.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class Tick : ILocalMessage, IDeadLetterSuppression
{
    public static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);
    public static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    private readonly IAlarms _alarms;
    private readonly IActorRef _actor;
    private readonly TimeSpan _interval;
    private readonly Action _onDue;
    private TimeSpan _next;
    private long _lastDue;
    private int _isTold;
    private bool _isStopped;

    private Tick(IAlarms alarms, IActorRef actor, TimeSpan interval)
    {
        (_alarms, _actor, _interval, _onDue) = (alarms, actor, interval, OnDue);
        _next = alarms.Now + interval;
    }

    /// <summary>From now on the actor is told.</summary>
    public static Tick Start(IAlarms alarms, IActorRef actor, TimeSpan interval)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(interval, Shortest);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(interval, Longest);
        var tick = new Tick(alarms, actor, interval);
        alarms.Set(interval, tick._onDue);
        return tick;
    }

    /// <summary>What the entity says of itself, if it is possible.</summary>
    /// <exception cref="InvalidOperationException">It is not.</exception>
    public static TimeSpan Check(TimeSpan interval, string name) =>
        interval == TimeSpan.Zero || (interval >= Shortest && interval <= Longest)
            ? interval
            : throw new InvalidOperationException($"Its {name} is {interval}; it must be between {Shortest} and {Longest}, or zero.");

    public void Stop() => Volatile.Write(ref _isStopped, true);

    /// <summary>
    /// The actor has been told. Whether the tick is so little late that the next one will not come on its heels is up to
    /// <see cref="IsFresh"/>.
    /// </summary>
    /// <returns>When it was due.</returns>
    public TimeSpan Take()
    {
        Volatile.Write(ref _isTold, 0);
        return TimeSpan.FromTicks(Volatile.Read(ref _lastDue));
    }

    public bool IsFresh(TimeSpan due) => _alarms.Now - due <= _interval / 2;

    /// <summary>However late it is: once, and then when the next would have been due in any case.</summary>
    private void OnDue()
    {
        if (Volatile.Read(ref _isStopped))
            return;
        var now = _alarms.Now;
        var last = _next + TimeSpan.FromTicks((now - _next).Ticks / _interval.Ticks * _interval.Ticks);
        _next = last + _interval;
        Volatile.Write(ref _lastDue, last.Ticks);
        _alarms.Set(_next - now, _onDue);
        if (Interlocked.Exchange(ref _isTold, 1) == 0)
            _actor.Tell(this, ActorRefs.NoSender);
    }
}
