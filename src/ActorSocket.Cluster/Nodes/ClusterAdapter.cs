using System.Collections.Concurrent;
using ActorSocket.Diagnostics;
using ActorSocket.Emitting;
using ActorSocket.Entities;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Recovery;
using ActorSocket.Sockets;
using Akka.Actor;
using Akka.Cluster;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>
/// One server on this node as a part of the cluster: puts its parts together, and asks the other nodes what namespaces want of them. What
/// other nodes ask of this one, <see cref="PeerActor"/> takes.
/// </summary>
internal sealed class ClusterAdapter : IClusterAdapter
{
    private readonly ServerServices _server;
    private readonly NodeServices _node;
    private readonly Cluster _cluster;
    private readonly ClusterGauges _gauges;
    private IActorRef _peers = ActorRefs.Nobody;
    private int _ownRooms;

    public ClusterAdapter(
        ServerServices server,
        ActorSocketClusterOptions options,
        ClusterMetrics metrics,
        ClusterGauges gauges,
        ActorSystem system
    )
    {
        (_server, _gauges) = (server, gauges);
        _node = new NodeServices(server, options, metrics);
        _cluster = Cluster.Get(system);
        Home = new SessionHome(server, metrics, Peers);
        Sessions = new ShardedSessions(_node, Home);
        Gateway = new SessionGateway(_node, Sessions);
        Recovery = new ClusterRecovery(_node);
        Entities = new ClusterEntities(system, _node);
        server.Http.Relay = Gateway;
        server.Engine.Placement = Sessions;
        Sessions.StartRegion(system); // from here on other nodes' requests may come
        server.Entities.Placement = Entities;
        server.Entities.SocketWatcher = Entities;
        server.Entities.MaxBytes = Math.Min(server.Entities.MaxBytes, FrameSize.CapacityOf(system));
        server.Adapter = this;
        gauges.Observe(server.Name, this);
    }

    public PeerTable Peers => _node.Peers;

    public SessionHome Home { get; }

    public ShardedSessions Sessions { get; }

    public SessionGateway Gateway { get; }

    public ClusterRecovery Recovery { get; }

    public ClusterEntities Entities { get; }

    public IReadOnlyList<PeerState> PeerStates =>
    [
        .. Peers.All.Select(static peer =>
            new PeerState(peer.Address.ToString(), peer.Tag, peer.IsReachable, !peer.IsUnsynchronised, peer.UnconfirmedAnnouncements)),
    ];

    public IActorRef ListingActor { get; private set; } = ActorRefs.Nobody;

    public ClusterEvent.CurrentClusterState State => _cluster.State;

    /// <summary>The shard regions of this node, each by what metrics call it.</summary>
    public IEnumerable<KeyValuePair<IActorRef, string>> Regions =>
        Entities.Regions.Prepend(KeyValuePair.Create(Sessions.Region, "sessions"));

    /// <summary>How many shards live here, by region; a few seconds old.</summary>
    public ConcurrentDictionary<string, int> ShardsByRegion { get; } = new(StringComparer.Ordinal);

    /// <summary>How many rooms this node has announced.</summary>
    public int OwnRooms
    {
        get => Volatile.Read(ref _ownRooms);
        set => Volatile.Write(ref _ownRooms, value);
    }

    public IEnumerable<ClusterMember> Members
    {
        get
        {
            var state = _cluster.State;
            return state.Members.Select(member => new ClusterMember(
                member.Address.ToString(),
                member.Status.ToString(),
                !state.Unreachable.Contains(member),
                member.Address.Equals(_cluster.SelfAddress)
            ));
        }
    }

    /// <summary>Starts the actors, as children of the server's root.</summary>
    public void Start(IActorContext root)
    {
        Gateway.Start(root);
        Entities.StartLedger(root);
        ListingActor = root.ActorOf(Clustering.ListingActor.Props(_node, _server.Entities.Listings), "listings");
        _peers = root.ActorOf(PeerSupervisor.Props(_node, this), "peers");
        root.ActorOf(ShardCounter.Props(this, _gauges), "shards");
        Recovery.Start(root);
    }

    public Task LeaveAsync(IActorRef root, CancellationToken cancellationToken) => Recovery.LeaveAsync(cancellationToken);

