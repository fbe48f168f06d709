using System.Text.Json;

namespace ActorSocket.Protocol.SocketIo;

/// <summary>
/// What a client sent, an argument, an answer or its <c>auth</c>, cannot be read as the type that was asked for: a
/// <see cref="JsonException"/> whose text quotes nothing of what the client wrote, so that it may be logged. What the serialiser, a
/// converter or a constructor said, which may, is in its data, where no logger looks.
/// </summary>
internal static class UnreadableArgument
{
    public const string Cause = "ActorSocket.Cause";

    public static JsonException Of(string what, Type type, Exception cause)
    {
        var error = new JsonException(
            cause is ShapeException ? $"{what} cannot be read as {type}: {cause.Message}" : $"{what} cannot be read as {type}."
        );
        error.Data[Cause] = cause;
        return error;
    }

    /// <summary>Whether an exception is such a one.</summary>
    public static bool Is(Exception error) => error is JsonException && error.Data.Contains(Cause);

    /// <summary>
    /// Whether reading failed by what was read. A type that the serialiser cannot read at all is the application's fault.
    /// </summary>
    public static bool IsClients(Exception error) => error is not (NotSupportedException or InvalidOperationException);
}

/// <summary>What a client sent is of another shape than asked for, in words of the library's own: they quote nobody.</summary>
internal sealed class ShapeException(string message) : JsonException(message);
