namespace ActorSocket.EventLoops;

/// <summary>
/// What turns are of the same kind: one event of a namespace, HTTP's requests. One that kept its loop too long runs aside, on a thread that
/// drives none, until it has been quick a number of times in a row: the more, the oftener it was not.
/// </summary>
/// <param name="name">As the server knows it, for the log.</param>
/// <param name="time">For the warnings.</param>
internal sealed class TurnKind(string name, TimeProvider time) : ITurnSubject
{
    private const int FewTimes = 4;
    private const int ManyTimes = 4096;

    /// <summary>So often in a row a new one is slow before that is told: at first it is compiled as it runs.</summary>
    private const int TimesUntold = 3;

    private static readonly TimeSpan New = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private int _times;
    private int _left;
    private int _slow; // in a row
    private long _firstSlow;
    private long _told;

    public TurnKind(string name)
        : this(name, TimeProvider.System)
    {
    }

    public string Name => name;

    public bool IsAside => Volatile.Read(ref _left) > 0;

    TurnKind ITurnSubject.Kind => this;

    /// <returns>Whether that is to be told.</returns>
    public bool LostLoop()
    {
        lock (_gate)
        {
            _left = _times = Math.Clamp(_times * 4, FewTimes, ManyTimes);
            return IsToBeTold(lostLoop: true);
        }
    }

    /// <inheritdoc cref="LostLoop"/>
    public bool RanAside(bool wasQuick)
    {
        lock (_gate)
        {
            if (_left == 0)
                return false; // it was in the turn of another one
            _left = wasQuick ? _left - 1 : _times;
            if (!wasQuick)
                return IsToBeTold(lostLoop: false);
            _slow = 0;
            return false;
        }
    }

    /// <summary>
    /// To take a loop away is told at once, but of a new one; to be slow aside, which harms nobody, only when it stays so.
    /// </summary>
    private bool IsToBeTold(bool lostLoop)
    {
        var now = time.GetTimestamp();
        if (_firstSlow == 0)
            _firstSlow = now;
        if (++_slow <= TimesUntold && (!lostLoop || time.GetElapsedTime(_firstSlow, now) < New))
            return false;
        if (_told != 0 && time.GetElapsedTime(_told, now) < Pause)
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
