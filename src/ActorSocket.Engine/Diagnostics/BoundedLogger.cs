using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace ActorSocket.Diagnostics;

/// <summary>
/// Keeps whoever can make a line be written, such as a client that sends what a handler throws at, from flooding the log: of each message a
/// number at once and one a second from there on. How many were left out is said with the next one; the metrics count all.
/// </summary>
internal sealed class BoundedLogger(ILogger log, TimeProvider time) : ILogger
{
    public const int Burst = 30;

    private readonly ConcurrentDictionary<int, Allowance> _allowances = new(); // by event id, of which there are some thirty

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => log.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => log.IsEnabled(logLevel);

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        var leftOut = 0L;
        if (
            logLevel >= LogLevel.Information
            && !_allowances.GetOrAdd(eventId.Id, static (_, time) => new Allowance(time), time).TryTake(out leftOut)
        )
            return;
        if (leftOut > 0)
            log.LeftOut(logLevel, leftOut);
        log.Log(logLevel, eventId, state, exception, formatter);
    }

    private sealed class Allowance(TimeProvider time)
    {
        private readonly Lock _gate = new();
        private double _left = Burst;
        private long _at = time.GetTimestamp();
        private long _leftOut;

        public bool TryTake(out long leftOut)
        {
            lock (_gate)
            {
                var now = time.GetTimestamp();
                _left = Math.Min(Burst, _left + time.GetElapsedTime(_at, now).TotalSeconds);
                _at = now;
                leftOut = 0;
                if (_left < 1)
                {
                    _leftOut++;
                    return false;
                }
                _left--;
                (leftOut, _leftOut) = (_leftOut, 0);
                return true;
            }
        }
    }
}
