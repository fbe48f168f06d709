using System.Runtime.CompilerServices;
using ActorSocket.Configuration;
using ActorSocket.Emitting;
using ActorSocket.Sockets;
using Akka.Actor;

namespace ActorSocket;

// What the application registers to hear of.
public sealed partial class Socket
{
    private Func<SocketEvent, Task>[] _any = [];
    private Func<SocketEvent, Task>[] _anyOutgoing = [];
    private MiddlewarePipeline<SocketEvent>? _middleware;
    private Func<DisconnectReason, Task>[] _disconnecting = [];
    private Func<DisconnectReason, Task>[] _disconnect = [];
    private Func<Exception, Task>[] _error = [];

    /// <summary>
    /// Handles an event. Like a minimal API's handler, a lambda with explicitly typed parameters: they take the event's arguments in order,
    /// read with
    /// System.Text.Json; <c>byte[]</c> and <c>ReadOnlyMemory&lt;byte&gt;</c> anywhere in them take attachments,
    /// <see cref="SocketArgument"/> takes any; <see cref="Ack"/>, <see cref="Ack{T}"/>,
    /// <see cref="Socket"/>, <see cref="SocketArguments"/> (all of them) and <see cref="CancellationToken"/> may stand anywhere; the token
    /// is cancelled when the event's time is over:
    /// the socket is disconnected, and what its client sent before it left had <see cref="ActorSocketOptions.LastEventsTimeout"/>.
    /// An <see cref="IAsyncEnumerable{T}"/> is a sequence that the client writes, or, returned, one that it reads, at the other's pace.
    /// A returned value, also of a task, is sent as the acknowledgement when the client asked for one. When the handler throws, or the
    /// arguments are not what it takes, that is <c>{ error: { message, code, data } }</c>: see <see cref="EventException"/>.
    /// </summary>
    /// <returns>Dispose it to stop handling the event.</returns>
    /// <exception cref="ArgumentException">The name is reserved, a parameter or the result cannot be bound, or the handler is <c>async
    /// void</c>.</exception>
    /// <example><code>socket.On("roll", () => Random.Shared.Next(6) + 1);</code></example>
    public IDisposable On(string eventName, Delegate handler) => Listen(eventName, handler, once: false);

    /// <summary>
    /// As <see cref="On(string, Delegate)"/>, with options: an idempotency key, for clients that send again what was not acknowledged.
    /// </summary>
    /// <returns>Dispose it to stop handling the event.</returns>
    /// <exception cref="ArgumentException">The name is reserved, or a parameter cannot be bound.</exception>
    public IDisposable On(string eventName, Delegate handler, HandlerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Listen(eventName, handler, once: false, options);
    }

    /// <summary>As <see cref="On(string, Delegate)"/>, for the next such event only (official: <c>once</c>).</summary>
    public IDisposable Once(string eventName, Delegate handler) => Listen(eventName, handler, once: true);

