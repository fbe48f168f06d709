using System.ComponentModel;
using System.Text.Json;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket;

/// <summary>
/// The arguments of an event that is emitted. Implemented by the library; a struct, so that nothing is boxed on the way to the serialiser.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public interface IEventArguments
{
    /// <summary>Writes each argument, in order.</summary>
    void Write(ArgumentWriter writer);
}

/// <summary>Takes the arguments of one packet.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly ref struct ArgumentWriter
{
    private readonly Utf8JsonWriter _writer;
    private readonly SocketJson _json;

    internal ArgumentWriter(Utf8JsonWriter writer, SocketJson json)
    {
        _writer = writer;
        _json = json;
    }

    /// <summary>Writes one argument; <see cref="SocketArguments"/> are spread.</summary>
    /// <exception cref="ArgumentException">
    /// It is a <see cref="CancellationToken"/> or a delegate, which mean nothing to who receives them: they were meant for the call. Or a
    /// task, whose result was meant.
    /// </exception>
    public void Write<T>(T value)
    {
        if (value is CancellationToken)
        {
            throw new ArgumentException(
                "A CancellationToken cannot be an argument of an event or a call: nobody could receive it. To end a wait, ask " +
                "(EmitWithAckAsync, InvokeAsync) and give it last, behind at most eight arguments; with more give these as a list to " +
                "EmitWithAckCoreAsync or InvokeCoreAsync.",
                nameof(value));
        }
        if (value is Delegate)
        {
            throw new ArgumentException(
                "A delegate cannot be an argument of an event or a call. A callback for the acknowledgement follows at most three " +
                "arguments; with more await EmitWithAckAsync.",
                nameof(value));
        }
        if (IsTask(value))
        {
            throw new ArgumentException(
                "A task cannot be an argument of an event or a call: an await is missing in front of it.",
                nameof(value));
        }
        if (value is SocketArguments arguments)
        {
            for (var i = 0; i < arguments.Count; i++)
                ArgumentCopier.Copy(_writer, arguments[i]);
        }
        else
        {
            JsonSerializer.Serialize(_writer, value, _json.Options);
        }
    }

    private static bool IsTask<T>(T value) => typeof(T).IsValueType
        ? ValueTaskType<T>.Is && value is not null // a constant, once the method has been compiled for good
        : value is Task || (value is ValueType && ValueTaskType.IsOf(value.GetType()));

    internal void WriteStream(string id)
    {
        _writer.WriteStartObject();
        _writer.WriteString("stream"u8, id);
        _writer.WriteEndObject();
    }

    internal void WriteError(string message, string? code, object? data)
    {
        _writer.WriteStartObject();
        _writer.WriteStartObject("error"u8);
        _writer.WriteString("message"u8, message);
        if (code is not null)
            _writer.WriteString("code"u8, code);
        if (data is not null)
        {
            _writer.WritePropertyName("data"u8);
            JsonSerializer.Serialize(_writer, data, data.GetType(), _json.Options);
        }
        _writer.WriteEndObject();
        _writer.WriteEndObject();
    }
}

/// <summary>Whether a type is <see cref="ValueTask"/> or <see cref="ValueTask{TResult}"/>.</summary>
internal static class ValueTaskType
{
    public static bool IsOf(Type type) =>
        type == typeof(ValueTask) || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ValueTask<>));
}

/// <summary>The same, found out once for each type.</summary>
internal static class ValueTaskType<T>
{
    public static readonly bool Is = ValueTaskType.IsOf(Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T));
}

/// <summary>No arguments.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct EventArguments : IEventArguments
{
    /// <inheritdoc/>
    public void Write(ArgumentWriter writer)
    {
    }
}

/// <summary>One argument.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct EventArguments<T1>(T1 arg1) : IEventArguments
{
    /// <inheritdoc/>
    public void Write(ArgumentWriter writer) => writer.Write(arg1);
}

/// <summary>Two arguments.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct EventArguments<T1, T2>(T1 arg1, T2 arg2) : IEventArguments
{
    /// <inheritdoc/>
    public void Write(ArgumentWriter writer)
    {
        writer.Write(arg1);
        writer.Write(arg2);
    }
}

/// <summary>Three arguments.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct EventArguments<T1, T2, T3>(T1 arg1, T2 arg2, T3 arg3) : IEventArguments
{
    /// <inheritdoc/>
    public void Write(ArgumentWriter writer)
    {
        writer.Write(arg1);
        writer.Write(arg2);
        writer.Write(arg3);
    }
}

/// <summary>Four arguments.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct EventArguments<T1, T2, T3, T4>(T1 arg1, T2 arg2, T3 arg3, T4 arg4) : IEventArguments
{
    /// <inheritdoc/>
    public void Write(ArgumentWriter writer)
    {
        writer.Write(arg1);
        writer.Write(arg2);
        writer.Write(arg3);
        writer.Write(arg4);
    }
}

/// <summary>Five arguments.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct EventArguments<T1, T2, T3, T4, T5>(T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5) : IEventArguments
{
    /// <inheritdoc/>
    public void Write(ArgumentWriter writer)
    {
        writer.Write(arg1);
        writer.Write(arg2);
        writer.Write(arg3);
        writer.Write(arg4);
        writer.Write(arg5);
    }
}

/// <summary>Six arguments.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct EventArguments<T1, T2, T3, T4, T5, T6>(T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6) : IEventArguments
{
    /// <inheritdoc/>
    public void Write(ArgumentWriter writer)
    {
        writer.Write(arg1);
        writer.Write(arg2);
        writer.Write(arg3);
        writer.Write(arg4);
        writer.Write(arg5);
        writer.Write(arg6);
    }
}

/// <summary>Seven arguments.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct EventArguments<T1, T2, T3, T4, T5, T6, T7>(
    T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6, T7 arg7) : IEventArguments
{
    /// <inheritdoc/>
    public void Write(ArgumentWriter writer)
    {
        writer.Write(arg1);
        writer.Write(arg2);
        writer.Write(arg3);
        writer.Write(arg4);
        writer.Write(arg5);
        writer.Write(arg6);
        writer.Write(arg7);
    }
}

/// <summary>Eight arguments.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct EventArguments<T1, T2, T3, T4, T5, T6, T7, T8>(
    T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6, T7 arg7, T8 arg8) : IEventArguments
{
    /// <inheritdoc/>
    public void Write(ArgumentWriter writer)
    {
        writer.Write(arg1);
        writer.Write(arg2);
        writer.Write(arg3);
        writer.Write(arg4);
        writer.Write(arg5);
        writer.Write(arg6);
        writer.Write(arg7);
        writer.Write(arg8);
    }
}

/// <summary>Any number of arguments.</summary>
internal readonly struct ArgumentList(IReadOnlyList<object?> items) : IEventArguments
{
    public void Write(ArgumentWriter writer)
    {
        for (var i = 0; i < items.Count; i++)
            writer.Write(items[i]);
    }
}
