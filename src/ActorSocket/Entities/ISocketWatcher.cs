using System.Collections.Concurrent;
using ActorSocket.Sessions;
using ActorSocket.Sockets;
using Akka.Actor;
using Akka.Event;

namespace ActorSocket.Entities;

/// <summary>What the nodes say of a socket.</summary>
internal enum SocketPresence
{
    /// <summary>Nobody has it, or who had it says that its connection is gone. It may come back.</summary>
    Gone,

    /// <summary>It is connected to some node.</summary>
    Here,

    /// <summary>It was disconnected on purpose: it will not come back.</summary>
    Left,
}

/// <summary>Told to an entity that watches a socket: what became of it, or what it is.</summary>
internal sealed record SocketSeen(string SocketId, SocketPresence Presence) : ILocalMessage, IDeadLetterSuppression;

/// <summary>
/// Tells entities what becomes of sockets, wherever those are: what it is now, and then each change. The newest word counts, so that none
/// has to be kept. On one node alone there is <see cref="LocalSocketWatcher"/>.
/// </summary>
/// <remarks>Any thread. Entities are told by <see cref="SocketSeen"/>, later.</remarks>
internal interface ISocketWatcher
{
    /// <param name="ns">The namespace that it is in, or one of those made from it.</param>
    /// <param name="socketId">Which one.</param>
    /// <param name="entity">Who wants to know.</param>
    void Watch(string ns, string socketId, IActorRef entity);

    void Unwatch(string socketId, IActorRef entity);

    /// <summary>The entity has stopped.</summary>
    void UnwatchAll(IActorRef entity);
}

/// <summary>Sockets of this node, for the entities of this node.</summary>
internal sealed class LocalSocketWatcher : ISocketWatcher
{
    private readonly WatchedSockets _sockets;
    private readonly SocketAudience _audience = new();
    private readonly Lock _gate = new();

    public LocalSocketWatcher(WatchedSockets sockets)
    {
        _sockets = sockets;
        sockets.Listener = OnChanged;
    }

    public void Watch(string ns, string socketId, IActorRef entity)
    {
        lock (_gate)
        {
            _audience.Add(socketId, entity);
            _sockets.Watch(socketId); // before one looks, so that no change falls between
            entity.Tell(new SocketSeen(socketId, _sockets.IsHere(ns, socketId) ? SocketPresence.Here : SocketPresence.Gone));
        }
    }

    public void Unwatch(string socketId, IActorRef entity)
    {
        lock (_gate)
        {
            if (_audience.Remove(socketId, entity))
                _sockets.Unwatch(socketId);
        }
    }

    public void UnwatchAll(IActorRef entity)
    {
        lock (_gate)
        {
            foreach (var socketId in _audience.RemoveAll(entity))
                _sockets.Unwatch(socketId);
        }
    }

    /// <summary>What it is now, not what it was: two may come at once, in either order.</summary>
    private void OnChanged(Socket socket, bool isHere)
    {
        lock (_gate)
        {
            var presence = WatchedSockets.IsHere(socket) ? SocketPresence.Here
                : isHere ? SocketPresence.Gone
                : PresenceOf(socket);
            foreach (var entity in _audience.Of(socket.Id))
                entity.Tell(new SocketSeen(socket.Id, presence));
        }
    }

    /// <summary>What a socket that has ended is to those who watch it.</summary>
    public static SocketPresence PresenceOf(Socket ended) =>
        ended.DisconnectedBecause is { IsRecoverable: false } ? SocketPresence.Left : SocketPresence.Gone;
}

/// <summary>Who on this node watches which socket.</summary>
internal sealed class SocketAudience
{
    private readonly Dictionary<string, List<IActorRef>> _bySocket = new(StringComparer.Ordinal);
    private readonly Dictionary<IActorRef, HashSet<string>> _byEntity = [];

    public IReadOnlyList<IActorRef> Of(string socketId) => _bySocket.TryGetValue(socketId, out var all) ? all : [];

    /// <returns>Whether it is the first.</returns>
    public bool Add(string socketId, IActorRef entity)
    {
        if (!_byEntity.TryGetValue(entity, out var sockets))
            _byEntity.Add(entity, sockets = new HashSet<string>(StringComparer.Ordinal));
        if (!sockets.Add(socketId))
            return false;
        if (_bySocket.TryGetValue(socketId, out var entities))
        {
            entities.Add(entity);
            return false;
        }
        _bySocket.Add(socketId, [entity]);
        return true;
    }

    /// <returns>Whether it was the last.</returns>
    public bool Remove(string socketId, IActorRef entity)
    {
        if (!_byEntity.TryGetValue(entity, out var sockets) || !sockets.Remove(socketId))
            return false;
        if (sockets.Count == 0)
            _byEntity.Remove(entity);
        return RemoveFrom(socketId, entity);
    }

    /// <returns>The sockets that it was the last to watch.</returns>
    public IReadOnlyList<string> RemoveAll(IActorRef entity) =>
        _byEntity.Remove(entity, out var sockets) ? [.. sockets.Where(socketId => RemoveFrom(socketId, entity))] : [];

    private bool RemoveFrom(string socketId, IActorRef entity)
    {
        var entities = _bySocket[socketId];
        entities.Remove(entity);
        return entities.Count == 0 && _bySocket.Remove(socketId);
    }
}
