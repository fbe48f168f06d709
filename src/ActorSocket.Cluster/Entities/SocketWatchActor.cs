using ActorSocket.Entities;
using ActorSocket.Sessions;
using ActorSocket.Sockets;
using Akka.Actor;

namespace ActorSocket.Clustering;

/// <summary>
/// The actor of a node's <see cref="SocketWatches"/>: brings them who watches what, the other nodes' words, who comes and goes, and the
/// time.
/// </summary>
internal sealed class SocketWatchActor : UntypedActor, IWithTimers, ISocketWatchNetwork
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);

    private readonly NodeServices _node;
    private readonly WatchedSockets _sockets;
    private readonly SocketWatches _watches;
    private readonly SocketAudience _audience = new();
    private readonly Dictionary<string, Clustering.Peer> _peers = new(StringComparer.Ordinal);

    /// <param name="node">This node.</param>
    public SocketWatchActor(NodeServices node)
    {
        (_node, _sockets) = (node, node.Server.WatchedSockets);
        _watches = new SocketWatches(node.Tag, this, node.Server.Time);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    internal sealed record Watch(string Namespace, string SocketId, IActorRef Entity) : ILocalMessage;

    internal sealed record Unwatch(string SocketId, IActorRef Entity) : ILocalMessage;

    internal sealed record UnwatchAll(IActorRef Entity) : ILocalMessage;

    internal sealed record PeerMet(Clustering.Peer Peer) : ILocalMessage;

    internal sealed record PeerGone(Clustering.Peer Peer) : ILocalMessage;

    internal sealed record PeerSaid(string Tag, IClusterMessage Message) : ILocalMessage;

    /// <summary>Every node that was there before this one is met.</summary>
    internal sealed class MetAll : ILocalMessage { public static readonly MetAll Instance = new(); }

    /// <summary>A watched socket of this node has come, or gone.</summary>
    private sealed record Changed(Socket Socket, bool IsHere) : ILocalMessage;

    private sealed class TickDue : ILocalMessage { public static readonly TickDue Instance = new(); }

    public static Props Props(NodeServices node) => Akka.Actor.Props.Create(() => new SocketWatchActor(node));

    protected override void PreStart()
    {
        var self = Self;
        _sockets.Listener = (socket, isHere) => self.Tell(new Changed(socket, isHere), ActorRefs.NoSender);
        Timers.StartPeriodicTimer(nameof(TickDue), TickDue.Instance, TickInterval);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Changed m: OnChanged(m.Socket, m.IsHere); break;
            case PeerSaid m: _watches.Receive(m.Tag, m.Message); break;
            case Watch m: OnWatch(m); break;
            case Unwatch m:
                if (_audience.Remove(m.SocketId, m.Entity))
                    _watches.Unwatch(m.SocketId);
                break;
            case UnwatchAll m: OnEntityGone(m.Entity); break;
            case Terminated m: OnEntityGone(m.ActorRef); break;
            case TickDue: _watches.Tick(); break;
            case PeerMet m:
                _peers[m.Peer.Tag] = m.Peer;
                _watches.PeerMet(m.Peer.Tag);
                break;
            case PeerGone m:
                if (((ICollection<KeyValuePair<string, Clustering.Peer>>)_peers).Remove(KeyValuePair.Create(m.Peer.Tag, m.Peer)))
                    _watches.PeerGone(m.Peer.Tag);
                break;
            case MetAll: _watches.MetAll(); break;
            default: Unhandled(message); break;
        }
    }

    private void OnEntityGone(IActorRef entity)
    {
        foreach (var socketId in _audience.RemoveAll(entity))
            _watches.Unwatch(socketId);
    }

    private void OnWatch(Watch m)
    {
        Context.Watch(m.Entity); // its code may run on after its end, and give seats
        if (_audience.Add(m.SocketId, m.Entity))
            _watches.Watch(m.Namespace, m.SocketId, HomeOf(m.SocketId));
        else if (_watches.PresenceOf(m.SocketId) is { } known)
            m.Entity.Tell(new SocketSeen(m.SocketId, known));
    }

    private string? HomeOf(string socketId) =>
        _node.Peers.TryGetHome(socketId, out var peer) ? peer.Tag
        : socketId.Contains(_node.Tag, StringComparison.Ordinal) ? _node.Tag
        : null;

    /// <summary>What it is now, not what it was: two may come at once, in either order.</summary>
    private void OnChanged(Socket socket, bool isHere)
    {
        var presence = WatchedSockets.IsHere(socket) ? SocketPresence.Here
            : isHere ? SocketPresence.Gone
            : LocalSocketWatcher.PresenceOf(socket);
        _watches.Changed(socket.Id, presence);
    }

    void ISocketWatchNetwork.Tell(string tag, IClusterMessage message)
    {
        if (tag == _node.Tag)
            Self.Tell(new PeerSaid(tag, message));
        else if (_peers.TryGetValue(tag, out var peer) && peer.IsReachable) // else Akka would keep it, and all that repeats it
            peer.Tell(Packed.Of(message));
    }

    void ISocketWatchNetwork.Follow(string socketId) => _sockets.Watch(socketId);

    void ISocketWatchNetwork.Unfollow(string socketId) => _sockets.Unwatch(socketId);

    bool ISocketWatchNetwork.IsHere(string ns, string socketId) => _sockets.IsHere(ns, socketId);

    void ISocketWatchNetwork.Report(string socketId, SocketPresence presence)
    {
        foreach (var entity in _audience.Of(socketId))
            entity.Tell(new SocketSeen(socketId, presence));
    }
}
