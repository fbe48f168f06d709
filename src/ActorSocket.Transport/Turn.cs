namespace ActorSocket.EventLoops;

/// <summary>
/// Of each event a loop does its own part first: it receives, parses, tells. What that wakes of the application's, an actor or HTTP, is
/// kept, and runs last, as the event's turn, while the loop holds nothing for it. These are about the thread that calls them.
/// </summary>
internal static class Turn
{
    private static volatile bool _exist;

    /// <summary>Whether there has been an event loop in this process.</summary>
    public static bool Exist => _exist;

    public static void LoopsExist() => _exist = true;

    /// <summary>
    /// Keeps this as the turn of what the loop does now. False when this thread does no loop's own part, or has kept something already:
    /// whoever asked runs it elsewhere.
    /// </summary>
    /// <param name="run">What to run, in no execution context.</param>
    /// <param name="state">Its argument.</param>
    /// <param name="subject">What it is of, as long as it does not say so by <see cref="Is"/>.</param>
    /// <param name="isAside">It is known to take long.</param>
    public static bool TryKeep(Action<object?> run, object? state, ITurnSubject? subject = null, bool isAside = false) =>
        LoopThread.Current is { } thread && thread.TryKeep(new TurnWork(run, state, subject), isAside);

    /// <summary>In the own part: what is kept for it, now or later, takes long.</summary>
    public static void RunsAside() => LoopThread.Current?.MarkAside();

    /// <summary>In a turn: this is what it is doing now.</summary>
    public static void Is(ITurnSubject subject)
    {
        if (LoopThread.Current is { } thread)
            thread.Subject = subject;
    }
}

/// <summary>What is run in a turn.</summary>
internal readonly record struct TurnWork(Action<object?> Run, object? State, ITurnSubject? Subject);
