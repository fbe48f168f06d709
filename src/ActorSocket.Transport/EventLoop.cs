using System.Collections.Concurrent;

namespace ActorSocket.EventLoops;

/// <summary>
/// One epoll set and the thread that waits for it. It receives, and closes; nothing that it calls blocks or is the user's.
/// </summary>
internal sealed unsafe class EventLoop : IDisposable
{
    private const int MaxEvents = 256;
    private const int BufferSize = 64 * 1024;

    [ThreadStatic]
    private static EventLoop? _current;

    private readonly TransportLog _log;
    private readonly Thread _thread;
    private readonly ConcurrentQueue<LoopSocket> _posted = new();
    private readonly int _epoll;
    private readonly int _wake;
    private readonly Lock _gate = new();
    private int _isWoken;
    private volatile bool _stops;
    private volatile bool _isOver;

    public EventLoop(int number, TransportLog log)
    {
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
        _thread = new Thread(Run) { IsBackground = true, Name = $"ActorSocket loop {number}" };
        _thread.UnsafeStart();
    }

    /// <summary>Has epoll tell of a descriptor, or tell no more. False when the kernel refuses, or the loop is over.</summary>
    public bool Control(int operation, int descriptor, uint events)
    {
        lock (_gate) // the number of a set that was closed may be somebody else's
            return !_isOver && Libc.Control(_epoll, operation, descriptor, events);
    }

    /// <summary>Where all of its sockets receive. Of the loop's thread only.</summary>
    public byte[] Buffer { get; } = GC.AllocateUninitializedArray<byte>(BufferSize, pinned: true);

    /// <summary>Any thread: has the socket's <see cref="LoopSocket.OnPosted"/> called on the loop.</summary>
    public void Post(LoopSocket socket)
    {
        _posted.Enqueue(socket);
        Wake();
        if (_isOver)
            RunPosted();
    }

    /// <summary>Closes what is left on it, and ends its thread.</summary>
    public void Dispose()
    {
        foreach (var socket in DescriptorTable.Of(this))
            socket.Close(reset: true);
        _stops = true;
        Libc.Signal(_wake);
        _thread.Join();
        lock (_gate)
        {
            _isOver = true;
            Libc.Close(_epoll);
            Libc.Close(_wake);
        }
        RunPosted(); // what was posted in the meantime
    }

    private void Wake()
    {
        // On the loop's own thread what is posted is looked at before the next wait.
        if (_current == this || Interlocked.Exchange(ref _isWoken, 1) != 0)
            return;
        lock (_gate)
        {
            if (!_isOver)
                Libc.Signal(_wake);
        }
    }

    private void Run()
    {
        _current = this;
        var events = stackalloc byte[MaxEvents * 16];
        while (!_stops)
        {
            var count = Libc.Wait(_epoll, events, MaxEvents);
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
                }
            }
            RunPosted();
        }
        RunPosted();
    }

    private void RunPosted()
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
