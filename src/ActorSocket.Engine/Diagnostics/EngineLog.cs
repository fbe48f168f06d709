using Microsoft.Extensions.Logging;

namespace ActorSocket.Diagnostics;

/// <summary>
/// Every log message of the engine; the ids are from one sequence with those of Socket.IO. Nothing that a client wrote is logged; what can
/// be of use stands at Debug, as <see cref="LogText"/> has it.
/// </summary>
internal static partial class EngineLog
{
    [LoggerMessage(4, LogLevel.Information, "Draining: closing {Count} connections.")]
    public static partial void Draining(this ILogger log, int count);

    [LoggerMessage(5, LogLevel.Debug, "Refused {Method} with code {Code} ({Message}).")]
    public static partial void RequestRefused(this ILogger log, string method, int code, string message);

    [LoggerMessage(
        6,
        LogLevel.Information,
        "A plain WebSocket client tried to connect. Socket.IO is a protocol on top of WebSocket: use a Socket.IO client "
        + "(https://socket.io/docs/v4/client-installation)."
    )]
    public static partial void PlainWebSocketClient(this ILogger log);

    [LoggerMessage(
        7,
        LogLevel.Information,
        "A client of Engine.IO protocol 3 (Socket.IO 2) tried to connect. Update the client to version 3 or 4, or set "
        + "ActorSocketOptions.AllowEIO3."
    )]
    public static partial void OldClient(this ILogger log);

    [LoggerMessage(
        8,
        LogLevel.Information,
        "A browser asked from another origin, and no CORS policy is set, so it will refuse the answer. Set ActorSocketOptions.Cors if "
        + "that origin shall be allowed."
    )]
    public static partial void CorsIsOff(this ILogger log);

    [LoggerMessage(9, LogLevel.Error, "ActorSocketOptions.GenerateId failed; the client was refused.")]
    public static partial void IdGenerationFailed(this ILogger log, Exception error);

    [LoggerMessage(EventId = 11, Message = "{Count} lines like the next one were left out: there were too many.")]
    public static partial void LeftOut(this ILogger log, LogLevel level, long count);

    [LoggerMessage(12, LogLevel.Error, "A handler of refused requests threw.")]
    public static partial void ConnectionErrorHandlerFailed(this ILogger log, Exception error);

    [LoggerMessage(13, LogLevel.Error, "A handler of an Engine.IO connection threw.")]
    public static partial void ConnectionHandlerFailed(this ILogger log, Exception error);
}
