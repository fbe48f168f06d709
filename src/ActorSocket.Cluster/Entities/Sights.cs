using ActorSocket.Entities;

namespace ActorSocket.Clustering;

/// <summary>
/// The sockets of this node that nodes watch, this one included: each is told what its socket is, until it has confirmed the newest word.
/// A watch of a socket that is not here is kept for a while only, and renewed by who has it.
/// </summary>
internal sealed class Sights(ISocketWatchNetwork network, TimeProvider time)
{
    private static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(60);

    private readonly Dictionary<string, Dictionary<string, Sight>> _bySocket = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Watcher, string SocketId), Sight> _unconfirmed = [];
    private long _number;
    private long _lastSweep = time.GetTimestamp();

    public int Count => _bySocket.Count;

    public void OnWatch(string from, ClusterProtocol.WatchSocket m)
    {
        if (!_bySocket.TryGetValue(m.SocketId, out var watchers))
        {
            _bySocket.Add(m.SocketId, watchers = new Dictionary<string, Sight>(StringComparer.Ordinal));
            network.Follow(m.SocketId);
        }
        if (watchers.TryGetValue(from, out var sight) && sight.Watch > m.Watch)
            return; // late
        if (sight is null || sight.Watch < m.Watch)
        {
            sight = watchers[from] = new Sight(m.Watch);
            sight.Presence = network.IsHere(m.Namespace, m.SocketId) ? SocketPresence.Here : SocketPresence.Gone;
            sight.Number = ++_number;
        }
        sight.RenewedAt = time.GetTimestamp();
        _unconfirmed[(from, m.SocketId)] = sight;
        Tell(from, m.SocketId, sight);
    }

    public void OnUnwatch(string from, ClusterProtocol.UnwatchSocket m)
    {
        if (_bySocket.TryGetValue(m.SocketId, out var watchers) && watchers.TryGetValue(from, out var sight) && sight.Watch <= m.Watch)
            Remove(m.SocketId, watchers, from);
    }

    public void OnReply(string from, ClusterProtocol.SocketSightingReply m)
    {
        if (_unconfirmed.TryGetValue((from, m.SocketId), out var sight) && sight.Watch == m.Watch && sight.Number == m.Number)
            _unconfirmed.Remove((from, m.SocketId));
    }

    public void Changed(string socketId, SocketPresence presence)
    {
        if (!_bySocket.TryGetValue(socketId, out var watchers))
            return;
        foreach (var (watcher, sight) in watchers)
        {
            if (sight.Presence == presence)
                continue;
            (sight.Presence, sight.Number) = (presence, ++_number);
            sight.RenewedAt = time.GetTimestamp();
            _unconfirmed[(watcher, socketId)] = sight;
            Tell(watcher, socketId, sight);
        }
    }

    public void WatcherGone(string watcher)
    {
        foreach (var (socketId, watchers) in _bySocket)
            Remove(socketId, watchers, watcher);
    }

    public void Tick()
    {
        foreach (var ((watcher, socketId), sight) in _unconfirmed)
            Tell(watcher, socketId, sight);
        if (time.GetElapsedTime(_lastSweep) < KeptFor)
            return;
        _lastSweep = time.GetTimestamp();
        foreach (var (socketId, watchers) in _bySocket)
        {
            foreach (var (watcher, sight) in watchers)
            {
                if (sight.Presence != SocketPresence.Here
                    && time.GetElapsedTime(sight.RenewedAt) >= KeptFor
                    && !_unconfirmed.ContainsKey((watcher, socketId)))
                    Remove(socketId, watchers, watcher);
            }
        }
    }

    private void Remove(string socketId, Dictionary<string, Sight> watchers, string watcher)
    {
        if (!watchers.Remove(watcher))
            return;
        _unconfirmed.Remove((watcher, socketId));
        if (watchers.Count > 0)
            return;
        _bySocket.Remove(socketId);
        network.Unfollow(socketId);
    }

    private void Tell(string watcher, string socketId, Sight sight) =>
        network.Tell(watcher, new ClusterProtocol.SocketSighting(sight.Watch, sight.Number, socketId, sight.Presence));

    /// <summary>What one node is told of one socket.</summary>
    private sealed class Sight(long watch)
    {
        public long Watch => watch;

        public long Number { get; set; }

        public SocketPresence Presence { get; set; }

        public long RenewedAt { get; set; }
    }
}
