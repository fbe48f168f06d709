using System.Diagnostics;

namespace ActorSocket.Benchmarks.Load;

/// <summary>The connections of one mode to one server, and the traffic on them while it is switched on.</summary>
internal abstract class LoadBase(Poller poller, int connections)
{
    private const int AtOnce = 64;
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(20);

    private int _begun;

    protected Poller Poller => poller;

    public int Connections => connections;

    /// <summary>What has been received so far, in the mode's unit.</summary>
    public long Units { get; protected set; }

    /// <summary>From when a message was due until it was received; open-loop modes only.</summary>
    public Latencies Latencies { get; } = new();

    protected bool Running { get; private set; }

    /// <summary>How many connections are ready.</summary>
    protected int ReadyCount { get; set; }

    protected abstract void Begin(int index);

    /// <summary>Whether everything that was sent has been answered.</summary>
    protected abstract bool IsQuiet { get; }

    protected virtual void OnStart()
    {
    }

    /// <summary>Sends what is due.</summary>
    protected virtual void OnTick(long now)
    {
    }

    /// <summary>Connects everything, some at a time.</summary>
    public virtual void Open()
    {
        var ready = poller.RunUntil(() => ReadyCount == connections, _ => BeginMore(), limitSeconds: 120);
        if (!ready)
            throw new LoadFailure($"only {ReadyCount} of {connections} connections within two minutes");
    }

    public void Start()
    {
        Running = true;
        OnStart();
    }

    public void RunFor(double seconds) => poller.RunFor(TimeSpan.FromSeconds(seconds), OnTick);

    /// <summary>Stops sending and waits for what is under way: what does not come is lost.</summary>
    public void Stop()
    {
        Running = false;
        if (!poller.RunUntil(() => IsQuiet, limitSeconds: DrainLimit.TotalSeconds))
            throw new LoadFailure("messages were lost: not all that was sent has come");
    }

    public abstract void Close();

    private void BeginMore()
    {
        while (_begun < connections && _begun - ReadyCount < AtOnce)
            Begin(_begun++);
    }
}

/// <summary>
/// When the next message of an open loop is due. What a slow server delays is counted from then, so that its delay is not hidden by our
/// waiting.
/// </summary>
internal sealed class Schedule(double perSecond)
{
    private readonly double _interval = Stopwatch.Frequency / perSecond;
    private double _next;

    public void Restart(long now) => _next = now;

    public bool TryTake(long now, out long due)
    {
        due = (long)_next;
        if (perSecond <= 0 || now < _next)
            return false;
        _next += _interval;
        return true;
    }
}
