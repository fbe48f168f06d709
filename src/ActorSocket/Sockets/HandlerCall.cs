using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Sockets;

/// <summary>Calls a user's delegate with an event's arguments and acknowledges with what it returns.</summary>
internal delegate ValueTask HandlerInvoker(Delegate handler, HandlerCall call);

/// <summary>Takes the answer to an event instead of the client who sent it.</summary>
internal interface IAnswerSink
{
    /// <summary>Whether the answer is still to come.</summary>
    bool IsWanted { get; }

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

    public Ack Ack() => new(socket, packet, sink);

    public Ack<T> TypedAck<T>() => new(socket, packet, sink);

    /// <summary>One that is missing is no error .</summary>
    public T? Argument<T>(int index) => arguments.Read<T>(index);

    /// <summary>As <see cref="Argument"/>, with the option <c>ValidateArguments</c>.</summary>
    public T? ValidArgument<T>(int index, ArgumentValidator validator)
    {
        var value = arguments.Read<T>(index);
        validator.Check(value, index + 1, socket);
        return value;
    }

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
