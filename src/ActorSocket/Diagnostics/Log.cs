using Microsoft.Extensions.Logging;

namespace ActorSocket.Diagnostics;

/// <summary>
/// Every log message of the library but those of its engine (<see cref="EngineLog"/>, 4 to 9, 11 and 12). A retired id is not used again.
/// Nothing that a client wrote is logged, the name of a namespace that a pattern made included; what can be of use stands at Debug, as
/// <see cref="LogText"/> has it. How often a client makes a line be written is bounded by <see cref="BoundedLogger"/>.
/// </summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "A handler of namespace {Namespace} threw.")]
    public static partial void HandlerFailed(this ILogger log, Exception error, string @namespace);

    [LoggerMessage(
        2,
        LogLevel.Error,
        "Middleware of {Namespace} threw something else than a ConnectErrorException; the client was refused."
    )]
    public static partial void MiddlewareFailed(this ILogger log, Exception error, string @namespace);

    [LoggerMessage(
        3,
        LogLevel.Error,
        "The actor of a socket of namespace {Namespace} failed; its client was disconnected from the namespace."
    )]
    public static partial void SocketCrashed(this ILogger log, string @namespace);

    [LoggerMessage(10, LogLevel.Debug, "A client of namespace {Namespace} sent what is not taken: {What}")]
    public static partial void RefusedFromClient(this ILogger log, string @namespace, string what);

    [LoggerMessage(
        27,
        LogLevel.Warning,
        "A client of namespace {Namespace} could not have back the socket that it lost on another node; it gets a new one."
    )]
    public static partial void RecoveryFailed(this ILogger log, Exception error, string @namespace);

    [LoggerMessage(
        29,
        LogLevel.Warning,
        "The host stops after {ShutdownTimeout}, but draining may take {DrainPeriod} and then {DrainTimeout}: set "
        + "HostOptions.ShutdownTimeout to more than both and 15 s."
    )]
    public static partial void ShutdownTooShort(this ILogger log, TimeSpan shutdownTimeout, TimeSpan drainPeriod, TimeSpan drainTimeout);

    [LoggerMessage(
        70,
        LogLevel.Error,
        "A handler of OnConnection of namespace {Namespace} threw: its client was disconnected from the namespace, and none of its "
        + "events was handled."
    )]
    public static partial void SocketNotSetUp(this ILogger log, string @namespace);

    [LoggerMessage(
        71,
        LogLevel.Error,
        "The data of a ConnectErrorException of namespace {Namespace} cannot be serialised; the client was refused without it."
    )]
    public static partial void RefusalDataFailed(this ILogger log, Exception error, string @namespace);

    [LoggerMessage(
        72,
        LogLevel.Warning,
        "{Count} events that a client of namespace {Namespace} had sent before it left were dropped: their turn did not come within "
        + "{LastEventsTimeout} (LastEventsTimeout)."
    )]
    public static partial void LastEventsDropped(this ILogger log, int count, string @namespace, TimeSpan lastEventsTimeout);

    [LoggerMessage(73, LogLevel.Error, "A handler of OnNewNamespace threw; clients are refused the namespace.")]
    public static partial void NewNamespaceFailed(this ILogger log, Exception error);

    [LoggerMessage(
        74,
        LogLevel.Error,
        "The data of an EventException of namespace {Namespace} cannot be serialised; the client was answered without it."
    )]
    public static partial void ErrorDataFailed(this ILogger log, Exception error, string @namespace);

    [LoggerMessage(
        75,
        LogLevel.Information,
        "A client of namespace {Namespace} sent more events than its limits (UseEventRateLimiter) allow: one was refused."
    )]
    public static partial void EventLimited(this ILogger log, string @namespace);

    [LoggerMessage(60, LogLevel.Warning,
        "Socket.Data got a {Type}, which does not travel to another node: it cannot be written as JSON, or stands for something of this "
        + "process. A socket that is recovered elsewhere is without it, "
        + "and passes the middleware again. Keep what it is made from, such as an id. (Told once for each type.)")]
    public static partial void DataStaysBehind(this ILogger log, string type);

    [LoggerMessage(77, LogLevel.Error, "The state of an entity of class {Class} could not be loaded; its calls fail until it can.")]
    public static partial void EntityNotLoaded(this ILogger log, Exception error, string @class);

    [LoggerMessage(
        78,
        LogLevel.Error,
        "The state of an entity of class {Class} could not be saved, or deleted. It lives on, and that is tried again; what a crash would "
        + "cost grows until it succeeds."
    )]
    public static partial void EntityNotSaved(this ILogger log, Exception error, string @class);

    [LoggerMessage(
        79,
        LogLevel.Warning,
        "The socket of a seat that is over, of an entity of class {Class}, may still be in the room: its node did not answer."
    )]
    public static partial void SeatNotCleared(this ILogger log, Exception error, string @class);

    [LoggerMessage(
        80,
        LogLevel.Warning,
        "The recovered socket of a seat, of an entity of class {Class}, may not be in the room: its node did not answer."
    )]
    public static partial void SeatNotInRoom(this ILogger log, Exception error, string @class);

    [LoggerMessage(
        85,
        LogLevel.Warning,
        "{Count} events of rooms or users of namespace {Namespace} were dropped: more waited than its handlers of them come to."
    )]
    public static partial void PresenceEventsDropped(this ILogger log, long count, string @namespace);

    [LoggerMessage(86, LogLevel.Error, "PresenceOptions.UserId of namespace {Namespace} threw; the socket counts as nobody's device.")]
    public static partial void UserIdFailed(this ILogger log, Exception error, string @namespace);

    [LoggerMessage(
        87,
        LogLevel.Warning,
        "PresenceOptions.UserId of namespace {Namespace} gave an id of more than {Limit} bytes; the socket counts as nobody's device."
    )]
    public static partial void UserIdTooLong(this ILogger log, string @namespace, int limit);

    [LoggerMessage(
        93,
        LogLevel.Error,
        "A match of a queue of class {Class} has got no place (MatchQueue.PlaceAsync); its players wait on."
    )]
    public static partial void MatchNotPlaced(this ILogger log, Exception error, string @class);

    [LoggerMessage(
        94,
        LogLevel.Warning,
        "What an entity of class {Class} publishes (Listing) cannot be read as what is looked for; it is left out. (Told once.)"
    )]
    public static partial void ListingNotRead(this ILogger log, Exception error, string @class);

    [LoggerMessage(
        95,
        LogLevel.Information,
        "Event loops would serve the clients at less cost, on this machine: builder.WebHost.UseActorSocketTransport()."
    )]
    public static partial void EventLoopsRecommended(this ILogger log);

    [LoggerMessage(
        96,
        LogLevel.Warning,
        "What was sent to an entity of class {Class}, without waiting for an answer, was not done: {Reason}."
    )]
    public static partial void EntityCallLost(this ILogger log, string @class, string reason);

    [LoggerMessage(
        26,
        LogLevel.Critical,
        "The actor system ended although the host goes on: this node was downed, or failed. The process ends with exit code 1."
    )]
    public static partial void ActorSystemEnded(this ILogger log);
}
