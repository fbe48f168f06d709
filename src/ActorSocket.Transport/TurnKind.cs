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

    private readonly Lock _gate = new();
    private int _times;
    private int _left;

    public string Name => name;

    /// <summary>When it was last warned of; of the watcher.</summary>
    public long LastWarning { get; set; } = long.MinValue;

    public bool IsAside => Volatile.Read(ref _left) > 0;

    TurnKind ITurnSubject.Kind => this;

    public void LostLoop()
    {
        lock (_gate)
            _left = _times = Math.Clamp(_times * 4, FewTimes, ManyTimes);
    }

    public void RanAside(bool wasQuick)
    {
        lock (_gate)
        {
            if (_left > 0)
                _left = wasQuick ? _left - 1 : _times;
        }
    }
}

/// <summary>Who can say what kind of turn it is in. Asked by the turn's own thread, or by the watcher while the turn goes on.</summary>
internal interface ITurnSubject
{
    TurnKind? Kind { get; }
}
