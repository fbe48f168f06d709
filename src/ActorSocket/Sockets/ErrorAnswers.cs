using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Sockets;

/// <summary>An exception that has something to say to the client whose event led to it.</summary>
internal interface IRefusal
{
    EventException? Refusal { get; }
}

/// <summary>What a client that asked for an acknowledgement gets instead of one, by what its event led to (docs/adr/0009).</summary>
internal static class ErrorAnswers
{
    /// <summary>As a client's connect error has it, whose middleware threw something else than it should.</summary>
    public const string InternalMessage = "Internal server error";

    private const string BadArgument = "BAD_ARGUMENT";
    private const string InternalError = "INTERNAL_ERROR";

    public static readonly ErrorAnswer Unauthorized = new("Unauthorized", "UNAUTHORIZED", null);

    public static readonly ErrorAnswer UnknownEvent = new("Unknown event", "UNKNOWN_EVENT", null);

    public static ErrorAnswer RateLimited(object? data) => new("Too many events", "RATE_LIMITED", data);

    /// <param name="error">What went wrong.</param>
    /// <param name="detailed">Whether the client may see what the application did not mean for it.</param>
    public static ErrorAnswer Of(Exception error, bool detailed)
    {
        if (RefusalOf(error) is { } refusal)
            return new ErrorAnswer(refusal.Message, refusal.Code, refusal.Data);
        if (UnreadableArgument.ForClient(error) is { } fault)
            return new ErrorAnswer(detailed ? error.Message : fault, BadArgument, null);
        return new ErrorAnswer(detailed ? Details(error) : InternalMessage, InternalError, null);
    }

    public static EventException? RefusalOf(Exception error) => (error as IRefusal)?.Refusal;

    /// <summary>The code of the answer, for who cannot look into it; that of a refusal without one is its type.</summary>
    public static string CodeOf(Exception error) =>
        RefusalOf(error) is { } refusal ? refusal.Code ?? nameof(EventException)
        : UnreadableArgument.Is(error) ? BadArgument
        : InternalError;

    public static string Details(Exception error) => $"{error.GetType().Name}: {error.Message}";
}
