using ActorSocket.Entities;

namespace ActorSocket.Clustering;

/// <summary>
/// Finds out what becomes of the sockets that entities of this node watch, wherever those are (<see cref="Watch"/>), and tells other nodes
/// what becomes of sockets here (<see cref="Sights"/>). No actor is in it: a model runs it.
/// </summary>
/// <remarks>
/// <para>All that is said is what is now, never what has happened, and the newest word counts: so words may be lost, doubled or late, and
/// nothing has to be undone when an entity moves. A socket that is there is watched on its node alone. When that node says that it is
/// gone, or is gone itself, every node is asked, and keeps watching: the socket may be recovered on any. Gone is a socket that nobody
/// has, once every node has said so.</para>
/// <para>For one thread at a time.</para>
/// </remarks>
internal sealed class SocketWatches
{
    private static readonly TimeSpan RenewInterval = TimeSpan.FromSeconds(10);

    private readonly ISocketWatchNetwork _network;
    private readonly TimeProvider _time;
    private readonly string _own;
    private readonly Sights _sights;
    private readonly HashSet<string> _nodes; // this one, too
    private readonly Dictionary<string, Watched> _watched = new(StringComparer.Ordinal);
    private readonly HashSet<Watched> _open = []; // those with something to be repeated
    private long _watch;
    private bool _hasMetAll;

    /// <param name="tag">This node's.</param>
    /// <param name="network">What reaches the others.</param>
    /// <param name="time">The time.</param>
    public SocketWatches(string tag, ISocketWatchNetwork network, TimeProvider time)
    {
        (_own, _network, _time) = (tag, network, time);
        _nodes = new HashSet<string>(StringComparer.Ordinal) { tag };
        _sights = new Sights(network, time);
    }

    /// <summary>How many sockets are watched from here.</summary>
    public int Count => _watched.Count;

    /// <summary>How many sockets others watch here.</summary>
    public int SightCount => _sights.Count;

    /// <summary>Watches a socket that nobody here has watched yet.</summary>
    /// <param name="ns">Its namespace.</param>
    /// <param name="socketId">Which one.</param>
    /// <param name="home">The node that it was born on, where it most likely is; null for one that is not known.</param>
    public void Watch(string ns, string socketId, string? home)
    {
        var watched = new Watched(ns, socketId);
        _watched.Add(socketId, watched);
        if (home is not null && _nodes.Contains(home))
            Ask(watched, home);
        else
            AskAll(watched);
    }

    public void Unwatch(string socketId)
    {
        if (!_watched.Remove(socketId, out var watched))
            return;
        _open.Remove(watched);
        foreach (var (tag, asked) in watched.Asked)
            _network.Tell(tag, new ClusterProtocol.UnwatchSocket(asked.Watch, socketId));
    }

    /// <summary>What is known of a socket that is watched; null while that is not known.</summary>
    public SocketPresence? PresenceOf(string socketId) => _watched.TryGetValue(socketId, out var watched) ? watched.Reported : null;

    public void PeerMet(string tag)
    {
        _nodes.Add(tag);
        foreach (var watched in _watched.Values)
        {
            if (watched.IsWide)
                Ask(watched, tag);
        }
    }

    public void PeerGone(string tag)
    {
        _nodes.Remove(tag);
        _sights.WatcherGone(tag);
        foreach (var watched in _watched.Values)
        {
            if (watched.Asked.Remove(tag))
                Look(watched);
        }
    }

    /// <summary>Every node that was there before this one is met: until then somebody else may have what nobody seems to have.</summary>
    public void MetAll()
    {
        _hasMetAll = true;
        foreach (var watched in _watched.Values)
            Look(watched);
    }

    /// <summary>A socket of this node, which was followed, has come or gone.</summary>
    public void Changed(string socketId, SocketPresence presence) => _sights.Changed(socketId, presence);

    /// <summary>Of who is not met, or has gone, nothing is taken: what matters is said again.</summary>
    public void Receive(string from, IClusterMessage message)
    {
        if (!_nodes.Contains(from))
            return;
        switch (message)
        {
            case ClusterProtocol.WatchSocket m: _sights.OnWatch(from, m); break;
            case ClusterProtocol.UnwatchSocket m: _sights.OnUnwatch(from, m); break;
            case ClusterProtocol.SocketSighting m: OnSighting(from, m); break;
            case ClusterProtocol.SocketSightingReply m: _sights.OnReply(from, m); break;
        }
    }

