using ActorSocket.Sessions;
using Akka.Actor;
using Akka.Cluster;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>
/// One other node: one process, whatever else may come to live at its address. Exchanges rooms with it (<see cref="RoomExchange"/>) and
/// takes what it sends: its broadcasts, its questions.
/// While it has not told all its rooms, or cannot be reached, it is taken to be interested in everything.
/// </summary>
internal sealed class PeerActor(NodeServices node, ClusterAdapter cluster, UniqueAddress address, string directoryPath)
    : UntypedActor,
        IWithTimers
{
    // ResendLost sees at its second call that an announcement was lost; two fit into JoinTimeout, so such a join is late, but confirmed.
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan StatusInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan HelloRetry = TimeSpan.FromMilliseconds(250);

    private readonly LocalSockets _sockets = new(node.Server);
    private readonly LinkHub _links = new();
    private readonly FragmentAssembler _fragments = new((_, _) => node.Metrics.MessageLost());
    // frames are encoded once for all nodes, so all must use the same parser
    private readonly string _parser = node.Server.Options.Parser?.GetType().FullName ?? "json";
    private IActorRef _linkReceiver = ActorRefs.Nobody; // of what comes
    private Peer? _peer;
    private RoomExchange _rooms = null!; // once it is met
    private long _broadcasts; // that came
    private long _broadcastsLost;
    private bool _isReachable = true;
    private bool _wasUnreachable; // before it was met: it may have announced rooms meanwhile
    private bool _isConfirmed;
    private bool _isLocated;
    private bool _isIncompatible;
    private bool _isUnknownReported;

    public ITimerScheduler Timers { get; set; } = null!;

    internal sealed class Unreachable : ILocalMessage { public static readonly Unreachable Instance = new(); }

    internal sealed class Reachable : ILocalMessage { public static readonly Reachable Instance = new(); }

    /// <summary>This node's shards are there.</summary>
    internal sealed class ShardsStarted : ILocalMessage { public static readonly ShardsStarted Instance = new(); }

    private sealed class HelloDue : ILocalMessage { public static readonly HelloDue Instance = new(); }

    private sealed class ResendDue : ILocalMessage { public static readonly ResendDue Instance = new(); }

    private sealed class AskDue : ILocalMessage { public static readonly AskDue Instance = new(); }

    private sealed class StatusDue : ILocalMessage { public static readonly StatusDue Instance = new(); }

    public static Props Props(NodeServices node, ClusterAdapter cluster, UniqueAddress address, string directoryPath) =>
        Akka.Actor.Props.Create(() => new PeerActor(node, cluster, address, directoryPath));

    protected override void PreStart()
    {
        _linkReceiver = Context.ActorOf(LinkReceiver.Props(_links), "links");
        SayHello();
        Timers.StartPeriodicTimer(nameof(HelloDue), HelloDue.Instance, HelloRetry);
    }

    protected override void PostStop()
    {
        if (_peer is not null)
            cluster.Remove(_peer);
        _links.Close();
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Hello m: OnHello(m); break;
            case HelloDue: SayHello(); break;
            case RoomChangeBatch m: OnBatch(m); break;
            case ResendDue: OnResendDue(); break;
            case AskDue: OnAskDue(); break;
            case StatusDue: OnStatusDue(); break;
            case Unreachable: OnReachability(reachable: false); break;
            case Reachable: OnReachability(reachable: true); break;
            case ShardsStarted: OnStatusDue(); break;
            case IClusterMessage m when _peer is not null: OnPeerMessage(_peer, m); break;
            case IClusterMessage: break; // from a node that has not introduced itself: it will repeat what matters
            default: Unhandled(message); break;
        }
    }

    private void SayHello()
    {
        if (_isConfirmed)
        {
            Timers.Cancel(nameof(HelloDue));
            return;
        }
        if (_peer is not null)
            _peer.Receiver.Tell(Introduction());
        else
            Context.ActorSelection(new RootActorPath(address.Address) + directoryPath.TrimStart('/')).Tell(Introduction());
    }

    private Hello Introduction() =>
        new(
            node.Tag,
            ClusterProtocol.Version,
            _parser,
            node.Server.Engine.Ids.Key,
            cluster.Sessions.HasShards,
            Cluster.Get(Context.System).SelfUniqueAddress.Uid,
            _linkReceiver.Path.Uid
        );

    private void OnHello(Hello m)
    {
        if (m.Version != ClusterProtocol.Version || m.Parser != _parser)
        {
            if (!_isIncompatible)
                node.Server.Log.PeerRefused(address.Address.ToString(), m.Version, m.Parser, ClusterProtocol.Version, _parser);
            _isIncompatible = true;
            return;
        }
        if (_peer is not null)
        {
            if (!_peer.Receiver.Equals(Sender))
                Context.Stop(Self); // its actor began anew: so do we
            else
                Locate(m.HasShards);
            return;
        }
        // By its uid: a process that comes after this one has an actor of the same path, and other links.
        var links = (Sender.Path / "links").WithUid(m.LinksUid);
        _links.Receiver = ((ExtendedActorSystem)Context.System).Provider.ResolveActorRef(links.ToSerializationFormat());
        var peer = _peer = new Peer(m.Tag, Sender, m.Key, _links);
        _links.AnswerLeft = request => cluster.Home.AnswerLeft(peer.Tag, request);
        _links.BatchLost = () => cluster.Home.AskWhatLeft(peer);
        _rooms = new RoomExchange(
            peer.Tell,
            change => Take(change, peer),
            synchronised => node.Peers.SetSynchronised(peer, synchronised),
            batch => Context.Parent.Tell(new PeerSupervisor.Confirmed(batch))
        );
        node.Peers.Add(peer);
        cluster.Entities.LedgerActor.Tell(new EntityLedgerActor.PeerMet(peer));
        cluster.Entities.WatchActor.Tell(new SocketWatchActor.PeerMet(peer));
        cluster.ListingActor.Tell(new ListingActor.PeerMet(peer));
        if (!_isReachable)
            OnReachability(reachable: false);
        else if (_wasUnreachable)
            _rooms.MarkUnsynchronised();
        node.Server.Log.PeerMet(address.Address.ToString(), m.Tag);
        Timers.StartPeriodicTimer(nameof(StatusDue), StatusDue.Instance, StatusInterval);
        Context.Parent.Tell(PeerSupervisor.Met.Instance);
        Locate(m.HasShards);
        SayHello();
        AskSoon();
    }

    private void Take(RoomChange change, Peer peer)
    {
        if (change.IsUser)
            node.Server.Users.Set(peer, change.NamespaceOfUser, change.Room, change.Devices);
        else
            node.Peers.Set(change, peer);
    }

    /// <summary>Lets the region find out where the node's shards are, once they are.</summary>
    private void Locate(bool hasShards)
    {
        if (!hasShards || _isLocated)
            return;
        _isLocated = true;
        cluster.Sessions.Locate(_peer!.Tag);
    }

    private void OnReachability(bool reachable)
    {
        _isReachable = reachable;
        if (_peer is null)
        {
            _wasUnreachable |= !reachable;
            return;
        }
        _peer.SetReachable(reachable);
        cluster.Entities.LedgerActor.Tell(new EntityLedgerActor.PeerReachability(_peer, reachable));
        if (reachable)
        {
            OnAskDue();
        }
        else
        {
            _rooms.MarkUnsynchronised();
            node.Requests.PeerUnreachable(_peer);
        }
    }

    private void OnBatch(RoomChangeBatch m)
    {
        _rooms.Tell(m);
        WatchOldest();
    }

    private void WatchOldest()
    {
        _peer!.UnconfirmedAnnouncements = _rooms.Unconfirmed;
        if (_rooms.Unconfirmed > 0 && !Timers.IsTimerActive(nameof(ResendDue)))
            Timers.StartSingleTimer(nameof(ResendDue), ResendDue.Instance, Retry);
    }

    private void OnResendDue()
    {
        _rooms.ResendLost();
        WatchOldest();
    }

    /// <summary>Whoever lacks something asks until it has it. An unreachable node is asked when it is reachable again.</summary>
    private void OnAskDue()
    {
        _rooms.Ask();
        AskSoon();
    }

    private void AskSoon()
    {
        if (_isReachable && !_rooms.IsSynchronised && !Timers.IsTimerActive(nameof(AskDue)))
            Timers.StartSingleTimer(nameof(AskDue), AskDue.Instance, Retry);
    }

    private void OnPeerMessage(Peer peer, IClusterMessage message)
    {
        switch (message)
        {
            case Broadcast m:
                _broadcasts++;
                _sockets.OnBroadcast(peer, m);
                break;
            case PeerStatus m: OnPeerStatus(m); break;
            case Announce m:
                _rooms.OnAnnounce(m);
                AskSoon();
                break;
            case AnnounceReply m:
                _isConfirmed = true;
                _rooms.OnAnnounceReply(m);
                _peer!.UnconfirmedAnnouncements = _rooms.Unconfirmed;
                break;
            case RoomSyncRequest m:
                _rooms.OnRoomSyncRequest(m);
                break;
            case RoomSyncReply m:
                _rooms.OnRoomSyncReply(m);
                break;
            case Fragment m:
                if (_fragments.TryAdd(m, peer.Receiver, out var whole))
                    OnPeerMessage(peer, whole!);
                break;
            case IReply m:
                node.Requests.Answered(peer, m);
                break;
            case AskClients m:
                _sockets.OnAskClients(peer, m);
                break;
            case FetchSockets m:
                _sockets.OnFetchSockets(peer, m);
                break;
            case CountSockets m:
                _sockets.OnCountSockets(peer, m);
                break;
            case ListRooms m:
                _sockets.OnListRooms(peer, m);
                break;
            case ChangeSockets m:
                _ = _sockets.OnChangeSocketsAsync(peer, m);
                break;
            case ServerSideEvent m:
                _ = _sockets.OnServerSideEventAsync(peer, m);
                break;
            case ClaimSocket m:
                cluster.Recovery.OnClaimSocket(peer, m);
                break;
            case ReturnSocket m:
                cluster.Recovery.OnReturnSocket(m);
                break;
            case CollectMissed m:
                _ = cluster.Recovery.OnCollectMissedAsync(peer, m);
                break;
            case CollectEmitted m:
                peer.Tell(Packed.Of(cluster.Recovery.Collect(m)));
                break;
            case Replicate m:
                peer.Tell(Packed.Of(new ReplicateReply(m.Request, cluster.Recovery.Replicas.Apply(peer.Tag, m.Namespace, m.Changes))));
                break;
            case DropReplica m:
                cluster.Recovery.Replicas.Drop(peer.Tag, m.Namespace);
                peer.Tell(Packed.Of(new ReplicateReply(m.Request, true)));
                break;
            case EmitBarrier m:
                cluster.Recovery.OnEmitBarrier(peer, m);
                break;
            case StoreEntityRecord or EntityRecordReply or QueryEntity or EntityQueryReply:
                cluster.Entities.LedgerActor.Tell(new EntityLedgerActor.PeerSaid(peer, message));
                break;
            case WatchSocket or UnwatchSocket or SocketSighting or SocketSightingReply:
                cluster.Entities.WatchActor.Tell(new SocketWatchActor.PeerSaid(peer.Tag, message));
                break;
            case ListingChanges or ListingChangesReply:
                cluster.ListingActor.Tell(new ListingActor.PeerSaid(peer, message));
                break;
            case UnknownMessage m:
                OnUnknown(m);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnStatusDue()
    {
        if (_peer is null)
            return;
        _peer.Tell(Packed.Of(new PeerStatus(_peer.Broadcasts, cluster.Sessions.HasShards)));
        _links.TellCount();
    }

    private void OnPeerStatus(PeerStatus m)
    {
        Locate(m.HasShards);
        var lost = m.Broadcasts - _broadcasts - _broadcastsLost;
        if (lost <= 0)
            return; // some are on their way that the count does not include
        _broadcastsLost += lost;
        node.Metrics.BroadcastsLost(lost);
    }

    private void OnUnknown(UnknownMessage m)
    {
        node.Metrics.MessageIgnored();
        if (_isUnknownReported)
            return;
        _isUnknownReported = true;
        node.Server.Log.UnknownClusterMessage(address.Address.ToString(), m.Name);
    }
}
