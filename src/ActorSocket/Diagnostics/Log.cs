using Microsoft.Extensions.Logging;

namespace ActorSocket.Diagnostics;

/// <summary>Every log message of the library. A retired id is not used again. Nothing a client wrote is logged.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "A handler of namespace {Namespace} threw.")]
    public static partial void HandlerFailed(this ILogger log, Exception error, string @namespace);

    [LoggerMessage(2, LogLevel.Error, "Middleware of {Namespace} threw something else than a ConnectErrorException; the client was refused.")]
    public static partial void MiddlewareFailed(this ILogger log, Exception error, string @namespace);

    [LoggerMessage(3, LogLevel.Error, "The actor of a socket of namespace {Namespace} failed; its client was disconnected from the namespace.")]
    public static partial void SocketCrashed(this ILogger log, string @namespace);

    [LoggerMessage(4, LogLevel.Information, "Draining: closing {Count} connections.")]
    public static partial void Draining(this ILogger log, int count);

    [LoggerMessage(5, LogLevel.Debug, "Refused {Method} with code {Code} ({Message}).")]
    public static partial void RequestRefused(this ILogger log, string method, int code, string message);

    [LoggerMessage(6, LogLevel.Information,
        "A plain WebSocket client tried to connect. Socket.IO is a protocol on top of WebSocket: use a Socket.IO client (https://socket.io/docs/v4/client-installation).")]
    public static partial void PlainWebSocketClient(this ILogger log);

    [LoggerMessage(7, LogLevel.Information,
        "A client of Engine.IO protocol 3 (Socket.IO 2) tried to connect. Update the client to version 3 or 4, or set ActorSocketOptions.AllowEIO3.")]
    public static partial void OldClient(this ILogger log);

    [LoggerMessage(9, LogLevel.Error, "ActorSocketOptions.GenerateId failed; the client was refused.")]
    public static partial void IdGenerationFailed(this ILogger log, Exception error);

    [LoggerMessage(8, LogLevel.Information,
        "A browser asked from another origin, and no CORS policy is set, so it will refuse the answer. Set ActorSocketOptions.Cors if that origin shall be allowed.")]
    public static partial void CorsIsOff(this ILogger log);
}
