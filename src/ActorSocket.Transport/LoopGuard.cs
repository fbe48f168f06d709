namespace ActorSocket.EventLoops;

/// <summary>
/// A loop is not a thread: what blocks or computes in a turn keeps its thread, and the watcher gives the loop to another. It sleeps while
/// no loop is busy, looks from time to time when one is, and each millisecond while it sees a turn.
/// </summary>
/// <remarks>
/// The thread in the turn and the watcher agree by one compare-and-swap of the loop's number of the turn: whoever comes first has the loop.
/// A thread that would run but does not get a processor is left alone for a while: another would fare no better.
/// </remarks>
internal sealed class LoopGuard : IDisposable
{
    private const int Patience = 2; // looks at the same turn after the first
    private const int PatienceWithStarved = 20;
    private const int IdleLooks = 20;
    private const int Look = 5; // milliseconds
    private const int NextLook = 1;

    /// <summary>A turn on a thread aside that is shorter is no reason to keep it there.</summary>
    public static readonly TimeSpan Quick = TimeSpan.FromMilliseconds(1);

    /// <summary>How long a thread waits for work.</summary>
    public static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(20);

    private readonly Lock _gate = new();
    private readonly ManualResetEventSlim _awake = new(false, 0);
    private readonly ManualResetEventSlim _never = new(false, 0); // what it waits for between two looks: not what others may set
    private readonly Stack<LoopThread> _parked = new();
    private readonly TransportLog _log;
    private readonly LoopMetrics _metrics;
    private readonly TurnKind _others = new("What is no handler of an event");
    private readonly int _maxThreads;
    private volatile Watched[] _loops = [];
    private volatile bool _isAsleep;
    private volatile bool _isOver;
    private int _threads;

    public LoopGuard(int maxThreads, TransportLog log, LoopMetrics metrics)
    {
        _maxThreads = maxThreads;
        _log = log;
        _metrics = metrics;
        metrics.Count(() => Volatile.Read(ref _threads));
        Turn.LoopsExist();
        new Thread(Watch) { IsBackground = true, Name = "ActorSocket guard", Priority = ThreadPriority.AboveNormal }.UnsafeStart();
    }

    /// <summary>Whether who begins a turn has to wake the watcher. Cheap: the watcher sees to it that nothing is missed.</summary>
    public bool IsAsleep => _isAsleep;

    public void Wake() => _awake.Set();

    /// <summary>Has a loop driven, and watched.</summary>
    public void Start(EventLoop loop)
    {
        lock (_gate)
            _loops = [.. _loops, new Watched(loop)];
        var thread = Take(mayBeMore: true) ?? throw new IOException("No thread could be started for an event loop.");
        thread.Go(loop);
    }

    /// <summary>Its loops have ended.</summary>
    public void Dispose()
    {
        LoopThread[] parked;
        lock (_gate)
        {
            _isOver = true;
            parked = [.. _parked];
            _parked.Clear();
        }
        foreach (var thread in parked)
            thread.End();
        _awake.Set();
    }

    /// <summary>Never throws: nobody is there to catch it.</summary>
    public void Report(Exception error)
    {
        try
        {
            _log.TurnFailed(error);
        }
        catch (Exception)
        {
            // A logger that throws must not end a thread.
        }
    }

    /// <summary>Runs what takes long on a thread that waits for it; on the pool when there are too many already.</summary>
    public void RunAside(TurnWork work)
    {
        _metrics.TurnAside();
        if (Take(mayBeMore: false) is { } thread)
            thread.Go(work);
        else
            ThreadPool.UnsafeQueueUserWorkItem(static work => work.Run(work.State), work, preferLocal: false);
    }

    /// <summary>A thread has nothing to do. False: it is to end.</summary>
    public bool Park(LoopThread thread)
    {
        lock (_gate)
        {
            if (!_isOver)
            {
                _parked.Push(thread);
                return true;
            }
            _threads--;
            return false;
        }
    }

    /// <summary>A thread has waited long enough. False when it was given something to do in this moment.</summary>
    public bool TryLetGo(LoopThread thread)
    {
        lock (_gate)
        {
            if (!_parked.Contains(thread))
                return false;
            var others = _parked.Where(other => other != thread).Reverse().ToArray();
            _parked.Clear();
            foreach (var other in others)
                _parked.Push(other);
            _threads--;
            return true;
        }
    }

