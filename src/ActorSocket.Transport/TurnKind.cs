namespace ActorSocket.EventLoops;

/// <summary>
/// What turns are of the same kind: one event of a namespace, HTTP's requests. One that kept its loop too long runs aside, on a thread that
/// drives none, until it has been quick a number of times in a row: the more, the oftener it was not.
/// </summary>
/// <param name="name">As the server knows it, for the log.</param>
internal sealed class TurnKind(string name) : ITurnSubject
{
    private const int FewTimes = 4;
    private const int ManyTimes = 4096;

    /// <summary>So often in a row a new one is slow before that is told: at first it is compiled as it runs.</summary>
    private const int TimesUntold = 3;

    private static readonly TimeSpan New = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly long _made = TimeProvider.System.GetTimestamp();
    private int _times;
    private int _left;
    private int _slow; // in a row
    private long _told;

    public string Name => name;

    public bool IsAside => Volatile.Read(ref _left) > 0;

    TurnKind ITurnSubject.Kind => this;

    /// <returns>Whether that is to be told.</returns>
    public bool LostLoop()
    {
        lock (_gate)
        {
            _left = _times = Math.Clamp(_times * 4, FewTimes, ManyTimes);
            return IsToBeTold();
        }
    }

    /// <inheritdoc cref="LostLoop"/>
    public bool RanAside(bool wasQuick)
    {
        lock (_gate)
        {
            if (_left > 0)
                _left = wasQuick ? _left - 1 : _times;
            if (!wasQuick)
                return IsToBeTold();
            _slow = 0;
            return false;
        }
    }

    private bool IsToBeTold()
    {
        var now = TimeProvider.System.GetTimestamp();
        if (++_slow <= TimesUntold && TimeProvider.System.GetElapsedTime(_made, now) < New)
            return false;
        if (_told != 0 && TimeProvider.System.GetElapsedTime(_told, now) < Pause)
            return false;
        _told = now;
        return true;
    }
}

/// <summary>Who can say what kind of turn it is in. Asked by the turn's own thread, or by the watcher while the turn goes on.</summary>
internal interface ITurnSubject
{
    TurnKind? Kind { get; }
}
