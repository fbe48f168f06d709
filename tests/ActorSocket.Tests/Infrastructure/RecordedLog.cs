using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace ActorSocket.Tests.Infrastructure;

/// <summary>Everything that a host logs, whatever the level.</summary>
internal sealed class RecordedLog : ILoggerProvider
{
    public ConcurrentQueue<(LogLevel Level, string Category, string Text)> Lines { get; } = new();

    /// <summary>But for the advice that each start on Kestrel's own transport is given.</summary>
    public IEnumerable<(LogLevel Level, string Category, string Text)> Above(LogLevel level) =>
        Lines.Where(line => line.Level > level && !line.Text.Contains("UseActorSocketTransport", StringComparison.Ordinal));

    public ILogger CreateLogger(string categoryName) => new Recorder(categoryName, Lines);

    public void Dispose()
    {
    }

    private sealed class Recorder(string category, ConcurrentQueue<(LogLevel, string, string)> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => lines.Enqueue((logLevel, category, $"{formatter(state, exception)} {exception}"));
    }
}
