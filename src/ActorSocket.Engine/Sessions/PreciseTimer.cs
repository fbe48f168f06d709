using System.Diagnostics;

namespace ActorSocket.Sessions;

/// <summary>
/// Runs actions at their time, late by a millisecond or two and never early, by a thread of its own that sleeps until the next is due:
/// Akka's scheduler is up to 10 ms late, and .NET's timers nearly as much. The thread ends when there has been nothing to wait for for a
/// while.
/// </summary>
/// <remarks>Any thread. An action runs on that one thread, holds up all others, and must not throw.</remarks>
internal sealed class PreciseTimer : IAlarms
{
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(10);

    private readonly object _gate = new(); // a monitor: it is waited on
    private readonly PriorityQueue<Action, TimeSpan> _due = new();
    private bool _isRunning;

    public TimeSpan Now => Stopwatch.GetElapsedTime(0);

    public void Set(TimeSpan delay, Action action)
    {
        var due = Now + delay;
        lock (_gate)
        {
            _due.Enqueue(action, due);
            if (!_isRunning)
            {
                _isRunning = true;
                new Thread(Run) { IsBackground = true, Name = "ActorSocket timer" }.UnsafeStart();
            }
            else if (ReferenceEquals(_due.Peek(), action))
            {
                Monitor.Pulse(_gate);
            }
        }
    }

    private void Run()
    {
        while (Next() is { } action)
            action();
    }

    private Action? Next()
    {
        lock (_gate)
        {
            while (true)
            {
                var isAny = _due.TryPeek(out var action, out var due);
                var left = isAny ? due - Now : Idle;
                if (left <= TimeSpan.Zero)
                    return _due.Dequeue();
                if (!Monitor.Wait(_gate, (int)Math.Ceiling(left.TotalMilliseconds)) && !isAny && _due.Count == 0)
                {
                    _isRunning = false;
                    return null;
                }
            }
        }
    }
}
