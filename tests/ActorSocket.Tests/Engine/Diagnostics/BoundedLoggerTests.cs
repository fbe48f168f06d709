using Microsoft.Extensions.Logging;
using ActorSocket.Diagnostics;

namespace ActorSocket.Tests.Engine.Diagnostics;

public sealed class BoundedLoggerTests
{
    [Fact]
    public void Of_each_message_a_number_is_written_at_once_and_one_a_second_from_there_on()
    {
        var (log, time) = (new RecordedLog(), new ManualTime());
        var bounded = new BoundedLogger(log.CreateLogger("x"), time);
        for (var i = 0; i < 100; i++)
            bounded.HandlerFailed(new InvalidOperationException("boom"), "/");
        Assert.Equal(BoundedLogger.Burst, log.Lines.Count);
        bounded.MiddlewareFailed(new InvalidOperationException("boom"), "/"); // another message has its own
        bounded.RequestRefused("GET", 1, "x"); // at Debug there is no bound
        Assert.Equal(BoundedLogger.Burst + 2, log.Lines.Count);
        time.Seconds++;
        for (var i = 0; i < 100; i++)
            bounded.HandlerFailed(new InvalidOperationException("boom"), "/");
        var last = log.Lines.ToArray()[^2..];
        Assert.Equal(LogLevel.Error, last[0].Level);
        Assert.StartsWith($"{100 - BoundedLogger.Burst} lines like the next one were left out", last[0].Text, StringComparison.Ordinal);
        Assert.StartsWith("A handler of namespace / threw.", last[1].Text, StringComparison.Ordinal);
        Assert.Equal(BoundedLogger.Burst + 4, log.Lines.Count);
    }
}
