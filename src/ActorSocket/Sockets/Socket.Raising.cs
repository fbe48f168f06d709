using ActorSocket.Diagnostics;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sockets;

namespace ActorSocket;

// How its events reach its handlers, and what is sent to it its listeners.
public sealed partial class Socket
{
    /// <summary>Queues an event.</summary>
    internal void Send(EncodedFrame frame, bool isVolatile)
    {
        if (IsListenedTo)
            RaiseOutgoing(frame);
        if (Queue(frame, isVolatile))
            Namespace.Services.CountSent(1, frame.Size);
    }

    /// <summary>
    /// Queues an acknowledgement, or an event to which nobody listens (<see cref="IsListenedTo"/>), of this socket alone: without a frame
    /// of its own.
    /// </summary>
    internal void Send(EncodedPacket packet, bool compress = true, bool isVolatile = false)
    {
        if (!_hasLeft && Connection.Outbound.Append(packet, compress, isVolatile))
            Namespace.Services.CountSent(1, packet.Bytes.Length);
    }

    /// <summary>
    /// As <see cref="Send(EncodedFrame, bool)"/>, without counting it, and without a word to
    /// <see cref="OnAnyOutgoing(Func{SocketEvent, Task})"/>: for who holds a lock, and tells them later.
    /// </summary>
    internal bool Queue(EncodedFrame frame, bool isVolatile) => !_hasLeft && Connection.Outbound.Append(frame, isVolatile);

    internal bool HasOutgoingListeners => !_hasLeft && Current(ref _anyOutgoing).Length > 0;

    /// <summary>As <see cref="HasOutgoingListeners"/>, or somebody watches the whole server.</summary>
    internal bool IsListenedTo => HasOutgoingListeners || (Namespace.Services.Server.Observer is not null && !_hasLeft);

    internal void RaiseOutgoing(EncodedFrame frame)
    {
        Namespace.Services.Server.Observer?.Sent(this, frame);
        if (!HasOutgoingListeners)
            return;
        // Read back from what will be sent: the listener is rare, and so sees exactly that.
        if (Namespace.Services.Server.Read(frame) is not { EventName: { } name } packet)
            return;
        var e = new SocketEvent(this, name, packet.Arguments, null);
        foreach (var listener in Current(ref _anyOutgoing))
            _ = GuardAsync(listener, e);
    }

    internal ValueTask RaiseConnectionAsync()
    {
        try
        {
            return ActorSocketActivity.IsOn ? TraceConnectionAsync() : Namespace.Services.RaiseConnectionAsync(this);
        }
        catch (Exception error)
        {
            return ValueTask.FromException(error);
        }
    }

    /// <summary>
    /// Catch-all listeners, then the socket's middleware, then the handlers. Never throws: a failure is in the task.
    /// </summary>
    internal ValueTask RaiseEventAsync(SocketIoPacket packet)
    {
        if (packet.EventName is not { } name)
            return default; // `2` without a name: nothing can be listening (S-17)
        Namespace.Services.Server.Observer?.Received(this, name, packet.Arguments);
        try
        {
            return ActorSocketActivity.IsOn ? TraceEventAsync(packet, name) : PassAsync(packet, name);
        }
        catch (Exception error)
        {
            return ValueTask.FromException(error);
        }
    }

    private ValueTask PassAsync(SocketIoPacket packet, string name) =>
        Namespace.Services.Gate is { } gate ? gate.PassAsync(this, packet, name) : RaiseAdmittedAsync(packet, name);

    /// <summary>What <see cref="RaiseEventAsync"/> comes to when the event is within the namespace's limits.</summary>
    internal ValueTask RaiseAdmittedAsync(SocketIoPacket packet, string name) =>
        _any.Length > 0 || _middleware is not null
            ? new ValueTask(RaiseThroughListenersAsync(packet, name))
            : HandleAsync(name, packet, packet.Arguments, null);

    internal bool HasHandlerOf(string eventName) => HandlerTable.Next(_handlers.For(eventName), eventName, 0) >= 0;

    internal void RaiseError(Exception error)
    {
        foreach (var handler in Current(ref _error))
            _ = GuardAsync(handler, error);
    }

    /// <summary>A handler, or what an application handed in, has thrown.</summary>
    internal void ReportHandlerError(Exception error)
    {
        var ns = Namespace.Services;
        if (UnreadableArgument.Is(error))
        {
            ReportRefused(error, "unreadable");
            return;
        }
        ns.Server.Log.HandlerFailed(error, ns.MetricsName);
        ns.Server.Metrics.HandlerFailed(ns.MetricsName);
        RaiseError(error);
    }

