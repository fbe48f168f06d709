using Akka.Actor;

namespace ActorSocket.Sessions;

/// <summary>
/// One length of time that many sessions wait for, each from its own moment on: whoever begins first is due first, so a queue and one
/// alarm, for its head, are enough. What is due is told late by a few milliseconds, never early. A timer of Akka's for each would take half
/// a kilobyte of every session, and be later.
/// </summary>
/// <remarks>
/// Any thread. A wait that is cancelled is not searched for: it stays in the queue, without its actor, until its time is over, or until
/// more than half of the queue are cancelled ones, which are then taken out together.
/// </remarks>
internal sealed class SharedTimer(TimeSpan delay, object message, PreciseTimer precise)
{
    /// <summary>How close alarms follow one another: who is due within it is told together.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(2);

    /// <summary>
    /// How late an alarm may be for the time after it to be shortened by as much; longer delays of a busy machine are no client's fault.
    /// </summary>
    private readonly TimeSpan _late = delay / 8;

    private const int Few = 64;

    private readonly Lock _gate = new();
    private readonly Queue<Wait> _waiting = new();
    private IAlarms? _alarms;
    private int _cancelled;
    private bool _isSet;

    /// <summary>How many are in the queue, waiting or not.</summary>
    internal int Held
    {
        get
        {
            lock (_gate)
                return _waiting.Count;
        }
    }

    /// <summary>Told to the actor when the time has passed, unless it cancels that: what is returned.</summary>
    /// <param name="actor">Who waits.</param>
    /// <param name="previous">The time that this one follows without a gap, when it has been told in time.</param>
    public Wait Start(IActorContext actor, Wait? previous = null)
    {
        Wait wait;
        lock (_gate)
        {
            _alarms ??= SchedulerAlarms.Or(precise, actor.System);
            var now = _alarms.Now;
            var isInTime = previous is not null && now >= previous.Due && now - previous.Due < _late;
            wait = new Wait(this, actor.Self, (isInTime ? previous!.Due : now) + delay);
            _waiting.Enqueue(wait);
            if (_isSet)
                return wait;
            _isSet = true;
        }
        _alarms.Set(wait.Due - _alarms.Now, End);
        return wait;
    }

    private void End()
    {
        var due = new List<(IActorRef Actor, Wait Wait)>();
        TimeSpan? next = null;
        lock (_gate)
        {
            var now = _alarms!.Now;
            while (_waiting.TryPeek(out var first) && (first.Actor is null || first.Due <= now))
            {
                _waiting.Dequeue();
                if (first.Actor is null)
                    _cancelled--;
                else
                    due.Add((first.Actor, first));
                first.Actor = null;
            }
            if (_waiting.TryPeek(out var later))
                next = later.Due - now;
            _isSet = next is not null;
            Trim();
        }
        foreach (var (actor, wait) in due)
            actor.Tell(wait);
        if (next is { } left)
            _alarms.Set(left > Step ? left : Step, End);
    }

    private void Cancel(Wait wait)
    {
        lock (_gate)
        {
            if (wait.Actor is null)
                return; // it has been told
            wait.Actor = null;
            if (++_cancelled <= Few || _cancelled <= _waiting.Count / 2)
                return;
            for (var count = _waiting.Count; count > 0; count--)
            {
                if (_waiting.Dequeue() is { Actor: not null } alive)
                    _waiting.Enqueue(alive);
            }
            _cancelled = 0;
            Trim();
        }
    }

    /// <summary>A burst's memory is not kept.</summary>
    private void Trim()
    {
        if (_waiting.Capacity > 4 * Math.Max(_waiting.Count, Few))
            _waiting.TrimExcess(2 * Math.Max(_waiting.Count, Few));
    }

    /// <summary>One that waits, and what it is told.</summary>
    internal sealed class Wait(SharedTimer timer, IActorRef actor, TimeSpan due) : ILocalMessage, Akka.Event.IDeadLetterSuppression
    {
        /// <summary>Null once it was told or has cancelled.</summary>
        public IActorRef? Actor { get; set; } = actor;

        public TimeSpan Due => due;

        /// <summary>Whether the time is over, told or not.</summary>
        public bool IsOver => timer._alarms!.Now >= due;

        /// <summary>What it means.</summary>
        public object Message => timer.Message;

        public void Cancel() => timer.Cancel(this);
    }

    private object Message => message;
}
