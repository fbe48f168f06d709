using System.Collections.Concurrent;

namespace ActorSocket.EventLoops;

/// <summary>
/// One epoll set, and who drives it: one thread at a time. Of each event it does its own part first: it receives, parses, tells, closes;
/// that is short, and never interrupted. What that woke of the application's runs last, as a <see cref="EventLoops.Turn"/>, during which
/// the <see cref="LoopGuard"/> may give the loop to another thread; the one in the turn finds at its end that the loop is no longer its.
/// </summary>
internal sealed unsafe class EventLoop : IDisposable
{
    private const int MaxEvents = 256;
    private const int BufferSize = 64 * 1024;

    private readonly LoopGuard _guard;
    private readonly TransportLog _log;
    private readonly ConcurrentQueue<LoopSocket> _posted = new();
    private readonly ManualResetEventSlim _ended = new(false, 0);
    private readonly int _epoll;
    private readonly int _wake;
    private readonly Lock _gate = new();
    private long _turn;
    private long _busy;
    private int _isWoken;
    private volatile LoopThread? _driver;
    private volatile bool _stops;
    private volatile bool _isOver;

    public EventLoop(int number, LoopGuard guard, TransportLog log)
    {
        Number = number;
        _guard = guard;
        _log = log;
        _epoll = Libc.NewEpoll();
        try
        {
            _wake = Libc.NewEvent();
        }
        catch
        {
            Libc.Close(_epoll);
            throw;
        }
        Libc.Control(_epoll, Libc.ControlAdd, _wake, Libc.ReadReady);
        try
        {
            guard.Start(this);
        }
        catch
        {
            Libc.Close(_epoll);
            Libc.Close(_wake);
            throw;
        }
    }

    public int Number { get; }

    /// <summary>Grows with each turn, and is odd while one goes on.</summary>
    public long Turn => Volatile.Read(ref _turn);

    /// <summary>Who has it now, or had it last.</summary>
    public LoopThread? Driver => _driver;

    /// <summary>It waits for its thread only.</summary>
    public bool Stops => _stops;

    /// <summary>How long it has not waited for events, but for the turns in which it was taken away.</summary>
    public TimeSpan Busy => TimeProvider.System.GetElapsedTime(0, Volatile.Read(ref _busy));

    public static bool IsInTurn(long turn) => (turn & 1) != 0;

    /// <summary>Has epoll tell of a descriptor, or tell no more. False when the kernel refuses, or the loop is over.</summary>
    public bool Control(int operation, int descriptor, uint events)
    {
        lock (_gate) // the number of a set that was closed may be somebody else's
            return !_isOver && Libc.Control(_epoll, operation, descriptor, events);
    }

    /// <summary>Where all of its sockets receive. Of the loop's own part only.</summary>
    public byte[] Buffer { get; } = GC.AllocateUninitializedArray<byte>(BufferSize, pinned: true);

    /// <summary>Any thread: has the socket's <see cref="LoopSocket.OnPosted"/> called on the loop.</summary>
    public void Post(LoopSocket socket)
    {
        _posted.Enqueue(socket);
        Wake();
        if (_isOver)
            RunLast();
    }

    /// <summary>By the watcher: takes the loop from the thread that is in this turn. False when the turn is over.</summary>
    public bool TryTake(long turn) => Interlocked.CompareExchange(ref _turn, turn + 1, turn) == turn;

    /// <summary>Closes what is left on it, and has its thread leave it. A handler that blocks goes on, without it.</summary>
    public void Dispose()
    {
        foreach (var socket in DescriptorTable.Of(this))
            socket.Close(reset: true);
        _stops = true;
        Libc.Signal(_wake);
        _ended.Wait();
        lock (_gate)
        {
            _isOver = true;
            Libc.Close(_epoll);
            Libc.Close(_wake);
        }
        RunLast(); // what was posted in the meantime
    }

    /// <summary>Until the loop is taken away, or ends.</summary>
    public void Drive(LoopThread thread)
    {
        _driver = thread;
        var events = stackalloc byte[MaxEvents * 16];
        var start = TimeProvider.System.GetTimestamp();
        if (!RunPosted(thread))
            return;
        while (!_stops)
        {
            _busy += TimeProvider.System.GetTimestamp() - start;
            var count = Libc.Wait(_epoll, events, MaxEvents);
            start = TimeProvider.System.GetTimestamp();
            for (var i = 0; i < count; i++)
            {
                var e = events + (i * Libc.EventSize);
                var descriptor = Libc.DescriptorOf(e);
                if (descriptor == _wake)
                {
                    Libc.Unsignal(_wake);
                    Interlocked.Exchange(ref _isWoken, 0); // a full fence: what was posted before is seen by RunPosted
                }
                else if (DescriptorTable.Find(descriptor) is { } socket && socket.Loop == this)
                {
                    Guarded(socket, Libc.EventsOf(e));
                    if (!RunTurn(thread))
                        return; // what is left of the events is told again, to who has the loop now
                }
            }
            if (!RunPosted(thread))
                return;
        }
        if (RunPosted(thread))
            _ended.Set();
    }

    private void Wake()
    {
        // In the loop's own part what is posted is looked at before the next wait.
        if (LoopThread.Current?.Tends(this) == true || Interlocked.Exchange(ref _isWoken, 1) != 0)
            return;
        lock (_gate)
        {
            if (!_isOver)
                Libc.Signal(_wake);
        }
    }

    /// <summary>False when the loop was taken away.</summary>
    private bool RunPosted(LoopThread thread)
    {
        while (_posted.TryDequeue(out var socket))
        {
            Guarded(socket, 0);
            if (!RunTurn(thread))
                return false;
        }
        return true;
    }

    private bool RunTurn(LoopThread thread)
    {
        if (!thread.HasKept)
        {
            thread.MarkNothing();
            return true;
        }
        if (thread.TryTakeAside(out var work))
        {
            _guard.RunAside(work);
            return true;
        }
        var turn = _turn + 1;
        thread.BeginTurn();
        Volatile.Write(ref _turn, turn); // the fence that belongs here is the watcher's, before it sleeps
        if (_guard.IsAsleep)
            _guard.Wake();
        thread.RunKept();
        if (Interlocked.CompareExchange(ref _turn, turn + 1, turn) != turn)
            return false;
        thread.EndTurn();
        return true;
    }

    /// <summary>When nobody drives it any more.</summary>
    private void RunLast()
    {
        while (_posted.TryDequeue(out var socket))
            Guarded(socket, 0);
    }

    /// <summary>A fault in what one socket is told must not end the others.</summary>
    private void Guarded(LoopSocket socket, uint events)
    {
        try
        {
            if (events != 0)
                socket.OnEvents(events);
            else
                socket.OnPosted();
        }
        catch (Exception error)
        {
            socket.Close(reset: true);
            Log(error);
        }
    }

    private void Log(Exception error)
    {
        try
        {
            _log.SocketFailed(error);
        }
        catch (Exception)
        {
            // A logger that throws must not end the loop.
        }
    }
}
