using Akka.Actor;
using ActorSocket.Delivery;
using ActorSocket.Diagnostics;
using ActorSocket.Hosting;
using ActorSocket.Namespaces;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sessions;
using ActorSocket.Sockets;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>
/// One server on this node as a part of the cluster: what emitters use to reach other nodes, and what other nodes' messages do here. Null in
/// <see cref="ServerServices"/> where there is no cluster.
/// </summary>
internal sealed class ClusterNode : IServerEventPeers
{
    private readonly ServerServices _server;
    private readonly SessionHome _home;

    public ClusterNode(ServerServices server, ActorSystem system)
    {
        _server = server;
        _home = new SessionHome(server, Peers);
        Requests = new ClusterRequests(server.Time);
        Gateway = new SessionGateway(server, this);
        Region = SessionSharding.Start(system, server, Peers);
    }

    /// <summary>What the ids of this node begin with.</summary>
    public string Tag => _server.Ids.NodeTag;

    public PeerTable Peers { get; } = new();

    public ClusterRequests Requests { get; }

    public SessionGateway Gateway { get; }

    public ActorSocketMetrics Metrics => _server.Metrics;

    /// <summary>The shard region of the sessions.</summary>
    public IActorRef Region { get; }

    /// <summary>Takes what sessions on other nodes answer.</summary>
    public IActorRef Replies { get; private set; } = ActorRefs.Nobody;

    public IActorRef Directory { get; private set; } = ActorRefs.Nobody;

    public bool HasShards { get; set; }

    /// <summary>Whether this node may open sessions: it is a full member, its peers know it, and it is not cut off from most of them.</summary>
    public bool IsReady { get; set; }

    /// <summary>Frames are encoded once for all nodes, so all must use the same parser.</summary>
    public string ParserName => _server.Options.Parser?.GetType().FullName ?? "json";

    /// <summary>Starts the actors, as children of the server's root.</summary>
    public void Start(IActorContext root)
    {
        Replies = root.ActorOf(Gateway.RepliesProps, "replies");
        Directory = root.ActorOf(RoomDirectory.Props(_server, this), "peers");
    }

    /// <summary>A request to a session that lives elsewhere came in elsewhere, and now here.</summary>
    public void Serve(EngineConnection connection, ISessionRequest request, IActorRef gateway) => _home.Serve(connection, request, gateway);

    /// <summary>The node that a session with this id lives on, if there is such a node and the id was made there.</summary>
    public bool TryGetHome(string sid, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Peer? peer) =>
        Peers.TryGetHome(sid, out peer) && IdGenerator.IsGenuine(sid, peer.Key);

    /// <summary>Lets the region find out where a node's shards are while the coordinator is there to tell: the first request must not wait for a new one.</summary>
    public void LocateShards(string tag)
    {
        foreach (var id in SessionSharding.AnIdOfEachShard(tag))
            Region.Tell(new OtherRequest(id, 0, RequestQuery.None), ActorRefs.NoSender);
    }

    public void Remove(Peer peer)
    {
        Peers.Remove(peer);
        Requests.PeerGone(peer);
        Gateway.HomeGone(peer);
        _home.PeerGone(peer.Address);
    }

