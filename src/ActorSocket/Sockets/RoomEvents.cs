using System.Diagnostics.CodeAnalysis;
using ActorSocket.Configuration;
using ActorSocket.Diagnostics;
using ActorSocket.Presence;
using ActorSocket.Rooms;

namespace ActorSocket.Sockets;

internal enum RoomEventKind
{
    Created,
    Deleted,
    Joined,
    Left,
}

/// <summary>What happened to a room of this node.</summary>
internal readonly record struct RoomEvent(RoomEventKind Kind, string Room, string SocketId);

/// <summary>
/// What applications hear of a namespace's rooms on this node. What happens while nobody listens costs a look at a field; else it goes into
/// one queue, whose order is what happened, and handlers are run one after the other beside it.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class RoomEvents(NamespaceServices ns) : IRoomObserver<Socket>
{
    /// <summary>Clients make them as fast as they like; what handlers do not come to is dropped, and said.</summary>
    public const int MaxWaiting = 100_000;

    private readonly Lock _gate = new();
    private readonly Queue<RoomEvent> _waiting = new();
    private CallbackList<RoomEvent>[]? _handlers; // by kind
    private EventPump<RoomEvent>? _pump;
    private long _dropped;

    public IDisposable On(RoomEventKind kind, Func<RoomEvent, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        lock (_gate)
        {
            _handlers ??= [new(), new(), new(), new()];
            return _handlers[(int)kind].Add(handler);
        }
    }

    /// <summary>Whether anybody wants to hear anything, or did once.</summary>
    public bool HasHandlers => Volatile.Read(ref _handlers) is not null || ns.Parent?.RoomEvents.HasHandlers == true;

    /// <summary>By a namespace's own handlers, or those of the template it was made from.</summary>
    private bool IsHeard(RoomEventKind kind) =>
        Volatile.Read(ref _handlers)?[(int)kind].Current.Length > 0 || ns.Parent?.RoomEvents.IsHeard(kind) == true;

    public void Created(string room) => Raise(RoomEventKind.Created, room, "");

    public void Deleted(string room) => Raise(RoomEventKind.Deleted, room, "");

    public void Joined(string room, Socket member) => Raise(RoomEventKind.Joined, room, member.Id);

    public void Left(string room, Socket member) => Raise(RoomEventKind.Left, room, member.Id);

    private void Raise(RoomEventKind kind, string room, string socketId)
    {
        if (!IsHeard(kind))
            return;
        lock (_gate)
        {
            _pump ??= new EventPump<RoomEvent>(TakeNext, RunAsync);
            if (_waiting.Count < MaxWaiting)
                _waiting.Enqueue(new RoomEvent(kind, room, socketId));
            else
                _dropped++;
        }
        _pump.Wake();
    }

    private bool TakeNext([MaybeNullWhen(false)] out RoomEvent next)
    {
        long dropped = 0;
        bool found;
        lock (_gate)
        {
            found = _waiting.TryDequeue(out next);
            if (_waiting.Count == 0)
                (dropped, _dropped) = (_dropped, 0);
        }
        if (dropped > 0)
            ns.Server.Log.PresenceEventsDropped(dropped, ns.MetricsName);
        return found;
    }

    private async Task RunAsync(RoomEvent e)
    {
        for (var of = ns; of is not null; of = of.Parent)
        {
            foreach (var handler in Volatile.Read(ref of.RoomEvents._handlers)?[(int)e.Kind].Current ?? [])
            {
                try
                {
                    await handler.Callback(e).ConfigureAwait(false);
                }
                catch (Exception error)
                {
                    ns.Server.Log.HandlerFailed(error, ns.MetricsName);
                }
            }
        }
    }
}
