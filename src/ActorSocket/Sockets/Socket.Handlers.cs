using Akka.Actor;
using ActorSocket.Delivery;
using ActorSocket.Diagnostics;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket;

// How a socket is listened to: what the application registers, and how its actor raises it.
public sealed partial class Socket
{
    private Func<SocketEvent, Task>[] _any = [];
    private Func<SocketEvent, Task>[] _anyOutgoing = [];
    private MiddlewarePipeline<SocketEvent>? _middleware;
    private Func<DisconnectReason, Task>[] _disconnecting = [];
    private Func<DisconnectReason, Task>[] _disconnect = [];
    private Func<Exception, Task>[] _error = [];
    private DisconnectReason? _reason;
    private int _ended;
    private volatile bool _hasLeft;
    private bool _isOver;
    private CancellationTokenSource? _over;
    private bool _roomsLeft;
    private bool _inOwnRoom;

    /// <summary>
    /// Handles an event. Like a minimal API's handler, a lambda with explicitly typed parameters: they take the event's arguments in order, read with
    /// System.Text.Json; <c>byte[]</c> and <c>ReadOnlyMemory&lt;byte&gt;</c> anywhere in them take attachments, <see cref="SocketArgument"/> takes any; <see cref="Ack"/>, <see cref="Ack{T}"/>,
    /// <see cref="Socket"/>, <see cref="SocketArguments"/> (all of them) and <see cref="CancellationToken"/> may stand anywhere; the token is cancelled when the event's time is over:
    /// the socket is disconnected, and what its client sent before it left had <see cref="ActorSocketOptions.LastEventsTimeout"/>.
    /// A returned value, also of a task, is sent as the acknowledgement when the client asked for one.
    /// </summary>
    /// <returns>Dispose it to stop handling the event.</returns>
    /// <exception cref="ArgumentException">The name is reserved, a parameter or the result cannot be bound, or the handler is <c>async void</c>.</exception>
    /// <example><code>socket.On("roll", (int sides) => Random.Shared.Next(sides) + 1);</code></example>
    public IDisposable On(string eventName, Delegate handler) => Listen(eventName, handler, once: false);

    /// <summary>As <see cref="On(string, Delegate)"/>, with options: an idempotency key, for clients that send again what was not acknowledged.</summary>
    /// <returns>Dispose it to stop handling the event.</returns>
    /// <exception cref="ArgumentException">The name is reserved, or a parameter cannot be bound.</exception>
    public IDisposable On(string eventName, Delegate handler, HandlerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Listen(eventName, handler, once: false, options);
    }

    /// <summary>As <see cref="On(string, Delegate)"/>, for the next such event only (official: <c>once</c>).</summary>
    public IDisposable Once(string eventName, Delegate handler) => Listen(eventName, handler, once: true);

    /// <summary>Removes every handler of an event (official: <c>removeAllListeners(event)</c>). To remove one, dispose what <see cref="On(string, Delegate)"/> returned.</summary>
    public void Off(string eventName)
    {
        ArgumentNullException.ThrowIfNull(eventName);
        _handlers.Clear(eventName);
    }

    /// <summary>Removes the handlers of all events (official: <c>removeAllListeners()</c>).</summary>
    public void Off() => _handlers.Clear();

    private IDisposable Listen(string eventName, Delegate handler, bool once, HandlerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(eventName);
        EmitFlags.ThrowIfNotHandled(eventName);
        Callback.ThrowIfAsyncVoid(handler);
        var server = Namespace.Services.Server;
        if (!once) // such names may be made for one event each
            server.Names.Register(eventName);
        var invoke = server.Binder.Bind(handler);
        if (options?.IdempotencyKey is { } keyOf)
            invoke = new IdempotentHandler(Namespace, eventName, options.IdempotencyScope ?? HandlerOptions.ScopeOf(this), keyOf, invoke).InvokeAsync;
        return _handlers.Add(eventName, handler, invoke, once);
    }

    /// <summary>Sees every event before its handlers and before the middleware of <see cref="Use"/> (official: <c>onAny</c>).</summary>
    /// <returns>Dispose it to stop.</returns>
    public IDisposable OnAny(Func<SocketEvent, Task> listener) => Register(ref _any, listener, () => Unregister(ref _any, listener));

    /// <inheritdoc cref="OnAny(Func{SocketEvent, Task})"/>
    public IDisposable OnAny(Action<SocketEvent> listener) => OnAny(Callback.From(listener));

    /// <summary>As <see cref="OnAny(Func{SocketEvent, Task})"/>, before the listeners that are there (official: <c>prependAny</c>).</summary>
    public IDisposable PrependAny(Func<SocketEvent, Task> listener) => Register(ref _any, listener, () => Unregister(ref _any, listener), first: true);

