namespace ActorSocket;

/// <summary>
/// The handlers of one socket as a class: constructed by dependency injection, in a scope of its own, when the socket connects. Methods that bear an
/// <see cref="EventAttribute"/> handle that event; their parameters and results are those of a handler of <see cref="Socket.On(string, Delegate)"/>.
/// </summary>
/// <remarks>One instance for each socket, so fields are the socket's state; handlers run one at a time. Map it with <c>io.Of("/chat").MapHub&lt;ChatHub&gt;()</c>.</remarks>
public abstract class SocketHub
{
    private Socket? _socket;

    /// <summary>Whose handlers these are. Not yet there in the constructor.</summary>
    public Socket Socket
    {
        get => _socket ?? throw new InvalidOperationException("A hub has its socket from OnConnectedAsync on, not in its constructor.");
        internal set => _socket = value;
    }

    /// <summary>Runs first. The socket's events wait until it is done.</summary>
    public virtual Task OnConnectedAsync() => Task.CompletedTask;

    /// <summary>Runs last, when the socket is disconnected and in no room any more.</summary>
    public virtual Task OnDisconnectedAsync(DisconnectReason reason) => Task.CompletedTask;
}

/// <summary>Names the event that a method of a <see cref="SocketHub"/> handles, or that a method of a client's interface emits (<c>As&lt;TClient&gt;()</c>).</summary>
/// <param name="name">The event's name, not a reserved one.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EventAttribute(string name) : Attribute
{
    /// <summary>The event's name.</summary>
    public string Name => name;
}

/// <summary>
/// Lets an event of a <see cref="SocketHub"/> be handled once however often a client sends it, told by one of its arguments: see <see cref="HandlerOptions.IdempotencyKey"/>.
/// Keys are unique for the authenticated user, for clients without one in the namespace.
/// </summary>
/// <param name="key">The name of the method's parameter that is the key. An event without that argument is handled each time.</param>
/// <example><code>[Event("order"), Idempotent(nameof(key))] public Task&lt;Receipt&gt; Order(Guid key, Basket basket) => …</code></example>
[AttributeUsage(AttributeTargets.Method)]
public sealed class IdempotentAttribute(string key) : Attribute
{
    /// <summary>The name of the parameter.</summary>
    public string Key => key;
}

/// <summary>Runs around the handlers of each event: measures, checks, catches. Constructed by dependency injection in the socket's scope.</summary>
public interface IEventFilter
{
    /// <summary>Calls <paramref name="next"/>, which runs the further filters and then the handlers; or not, and the event is dropped.</summary>
    Task InvokeAsync(SocketEvent e, Func<Task> next);
}
