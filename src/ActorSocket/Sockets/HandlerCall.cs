using System.Text.Json;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Sockets;

/// <summary>Calls a user's delegate with an event's arguments and acknowledges with what it returns.</summary>
internal delegate ValueTask HandlerInvoker(Delegate handler, HandlerCall call);

/// <summary>Takes the answer to an event instead of the client who sent it.</summary>
internal interface IAnswerSink
{
    /// <summary>Whether the answer is still to come.</summary>
    bool IsWanted { get; }

    /// <summary>A handler has taken the acknowledgement: it may answer after it has returned.</summary>
    void OnTaken()
    {
    }

    void Answer<TArgs>(in TArgs args)
        where TArgs : struct, IEventArguments;
}

/// <summary>One event on its way into a handler: a client's, or (without a socket) one of the servers'.</summary>
internal readonly struct HandlerCall(Socket? socket, SocketIoPacket packet, SocketArguments arguments, IAnswerSink? sink = null)
{
    public HandlerCall(Socket? socket, SocketIoPacket packet, IAnswerSink sink)
        : this(socket, packet, packet.Arguments, sink)
    {
    }

    public SocketArguments Arguments => arguments;

    public Socket Socket => socket!;

    public long HeldBytes => packet.HeldBytes;

    public CancellationToken Over => socket?.Over ?? CancellationToken.None;

    /// <summary>The same event, its answer given to another than its sender.</summary>
    public HandlerCall AnsweredInto(IAnswerSink other) => new(socket, packet, arguments, other);

    private bool IsAnswered => sink is not null || packet.AckId >= 0;

    public Ack Ack()
    {
        sink?.OnTaken();
        return new Ack(socket, packet, sink);
    }

    public Ack<T> TypedAck<T>()
    {
        sink?.OnTaken();
        return new Ack<T>(socket, packet, sink);
    }

    /// <summary>One that is missing is no error .</summary>
    public T? Argument<T>(int index) => arguments.Read<T>(index);

    /// <summary>As <see cref="Argument"/>, with the option <c>ValidateArguments</c>.</summary>
    public T? ValidArgument<T>(int index, ArgumentValidator validator)
    {
        var value = arguments.Read<T>(index);
        validator.Check(value, index + 1, socket);
        return value;
    }

    /// <summary>A sequence that the client sends along: what stands in its place is <c>{ stream: id }</c>.</summary>
    public IAsyncEnumerable<T> Stream<T>(int index)
    {
        if (socket is null)
            throw new NotSupportedException("Only a client's event can bring a stream along.");
        if (
            index < arguments.Count
            && arguments[index].ToJsonElement() is { ValueKind: JsonValueKind.Object } argument
            && argument.TryGetProperty("stream", out var id)
            && StreamTable.KeyOf(id) is not null
        )
            return socket.OpenStreams().Open<T>(id, packet);
        var shape = new ShapeException("A client sends { stream: id } for it, and its elements when it is asked for them.");
        throw UnreadableArgument.OfArgument(index + 1, typeof(IAsyncEnumerable<T>), shape);
    }

    /// <summary>
    /// The client is answered with <c>{ stream: id }</c>; the handler is done, and what it returned is read as the client asks.
    /// </summary>
    public ValueTask ReturnStream<T>(IAsyncEnumerable<T>? items)
    {
        if (socket is null)
            throw new NotSupportedException("Only a client's event can be answered with a stream.");
        if (items is null)
            return Return<object?>(null);
        if (IsAnswered)
            socket.OpenStreams().Answer(items, packet, Ack());
        return default;
    }

    public async ValueTask ReturnStreamTask<TStream, T>(Task<TStream> task)
        where TStream : IAsyncEnumerable<T> => await ReturnStream<T>(await task.ConfigureAwait(false)).ConfigureAwait(false);

    public ValueTask ReturnStreamValueTask<TStream, T>(ValueTask<TStream> task)
        where TStream : IAsyncEnumerable<T> => ReturnStreamTask<TStream, T>(task.AsTask());

    public ValueTask Return<T>(T value)
    {
        if (IsAnswered)
            Ack().Send(value);
        return default;
    }

    public async ValueTask ReturnTask<T>(Task<T> task)
    {
        var value = await task.ConfigureAwait(false);
        if (IsAnswered)
            Ack().Send(value);
    }

    public ValueTask ReturnValueTask<T>(ValueTask<T> task) =>
        task.IsCompletedSuccessfully ? Return(task.Result) : ReturnTask(task.AsTask());

    public static ValueTask FromTask(Task task) => new(task);
}