    /// <summary>What a client can bring about as often as it likes, by no fault of the application's, is counted, and no error.</summary>
    internal void ReportRefused(Exception error, string reason, string? what = null)
    {
        var ns = Namespace.Services;
        ns.Server.Log.RefusedFromClient(ns.MetricsName, what ?? error.Message);
        ns.Server.Metrics.EventRefused(ns.MetricsName, reason);
        RaiseError(error);
    }

    /// <summary>An event has failed: who sent it and waits for an answer is told so.</summary>
    internal void AnswerError(SocketIoPacket packet, Exception error)
    {
        if (packet.IsAckWanted)
            AnswerError(new Ack(this, packet), ErrorAnswers.Of(error, Namespace.Services.Server.Options.EnableDetailedErrors));
    }

    internal void AnswerError(Ack ack, ErrorAnswer answer)
    {
        try
        {
            ack.SendArguments(answer);
        }
        catch (Exception unreadable) when (answer.HasData) // the application's object, or its converter
        {
            Namespace.Services.Server.Log.ErrorDataFailed(unreadable, Namespace.Services.MetricsName);
            ack.SendArguments(answer.WithoutData());
        }
    }

    /// <summary>Runs what an application handed in, on this thread until it waits. What it throws is a handler's failure.</summary>
    internal async Task CallBackAsync(Func<Task> callback)
    {
        try
        {
            await callback().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            ReportHandlerError(error);
        }
    }

    private ValueTask HandleAsync(string name, SocketIoPacket packet, SocketArguments arguments, IAnswerSink? sink)
    {
        var handlers = _handlers.For(name);
        var first = HandlerTable.Next(handlers, name, 0);
        if (first < 0)
        {
            if (packet.IsAckWanted && Namespace.Services.Server.Options.AnswerUnknownEvents && Current(ref _any).Length == 0)
                AnswerError(new Ack(this, packet), ErrorAnswers.UnknownEvent);
            return default;
        }
        var call = new HandlerCall(this, packet, arguments, sink);
        var running = InvokeHandlers(name, handlers, first, call);
        if (packet.AckId < 0 || !Namespace.Services.Server.Options.AutoAck)
            return running;
        return AcknowledgeAsync(running, call);
    }

    private static async ValueTask AcknowledgeAsync(ValueTask running, HandlerCall call)
    {
        await running.ConfigureAwait(false);
        call.Ack().Send(); // unless a handler has
    }

    private ValueTask InvokeHandlers(string name, HandlerTable.Entry[] handlers, int first, HandlerCall call)
    {
        for (var i = first; i >= 0; i = HandlerTable.Next(handlers, name, i + 1))
        {
            if (handlers[i].Once && !_handlers.Remove(handlers[i]))
                continue;
            var running = handlers[i].Invoke(handlers[i].Handler, call);
            if (!running.IsCompletedSuccessfully)
                return HandlerTable.Next(handlers, name, i + 1) is >= 0 and var next
                    ? InvokeRestAsync(running, name, handlers, next, call)
                    : running;
        }
        return default;
    }

    private async ValueTask InvokeRestAsync(ValueTask running, string name, HandlerTable.Entry[] handlers, int next, HandlerCall call)
    {
        await running.ConfigureAwait(false);
        for (; next >= 0; next = HandlerTable.Next(handlers, name, next + 1))
        {
            if (!handlers[next].Once || _handlers.Remove(handlers[next]))
                await handlers[next].Invoke(handlers[next].Handler, call).ConfigureAwait(false);
        }
    }

    private async Task RaiseThroughListenersAsync(SocketIoPacket packet, string name)
    {
        var ack = packet.AckId >= 0 ? new Ack(this, packet) : null;
        var e = new SocketEvent(this, name, packet.Arguments, ack);
        foreach (var listener in Current(ref _any))
            await listener(e).ConfigureAwait(false);
        if (_middleware is { } middleware)
            await middleware.InvokeAsync(e, () => HandleAsync(e.Name, packet, e.Arguments, e.AnswerSink).AsTask()).ConfigureAwait(false);
        else
            await HandleAsync(e.Name, packet, e.Arguments, e.AnswerSink).ConfigureAwait(false);
    }

    /// <summary>Starts it on this thread. An exception is logged and harms nothing.</summary>
    private async Task GuardAsync<T>(Func<T, Task> handler, T value)
    {
        try
        {
            await handler(value).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            Namespace.Services.Server.Log.HandlerFailed(error, Namespace.Services.MetricsName);
        }
    }
}
