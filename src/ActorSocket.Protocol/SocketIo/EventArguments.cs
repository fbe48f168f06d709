using System.ComponentModel;
using System.Text.Json;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket;

/// <summary>The arguments of an event that is emitted. Implemented by the library; a struct, so that nothing is boxed on the way to the serialiser.</summary>
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
    /// <exception cref="ArgumentException">It is a <see cref="CancellationToken"/>, which means nothing to who receives it: it was meant for the call.</exception>
    public void Write<T>(T value)
    {
        if (value is CancellationToken)
        {
            throw new ArgumentException(
                "A CancellationToken cannot be an argument of an event or a call: nobody could receive it. To end the wait, use the overload that has a parameter of that type; with more than three arguments give them as an array before it.",
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
}

/// <summary>No arguments.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly record struct EventArguments : IEventArguments
{
    /// <inheritdoc/>
    public void Write(ArgumentWriter writer)
    {
    }
}

/// <summary>One argument.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly record struct EventArguments<T1>(T1 Arg1) : IEventArguments
{
    /// <inheritdoc/>
    public void Write(ArgumentWriter writer) => writer.Write(Arg1);
}

/// <summary>Two arguments.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly record struct EventArguments<T1, T2>(T1 Arg1, T2 Arg2) : IEventArguments
{
    /// <inheritdoc/>
    public void Write(ArgumentWriter writer)
    {
        writer.Write(Arg1);
        writer.Write(Arg2);
    }
}

/// <summary>Three arguments.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly record struct EventArguments<T1, T2, T3>(T1 Arg1, T2 Arg2, T3 Arg3) : IEventArguments
{
    /// <inheritdoc/>
    public void Write(ArgumentWriter writer)
    {
        writer.Write(Arg1);
        writer.Write(Arg2);
        writer.Write(Arg3);
    }
}

/// <summary>Four arguments.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly record struct EventArguments<T1, T2, T3, T4>(T1 Arg1, T2 Arg2, T3 Arg3, T4 Arg4) : IEventArguments
{
    /// <inheritdoc/>
    public void Write(ArgumentWriter writer)
    {
        writer.Write(Arg1);
        writer.Write(Arg2);
        writer.Write(Arg3);
        writer.Write(Arg4);
    }
}

/// <summary>Any number of arguments.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly record struct ArgumentList(IReadOnlyList<object?> Items) : IEventArguments
{
    /// <inheritdoc/>
    public void Write(ArgumentWriter writer)
    {
        foreach (var item in Items)
            writer.Write(item);
    }
}
