using System.Net;
using Microsoft.Extensions.Logging;

namespace ActorSocket.EventLoops;

/// <summary>What the transport has to say.</summary>
internal sealed partial class TransportLog(ILogger logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private long _lastRefusal = long.MinValue;
    private int _hasFallenBack;

    /// <summary>At most once a minute: while it lasts it is tried ten times a second.</summary>
    public void CannotAccept(int error)
    {
        var now = Environment.TickCount64;
        if (_lastRefusal != long.MinValue && now - _lastRefusal < Pause.TotalMilliseconds)
            return;
        _lastRefusal = now;
        CannotAccept(logger, error);
    }

    /// <summary>Once.</summary>
    public void FallsBack(EndPoint endpoint, string reason)
    {
        if (Interlocked.Exchange(ref _hasFallenBack, 1) == 0)
            FallsBack(logger, endpoint, reason);
    }

    [LoggerMessage(2, LogLevel.Warning,
        "Connections wait: none can be accepted (errno {Error}; 24 and 23 mean too many open files, see ulimit -n). It is tried again.")]
    private static partial void CannotAccept(ILogger logger, int error);

    /// <summary>What a loop told a socket threw: that one is closed.</summary>
    public void SocketFailed(Exception error) => SocketFailed(logger, error);

    [LoggerMessage(1, LogLevel.Error, "An event loop closes a connection whose handling failed.")]
    private static partial void SocketFailed(ILogger logger, Exception error);

    /// <summary>
    /// At most once a minute for each name, which is one that the server has registered, or chosen; in the ten seconds after it was slow
    /// for the first time, and aside, when it was slow four times in a row.
    /// </summary>
    public void LoopTaken(string name) => LoopTaken(logger, name);

    /// <summary>What ran in a turn, and is nobody's handler, threw.</summary>
    public void TurnFailed(Exception error) => TurnFailed(logger, error);

    [LoggerMessage(6, LogLevel.Warning,
        "{Name} blocks or computes too long for an event loop, which went on on another thread. It starts on a thread aside now, until it "
        + "is quick again. await, or Task.Run, would keep no thread. (Said once a minute; actorsocket.loop.takeovers counts.)")]
    private static partial void LoopTaken(ILogger logger, string name);

    [LoggerMessage(7, LogLevel.Error, "What an event loop ran threw.")]
    private static partial void TurnFailed(ILogger logger, Exception error);

    /// <summary>A connection was accepted and closed again.</summary>
    public void CannotWatch(IOException error) => CannotWatch(logger, error);

    /// <summary>What somebody registered for a connection's end threw.</summary>
    public void CallbackFailed(Exception error) => CallbackFailed(logger, error);

    [LoggerMessage(4, LogLevel.Warning, "A connection was closed at once: the kernel does not watch it.")]
    private static partial void CannotWatch(ILogger logger, IOException error);

    [LoggerMessage(5, LogLevel.Error, "A callback of ConnectionClosed threw.")]
    private static partial void CallbackFailed(ILogger logger, Exception error);

    [LoggerMessage(3, LogLevel.Information, "Kestrel's own transport serves {Endpoint}: {Reason}.")]
    private static partial void FallsBack(ILogger logger, EndPoint endpoint, string reason);
}