    /// <inheritdoc cref="PrependAny(Func{SocketEvent, Task})"/>
    public IDisposable PrependAny(Action<SocketEvent> listener) => PrependAny(Callback.From(listener));

    /// <summary>Removes all catch-all listeners (official: <c>offAny()</c>).</summary>
    public void OffAny()
    {
        lock (_gate)
            _any = [];
    }

    /// <summary>
    /// Sees every event that is emitted to this socket, directly or by a broadcast, before it is queued (with <see cref="ActorSocketOptions.ConnectionStateRecovery"/> right after,
    /// with its offset); also a volatile one that is then dropped. Runs on the thread that emits, which it should not keep; the event does not wait for what it awaits (official:
    /// <c>onAnyOutgoing</c>).
    /// </summary>
    /// <returns>Dispose it to stop.</returns>
    public IDisposable OnAnyOutgoing(Func<SocketEvent, Task> listener) => Register(ref _anyOutgoing, listener, () => Unregister(ref _anyOutgoing, listener));

    /// <inheritdoc cref="OnAnyOutgoing(Func{SocketEvent, Task})"/>
    public IDisposable OnAnyOutgoing(Action<SocketEvent> listener) => OnAnyOutgoing(Callback.From(listener));

    /// <summary>As <see cref="OnAnyOutgoing(Func{SocketEvent, Task})"/>, before the listeners that are there (official: <c>prependAnyOutgoing</c>).</summary>
    public IDisposable PrependAnyOutgoing(Func<SocketEvent, Task> listener) => Register(ref _anyOutgoing, listener, () => Unregister(ref _anyOutgoing, listener), first: true);

    /// <inheritdoc cref="PrependAnyOutgoing(Func{SocketEvent, Task})"/>
    public IDisposable PrependAnyOutgoing(Action<SocketEvent> listener) => PrependAnyOutgoing(Callback.From(listener));

    /// <summary>Removes all of them (official: <c>offAnyOutgoing()</c>).</summary>
    public void OffAnyOutgoing()
    {
        lock (_gate)
            _anyOutgoing = [];
    }

    /// <summary>
    /// Adds middleware for this socket's events (official: <c>socket.use</c>). It calls <c>next</c>, which completes when the handlers have; returns without, and
    /// the event is dropped; or throws: the event is dropped and <see cref="OnError(Func{Exception, Task})"/> raised. It may change the event,
    /// its <see cref="SocketEvent.Arguments"/> or its name.
    /// </summary>
    public Socket Use(Func<SocketEvent, Func<Task>, Task> middleware)
    {
        LazyInitializer.EnsureInitialized(ref _middleware).Add(middleware);
        return this;
    }

    /// <summary>
    /// Raised once when the socket is about to be disconnected, after the events that its client had sent before it left: its rooms are still there until the handler, also an
    /// asynchronous one, is done, for <see cref="ActorSocketOptions.LastEventsTimeout"/> at most.
    /// </summary>
    public IDisposable OnDisconnecting(Func<DisconnectReason, Task> handler) => Register(ref _disconnecting, handler, () => Unregister(ref _disconnecting, handler));

    /// <inheritdoc cref="OnDisconnecting(Func{DisconnectReason, Task})"/>
    public IDisposable OnDisconnecting(Action<DisconnectReason> handler) => OnDisconnecting(Callback.From(handler));

    /// <summary>Raised once when the socket is disconnected and in no room any more.</summary>
    public IDisposable OnDisconnect(Func<DisconnectReason, Task> handler) => Register(ref _disconnect, handler, () => Unregister(ref _disconnect, handler));

    /// <inheritdoc cref="OnDisconnect(Func{DisconnectReason, Task})"/>
    public IDisposable OnDisconnect(Action<DisconnectReason> handler) => OnDisconnect(Callback.From(handler));

    /// <summary>
    /// Raised for what goes wrong on this socket: an exception of a handler or of middleware, arguments of the wrong type, a broken protocol. Nothing waits for what the handler
    /// awaits; its own exceptions are logged. For arguments of the wrong type it is a <see cref="System.Text.Json.JsonException"/> with nothing of what the client wrote in its message; what the
    /// serialiser said is in its <see cref="Exception.Data"/>, as <c>ActorSocket.Cause</c>.
    /// </summary>
    public IDisposable OnError(Func<Exception, Task> handler) => Register(ref _error, handler, () => Unregister(ref _error, handler));

    /// <inheritdoc cref="OnError(Func{Exception, Task})"/>
    public IDisposable OnError(Action<Exception> handler) => OnError(Callback.From(handler));