    public Task TakenAsync(CancellationToken cancellationToken) => Recovery.TakenAsync(cancellationToken);

    /// <summary>A node is gone, and whatever waits for it waits no longer.</summary>
    public void Remove(Peer peer)
    {
        Recovery.ForgetEmittingTo(peer.Tag);
        Peers.Remove(peer);
        _server.Users.NodeGone(peer);
        Entities.LedgerActor.Tell(new EntityLedgerActor.PeerGone(peer));
        Entities.WatchActor.Tell(new SocketWatchActor.PeerGone(peer));
        ListingActor.Tell(new Clustering.ListingActor.PeerGone(peer));
        _node.Requests.PeerGone(peer);
        Gateway.HomeGone(peer);
        Home.PeerGone(peer);
        Recovery.Replicas.OwnerGone(peer.Tag);
    }

    public TimeSpan RequestTimeout => _node.Options.RequestTimeout;

    public bool TakeOnSockets => true;

    public Task AnnounceAsync(string ns, string room)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _peers.Tell(new PeerSupervisor.RoomOpened(ns, room, done));
        return done.Task;
    }

    public void Withdraw(string ns, string room) => _peers.Tell(new PeerSupervisor.RoomClosed(ns, room));

    /// <summary>One message to each, written once.</summary>
    public IReadOnlyList<IRemoteNode> Broadcast(
        NamespaceServices ns,
        RoomSelection selection,
        EncodedFrame frame,
        bool isVolatile,
        long number = 0
    )
    {
        var peers = Peers.For(ns.Name, selection);
        if (peers.Length == 0)
            return peers;
        var target = TargetOf(ns, selection);
        var message = Packed.Of(new ClusterProtocol.Broadcast(target, frame, isVolatile, number, ActorSocketActivity.Current));
        foreach (var peer in peers)
            peer.Send(message, isVolatile);
        _node.Metrics.BroadcastsForwarded(peers.Length);
        return peers;
    }

    public IDisposable? AskClients(
        NamespaceServices ns, RoomSelection selection, string eventName, IReadOnlyList<object?> args, EmitFlags flags, TimeSpan timeout,
        BroadcastAck answers)
    {
        var peers = Peers.For(ns.Name, selection);
        if (peers.Length == 0)
            return null;
        answers.NodesAreAsked(peers.Length);
        var request = _node.Requests.Open(new ClientAnswers(answers, _server.Json));
        var frame = new EncodedFrame(_server.Packets.Event(ns.Name, eventName, -1, new ArgumentList(args)), flags.Compress);
        var target = TargetOf(ns, selection);
        var message = Packed.Of(new AskClients(request, target, frame, flags.Volatile, timeout, ActorSocketActivity.Current));
        foreach (var peer in peers)
            peer.Tell(message);
        return new OpenRequest(_node.Requests, request);
    }

    public async Task<(IReadOnlyList<SocketDetails> Found, IReadOnlyList<string> Missing)> FetchAsync(
        NamespaceServices ns, RoomSelection selection, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var target = TargetOf(ns, selection);
        var (answers, missing) = await _node.Requests.AskAsync<FetchSocketsReply>(
            Peers.For(ns.Name, selection), request => new FetchSockets(request, target), timeout, cancellationToken).ConfigureAwait(false);
        return (
            answers.SelectMany(static answer => answer.Sockets).Select(static facts => SocketDetails.Read(facts)).ToList(),
            AddressesOf(missing)
        );
    }

    /// <summary>A process that has ended has no sockets: nobody waits until it is found out.</summary>
    public async Task<(int Count, IReadOnlyList<string> Missing)> CountAsync(
        NamespaceServices ns, RoomSelection selection, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var target = TargetOf(ns, selection);
        var (answers, missing) = await _node.Requests.AskAsync<CountSocketsReply>(
            Peers.For(ns.Name, selection), request => new CountSockets(request, target), timeout, cancellationToken, mayBeGone: true)
            .ConfigureAwait(false);
        return (answers.Sum(static answer => answer.Count), AddressesOf(missing));
    }

    public async Task<(IReadOnlyList<string> Rooms, IReadOnlyList<string> Missing)> ListRoomsAsync(
        NamespaceServices ns, string prefix, string? after, int limit, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var (answers, missing) = await _node.Requests.AskAsync<ListRoomsReply>(
            Peers.All,
            request => new ListRooms(request, ns.Name, prefix, after is null, after ?? "", limit),
            timeout,
            cancellationToken,
            mayBeGone: true
        ).ConfigureAwait(false);
        return ([.. answers.SelectMany(static answer => answer.Rooms)], AddressesOf(missing));
    }

    public void TellDevices(string ns, string user, int devices) => _peers.Tell(new PeerSupervisor.DevicesChanged(ns, user, devices));

    public async Task<(FailedSockets Failed, IReadOnlyList<string> Missing)> ChangeAsync(
        NamespaceServices ns, RoomSelection selection, SocketChange change, string[] rooms, TimeSpan timeout,
        CancellationToken cancellationToken)
    {
        var target = TargetOf(ns, selection);
        var peers = change == SocketChange.Join && selection.Rooms is [var room] && IsSocketId(room)
            ? Peers.ForSocket(ns.Name, room)
            : Peers.For(ns.Name, selection);
        var (answers, missing) = await _node.Requests.AskAsync<ChangeSocketsReply>(
            peers, request => new ChangeSockets(request, target, change, rooms), timeout, cancellationToken)
            .ConfigureAwait(false);
        return (answers.Aggregate(FailedSockets.None, static (all, answer) => all.And(answer.Failed)), AddressesOf(missing));
    }

    private static string[] AddressesOf(Peer[] peers) => Array.ConvertAll(peers, static peer => peer.Address.ToString());

    private bool IsSocketId(string room) => Peers.TryGetHome(room, out _) || room.StartsWith(_node.Tag, StringComparison.Ordinal);

    public async Task<SocketRestore?> FindAsync(NamespaceServices ns, RecoveryClaim claim) =>
        await new RemoteClaim(ns, _node, Recovery, claim).FindAsync().ConfigureAwait(false);

    private static Target TargetOf(NamespaceServices ns, RoomSelection selection) => new(ns.Name, selection.Rooms, selection.Excluded);

    public void Raise(string ns, string eventName, byte[] arguments, string trace)
    {
        var message = Packed.Of(new ServerSideEvent(0, ns, eventName, arguments, trace));
        foreach (var peer in Peers.All)
            peer.Tell(message);
    }

    public async Task<ServerEventAnswers> AskNodesAsync(
        string ns,
        string eventName,
        byte[] arguments,
        string trace,
        TimeSpan timeout,
        CancellationToken cancellationToken
    )
    {
        var (answers, missing) = await _node.Requests.AskAsync<ServerSideEventReply>(
            Peers.All, request => new ServerSideEvent(request, ns, eventName, arguments, trace), timeout, cancellationToken)
            .ConfigureAwait(false);
        var given = answers.FindAll(static answer => answer.HasAnswer);
        return new ServerEventAnswers(
            given.ConvertAll(static answer => answer.Answer),
            missing.Length + answers.Count(static answer => answer is { HasAnswer: false, IsUnconcerned: false })
        );
    }

    /// <summary>The answers of other nodes' clients.</summary>
    private sealed class ClientAnswers(BroadcastAck answers, SocketJson json) : IPeerAnswers
    {
        private readonly ConcurrentDictionary<Peer, ConcurrentBag<string[]>> _named = new();

        public void Answered(Peer peer, IReply answer)
        {
            switch (answer)
            {
                case ClientAnswerReply m: answers.Answered(m.Socket, m.Arguments.ToArguments(json)); break;
                case ClientLeftReply m: answers.LeftElsewhere(m.Socket); break;
                case ClientsAskedReply m: answers.NodeAsked(m.Count); break;
                case ClientsNamedReply m:
                    _named.GetOrAdd(peer, static _ => []).Add(m.Sockets);
                    answers.NodeNamed(m.Sockets);
                    break;
            }
        }

        public void PeerGone(Peer peer)
        {
            // How many of its clients had been asked may not be known; the time limit decides.
            foreach (var client in _named.GetValueOrDefault(peer, []).SelectMany(static some => some))
                answers.LeftElsewhere(client);
        }
    }

    private sealed class OpenRequest(ClusterRequests requests, long number) : IDisposable
    {
        public void Dispose() => requests.Close(number);
    }
}
