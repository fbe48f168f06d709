using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket;

// From the moment it is connected to its end: who is told what, and when nothing more is sent to it.
public sealed partial class Socket
{
    private DisconnectReason? _reason;
    private int _ended;
    private volatile bool _hasLeft;
    private bool _isOver;
    private CancellationTokenSource? _over;

    internal void MarkConnected()
    {
        SetOwnRoom(joined: true);
        _connected = true;
    }

    /// <summary>As <see cref="Connected"/>, but until the end: the server may have asked for it already.</summary>
    internal bool HasNotEnded => _connected;

    /// <summary>
    /// The client has left: nothing can be sent any more, and who waits for it is told so. What it sent before is still handled.
    /// </summary>
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

    /// <summary>
    /// Once, whoever notices the end first: the actor, or its parent when the actor crashed. Completes when the handlers are done.
    /// </summary>
    internal Task RaiseDisconnecting(DisconnectReason reason)
    {
        var handlers = Interlocked.Exchange(ref _ended, 1) == 0 ? Current(ref _disconnecting) : [];
        return handlers.Length == 0 ? Task.CompletedTask : Task.WhenAll(Array.ConvertAll(handlers, handler => GuardAsync(handler, reason)));
    }

    /// <summary>
    /// What follows <c>disconnecting</c>; also the end of a socket that never was connected, of which nothing is raised, but what its
    /// middleware started stops.
    /// </summary>
    internal void MarkDisconnected(DisconnectReason reason, string? description = null)
    {
        Abandon(reason, description);
        _connected = false;
    }

    /// <summary>
    /// The actor has stopped: whoever waits for it learns so, also when there is nobody left who raises <c>disconnecting</c>.
    /// </summary>
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
}