    /// <summary>
    /// Hands the socket to an actor of the application's: it gets <see cref="SocketMessages.Connected"/>, every <see cref="SocketMessages.Event"/> and
    /// <see cref="SocketMessages.Disconnected"/>, and tells <see cref="Actor"/> what to do. Its mailbox is not counted against the inbound limits. When it stops first, nobody is left
    /// to handle the client's events: the socket is disconnected.
    /// </summary>
    public void ForwardTo(IActorRef handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        handler.Tell(new SocketMessages.Connected(this), Actor);
        Actor.Tell(new SocketProtocol.DependOn(handler));
        OnAny(e => handler.Tell(new SocketMessages.Event(this, e.Name, e.Arguments, e.Ack), Actor));
        OnDisconnect(reason => handler.Tell(new SocketMessages.Disconnected(this, reason), Actor));
    }

    internal void MarkConnected()
    {
        SetOwnRoom(joined: true);
        _connected = true;
    }

    /// <summary>As <see cref="Connected"/>, but until the end: the server may have asked for it already.</summary>
    internal bool HasNotEnded => _connected;

    internal void Send(EncodedFrame frame, bool isVolatile = false)
    {
        if (TrySend(frame, isVolatile))
            Namespace.Services.CountSent(1, frame);
    }

    /// <summary>Queues an event, without counting it.</summary>
    internal bool TrySend(EncodedFrame frame, bool isVolatile, bool isEvent = true)
    {
        if (_hasLeft)
            return false;
        if (isEvent && HasOutgoingListeners)
            RaiseOutgoing(frame);
        return Queue(frame, isVolatile);
    }

    /// <summary>As <see cref="TrySend"/>, without a word to <see cref="OnAnyOutgoing(Func{SocketEvent, Task})"/>: for who holds a lock, and tells them later.</summary>
    internal bool Queue(EncodedFrame frame, bool isVolatile) => !_hasLeft && Connection.Outbound.Append(frame, isVolatile);

    internal bool HasOutgoingListeners => !_hasLeft && Current(ref _anyOutgoing).Length > 0;

    internal void SendAck(EncodedFrame frame)
    {
        if (TrySend(frame, isVolatile: false, isEvent: false))
            Namespace.Services.CountSent(1, frame);
    }

