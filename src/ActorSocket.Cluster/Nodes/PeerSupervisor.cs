using ActorSocket.Sessions;
using Akka.Actor;
using Akka.Cluster;
using Akka.Remote;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>
/// Watches the membership: one <see cref="PeerActor"/> for each other node, and whether this node may take connections. Lets them tell
/// their nodes which rooms have members here: a room's first join waits until every node that can be reached has confirmed it; its last
/// leave is withdrawn a while later, since rooms are often joined again.
/// </summary>
internal sealed class PeerSupervisor(NodeServices node, ClusterAdapter cluster) : UntypedActor, IWithTimers
{
    private static readonly TimeSpan WarmUpRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstMeeting = TimeSpan.FromSeconds(10);

    // A peer's actor that fails starts anew: it introduces itself again, and is told everything again.
    private static readonly OneForOneStrategy StopThePeer = new(static _ => Directive.Stop);

    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly Dictionary<UniqueAddress, IActorRef> _peers = []; // by process: another one may live at the address by the time
    private readonly HashSet<IActorRef> _met = []; // have introduced themselves, and are told of every batch
    private readonly HashSet<IActorRef> _confirmed = []; // know every room that was here when they met us
    private readonly HashSet<UniqueAddress> _unreachable = [];
    private readonly OwnRooms<IActorRef> _rooms = new(
        node.Server.Time,
        WithdrawAfter(node.Server.Options.ConnectionStateRecovery?.MaxDisconnectionDuration)
    );
    private HashSet<long> _coldShards = [];
    private bool _isFlushDue;
    private bool _isUp;
    private bool _isOver; // this node was downed, or goes
    private bool _hasMetAll;

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>A room has its first member here. Done when every reachable node knows.</summary>
    internal sealed record RoomOpened(string Namespace, string Room, TaskCompletionSource Done) : ILocalMessage;

    /// <summary>A room has lost its last member here.</summary>
    internal sealed record RoomClosed(string Namespace, string Room) : ILocalMessage;

    /// <summary>A user of a namespace with presence has so many devices here.</summary>
    internal sealed record DevicesChanged(string Namespace, string User, int Devices) : ILocalMessage;

    /// <summary>Told by a peer's actor once it has met its node: send me everything.</summary>
    internal sealed class Met : ILocalMessage { public static readonly Met Instance = new(); }

    /// <summary>Told by a peer's actor: its node has confirmed a batch; 0 is what <see cref="Met"/> was answered with.</summary>
    internal sealed record Confirmed(long Batch) : ILocalMessage;

    private sealed class FlushDue : ILocalMessage { public static readonly FlushDue Instance = new(); }

    private sealed class WithdrawDue : ILocalMessage { public static readonly WithdrawDue Instance = new(); }

    private sealed class WarmUpDue : ILocalMessage { public static readonly WarmUpDue Instance = new(); }

    private sealed class MeetingOverdue : ILocalMessage { public static readonly MeetingOverdue Instance = new(); }

    private sealed record BatchOverdue(long Number) : ILocalMessage;

    public static Props Props(NodeServices node, ClusterAdapter cluster) =>
        Akka.Actor.Props.Create(() => new PeerSupervisor(node, cluster));

    protected override SupervisorStrategy SupervisorStrategy() => StopThePeer;

    protected override void PreStart()
    {
        _cluster.Subscribe(
            Self,
            ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
            typeof(ClusterEvent.IMemberEvent),
            typeof(ClusterEvent.IReachabilityEvent)
        );
        Context.System.EventStream.Subscribe(Self, typeof(ThisActorSystemQuarantinedEvent));
        Timers.StartPeriodicTimer(nameof(WithdrawDue), WithdrawDue.Instance, TimeSpan.FromSeconds(1));
    }

