using Microsoft.Extensions.Logging;

namespace ActorSocket.AdminUi;

/// <summary>The log messages of the Admin UI, ids 89 to 92 of the server's category. None has anything that a client or an administrator
/// wrote.</summary>
internal static partial class AdminUiLog
{
    [LoggerMessage(
        89,
        LogLevel.Warning,
        "The Admin UI lets everybody in who reaches namespace {Namespace}: AllowAnonymous is set."
    )]
    public static partial void AdminIsOpen(this ILogger log, string @namespace);

    [LoggerMessage(90, LogLevel.Warning, "Somebody was refused as an administrator of namespace {Namespace}: {Reason}.")]
    public static partial void AdminRefused(this ILogger log, string @namespace, string reason);

    [LoggerMessage(91, LogLevel.Information, "An administrator acts on sockets by the Admin UI: {Action}.")]
    public static partial void AdminActed(this ILogger log, string action);

    [LoggerMessage(92, LogLevel.Warning, "The Admin UI could not be told what has happened.")]
    public static partial void AdminNotTold(this ILogger log, Exception error);
}