    internal void RaiseOutgoing(EncodedFrame frame)
    {
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
            return Namespace.Services.RaiseConnectionAsync(this);
        }
        catch (Exception error)
        {
            return ValueTask.FromException(error);
        }
    }

    /// <summary>Catch-all listeners, then the socket's middleware, then the handlers. Never throws: a failure is in the task.</summary>
    internal ValueTask RaiseEventAsync(SocketIoPacket packet)
    {
        if (packet.EventName is not { } name)
            return default; // `2` without a name: nothing can be listening (S-17)
        try
        {
            if (_any.Length > 0 || _middleware is not null)
                return new ValueTask(RaiseThroughListenersAsync(packet, name));
            return HandleAsync(name, packet, packet.Arguments);
        }
        catch (Exception error)
        {
            return ValueTask.FromException(error);
        }
    }

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
    internal void ReportRefused(Exception error, string reason)
    {
        var ns = Namespace.Services;
        ns.Server.Log.RefusedFromClient(ns.MetricsName, error.Message);
        ns.Server.Metrics.EventRefused(ns.MetricsName, reason);
        RaiseError(error);
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

    /// <summary>The client has left: nothing can be sent any more, and who waits for it is told so. What it sent before is still handled.</summary>
    internal void MarkLeft(DisconnectReason reason, string? description)
    {
        lock (_gate)
        {
            if (_hasLeft)
                return;
            _reason = reason;
            DisconnectDescription = description;
            _hasLeft = true;
        }
        _ = _disconnected.CancelAsync();
    }

    /// <summary>Once, whoever notices the end first: the actor, or its parent when the actor crashed. Completes when the handlers are done.</summary>
    internal Task RaiseDisconnecting(DisconnectReason reason)
    {
        var handlers = Interlocked.Exchange(ref _ended, 1) == 0 ? Current(ref _disconnecting) : [];
        return handlers.Length == 0 ? Task.CompletedTask : Task.WhenAll(Array.ConvertAll(handlers, handler => GuardAsync(handler, reason)));
    }

    /// <summary>What follows <c>disconnecting</c>; also the end of a socket that never was connected, of which nothing is raised, but what its middleware started stops.</summary>
    internal void MarkDisconnected(DisconnectReason reason, string? description = null)
    {
        Abandon(reason, description);
        _connected = false;
    }

    /// <summary>The actor has stopped: whoever waits for it learns so, also when there is nobody left who raises <c>disconnecting</c>.</summary>
    internal void Abandon(DisconnectReason reason, string? description)
    {
        MarkLeft(reason, description);
        CancellationTokenSource? over;
        lock (_gate)
        {
            _isOver = true;
            over = _over;
        }
        _ = over?.CancelAsync();
    }

    /// <summary>Completes when the handlers are done, and the socket's scope is.</summary>
    internal Task RaiseDisconnectAsync()
    {
        lock (_gate)
            _roomsLeft = true;
        var running = Array.ConvertAll(Current(ref _disconnect), handler => GuardAsync(handler, _reason!));
        return DisposeServicesAsync(running);
    }

    /// <summary>Ends the scope of <see cref="Services"/>, if one was asked for, once the last handlers are done.</summary>
    internal async Task DisposeServicesAsync(params Task[] handlers)
    {
        AsyncServiceScope? scope;
        lock (_gate)
        {
            _roomsLeft = true; // no new one from here on
            scope = _scope;
        }
        await Task.WhenAll(handlers).ConfigureAwait(false);
        if (scope is { } services)
            await GuardAsync(static async services => await services.DisposeAsync().ConfigureAwait(false), services).ConfigureAwait(false);
    }

    /// <summary>Null until then.</summary>
    internal DisconnectReason? DisconnectedBecause => _reason ?? (_isToldToGo ? DisconnectReason.ServerNamespaceDisconnect : null);

    /// <summary>More about the disconnect than its reason, when there is more to say: which limit, which violation.</summary>
    public string? DisconnectDescription { get; private set; }

    // Rooms, as the namespace's actor keeps them, a little longer than the application sees them.
    internal IReadOnlyCollection<string> CurrentRooms
    {
        get
        {
            lock (_gate)
                return _roomsLeft ? [] : _inOwnRoom ? [Id, .. _rooms ?? []] : [.. _rooms ?? []];
        }
    }

    internal bool IsIn(string room)
    {
        lock (_gate)
            return string.Equals(room, Id, StringComparison.Ordinal) ? _inOwnRoom : _rooms is not null && _rooms.Contains(room);
    }

    internal bool AddRoom(string room)
    {
        lock (_gate)
            return (_rooms ??= new HashSet<string>(StringComparer.Ordinal)).Add(room);
    }

    internal bool RemoveRoom(string room)
    {
        lock (_gate)
            return _rooms is not null && _rooms.Remove(room);
    }

    internal int RoomCount
    {
        get
        {
            lock (_gate)
                return _rooms?.Count ?? 0;
        }
    }

    internal void SetOwnRoom(bool joined)
    {
        lock (_gate)
            _inOwnRoom = joined;
    }

    /// <summary>Takes the socket out of all rooms; called by the namespace's actor.</summary>
    internal string[] TakeRooms()
    {
        lock (_gate)
        {
            string[] all = [.. _rooms ?? []];
            _rooms = null;
            _roomsLeft = true;
            return all;
        }
    }

    private ValueTask HandleAsync(string name, SocketIoPacket packet, SocketArguments arguments)
    {
        var handlers = _handlers.For(name);
        var first = HandlerTable.Next(handlers, name, 0);
        if (first < 0)
            return default;
        var running = InvokeHandlers(name, handlers, first, new HandlerCall(this, packet, arguments));
        if (packet.AckId < 0 || !Namespace.Services.Server.Options.AutoAck)
            return running;
        return AcknowledgeAsync(running, packet);
    }

    private async ValueTask AcknowledgeAsync(ValueTask running, SocketIoPacket packet)
    {
        await running.ConfigureAwait(false);
        new Ack(this, packet).Send(); // unless a handler has
    }

    private ValueTask InvokeHandlers(string name, HandlerTable.Entry[] handlers, int first, HandlerCall call)
    {
        for (var i = first; i >= 0; i = HandlerTable.Next(handlers, name, i + 1))
        {
            if (handlers[i].Once && !_handlers.Remove(handlers[i]))
                continue;
            var running = handlers[i].Invoke(handlers[i].Handler, call);
            if (!running.IsCompletedSuccessfully)
                return HandlerTable.Next(handlers, name, i + 1) is >= 0 and var next ? InvokeRestAsync(running, name, handlers, next, call) : running;
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
            await middleware.InvokeAsync(e, () => HandleAsync(e.Name, packet, e.Arguments).AsTask()).ConfigureAwait(false);
        else
            await HandleAsync(e.Name, packet, e.Arguments).ConfigureAwait(false);
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

    private Subscription Register<T>(ref T[] list, T item, Action undo, bool first = false)
    {
        ArgumentNullException.ThrowIfNull(item);
        lock (_gate)
            list = first ? [item, .. list] : [.. list, item];
        return new Subscription(undo);
    }

    private void Unregister<T>(ref T[] list, T item)
    {
        lock (_gate)
        {
            var at = Array.IndexOf(list, item);
            if (at >= 0)
                list = [.. list[..at], .. list[(at + 1)..]];
        }
    }

    // `Volatile` is a member of this class.
    private static T Current<T>(ref T location)
        where T : class => System.Threading.Volatile.Read(ref location);
}