    /// <summary>The thread that has waited the shortest, or a new one; null when there are as many as there may be.</summary>
    private LoopThread? Take(bool mayBeMore)
    {
        lock (_gate)
        {
            if (_parked.TryPop(out var thread))
                return thread;
            if (_threads >= _maxThreads && !mayBeMore)
                return null;
            _threads++;
        }
        try
        {
            return new LoopThread(this);
        }
        catch (Exception error) // the process may have no more: loops go on with the threads that there are
        {
            lock (_gate)
                _threads--;
            Report(error);
            return null;
        }
    }

    private void Watch()
    {
        var idle = 0;
        while (!_isOver)
        {
            var isBusy = false;
            var isNear = false;
            foreach (var watched in _loops)
            {
                isBusy |= watched.Looks(out var sameTurn);
                isNear |= sameTurn >= 0;
                if (sameTurn >= Patience)
                    Consider(watched, sameTurn);
            }
            idle = isBusy ? 0 : idle + 1;
            if (idle < IdleLooks)
            {
                _never.Wait(isNear ? NextLook : Look);
                continue;
            }
            Sleep();
            idle = 0;
        }
    }

    /// <summary>
    /// Until a turn begins. Whoever begins one writes its number and then reads whether the watcher sleeps, without a fence between: the
    /// watcher pays for one in all threads of the process, after which either it sees the turn or the turn sees that it sleeps.
    /// </summary>
    private void Sleep()
    {
        _awake.Reset();
        _isAsleep = true;
        Interlocked.MemoryBarrierProcessWide();
        if (!_isOver && Array.TrueForAll(_loops, static watched => watched.IsAsBefore))
            _awake.Wait();
        _isAsleep = false;
        _awake.Reset();
    }

    private void Consider(Watched watched, int looks)
    {
        var loop = watched.Loop;
        if (looks < PatienceWithStarved && loop.Driver is { } driver && watched.IsStarved(driver))
            return;
        var subject = loop.Driver?.Subject;
        var next = Take(mayBeMore: loop.Stops);
        if (next is null)
            return; // it is asked again, when one has come back
        if (!loop.TryTake(watched.Turn))
        {
            if (Park(next))
                return;
            next.End();
            return;
        }
        next.Go(loop);
        var kind = KindOf(subject);
        Aside(_metrics.Takeover);
        if (kind.LostLoop())
            Tell(kind);
    }

    private TurnKind KindOf(ITurnSubject? subject)
    {
        try
        {
            return subject?.Kind ?? _others;
        }
        catch (Exception error)
        {
            Report(error);
            return _others;
        }
    }

    /// <summary>It is slow again and again.</summary>
    public void Tell(TurnKind kind) => Aside(() => _log.LoopTaken(kind.Name));

    /// <summary>Whoever listens or logs must neither hold up the watcher nor end it.</summary>
    private void Aside(Action tell) => ThreadPool.UnsafeQueueUserWorkItem(_ =>
    {
        try
        {
            tell();
        }
        catch (Exception error)
        {
            Report(error);
        }
    }, null);

    /// <summary>What the watcher has seen of a loop.</summary>
    private sealed class Watched(EventLoop loop)
    {
        private const long Progress = 1_000_000; // nanoseconds of a processor

        private int _looks;
        private long _used;

        public EventLoop Loop => loop;

        public long Turn { get; private set; }

        public bool IsAsBefore => loop.Turn == Turn && !EventLoop.IsInTurn(Turn);

        /// <summary>Whether anything has happened; and how often this turn was seen before, -1 where there is none.</summary>
        public bool Looks(out int sameTurn)
        {
            var turn = loop.Turn;
            var moved = turn != Turn;
            var isInTurn = EventLoop.IsInTurn(turn);
            _looks = moved || !isInTurn ? 0 : _looks + 1;
            if (isInTurn && _looks <= 1)
                _used = loop.Driver is { } driver ? Libc.ProcessorTimeOf(driver.Id) : 0;
            Turn = turn;
            sameTurn = isInTurn ? _looks : -1;
            return moved || isInTurn;
        }

        /// <summary>Whether the thread would run, and has hardly had a processor since it was seen.</summary>
        public bool IsStarved(LoopThread driver) =>
            Libc.ProcessorTimeOf(driver.Id) - _used < Progress && Libc.IsRunnable(driver.Id);
    }
}