    /// <summary>
    /// Removes every handler of an event (official: <c>removeAllListeners(event)</c>). To remove one, dispose what
    /// <see cref="On(string, Delegate)"/> returned.
    /// </summary>
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
        if (options?.IdempotencyKey is not null && HandlerBinder.HasStream(handler.GetType()))
            throw new ArgumentException("A stream is one client's: an event with an idempotency key cannot have one.", nameof(handler));
        if (options?.IdempotencyKey is { } keyOf)
            invoke = new IdempotentHandler(
                Namespace,
                eventName,
                options.IdempotencyScope ?? HandlerOptions.ScopeOf(this),
                keyOf,
                invoke
            ).InvokeAsync;
        return _handlers.Add(eventName, handler, invoke, once);
    }

    /// <summary>Sees every event before its handlers and before the middleware of <see cref="Use"/> (official: <c>onAny</c>).</summary>
    /// <returns>Dispose it to stop.</returns>
    [OverloadResolutionPriority(1)]
    public IDisposable OnAny(Func<SocketEvent, Task> listener) => Register(ref _any, listener, () => Unregister(ref _any, listener));

    /// <inheritdoc cref="OnAny(Func{SocketEvent, Task})"/>
    public IDisposable OnAny(Func<SocketEvent, ValueTask> listener) => OnAny(Callback.From(listener));

    /// <inheritdoc cref="OnAny(Func{SocketEvent, Task})"/>
    public IDisposable OnAny(Action<SocketEvent> listener) => OnAny(Callback.From(listener));

    /// <summary>
    /// As <see cref="OnAny(Func{SocketEvent, Task})"/>, before the listeners that are there (official: <c>prependAny</c>).
    /// </summary>
    [OverloadResolutionPriority(1)]
    public IDisposable PrependAny(Func<SocketEvent, Task> listener) =>
        Register(ref _any, listener, () => Unregister(ref _any, listener), first: true);

    /// <inheritdoc cref="PrependAny(Func{SocketEvent, Task})"/>
    public IDisposable PrependAny(Func<SocketEvent, ValueTask> listener) => PrependAny(Callback.From(listener));

    /// <inheritdoc cref="PrependAny(Func{SocketEvent, Task})"/>
    public IDisposable PrependAny(Action<SocketEvent> listener) => PrependAny(Callback.From(listener));

    /// <summary>Removes all catch-all listeners (official: <c>offAny()</c>).</summary>
    public void OffAny()
    {
        lock (_gate)
            _any = [];
    }

    /// <summary>
    /// Sees every event that is emitted to this socket, directly or by a broadcast, before it is queued (with
    /// <see cref="ActorSocketOptions.ConnectionStateRecovery"/> right after, with its offset); also a volatile one that is then dropped.
    /// Runs on the thread that emits, which it should not keep; the event does not wait for what it awaits (official:
    /// <c>onAnyOutgoing</c>).
    /// </summary>
    /// <returns>Dispose it to stop.</returns>
    [OverloadResolutionPriority(1)]
    public IDisposable OnAnyOutgoing(Func<SocketEvent, Task> listener) =>
        Register(ref _anyOutgoing, listener, () => Unregister(ref _anyOutgoing, listener));

    /// <inheritdoc cref="OnAnyOutgoing(Func{SocketEvent, Task})"/>
    public IDisposable OnAnyOutgoing(Func<SocketEvent, ValueTask> listener) => OnAnyOutgoing(Callback.From(listener));

    /// <inheritdoc cref="OnAnyOutgoing(Func{SocketEvent, Task})"/>
    public IDisposable OnAnyOutgoing(Action<SocketEvent> listener) => OnAnyOutgoing(Callback.From(listener));

    /// <summary>
    /// As <see cref="OnAnyOutgoing(Func{SocketEvent, Task})"/>, before the listeners that are there (official: <c>prependAnyOutgoing</c>).
    /// </summary>
    [OverloadResolutionPriority(1)]
    public IDisposable PrependAnyOutgoing(Func<SocketEvent, Task> listener) =>
        Register(ref _anyOutgoing, listener, () => Unregister(ref _anyOutgoing, listener), first: true);

    /// <inheritdoc cref="PrependAnyOutgoing(Func{SocketEvent, Task})"/>
    public IDisposable PrependAnyOutgoing(Func<SocketEvent, ValueTask> listener) => PrependAnyOutgoing(Callback.From(listener));

    /// <inheritdoc cref="PrependAnyOutgoing(Func{SocketEvent, Task})"/>
    public IDisposable PrependAnyOutgoing(Action<SocketEvent> listener) => PrependAnyOutgoing(Callback.From(listener));

    /// <summary>Removes all of them (official: <c>offAnyOutgoing()</c>).</summary>
    public void OffAnyOutgoing()
    {
        lock (_gate)
            _anyOutgoing = [];
    }

    /// <summary>
    /// Adds middleware for this socket's events (official: <c>socket.use</c>). It calls <c>next</c>, which completes when the handlers
    /// have; returns without, and
    /// the event is dropped; or throws: the event is dropped, who waits for its acknowledgement gets the error, as of a handler, and
    /// <see cref="OnError(Func{Exception, Task})"/> is raised. It may change the event, its <see cref="SocketEvent.Arguments"/> or its
    /// name.
    /// </summary>
    public Socket Use(Func<SocketEvent, Func<Task>, Task> middleware)
    {
        LazyInitializer.EnsureInitialized(ref _middleware).Add(middleware);
        return this;
    }

    /// <summary>
    /// Raised once when the socket is about to be disconnected, after the events that its client had sent before it left: its rooms are
    /// still there until the handler, also an asynchronous one, is done, for <see cref="ActorSocketOptions.LastEventsTimeout"/> at most.
    /// </summary>
    [OverloadResolutionPriority(1)]
    public IDisposable OnDisconnecting(Func<DisconnectReason, Task> handler) =>
        Register(ref _disconnecting, handler, () => Unregister(ref _disconnecting, handler));

    /// <inheritdoc cref="OnDisconnecting(Func{DisconnectReason, Task})"/>
    public IDisposable OnDisconnecting(Func<DisconnectReason, ValueTask> handler) => OnDisconnecting(Callback.From(handler));

    /// <inheritdoc cref="OnDisconnecting(Func{DisconnectReason, Task})"/>
    public IDisposable OnDisconnecting(Action<DisconnectReason> handler) => OnDisconnecting(Callback.From(handler));

    /// <summary>Raised once when the socket is disconnected and in no room any more.</summary>
    [OverloadResolutionPriority(1)]
    public IDisposable OnDisconnect(Func<DisconnectReason, Task> handler) =>
        Register(ref _disconnect, handler, () => Unregister(ref _disconnect, handler));

    /// <inheritdoc cref="OnDisconnect(Func{DisconnectReason, Task})"/>
    public IDisposable OnDisconnect(Func<DisconnectReason, ValueTask> handler) => OnDisconnect(Callback.From(handler));

    /// <inheritdoc cref="OnDisconnect(Func{DisconnectReason, Task})"/>
    public IDisposable OnDisconnect(Action<DisconnectReason> handler) => OnDisconnect(Callback.From(handler));

    /// <summary>
    /// Raised for what goes wrong on this socket: an exception of a handler or of middleware, arguments of the wrong type, a broken
    /// protocol. Nothing waits for what the handler awaits; its own exceptions are logged. For arguments of the wrong type it is a
    /// <see cref="System.Text.Json.JsonException"/> with nothing of what the client wrote in its message; what the serialiser said is in
    /// its <see cref="Exception.Data"/>, as <c>ActorSocket.Cause</c>.
    /// </summary>
    [OverloadResolutionPriority(1)]
    public IDisposable OnError(Func<Exception, Task> handler) => Register(ref _error, handler, () => Unregister(ref _error, handler));

    /// <inheritdoc cref="OnError(Func{Exception, Task})"/>
    public IDisposable OnError(Func<Exception, ValueTask> handler) => OnError(Callback.From(handler));

    /// <inheritdoc cref="OnError(Func{Exception, Task})"/>
    public IDisposable OnError(Action<Exception> handler) => OnError(Callback.From(handler));

    /// <summary>
    /// Hands the socket to an actor of the application's: it gets <see cref="SocketMessages.Connected"/>, every
    /// <see cref="SocketMessages.Event"/> and <see cref="SocketMessages.Disconnected"/>, and tells <see cref="Actor"/> what to do. Its
    /// mailbox is not counted against the inbound limits. When it stops first, nobody is left to handle the client's events: the socket is
    /// disconnected.
    /// </summary>
    public void ForwardTo(IActorRef handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        handler.Tell(new SocketMessages.Connected(this), Actor);
        Actor.Tell(new SocketProtocol.DependOn(handler));
        OnAny(e => handler.Tell(new SocketMessages.Event(this, e.Name, e.Arguments, e.Ack), Actor));
        OnDisconnect(reason => handler.Tell(new SocketMessages.Disconnected(this, reason), Actor));
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
            list = Subscription.Without(list, item);
    }

    // `Volatile` is a member of this class.
    private static T Current<T>(ref T location)
        where T : class => System.Threading.Volatile.Read(ref location);
}
