namespace ActorSocket.Sockets;

/// <summary>What the handlers of one socket are at: changed by its actor, seen by whoever looks for what hangs.</summary>
internal struct HandlingState
{
    private string? _event;
    private int _running;
    private int _since; // of Environment.TickCount, which is read only for handlers that are awaited

    /// <summary>The event that a handler was called for last.</summary>
    public string? Event
    {
        readonly get => Volatile.Read(in _event);
        set => Volatile.Write(ref _event, value);
    }

    /// <summary>How many handlers have been called, and are awaited.</summary>
    public readonly int Running => Volatile.Read(in _running);

    /// <summary>For how long there has been at least one.</summary>
    public readonly TimeSpan RunningFor =>
        Running > 0 ? TimeSpan.FromMilliseconds(unchecked(Environment.TickCount - Volatile.Read(in _since))) : TimeSpan.Zero;

    public void Awaited()
    {
        if (_running == 0)
            _since = Environment.TickCount;
        Volatile.Write(ref _running, _running + 1);
    }

    public void Ended() => Volatile.Write(ref _running, _running - 1);
}
