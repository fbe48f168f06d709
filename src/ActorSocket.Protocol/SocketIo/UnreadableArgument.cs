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
    private const string Fault = "ActorSocket.Fault";

    public static JsonException Of(string what, Type type, Exception cause)
    {
        var error = new JsonException(
            cause is ShapeException ? $"{what} cannot be read as {type}: {cause.Message}" : $"{what} cannot be read as {type}."
        );
        error.Data[Cause] = cause;
        return error;
    }

    /// <summary>As <see cref="Of"/>, of an event's argument: who sent it may be told that it cannot be read.</summary>
    public static JsonException OfArgument(int number, Type type, Exception cause)
    {
        var error = Of($"Argument {number}", type, cause);
        error.Data[Fault] = Describe(type) is { } expected
            ? $"Argument {number} cannot be read as {expected}."
            : $"Argument {number} is not of the expected shape.";
        return error;
    }

    /// <summary>
    /// What the sender of the argument may be told: no name of a type of the application's. Null of anything else, an answer included.
    /// </summary>
    public static string? ForClient(Exception error) => Is(error) ? error.Data[Fault] as string : null;

    /// <summary>What was read was an answer: whoever is told of it next has not written it.</summary>
    public static void MarkAnswer(Exception error) => error.Data.Remove(Fault);

    private static string? Describe(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsEnum)
            return null;
        return Type.GetTypeCode(type) switch
        {
            TypeCode.String or TypeCode.Char => "text",
            TypeCode.Boolean => "true or false",
            TypeCode.Single or TypeCode.Double or TypeCode.Decimal => "a number",
            TypeCode.DateTime => "a date and time",
            >= TypeCode.SByte and <= TypeCode.UInt64 => "a whole number",
            _ when type == typeof(DateTimeOffset) => "a date and time",
            _ when type == typeof(Guid) => "a UUID",
            _ when IsBinary(type) => "binary data",
            _ => null,
        };
    }

    private static bool IsBinary(Type type) =>
        type == typeof(byte[])
        || type == typeof(ReadOnlyMemory<byte>)
        || type == typeof(Memory<byte>)
        || type == typeof(ArraySegment<byte>)
        || type.IsAssignableTo(typeof(Stream));

    /// <summary>Whether an exception is such a one.</summary>
    public static bool Is(Exception error) => error is JsonException && error.Data.Contains(Cause);

    /// <summary>
    /// Whether reading failed by what was read. A type that the serialiser cannot read at all is the application's fault.
    /// </summary>
    public static bool IsClients(Exception error) => error is not (NotSupportedException or InvalidOperationException);
}

/// <summary>What a client sent is of another shape than asked for, in words of the library's own: they quote nobody.</summary>
internal sealed class ShapeException(string message) : JsonException(message);
