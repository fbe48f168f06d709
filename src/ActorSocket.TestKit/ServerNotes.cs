using Microsoft.Extensions.Logging;

namespace ActorSocket.TestKit;

/// <summary>
/// What the application has logged that a failure may come from: warnings and errors, and what a client sent that handlers did not take.
/// </summary>
internal sealed class ServerNotes : ILoggerProvider
{
    private const int Kept = 10;
    private const int RefusedFromClient = 10; // docs/guide/logging.md

    private readonly Lock _gate = new();
    private readonly Queue<string> _lines = new();

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    /// <summary>The last few lines.</summary>
    public string[] Lines()
    {
        lock (_gate)
            return [.. _lines];
    }

    public void Dispose()
    {
    }

    private sealed class Logger(ServerNotes notes, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= (category == "ActorSocket" ? LogLevel.Debug : LogLevel.Warning);

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel) || (logLevel < LogLevel.Warning && eventId.Id != RefusedFromClient))
                return;
            var error = exception is null ? "" : $" {exception.GetType().Name}: {exception.Message}";
            lock (notes._gate)
            {
                notes._lines.Enqueue($"{logLevel}, {category}: {formatter(state, exception)}{error}");
                if (notes._lines.Count > Kept)
                    notes._lines.Dequeue();
            }
        }
    }
}
