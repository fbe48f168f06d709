namespace ActorSocket.EventLoops;

/// <summary>A thread that drives a loop, until it loses it; or runs what takes long; or waits for either.</summary>
#pragma warning disable CA1001 // a semaphore whose wait handle is never asked for holds nothing
internal sealed class LoopThread
#pragma warning restore CA1001
{
    [ThreadStatic]
    private static LoopThread? _current;

    private readonly LoopGuard _guard;
    private readonly SemaphoreSlim _go = new(0);
    private volatile ITurnSubject? _subject;
    private ExecutionContext? _clean;
    private EventLoop? _loop;
    private TurnWork _work;
    private TurnWork _kept;
    private bool _isAside;
    private bool _isInTurn;

    public LoopThread(LoopGuard guard)
    {
        _guard = guard;
        new Thread(Run) { IsBackground = true, Name = "ActorSocket loop" }.UnsafeStart();
    }

    /// <summary>The one that runs this code.</summary>
    public static LoopThread? Current => _current;

    /// <summary>Of the kernel's; 0 before it has begun.</summary>
    public int Id { get; private set; }

    /// <summary>What its turn is doing now.</summary>
    public ITurnSubject? Subject
    {
        get => _subject;
        set => _subject = value;
    }

    public bool HasKept => _kept.Run is not null;

    /// <summary>It is to drive this loop.</summary>
    public void Go(EventLoop loop)
    {
        _loop = loop;
        _go.Release();
    }

    /// <summary>It is to run this.</summary>
    public void Go(TurnWork work)
    {
        _work = work;
        _go.Release();
    }

    /// <summary>It is to end.</summary>
    public void End() => _go.Release();

    /// <summary>Whether this thread does the loop's own part, and so comes by what is posted. One that has lost it does not.</summary>
    public bool Tends(EventLoop loop) => _loop == loop && !_isInTurn;

    public bool TryKeep(TurnWork work, bool isAside)
    {
        if (_isInTurn || _loop is null || HasKept)
            return false;
        _kept = work;
        _isAside |= isAside;
        return true;
    }

    public void MarkAside() => _isAside |= !_isInTurn;

    /// <summary>The own part is over, and nothing was kept.</summary>
    public void MarkNothing() => _isAside = false;

    /// <summary>What was kept is not for this thread, and is taken from it.</summary>
    public bool TryTakeAside(out TurnWork work)
    {
        work = _kept;
        if (!_isAside)
            return false;
        _isAside = false;
        _kept = default;
        return true;
    }

    public void BeginTurn()
    {
        _isInTurn = true;
        _subject = _kept.Subject;
    }

    public void RunKept()
    {
        var work = _kept;
        _kept = default;
        Run(work);
    }

    /// <summary>It still has its loop.</summary>
    public void EndTurn() => _isInTurn = false;

    private void Run()
    {
        _current = this;
        _clean = ExecutionContext.Capture();
        Id = Libc.ThreadId();
        while (true)
        {
            if (!_go.Wait(LoopGuard.IdleLimit))
            {
                if (_guard.TryLetGo(this))
                    return;
                _go.Wait(); // it was called in this moment
            }
            if (_loop is not null)
                Drive(_loop);
            else if (_work.Run is not null)
                RunAside();
            else
                return;
            if (!_guard.Park(this))
                return;
        }
    }

    private void Drive(EventLoop loop)
    {
        loop.Drive(this);
        _loop = null;
        _isInTurn = false;
        _isAside = false;
        _subject = null;
    }

    private void RunAside()
    {
        var work = _work;
        _work = default;
        _isInTurn = true;
        _subject = work.Subject;
        var start = TimeProvider.System.GetTimestamp();
        Run(work);
        var wasQuick = TimeProvider.System.GetElapsedTime(start) < LoopGuard.Quick;
        if (_subject?.Kind is { } kind && kind.RanAside(wasQuick))
            _guard.Tell(kind);
        _subject = null;
        _isInTurn = false;
    }

    /// <summary>In no execution context, as on the pool: what is ambient for one handler is not for the next.</summary>
    private void Run(TurnWork work)
    {
        try
        {
            work.Run(work.State);
        }
        catch (Exception error)
        {
            _guard.Report(error);
        }
        if (SynchronizationContext.Current is not null)
            SynchronizationContext.SetSynchronizationContext(null);
        if (_clean is not null)
            ExecutionContext.Restore(_clean);
    }
}
