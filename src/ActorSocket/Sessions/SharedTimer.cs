using Akka.Actor;

namespace ActorSocket.Sessions;

/// <summary>
/// One length of time that many sessions wait for, each from its own moment on. Those who begin within the same moment, a 64th of it and a quarter of a second at most, form a
/// round and share a timer: what is due comes to the first of them on time, and to the others by so much too late. A timer for each would take half a kilobyte of every session.
/// </summary>
/// <remarks>Any thread. The clock is the actor system's scheduler, which tells whoever is due; nobody else is touched.</remarks>
internal sealed class SharedTimer(TimeSpan delay, object message)
{
    private static readonly TimeSpan LongestMoment = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new();
    private readonly TimeSpan _moment = delay / 64 < LongestMoment ? delay / 64 : LongestMoment;
    private Round? _open;
    private DateTimeOffset _openedAt;

    /// <summary>Told to the actor when the time has passed, unless it cancels that: the round.</summary>
    public Round Start(IActorContext actor)
    {
        lock (_gate)
        {
            var now = actor.System.Scheduler.Now;
            if (_open is null || now - _openedAt >= _moment) // a scheduler that is late closes it late
            {
                var (round, scheduler) = (new Round(this, actor.Self), actor.System.Scheduler.Advanced);
                _openedAt = now;
                scheduler.ScheduleOnce(delay, () => round.End(scheduler));
                scheduler.ScheduleOnce(_moment, round.Close);
                _open = round;
            }
            _open.Members.Add(actor.Self);
            return _open;
        }
    }

    /// <summary>Those who wait together, and what they are told.</summary>
    internal sealed class Round(SharedTimer timer, IActorRef first) : ILocalMessage, Akka.Event.IDeadLetterSuppression
    {
        private IActorRef? _first = first;

        public HashSet<IActorRef> Members { get; } = new(ReferenceEqualityComparer.Instance);

        /// <summary>What it means.</summary>
        public object Message => timer.Message;

        public void Cancel(IActorRef actor)
        {
            lock (timer._gate)
            {
                Members.Remove(actor);
                if (ReferenceEquals(actor, _first))
                    _first = null; // should it begin again within the moment, it is one of the others
            }
        }

        public void Close()
        {
            lock (timer._gate)
            {
                if (ReferenceEquals(timer._open, this))
                    timer._open = null;
            }
        }

        /// <summary>The time of the first is over.</summary>
        public void End(IActionScheduler scheduler)
        {
            Close(); // with delays below the scheduler's own resolution nothing says which of the two comes first
            IActorRef? due;
            bool areMore;
            lock (timer._gate)
            {
                due = _first;
                if (due is not null)
                    Members.Remove(due);
                areMore = Members.Count > 0;
            }
            due?.Tell(this);
            if (areMore)
                scheduler.ScheduleOnce(timer._moment, EndAll);
        }

        private void EndAll()
        {
            IActorRef[] due;
            lock (timer._gate)
            {
                due = [.. Members];
                Members.Clear();
            }
            foreach (var actor in due)
                actor.Tell(this);
        }
    }

    private object Message => message;
}

/// <summary>What the sessions of one server wait for.</summary>
internal sealed class SessionTimers(ActorSocketOptions options)
{
    public SharedTimer Ping { get; } = new(options.PingInterval, SessionProtocol.PingDue.Instance);

    public SharedTimer Pong { get; } = new(options.PingTimeout, SessionProtocol.PongOverdue.Instance);

    /// <summary>In Engine.IO protocol 3 the client pings (E-111).</summary>
    public SharedTimer ClientPing { get; } = new(options.PingInterval + options.PingTimeout, SessionProtocol.PongOverdue.Instance);

    public SharedTimer Connect { get; } = new(options.ConnectTimeout, SessionProtocol.ConnectOverdue.Instance);

    public SharedTimer Upgrade { get; } = new(options.UpgradeTimeout, SessionProtocol.UpgradeOverdue.Instance);

    /// <summary>E-74.</summary>
    public SharedTimer Noop { get; } = new(TimeSpan.FromMilliseconds(100), SessionProtocol.NoopDue.Instance);

    public SharedTimer Handlers { get; } = new(EngineSession.HandlersTimeout, SessionProtocol.HandlersOverdue.Instance);

    /// <summary>E-50.</summary>
    public SharedTimer Close { get; } = new(TimeSpan.FromSeconds(30), SessionProtocol.CloseOverdue.Instance);

    public SharedTimer Passivation { get; } = new(TimeSpan.FromSeconds(5), SessionProtocol.PassivationOverdue.Instance);
}
