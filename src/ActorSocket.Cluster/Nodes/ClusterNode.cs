using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Cluster;
using ActorSocket.Delivery;
using ActorSocket.Diagnostics;
using ActorSocket.Entities;
using ActorSocket.Hosting;
using ActorSocket.Namespaces;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Recovery;
using ActorSocket.Sessions;
using ActorSocket.Sockets;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>
/// One server on this node as a part of the cluster: what namespaces want of other nodes, and what other nodes' messages do here.
/// </summary>
internal sealed class ClusterNode : IOtherNodes
{
    private const int FewSockets = 100;

    private static readonly TimeSpan TakenTimeout = TimeSpan.FromMilliseconds(500); // a client waits

    private static readonly Dictionary<string, long> Nothing = new(StringComparer.Ordinal);

    private readonly ServerServices _server;
    private readonly SessionHome _home;
    private readonly Cluster _cluster;
    private int _ownRooms;

    public ClusterNode(ServerServices server, ActorSocketClusterOptions options, ClusterMetrics metrics, ActorSystem system)
    {
        _server = server;
        (Options, Metrics) = (options, metrics);
        _cluster = Cluster.Get(system);
        _home = new SessionHome(server, metrics, Peers);
        Requests = new ClusterRequests(Peers, server.Time);
        Replicas = new ReplicaStore(server);
        server.Http.Relay = Gateway = new SessionGateway(server, this);
        server.Engine.Placement = new ShardedSessions(server, this, _home);
        Region = SessionSharding.Start(system, server, Peers);
        Regions[Region] = "sessions";
        server.Entities.Placement = new ClusterEntityPlacement(system, server.Name, this);
        server.OtherNodes = this;
        metrics.Observe(server.Name, this);
    }

    /// <summary>What the ids of this node begin with.</summary>
    public string Tag => _server.Engine.Ids.NodeTag;

    public PeerTable Peers { get; } = new();

    public ClusterRequests Requests { get; }

    public SessionGateway Gateway { get; }

    public ActorSocketClusterOptions Options { get; }

    public ClusterMetrics Metrics { get; }

    /// <summary>The shard region of the sessions.</summary>
    public IActorRef Region { get; }

    /// <summary>Takes what sessions on other nodes answer.</summary>
    public IActorRef Replies { get; private set; } = ActorRefs.Nobody;

    public IActorRef Directory { get; private set; } = ActorRefs.Nobody;

    /// <summary>Lets entities live on: <see cref="Clustering.EntityKeeper"/>.</summary>
    public IActorRef EntityKeeper { get; private set; } = ActorRefs.Nobody;

    /// <summary>What that knows; others read its figures only.</summary>
    public EntityLedger? Ledger { get; set; }