    /// <summary>Each second: what was not answered is said again.</summary>
    public void Tick()
    {
        var now = _time.GetTimestamp();
        foreach (var watched in _open)
        {
            foreach (var (tag, asked) in watched.Asked)
            {
                if (asked.Presence is null || _time.GetElapsedTime(asked.At, now) >= RenewInterval)
                    Send(watched, tag, asked);
            }
        }
        _sights.Tick();
    }

    private void OnSighting(string from, ClusterProtocol.SocketSighting m)
    {
        if (!_watched.TryGetValue(m.SocketId, out var watched)
            || !watched.Asked.TryGetValue(from, out var asked)
            || asked.Watch != m.Watch)
        {
            _network.Tell(from, new ClusterProtocol.UnwatchSocket(m.Watch, m.SocketId)); // lost, or on its way
            return;
        }
        _network.Tell(from, new ClusterProtocol.SocketSightingReply(m.Watch, m.Number, m.SocketId));
        if (m.Number <= asked.Number)
            return; // said before, or older
        (asked.Number, asked.Presence) = (m.Number, m.Presence);
        Look(watched);
    }

    /// <summary>What follows from all that was said of it.</summary>
    private void Look(Watched watched)
    {
        if (FirstWith(watched, SocketPresence.Here) is { } here)
        {
            Narrow(watched, here);
            Report(watched, SocketPresence.Here);
        }
        else if (FirstWith(watched, SocketPresence.Left) is not null)
        {
            Report(watched, SocketPresence.Left);
        }
        else
        {
            if (!watched.IsWide && HaveAllSaid(watched))
                AskAll(watched);
            if (watched.IsWide && _hasMetAll && HaveAllSaid(watched))
                Report(watched, SocketPresence.Gone);
        }
    }

    private static bool HaveAllSaid(Watched watched) => watched.Asked.Values.All(static asked => asked.Presence is not null);

    private static string? FirstWith(Watched watched, SocketPresence presence)
    {
        foreach (var (tag, asked) in watched.Asked)
        {
            if (asked.Presence == presence)
                return tag;
        }
        return null;
    }

    private void Report(Watched watched, SocketPresence presence)
    {
        if (watched.Reported == presence)
            return;
        watched.Reported = presence;
        _network.Report(watched.SocketId, presence);
    }

    /// <summary>It is found: nobody else need look for it.</summary>
    private void Narrow(Watched watched, string here)
    {
        watched.IsWide = false;
        _open.Remove(watched);
        foreach (var (tag, asked) in watched.Asked)
        {
            if (tag == here)
                continue;
            watched.Asked.Remove(tag);
            _network.Tell(tag, new ClusterProtocol.UnwatchSocket(asked.Watch, watched.SocketId));
        }
    }

    private void AskAll(Watched watched)
    {
        watched.IsWide = true;
        foreach (var tag in _nodes)
        {
            if (!watched.Asked.ContainsKey(tag))
                Ask(watched, tag);
        }
        _open.Add(watched);
    }

    private void Ask(Watched watched, string tag)
    {
        var asked = watched.Asked[tag] = new Asked(++_watch);
        _open.Add(watched);
        Send(watched, tag, asked);
    }

    private void Send(Watched watched, string tag, Asked asked)
    {
        asked.At = _time.GetTimestamp();
        _network.Tell(tag, new ClusterProtocol.WatchSocket(asked.Watch, watched.Namespace, watched.SocketId));
    }

    private sealed class Watched(string ns, string socketId)
    {
        public string Namespace => ns;

        public string SocketId => socketId;

        public Dictionary<string, Asked> Asked { get; } = new(StringComparer.Ordinal);

        public SocketPresence? Reported { get; set; }

        /// <summary>Whether every node is asked.</summary>
        public bool IsWide { get; set; }
    }

    /// <summary>What one node was asked, and has said.</summary>
    private sealed class Asked(long watch)
    {
        public long Watch => watch;

        public long At { get; set; }

        public long Number { get; set; }

        public SocketPresence? Presence { get; set; }
    }
}
