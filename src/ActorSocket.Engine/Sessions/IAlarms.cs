namespace ActorSocket.Sessions;

/// <summary>Runs actions after a time, and tells the time by which it measures.</summary>
internal interface IAlarms
{
    /// <summary>Since some moment.</summary>
    TimeSpan Now { get; }

    /// <summary>Runs it once, on whichever thread; it must not block.</summary>
    void Set(TimeSpan delay, Action action);
}
