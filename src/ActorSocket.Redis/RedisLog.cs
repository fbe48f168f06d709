using Microsoft.Extensions.Logging;

namespace ActorSocket.Redis;

/// <summary>
/// The log messages of Redis, ids 110 to 113 of the server's category. What was published is in none, but for what an exception says of it.
/// </summary>
internal static partial class RedisLog
{
    [LoggerMessage(110, LogLevel.Information, "Listens to what emitters publish by Redis at {Endpoints}.")]
    public static partial void RedisListening(this ILogger log, string endpoints);

    [LoggerMessage(
        111,
        LogLevel.Warning,
        "Redis is not reached: what emitters publish does not come to this node's clients until it is. It is tried again and again."
    )]
    public static partial void RedisLost(this ILogger log, Exception? error);

    [LoggerMessage(112, LogLevel.Information, "Redis is reached again.")]
    public static partial void RedisBack(this ILogger log);

    [LoggerMessage(113, LogLevel.Warning, "What an emitter has published by Redis was not done.")]
    public static partial void EmitterMessageFailed(this ILogger log, Exception error);
}
