using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ActorSocket.Benchmarks.Load;

/// <summary>Something on the wire was not as it had to be: a byte, an order, a count, a time limit. It voids the measurement.</summary>
internal sealed class LoadFailure(string message, int port = 0) : Exception(message)
{
    /// <summary>Which server it came from; 0 when that is not known.</summary>
    public int Port => port;
}

/// <summary>
/// All connections of the load generator, on one thread that asks again and again instead of sleeping. A generator that sleeps makes the
/// server pay for waking it, which on a virtual machine costs more than many a message.
/// </summary>
internal sealed class Poller : IDisposable
{
    private readonly int _poll = Native.CreatePoll();
    private readonly byte[] _events = new byte[Native.EventSize * 512];
    private readonly List<Channel?> _channels = [];
    private readonly List<Channel> _dirty = [];

    /// <summary>What a read brings lies here until its channel has parsed it.</summary>
    public byte[] Buffer { get; } = new byte[512 * 1024];

    /// <summary>Where a message is composed before it is masked.</summary>
    public byte[] Scratch { get; } = new byte[64 * 1024];

    /// <summary>Time that was spent on asking in vain.</summary>
    public TimeSpan Idle { get; private set; }

    public int Add(Channel channel, int fd)
    {
        _channels.Add(channel);
        Native.Watch(_poll, fd, (ulong)_channels.Count - 1);
        return _channels.Count - 1;
    }

    public void Remove(int id) => _channels[id] = null;

    public void MarkDirty(Channel channel) => _dirty.Add(channel);

    /// <summary>Handles everything that has arrived, and calls <paramref name="tick"/> in between.</summary>
    public void RunFor(TimeSpan time, Action<long>? tick = null)
    {
        var started = Stopwatch.GetTimestamp();
        RunUntil(() => Stopwatch.GetElapsedTime(started) >= time, tick);
    }

    /// <summary>As <see cref="RunFor"/>, until a condition holds. False when it did not within the time limit.</summary>
    public bool RunUntil(Func<bool> condition, Action<long>? tick = null, double limitSeconds = 600)
    {
        var started = Stopwatch.GetTimestamp();
        var before = started;
        while (!condition())
        {
            var worked = Turn();
            var now = Stopwatch.GetTimestamp();
            tick?.Invoke(now);
            Flush();
            if (!worked)
                Idle += Stopwatch.GetElapsedTime(before, now);
            before = now;
            if (Stopwatch.GetElapsedTime(started, now).TotalSeconds > limitSeconds)
                return false;
        }
        return true;
    }

    public void Dispose()
    {
        for (var i = 0; i < _channels.Count; i++) // closing changes the list
            _channels[i]?.Close();
        Native.Close(_poll);
    }

    private bool Turn()
    {
        var count = Native.Poll(_poll, _events);
        for (var i = 0; i < count; i++)
        {
            var at = _events.AsSpan(i * Native.EventSize);
            var what = MemoryMarshal.Read<uint>(at);
            // A channel that another one closed in this turn is gone.
            if (_channels[(int)MemoryMarshal.Read<ulong>(at[Native.EventDataOffset..])] is not { } channel)
                continue;
            try
            {
                channel.Ready(what);
            }
            catch (LoadFailure failure)
            {
                throw new LoadFailure(failure.Message, channel.Port);
            }
            Flush();
        }
        return count > 0;
    }

    private void Flush()
    {
        foreach (var channel in _dirty)
            channel.Flush();
        _dirty.Clear();
    }
}
