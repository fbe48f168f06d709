namespace ActorSocket;

/// <summary>
/// The handlers of one socket as a class: constructed by dependency injection, in a scope of its own, when the socket connects. Methods
/// that bear an <see cref="EventAttribute"/> handle that event; their parameters and results are those of a handler of
/// <see cref="Socket.On(string, Delegate)"/>.
/// </summary>
/// <remarks>
/// One instance for each socket, so fields are the socket's state; handlers run one at a time. Map it with
/// <c>io.Of("/chat").MapHub&lt;ChatHub&gt;()</c>.
/// </remarks>
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
