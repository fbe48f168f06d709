using ActorSocket.Entities;
using ActorSocket.Sessions;
using ActorSocket.Sockets;
using Akka.Actor;
using Akka.Cluster;

namespace ActorSocket.Clustering;

/// <summary>
/// The actor of a node's <see cref="EntityLedger"/>: brings it the entities' steps, the other nodes' messages, who comes and goes, and the
/// time.
/// </summary>
internal sealed class EntityLedgerActor : UntypedActor, IWithTimers, IEntityNetwork
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LeaveTimeout = TimeSpan.FromSeconds(3); // within coordinated shutdown's phase, 5 s

    private readonly ServerServices _server;
    private readonly NodeServices _node;
    private readonly EntityLedger _ledger;
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly Dictionary<string, Clustering.Peer> _peers = new(StringComparer.Ordinal);
    private bool _isFull;
    private long _lost;
    private long _lostBytes;

    /// <param name="node">This node.</param>
    /// <param name="publish">Is given the ledger: others read its figures only.</param>
    public EntityLedgerActor(NodeServices node, Action<EntityLedger> publish)
    {
        (_server, _node) = (node.Server, node);
        _ledger = new EntityLedger(node.Tag, this, _server.Time, node.Options.MaxEntityStateBytes, node.Options.RequestTimeout);
        publish(_ledger);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>An entity starts: answered with an <see cref="EntityHistory"/>.</summary>
    internal sealed record HistoryQuery(EntityKey Key) : ILocalMessage;

    /// <summary>It has started: answered with <see cref="EntityRemembered"/> when others know.</summary>
    internal sealed record Started(EntityHistory History) : ILocalMessage;

    /// <summary>It was woken, but has ended before and nobody calls it: it does not start.</summary>
    internal sealed record StartDeclined(EntityHistory History) : ILocalMessage;

    /// <summary>It was woken by the node <paramref name="Waker"/>, and lives already.</summary>
    internal sealed record WakeAnswered(EntityKey Key, string Waker) : ILocalMessage;

    /// <summary>
    /// It leaves; null for a state that could not be had. Answered with <see cref="EntityRemembered"/> when others keep it.
    /// </summary>
    internal sealed record HandOver(EntityKey Key, byte[]? State) : ILocalMessage;

    /// <summary>It has retired: answered with <see cref="EntityRemembered"/> when others know.</summary>
    internal sealed record Ended(EntityKey Key) : ILocalMessage;

    internal sealed record PeerMet(Clustering.Peer Peer) : ILocalMessage;

    internal sealed record PeerGone(Clustering.Peer Peer) : ILocalMessage;

    internal sealed record PeerReachability(Clustering.Peer Peer, bool IsReachable) : ILocalMessage;

    internal sealed record PeerSaid(Clustering.Peer Peer, IClusterMessage Message) : ILocalMessage;

    /// <summary>Every node that was there before this one is met.</summary>
    internal sealed class MetAll : ILocalMessage { public static readonly MetAll Instance = new(); }

    private sealed record Leave(TaskCompletionSource Done) : ILocalMessage;

    private sealed class TickDue : ILocalMessage { public static readonly TickDue Instance = new(); }

    public static Props Props(NodeServices node, Action<EntityLedger> publish) =>
        Akka.Actor.Props.Create(() => new EntityLedgerActor(node, publish));

    protected override void PreStart()
    {
        _cluster.Subscribe(
            Self,
            ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
            typeof(ClusterEvent.MemberLeft),
            typeof(ClusterEvent.MemberExited)
        );
        Timers.StartPeriodicTimer(nameof(TickDue), TickDue.Instance, TickInterval);
        var (self, time) = (Self, _server.Time);
        // By then this node's entities have left, and it is a member still.
        CoordinatedShutdown
            .Get(Context.System)
            .AddTask(
                CoordinatedShutdown.PhaseClusterLeave,
                "actorsocket-entities-" + _server.Name,
                async () =>
                {
                    var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    self.Tell(new Leave(done));
                    await Task.WhenAny(done.Task, Task.Delay(LeaveTimeout, time)).ConfigureAwait(false);
                    return Akka.Done.Instance;
                }
            );
    }

    protected override void PostStop() => _cluster.Unsubscribe(Self);

    protected override void OnReceive(object message)
    {
        var sender = Sender;
        switch (message)
        {
            case PeerSaid m: _ledger.Receive(m.Peer.Tag, m.Message); break;
            case HistoryQuery m: _ledger.QueryHistory(m.Key, history => sender.Tell(history)); break;
            case Started m: _ledger.Register(m.History, () => sender.Tell(EntityRemembered.Instance)); break;
            case StartDeclined m: _ledger.DeclineStart(m.History); break;
            case WakeAnswered m: _ledger.AnswerWake(m.Key, m.Waker); break;
            case HandOver m: _ledger.HandOver(m.Key, m.State, () => sender.Tell(EntityRemembered.Instance)); break;
            case Ended m: _ledger.End(m.Key, () => sender.Tell(EntityRemembered.Instance)); break;
            case TickDue: _ledger.Tick(); break;
            case PeerMet m:
                _peers[m.Peer.Tag] = m.Peer;
                _ledger.PeerMet(m.Peer.Tag);
                LookWhoLeaves();
                break;
            case PeerGone m:
                if (((ICollection<KeyValuePair<string, Clustering.Peer>>)_peers).Remove(KeyValuePair.Create(m.Peer.Tag, m.Peer)))
                    _ledger.PeerGone(m.Peer.Tag);
                break;
            case PeerReachability m: _ledger.PeerReachability(m.Peer.Tag, m.IsReachable); break;
            case MetAll: _ledger.MetAll(); break;
            case Leave m: _ledger.Leave(() => OnLeft(m.Done)); break;
            case ClusterEvent.IMemberEvent: LookWhoLeaves(); break;
            default: Unhandled(message); break;
        }
    }

    private void OnLeft(TaskCompletionSource done)
    {
        if (_lost > 0)
            _server.Log.EntityStatesLost(_lost, _lostBytes);
        done.TrySetResult();
    }

    private void LookWhoLeaves()
    {
        var leaving = _cluster
            .State.Members.Where(static member => member.Status is MemberStatus.Leaving or MemberStatus.Exiting)
            .Select(static member => member.Address)
            .ToHashSet();
        foreach (var peer in _peers.Values)
        {
            if (leaving.Contains(peer.Address))
                _ledger.PeerLeaving(peer.Tag);
        }
    }

    void IEntityNetwork.Tell(string tag, IClusterMessage message)
    {
        if (_peers.TryGetValue(tag, out var peer))
            peer.Tell(Packed.Of(message));
    }

    void IEntityNetwork.Wake(EntityKey key)
    {
        _server.Entities.RegionOf(key.Type)?.Tell(new ClusterProtocol.WakeEntity(key.Id, _node.Tag), ActorRefs.NoSender);
    }

    void IEntityNetwork.Refused(string type, int bytes)
    {
        _node.Metrics.EntityStateRefused(type);
        if (_isFull)
            return;
        _isFull = true; // once
        _server.Log.EntityStateRefused(type, bytes, _ledger.Bytes, _node.Options.MaxEntityStateBytes);
    }

    void IEntityNetwork.Lost(string type, int bytes)
    {
        _node.Metrics.EntityStateLost(type);
        _lost++;
        _lostBytes += bytes;
    }
}