    /// <summary>Tells the others that a room has members here. Completes when all that can be reached know.</summary>
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
        var found = ns.Elsewhere.Find(room);
        // A socket's own room is not announced: its id says where it is.
        if (Peers.TryGetHome(room, out var home) && Array.IndexOf(found, home) < 0)
            found = found.Length == 0 ? home.Alone : [.. found, home];
        var unsynchronised = Peers.Unsynchronised;
        return unsynchronised.Length == 0 ? found : [.. found.Union(unsynchronised)];
    }

    /// <summary>Sends an encoded event to other nodes: one message to each, written once.</summary>
    public void Send(Peer[] peers, NamespaceServices ns, RoomSelection selection, EncodedFrame frame, bool isVolatile)
    {
        var message = Packed.Of(new Broadcast(TargetOf(ns, selection), frame, isVolatile));
        foreach (var peer in peers)
            peer.Tell(message);
        Metrics.BroadcastsForwarded(peers.Length);
    }

    /// <summary>Asks the clients of other nodes. The request is open until the caller closes it.</summary>
    public long Ask(Peer[] peers, NamespaceServices ns, RoomSelection selection, string eventName, object?[] args, EmitFlags flags, TimeSpan timeout, BroadcastAck acks)
    {
        if (peers.Length == 0)
            return 0;
        var request = Requests.Open(acks);
        var frame = new EncodedFrame(_server.Packets.Event(ns.Name, eventName, -1, new ArgumentList(args)), flags.Compress);
        var message = Packed.Of(new AskClients(request, TargetOf(ns, selection), frame, flags.Volatile, timeout));
        foreach (var peer in peers)
            peer.Tell(message);
        return request;
    }

    public static Target TargetOf(NamespaceServices ns, RoomSelection selection) => new(ns.Name, selection.Rooms, selection.Excluded);

    public void OnBroadcast(Broadcast m)
    {
        if (_server.Namespaces.TryGet(m.Target.Namespace, out var ns))
            ns.Deliver(m.Target.Selection, m.Frame, m.IsVolatile);
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
        var answers = new ForwardedAcks(peer, m.Request);
        foreach (var socket in recipients)
        {
            socket.Actor.Tell(new SocketProtocol.AckAsked(id, answers, m.Timeout));
            socket.Send(frame, m.IsVolatile);
        }
    }

    public void OnFetchSockets(Peer peer, FetchSockets m)
    {
        byte[][] facts = _server.Namespaces.TryGet(m.Target.Namespace, out var ns)
            ? [.. ns.Select(m.Target.Selection).Select(socket => SocketFacts.Of(socket).ToBytes(_server.Json))]
            : [];
        peer.Tell(Packed.Of(new Fetched(m.Request, facts)));
    }

    public async Task OnChangeSocketsAsync(Peer peer, ChangeSockets m)
    {
        try
        {
            if (_server.Namespaces.TryGet(m.Target.Namespace, out var ns))
                await ns.ChangeAsync(m.Target.Selection, m.Change, m.Rooms).ConfigureAwait(false);
        }
        catch (InvalidOperationException error) // a socket is in too many rooms
        {
            _server.Log.HandlerFailed(error, m.Target.Namespace);
        }
        peer.Tell(Packed.Of(new SocketsChanged(m.Request)));
    }

    public async Task OnServerSideEventAsync(Peer peer, ServerSideEvent m)
    {
        var answer = _server.Namespaces.TryGet(m.Namespace, out var ns) ? await ns.Face.ServerEvents.RaiseAsync(m.EventName, m.Arguments).ConfigureAwait(false) : null;
        if (m.Request != 0)
            peer.Tell(Packed.Of(new ServerSideAnswered(m.Request, answer is not null, answer ?? [])));
    }

    void IServerEventPeers.Publish(string ns, string eventName, byte[] arguments)
    {
        var message = Packed.Of(new ServerSideEvent(0, ns, eventName, arguments));
        foreach (var peer in Peers.All)
            peer.Tell(message);
    }

    async Task<ServerEventAnswers> IServerEventPeers.AskAsync(string ns, string eventName, byte[] arguments, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var (answers, missing) = await Requests.AskAsync<ServerSideAnswered>(
            Peers.All, request => new ServerSideEvent(request, ns, eventName, arguments), timeout, cancellationToken).ConfigureAwait(false);
        var given = answers.FindAll(static answer => answer.HasAnswer);
        return new ServerEventAnswers(given.ConvertAll(static answer => answer.Answer), missing + answers.Count - given.Count);
    }

    /// <summary>Sends the answers of this node's clients to the node that asked.</summary>
    private sealed class ForwardedAcks(Peer peer, long request) : IAckSink
    {
        public void Answered(SocketArguments arguments) => peer.Tell(Packed.Of(new ClientAnswered(request, EncodedArguments.Of(arguments))));

        public void Failed(Exception error)
        {
            // As on the asking node: nobody answers for a socket that is gone or silent; the time limit decides.
        }
    }
}