    protected override void PostStop()
    {
        _cluster.Unsubscribe(Self);
        Context.System.EventStream.Unsubscribe(Self);
        cluster.Sessions.IsReady = false;
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case RoomOpened m:
                _rooms.Open(m.Namespace, m.Room, m.Done);
                OnRoomsChanged();
                break;
            case RoomClosed m: _rooms.Close(m.Namespace, m.Room); break;
            case DevicesChanged m:
                _rooms.SetDevices(m.Namespace, m.User, m.Devices);
                OnRoomsChanged();
                break;
            case FlushDue: OnFlush(); break;
            case Confirmed m: OnConfirmed(m); break;
            case BatchOverdue m: _rooms.Complete(m.Number); break;
            case WithdrawDue:
                _rooms.WithdrawClosed();
                OnRoomsChanged();
                break;
            case Met:
                OnMet();
                break;
            case Hello m:
                OnHello(m);
                break;
            case ClusterEvent.IMemberEvent { Member.Status: MemberStatus.Exiting or MemberStatus.Down or MemberStatus.Removed } m
                when m.Member.UniqueAddress.Equals(_cluster.SelfUniqueAddress):
                _isOver = true; // the events that follow make it look alone, and so whole
                PublishReadiness();
                break;
            case ClusterEvent.MemberUp m: OnMemberUp(m.Member); break;
            case ClusterEvent.MemberLeft m: OnMemberUp(m.Member); break; // it was up before we came
            case ClusterEvent.MemberExited m: OnMemberUp(m.Member); break;
            case ClusterEvent.MemberRemoved m: OnMemberRemoved(m.Member.UniqueAddress); break;
            case ClusterEvent.IMemberEvent: break;
            case ClusterEvent.UnreachableMember m: OnReachability(m.Member.UniqueAddress, reachable: false); break;
            case ClusterEvent.ReachableMember m: OnReachability(m.Member.UniqueAddress, reachable: true); break;
            case ClusterEvent.IReachabilityEvent: break;
            case Terminated m: OnPeerStopped(m.ActorRef); break;
            case ThisActorSystemQuarantinedEvent m: OnQuarantined(m.RemoteAddress); break;
            case WarmUpDue: OnWarmUpDue(); break;
            case RequestRefused m: OnShardStarted(m.Request); break;
            case MeetingOverdue: HaveMetAll(); PublishReadiness(); break;
            default: Unhandled(message); break;
        }
    }

    /// <summary>With recovery a socket that was lost here misses what comes to its rooms meanwhile: it must come here.</summary>
    private static TimeSpan WithdrawAfter(TimeSpan? recovery) =>
        recovery > TimeSpan.FromSeconds(5) ? recovery.Value : TimeSpan.FromSeconds(5);

    /// <summary>What is in the mailbox already goes into the same batch.</summary>
    private void OnRoomsChanged()
    {
        cluster.OwnRooms = _rooms.Count;
        if (_isFlushDue || !_rooms.HasChanges)
            return;
        _isFlushDue = true;
        Self.Tell(FlushDue.Instance);
    }

    private void OnFlush()
    {
        _isFlushDue = false;
        // Who has not been met gets everything when they meet, and sends every broadcast here until then.
        var batch = _rooms.Begin(
            _peers
                .Where(peer => _met.Contains(peer.Value) && !_unreachable.Contains(peer.Key) && !node.Peers.IsProcessGone(peer.Key.Address))
                .Select(static peer => peer.Value)
        );
        foreach (var peer in _met)
            peer.Tell(batch);
        if (_rooms.IsWaited(batch.Number))
            Timers.StartSingleTimer(batch.Number, new BatchOverdue(batch.Number), node.Options.JoinTimeout);
    }

    private void OnConfirmed(Confirmed m)
    {
        if (m.Batch == 0)
        {
            _confirmed.Add(Sender);
            CheckMeetings();
        }
        else if (_rooms.Confirm(m.Batch, Sender))
        {
            Timers.Cancel(m.Batch);
        }
    }

    private void OnMet()
    {
        _met.Add(Sender);
        Sender.Tell(_rooms.Everything());
    }

    private void OnHello(Hello m)
    {
        var address = Sender.Path.Address;
        // Of another protocol version the process is not known; its actor here says what is wrong.
        var member = _cluster.State.Members.FirstOrDefault(member =>
            member.Address.Equals(address)
            && member.Status is not (MemberStatus.Down or MemberStatus.Removed)
            && (member.UniqueAddress.Uid == m.Uid || m.Version != ClusterProtocol.Version)
        );
        if (member is not null) // else it is not, or not yet, of this cluster, and will say hello again; or not any more
            AddPeer(member.UniqueAddress).Forward(m);
    }

    private void OnMemberUp(Member member)
    {
        if (member.UniqueAddress.Equals(_cluster.SelfUniqueAddress))
            OnSelfUp();
        else
            AddPeer(member.UniqueAddress);
    }

    private IActorRef AddPeer(UniqueAddress address)
    {
        if (_peers.TryGetValue(address, out var known))
            return known;
        var peer = Context.ActorOf(PeerActor.Props(node, cluster, address, Self.Path.ToStringWithoutAddress()));
        Context.Watch(peer);
        _peers[address] = peer;
        if (_unreachable.Contains(address))
            peer.Tell(PeerActor.Unreachable.Instance);
        PublishReadiness();
        return peer;
    }

    private void OnMemberRemoved(UniqueAddress address)
    {
        _unreachable.Remove(address);
        if (_peers.Remove(address, out var peer))
            Context.Stop(peer);
        PublishReadiness();
    }

    private void OnPeerStopped(IActorRef peer)
    {
        _met.Remove(peer);
        _confirmed.Remove(peer);
        _rooms.Forget(peer);
        foreach (var (address, other) in _peers.ToArray())
        {
            if (!other.Equals(peer))
                continue;
            _peers.Remove(address); // it failed, or the other node's began anew
            AddPeer(address);
        }
        CheckMeetings();
    }

    /// <summary>
    /// Another node has downed this one and will not speak to it again. A node that stood still for long learns it so before it counts, one
    /// by one, who does not answer: it must not down the others in turn, and go on as a cluster of its own.
    /// </summary>
    private void OnQuarantined(Address by)
    {
        if (_isOver || !_cluster.State.Members.Any(member => member.Address.Equals(by)))
            return;
        _isOver = true;
        PublishReadiness();
        node.Server.Log.Quarantined(by.ToString());
        _cluster.Down(_cluster.SelfAddress);
    }

    private void OnReachability(UniqueAddress address, bool reachable)
    {
        if (reachable)
            _unreachable.Remove(address);
        else
            _unreachable.Add(address);
        if (_peers.TryGetValue(address, out var peer))
            peer.Tell(reachable ? PeerActor.Reachable.Instance : PeerActor.Unreachable.Instance);
        PublishReadiness();
    }

    private void OnSelfUp()
    {
        if (_isUp)
            return;
        _isUp = true;
        OnWarmUpDue();
        Timers.StartSingleTimer(nameof(MeetingOverdue), MeetingOverdue.Instance, FirstMeeting);
        CheckMeetings();
    }

    /// <summary>Starts this node's shards, so that no handshake waits for the coordinator.</summary>
    private void OnWarmUpDue()
    {
        if (_coldShards.Count == 0)
            _coldShards = [.. Enumerable.Range(1, SessionSharding.ShardsPerNode)];
        var number = 0L;
        foreach (var id in SessionSharding.AnIdOfEachShard(node.Tag))
            cluster.Sessions.Region.Tell(new OtherRequest(id, ++number, RequestQuery.None));
        Timers.StartSingleTimer(nameof(WarmUpDue), WarmUpDue.Instance, WarmUpRetry);
    }

    private void OnShardStarted(long number)
    {
        if (!_coldShards.Remove(number) || _coldShards.Count > 0)
            return;
        Timers.Cancel(nameof(WarmUpDue));
        cluster.Sessions.HasShards = true;
        foreach (var peer in _peers.Values)
            peer.Tell(PeerActor.ShardsStarted.Instance);
        PublishReadiness();
    }

    /// <summary>
    /// A node takes connections once every other one knows its tag: a load balancer may send the second request anywhere.
    /// </summary>
    private void CheckMeetings()
    {
        if (_isUp && _peers.Values.All(_confirmed.Contains))
            HaveMetAll();
        PublishReadiness();
    }

    private void HaveMetAll()
    {
        if (!_hasMetAll)
        {
            cluster.Entities.LedgerActor.Tell(EntityLedgerActor.MetAll.Instance);
            cluster.Entities.WatchActor.Tell(SocketWatchActor.MetAll.Instance);
        }
        _hasMetAll = true;
    }

    private void PublishReadiness() =>
        cluster.Sessions.IsReady = _isUp && !_isOver && cluster.Sessions.HasShards && _hasMetAll && IsInMajority();

    /// <summary>
    /// As the split-brain resolver decides it (keep-majority; of two halves, the one with the lowest address): the other side is to be
    /// downed.
    /// </summary>
    private bool IsInMajority()
    {
        if (_unreachable.Count == 0)
            return true;
        var members = _cluster
            .State.Members.Where(static member => member.Status is MemberStatus.Up or MemberStatus.Leaving)
            .Select(static member => member.UniqueAddress)
            .ToList();
        var reachable = members.Count(address => !_unreachable.Contains(address));
        if (2 * reachable != members.Count)
            return 2 * reachable > members.Count;
        return !_unreachable.Contains(members.MinBy(static member => member.Address, Member.AddressOrdering)!);
    }
}