    /// <summary>The shard regions of this node, this one's sessions and its entities, each by what metrics call it.</summary>
    public ConcurrentDictionary<IActorRef, string> Regions { get; } = new();

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
                member.Address.ToString(), member.Status.ToString(), !state.Unreachable.Contains(member), member.Address.Equals(_cluster.SelfAddress)));
        }
    }

    /// <summary>Every status, so that one that nobody has any more reads 0.</summary>
    public IEnumerable<KeyValuePair<string, long>> MembersByStatus
    {
        get
        {
            var members = _cluster.State.Members;
            return Enum.GetValues<MemberStatus>().Where(static status => status != MemberStatus.Removed)
                .Select(status => KeyValuePair.Create(status.ToString(), (long)members.Count(member => member.Status == status)));
        }
    }

    public int UnreachableMembers => _cluster.State.Unreachable.Count;

    /// <summary>Recovery logs of other nodes.</summary>
    public ReplicaStore Replicas { get; }

    private IActorRef Replicator { get; set; } = ActorRefs.Nobody;

    public bool HasShards { get; set; }

    /// <summary>Whether this node may open sessions: it is a full member, its peers know it, and it is not cut off from most of them.</summary>
    public bool IsReady { get; set; }

    /// <summary>Frames are encoded once for all nodes, so all must use the same parser.</summary>
    public string ParserName => _server.Options.Parser?.GetType().FullName ?? "json";

    /// <summary>Starts the actors, as children of the server's root.</summary>
    public void Start(IActorContext root)
    {
        Replies = root.ActorOf(Gateway.RepliesProps, "replies");
        EntityKeeper = root.ActorOf(Clustering.EntityKeeper.Props(_server, this), "entities");
        _server.Entities.Memory = new ClusterEntityMemory(EntityKeeper);
        Directory = root.ActorOf(RoomDirectory.Props(_server, this), "peers");
        if (_server.Options.ConnectionStateRecovery is not null)
            Replicator = root.ActorOf(RecoveryReplicator.Props(_server, this), "replicator");
    }

    /// <summary>This node leaves: its clients find what they had on another one. Completes when that one has everything, or after a while.</summary>
    public Task LeaveAsync(IActorRef root, CancellationToken cancellationToken) => ReplicateAsync(Options.RequestTimeout, cancellationToken); // else clients that come back get a new socket

    /// <summary>Should this node crash then, the copy would tell the client the same again. A keeper that does not answer at once has most likely crashed itself.</summary>
    public Task TakenAsync(CancellationToken cancellationToken) => ReplicateAsync(TakenTimeout, cancellationToken);

    private async Task ReplicateAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (Replicator.IsNobody())
            return;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Replicator.Tell(new RecoveryReplicator.Flush(done));
        try
        {
            await done.Task.WaitAsync(timeout, _server.Time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Whoever waits does not depend on it.
        }
    }

    /// <summary>The node that a session with this id lives on, if there is such a node and the id was made there.</summary>
    public bool TryGetHome(string sid, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Peer? peer) =>
        Peers.TryGetHome(sid, out peer) && IdGenerator.IsGenuine(sid, peer.Key);

    /// <summary>A node has passed on the answer to a request that came in there.</summary>
    public void AnswerLeft(Peer gateway, long request) => _home.AnswerLeft(gateway.Tag, request);

    /// <summary>How many answers have gone by other nodes that have not said yet that they have left.</summary>
    public int AnswersOnTheirWay => _home.AnswersOnTheirWay;

    /// <summary>Lets the region find out where a node's shards are while the coordinator is there to tell: the first request must not wait for a new one.</summary>
    public void LocateShards(string tag)
    {
        foreach (var id in SessionSharding.AnIdOfEachShard(tag))
            Region.Tell(new OtherRequest(id, 0, RequestQuery.None), ActorRefs.NoSender);
    }

    public void Remove(Peer peer)
    {
        foreach (var ns in _server.Namespaces.All)
        {
            if (ns.Recovery is not { } log)
                continue;
            lock (log.Gate)
                log.NodeGone(peer.Tag);
        }
        Peers.Remove(peer);
        EntityKeeper.Tell(new Clustering.EntityKeeper.PeerGone(peer));
        Requests.PeerGone(peer);
        Gateway.HomeGone(peer);
        _home.PeerGone(peer);
        Replicas.OwnerGone(peer.Tag);
    }

    public TimeSpan RequestTimeout => Options.RequestTimeout;

    public bool TakeOnSockets => true;

    public Task AnnounceAsync(string ns, string room)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Directory.Tell(new RoomDirectory.RoomOpened(ns, room, done));
        return done.Task;
    }

    public void Withdraw(string ns, string room) => Directory.Tell(new RoomDirectory.RoomClosed(ns, room));

    /// <summary>The nodes on which the selection may have members.</summary>
    public Peer[] PeersFor(NamespaceServices ns, RoomSelection selection)
    {
        if (selection.Rooms is null || Peers.All.Length == 0)
            return Peers.All;
        if (selection.Rooms.Length == 1)
            return PeersFor(ns, selection.Rooms[0]);
        var found = new HashSet<Peer>();
        foreach (var room in selection.Rooms)
            found.UnionWith(PeersFor(ns, room));
        return [.. found];
    }

    private Peer[] PeersFor(NamespaceServices ns, string room)
    {
        var unsynchronised = Peers.Unsynchronised; // first: a node that has told all its rooms between the two is found by them
        var found = Peers.WithMembersOf(ns.Name, room);
        // A socket's own room is not announced: its id says where it is.
        if (Peers.TryGetHome(room, out var home) && Array.IndexOf(found, home) < 0)
            found = found.Length == 0 ? home.Alone : [.. found, home];
        return unsynchronised.Length == 0 ? found : [.. found.Union(unsynchronised)];
    }

    /// <summary>One message to each, written once.</summary>
    public IReadOnlyList<IOtherNode> Broadcast(NamespaceServices ns, RoomSelection selection, EncodedFrame frame, bool isVolatile, long number = 0)
    {
        var peers = PeersFor(ns, selection);
        if (peers.Length == 0)
            return peers;
        var message = Packed.Of(new ClusterProtocol.Broadcast(TargetOf(ns, selection), frame, isVolatile, number));
        foreach (var peer in peers)
            peer.Send(message, isVolatile);
        Metrics.BroadcastsForwarded(peers.Length);
        return peers;
    }

    public IDisposable? AskClients(
        NamespaceServices ns, RoomSelection selection, string eventName, object?[] args, EmitFlags flags, TimeSpan timeout, BroadcastAck answers)
    {
        var peers = PeersFor(ns, selection);
        if (peers.Length == 0)
            return null;
        answers.NodesAreAsked(peers.Length);
        var request = Requests.Open(new ClientAnswers(answers, _server.Json));
        var frame = new EncodedFrame(_server.Packets.Event(ns.Name, eventName, -1, new ArgumentList(args)), flags.Compress);
        var message = Packed.Of(new AskClients(request, TargetOf(ns, selection), frame, flags.Volatile, timeout));
        foreach (var peer in peers)
            peer.Tell(message);
        return new OpenRequest(Requests, request);
    }

    public async Task<(IReadOnlyList<SocketFacts> Found, int Missing)> FetchAsync(
        NamespaceServices ns, RoomSelection selection, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var target = TargetOf(ns, selection);
        var (answers, missing) = await Requests.AskAsync<Fetched>(
            PeersFor(ns, selection), request => new FetchSockets(request, target), timeout, cancellationToken).ConfigureAwait(false);
        return (answers.SelectMany(static answer => answer.Sockets).Select(static facts => SocketFacts.Read(facts)).ToList(), missing);
    }

    public async Task<int> ChangeAsync(NamespaceServices ns, RoomSelection selection, SocketChange change, string[] rooms, TimeSpan timeout)
    {
        var target = TargetOf(ns, selection);
        var (_, missing) = await Requests.AskAsync<SocketsChanged>(
            PeersFor(ns, selection), request => new ChangeSockets(request, target, change, rooms), timeout, default).ConfigureAwait(false);
        return missing;
    }

    public async Task<Continuation?> FindAsync(NamespaceServices ns, RecoveryClaim claim) => await new RemoteClaim(ns, this, claim).FindAsync().ConfigureAwait(false);

    public static Target TargetOf(NamespaceServices ns, RoomSelection selection) => new(ns.Name, selection.Rooms, selection.Excluded);

    public void OnBroadcast(Peer peer, ClusterProtocol.Broadcast m)
    {
        if (_server.Namespaces.TryGet(m.Target.Namespace, out var ns))
            ns.Deliver(m.Target.Selection, m.Frame, m.IsVolatile, peer.Tag, m.Number);
    }

    /// <summary>The namespace's actor answers for this node's own sockets: one may be connected still, and must end first.</summary>
    public void OnClaimSocket(Peer peer, ClaimSocket m)
    {
        var claim = new RecoveryClaim(m.Secret, m.OffsetTag, m.Offset);
        if (m.Tag == Tag && _server.Namespaces.TryGet(m.Namespace, out var ns) && ns.Recovery is not null && !ns.Actor.IsNobody())
        {
            peer.Tell(Packed.Of(new SocketGiven(m.Request, "", [], [], "", 0, IsOnItsWay: true)));
            ns.Actor.Tell(new NamespaceProtocol.ClaimedElsewhere(claim, lost => _ = GiveAsync(peer, m.Request, lost)));
            return;
        }
        if (m.Tag.Length == 0 && LogOf(m.Namespace)?.Take(claim, out _) is { } lost)
            _ = GiveAsync(peer, m.Request, lost);
        else
            Give(peer, m.Request, Replicas.Take(claim, m.Tag, m.Namespace, out var owner), owner);
    }

    /// <summary>Gives a socket of this node's own; null for none.</summary>
    public async Task GiveAsync(Peer peer, long request, LostSocket? lost)
    {
        if (lost is not null)
            await TakenAsync(CancellationToken.None).ConfigureAwait(false);
        Give(peer, request, lost, Tag);
    }

    private void Give(Peer peer, long request, LostSocket? lost, string tag) => peer.Tell(Packed.Of(new SocketGiven(
        request, lost?.Id ?? "", lost?.Rooms ?? [], lost is null ? [] : lost.StateToBytes(_server.Json), tag, lost?.Seen ?? 0, IsOnItsWay: false)));

    /// <summary>
    /// The asking node gets every event by now, but some that were on their way here may have been sent here only: they are waited for. A replica gets no more.
    /// </summary>
    public async Task OnCollectMissedAsync(Peer peer, CollectMissed m)
    {
        var isComplete = m.Tag != Tag || await FenceAsync(m.Namespace).ConfigureAwait(false);
        var missed = Collect(m);
        peer.Tell(Packed.Of(missed with { IsComplete = missed.IsComplete && isComplete }));
    }

    /// <summary>True when everything that the other nodes had emitted in a namespace, and sent here, has arrived.</summary>
    public async Task<bool> FenceAsync(string ns, CancellationToken cancellationToken = default)
    {
        var (answers, missing) = await Requests.AskAsync<Fenced>(Peers.All, request => new Fence(request, ns), Options.RequestTimeout, cancellationToken, mayBeGone: true).ConfigureAwait(false);
        if (LogOf(ns) is { } log)
        {
            lock (log.Gate)
                answers.ForEach(answer => log.Passed(answer.Tag, answer.Emitted));
        }
        return missing == 0;
    }

    /// <summary>What a socket of this node's, or of one whose replica is here, has missed.</summary>
    public Missed Collect(CollectMissed m)
    {
        var log = m.Tag == Tag ? LogOf(m.Namespace) : Replicas.Find(m.Tag, m.Namespace);
        if (log is null)
            return new Missed(m.Request, false, [], Nothing);
        lock (log.Gate)
            return new Missed(m.Request, log.TryGetMissed(m.Offset, m.Id, m.Rooms, out var missed), missed ?? [], log.Positions);
    }

    /// <summary>What this node emitted after a node's end.</summary>
    public Missed Collect(CollectEmitted m)
    {
        if (LogOf(m.Namespace) is not { } log)
            return new Missed(m.Request, true, [], Nothing);
        lock (log.Gate)
        {
            var isComplete = log.TryGetEmitted(m.After, m.Gone, Peers.TryGet(m.Gone, out _), m.Id, m.Rooms, out var emitted);
            return new Missed(m.Request, isComplete, emitted, new Dictionary<string, long>(StringComparer.Ordinal) { [Tag] = log.Positions[Tag] });
        }
    }

    private RecoveryLog? LogOf(string name) => _server.Namespaces.TryGet(name, out var ns) ? ns.Recovery : null;

    public void OnFence(Peer peer, Fence m)
    {
        if (LogOf(m.Namespace) is not { } log)
        {
            peer.Tell(Packed.Of(new Fenced(m.Request, Tag, 0)));
            return;
        }
        lock (log.Gate) // whoever emits holds it until the event has been told to every peer
            peer.Tell(Packed.Of(new Fenced(m.Request, Tag, log.NextNumber - 1)));
    }

    public void OnAskClients(Peer peer, AskClients m)
    {
        List<Socket> recipients = [];
        SocketIoPacket? packet = null;
        if (_server.Namespaces.TryGet(m.Target.Namespace, out var ns) && (packet = _server.Read(m.Frame)) is not null)
            recipients = ns.Select(m.Target.Selection);
        peer.Tell(Packed.Of(new ClientsAsked(m.Request, recipients.Count)));
        if (recipients.Count == 0)
            return;
        var id = ns!.NextAckId();
        var frame = new EncodedFrame(_server.Packets.Event(ns.Name, packet!.EventName!, id, new EventArguments<SocketArguments>(packet.Arguments)), m.Frame.Compress);
        var answers = new ForwardedAcks(peer, m.Request, id, recipients);
        foreach (var socket in recipients)
        {
            socket.Actor.Tell(new SocketProtocol.AckAsked(id, answers));
            socket.Send(frame, m.IsVolatile);
        }
        answers.ForgetAfter(m.Timeout, _server.Time);
    }

    public void OnFetchSockets(Peer peer, FetchSockets m)
    {
        if (!_server.Namespaces.TryGet(m.Target.Namespace, out var ns))
        {
            peer.Tell(Packed.Of(new Fetched(m.Request, [])));
            return;
        }
        var found = ns.Select(m.Target.Selection);
        if (found.Count <= FewSockets)
            Answer();
        else
            ThreadPool.UnsafeQueueUserWorkItem(static answer => answer(), Answer, preferLocal: false); // the peer's broadcasts must not wait behind it

        void Answer() => peer.Tell(Packed.Of(new Fetched(m.Request, [.. found.Select(socket => SocketFacts.Of(socket).ToBytes(_server.Json))])));
    }

    public async Task OnChangeSocketsAsync(Peer peer, ChangeSockets m)
    {
        _server.Namespaces.TryGet(m.Target.Namespace, out var ns);
        try
        {
            if (ns is not null)
                await ns.ChangeAsync(m.Target.Selection, m.Change, m.Rooms).ConfigureAwait(false);
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentException) // a socket is in too many rooms, or the name is too long
        {
            _server.Log.HandlerFailed(error, ns!.MetricsName);
        }
        peer.Tell(Packed.Of(new SocketsChanged(m.Request)));
    }

    public async Task OnServerSideEventAsync(Peer peer, ServerSideEvent m)
    {
        var isHere = _server.Namespaces.TryGet(m.Namespace, out var ns);
        var answer = isHere ? await ns!.Face.ServerEvents.RaiseAsync(m.EventName, m.Arguments).ConfigureAwait(false) : null;
        if (m.Request != 0)
            peer.Tell(Packed.Of(new ServerSideAnswered(m.Request, answer is not null, answer ?? [], !isHere)));
    }

    public void Raise(string ns, string eventName, byte[] arguments)
    {
        var message = Packed.Of(new ServerSideEvent(0, ns, eventName, arguments));
        foreach (var peer in Peers.All)
            peer.Tell(message);
    }

    public async Task<ServerEventAnswers> AskNodesAsync(string ns, string eventName, byte[] arguments, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var (answers, missing) = await Requests.AskAsync<ServerSideAnswered>(
            Peers.All, request => new ServerSideEvent(request, ns, eventName, arguments), timeout, cancellationToken).ConfigureAwait(false);
        var given = answers.FindAll(static answer => answer.HasAnswer);
        return new ServerEventAnswers(given.ConvertAll(static answer => answer.Answer), missing + answers.Count(static answer => answer is { HasAnswer: false, IsUnconcerned: false }));
    }

    /// <summary>The answers of other nodes' clients.</summary>
    private sealed class ClientAnswers(BroadcastAck answers, SocketJson json) : IPeerAnswers
    {
        public void Answered(Peer peer, IClusterMessage answer)
        {
            if (answer is ClientAnswered answered)
                answers.Answered(answered.Arguments.ToArguments(json));
            else if (answer is ClientsAsked asked)
                answers.NodeAsked(asked.Count);
        }

        public void PeerGone(Peer peer)
        {
            // How many of its clients had been asked may not be known; the time limit decides.
        }
    }

    private sealed class OpenRequest(ClusterRequests requests, long number) : IDisposable
    {
        public void Dispose() => requests.Close(number);
    }

    /// <summary>Sends the answers of this node's clients to the node that asked.</summary>
    private sealed class ForwardedAcks(Peer peer, long request, long id, List<Socket> recipients) : IAckSink
    {
        private ITimer? _overdue;
        private int _due = recipients.Count;

        public void Answered(SocketArguments arguments)
        {
            peer.Tell(Packed.Of(new ClientAnswered(request, EncodedArguments.Of(arguments))));
            Settled();
        }

        // As on the asking node: nobody answers for a socket that is gone or silent; the time limit decides.
        public void Failed(Exception error) => Settled();

        /// <summary>The asking node keeps the time limit; here it ends what nobody waits for any more.</summary>
        public void ForgetAfter(TimeSpan timeout, TimeProvider time)
        {
            _overdue = time.CreateTimer(static state => ((ForwardedAcks)state!).Forget(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            if (Volatile.Read(ref _due) <= 0 || !_overdue.Change(timeout, Timeout.InfiniteTimeSpan))
                _overdue.Dispose();
        }

        private void Forget()
        {
            foreach (var socket in recipients)
                socket.Actor.Tell(new SocketProtocol.AckForgotten(id));
            _overdue!.Dispose();
        }

        private void Settled()
        {
            if (Interlocked.Decrement(ref _due) <= 0)
                _overdue?.Dispose();
        }
    }
}
