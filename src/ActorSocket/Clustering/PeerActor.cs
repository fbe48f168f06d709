using Akka.Actor;
using ActorSocket.Diagnostics;
using ActorSocket.Hosting;
using ActorSocket.Sessions;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>
/// One other node. Sends it this node's rooms, in numbered rounds that are repeated until they are confirmed, and takes what it sends: its rooms, its broadcasts,
/// its questions. While it has not told all its rooms, or cannot be reached, it is taken to be interested in everything.
/// </summary>
internal sealed class PeerActor(ServerServices server, ClusterNode node, Address address, string directoryPath) : UntypedActor, IWithTimers
{
    private const int ChangesPerRound = 500;
    private const int ResendAtOnce = 64;
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(400); // twice within JoinTimeout: a round that was lost costs a join its time, and not its promise
    private static readonly TimeSpan CountInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan HelloRetry = TimeSpan.FromMilliseconds(250);

    private readonly LinkHub _links = new();
    private readonly FragmentAssembler _fragments = new();
    private readonly Queue<(long Number, long DirectoryRound, Packed Message)> _unconfirmed = new();
    private Peer? _peer;
    private long _sent;
    private long _oldest; // of the unconfirmed rounds, when the timer was set
    private long _taken;
    private long _broadcastsTold;
    private long _broadcasts; // that came
    private long _broadcastsLost;
    private bool _isConfirmed;
    private bool _isRefused;
    private bool _isUnknownReported;

    public ITimerScheduler Timers { get; set; } = null!;

    internal sealed class Unreachable : ILocalMessage { public static readonly Unreachable Instance = new(); }

    internal sealed class Reachable : ILocalMessage { public static readonly Reachable Instance = new(); }

    /// <summary>This node's shards are there.</summary>
    internal sealed class ShardsStarted : ILocalMessage { public static readonly ShardsStarted Instance = new(); }

    private sealed class HelloDue : ILocalMessage { public static readonly HelloDue Instance = new(); }

    private sealed class ResendDue : ILocalMessage { public static readonly ResendDue Instance = new(); }

    private sealed class CountDue : ILocalMessage { public static readonly CountDue Instance = new(); }

    private sealed class SyncDue : ILocalMessage { public static readonly SyncDue Instance = new(); }

    public static Props Props(ServerServices server, ClusterNode node, Address address, string directoryPath) =>
        Akka.Actor.Props.Create(() => new PeerActor(server, node, address, directoryPath));

    protected override void PreStart()
    {
        _links.AnswerLeft = request => node.AnswerLeft(address, request);
        _links.Receiver = Context.ActorOf(LinkReceiver.Props(_links), "links");
        SayHello();
        Timers.StartPeriodicTimer(nameof(HelloDue), HelloDue.Instance, HelloRetry);
    }

    protected override void PostStop()
    {
        if (_peer is not null)
            node.Remove(_peer);
        _links.Close();
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Hello m: OnHello(m); break;
            case HelloDue: SayHello(); break;
            case RoomDirectory.Round m: OnRound(m); break;
            case ResendDue: OnResendDue(); break;
            case CountDue: OnCountDue(); break;
            case Unreachable: OnReachability(reachable: false); break;
            case Reachable: OnReachability(reachable: true); break;
            case SyncDue: _peer?.Tell(Packed.Of(new SyncAsked())); break;
            case ShardsStarted: _peer?.Receiver.Tell(Introduction()); break;
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
            Context.ActorSelection(new RootActorPath(address) + directoryPath.TrimStart('/')).Tell(Introduction());
    }

    private Hello Introduction() => new(node.Tag, ClusterProtocol.Version, node.ParserName, server.Ids.Key, node.HasShards);

    private void OnHello(Hello m)
    {
        if (_peer is not null)
        {
            if (_peer.Tag != m.Tag || !_peer.Receiver.Equals(Sender))
                Context.Stop(Self); // another process at the same address, or its actor began anew: so do we
            else if (m.HasShards)
                node.LocateShards(m.Tag);
            return;
        }
        if (m.Version != ClusterProtocol.Version || m.Parser != node.ParserName)
        {
            if (!_isRefused)
                server.Log.PeerRefused(address.ToString(), m.Version, m.Parser, ClusterProtocol.Version, node.ParserName);
            _isRefused = true;
            return;
        }
        // The links' receiver there is the child of the same name: addressed by its path, it needs no introduction of its own.
        _links.Receiver = ((ExtendedActorSystem)Context.System).Provider.ResolveActorRef((Sender.Path / "links").ToSerializationFormat());
        _peer = new Peer(m.Tag, Sender, m.Key, _links);
        node.Peers.Add(_peer);
        server.Log.PeerMet(address.ToString(), m.Tag);
        Timers.StartPeriodicTimer(nameof(CountDue), CountDue.Instance, CountInterval);
        Context.Parent.Tell(RoomDirectory.Met.Instance);
        if (m.HasShards)
            node.LocateShards(m.Tag);
        SayHello();
    }

    private void OnReachability(bool reachable)
    {
        if (_peer is null)
            return;
        _peer.SetReachable(reachable);
        if (reachable)
            _peer.Tell(Packed.Of(new SyncAsked()));
        else
            node.Peers.SetSynchronised(_peer, synchronised: false);
    }

    private void OnRound(RoomDirectory.Round m)
    {
        var changes = m.Changes;
        for (var at = 0; at == 0 || at < changes.Count; at += ChangesPerRound)
        {
            var isLast = at + ChangesPerRound >= changes.Count;
            var some = changes.Count <= ChangesPerRound ? changes : [.. changes.Skip(at).Take(ChangesPerRound)];
            var message = Packed.Of(new Announce(++_sent, some));
            _unconfirmed.Enqueue((_sent, isLast ? m.Number : -1, message));
            _peer!.Tell(message);
        }
        _peer!.UnconfirmedRounds = _unconfirmed.Count;
        if (m.Number == 0)
            _peer!.Tell(Packed.Of(new SyncState(_sent)));
        WatchOldest();
    }

    /// <summary>What has not been confirmed for as long as that was lost; else the other node has just not come to it yet.</summary>
    private void WatchOldest()
    {
        if (_unconfirmed.Count == 0 || Timers.IsTimerActive(nameof(ResendDue)))
            return;
        _oldest = _unconfirmed.Peek().Number;
        Timers.StartSingleTimer(nameof(ResendDue), ResendDue.Instance, Retry);
    }

    private void OnResendDue()
    {
        if (_unconfirmed.TryPeek(out var oldest) && oldest.Number == _oldest)
            Resend();
        WatchOldest();
    }

    private void Resend()
    {
        foreach (var (_, _, message) in _unconfirmed.Take(ResendAtOnce))
            _peer!.Tell(message);
    }

    private void OnPeerMessage(Peer peer, IClusterMessage message)
    {
        switch (message)
        {
            case Broadcast m:
                _broadcasts++;
                node.OnBroadcast(peer, m);
                break;
            case BroadcastsSent m: OnBroadcastsSent(m); break;
            case Announce m: OnAnnounce(peer, m); break;
            case Announced m: OnAnnounced(m); break;
            case Fragment m: if (_fragments.TryAdd(m, peer.Receiver, out var whole)) OnPeerMessage(peer, whole!); break;
            case AskClients m: node.OnAskClients(peer, m); break;
            case ClientsAsked m: node.Requests.Answered(peer, m.Request, m); break;
            case ClientAnswered m: node.Requests.Answered(peer, m.Request, m); break;
            case FetchSockets m: node.OnFetchSockets(peer, m); break;
            case Fetched m: node.Requests.Answered(peer, m.Request, m); break;
            case ChangeSockets m: _ = node.OnChangeSocketsAsync(peer, m); break;
            case SocketsChanged m: node.Requests.Answered(peer, m.Request, m); break;
            case ServerSideEvent m: _ = node.OnServerSideEventAsync(peer, m); break;
            case ServerSideAnswered m: node.Requests.Answered(peer, m.Request, m); break;
            case ClaimSocket m: node.OnClaimSocket(peer, m); break;
            case SocketGiven m: node.Requests.Answered(peer, m.Request, m); break;
            case CollectMissed m: _ = node.OnCollectMissedAsync(peer, m); break;
            case CollectEmitted m: peer.Tell(Packed.Of(node.Collect(m))); break;
            case Replicate m: peer.Tell(Packed.Of(new Replicated(m.Request, node.Replicas.Apply(peer.Tag, m.Namespace, m.Changes)))); break;
            case DropReplica m:
                node.Replicas.Drop(peer.Tag, m.Namespace);
                peer.Tell(Packed.Of(new Replicated(m.Request, true)));
                break;
            case Replicated m: node.Requests.Answered(peer, m.Request, m); break;
            case Missed m: node.Requests.Answered(peer, m.Request, m); break;
            case Fence m: node.OnFence(peer, m); break;
            case Fenced m: node.Requests.Answered(peer, m.Request, m); break;
            case EntityState m:
                server.HandedOver.Put(m.Type, m.Id, m.Json);
                peer.Tell(Packed.Of(new EntityStateTaken(m.Request)));
                break;
            case EntityStateTaken m: node.Requests.Answered(peer, m.Request, m); break;
            case SyncAsked:
                Resend();
                peer.Tell(Packed.Of(new SyncState(_sent)));
                break;
            case SyncState m: OnSyncState(peer, m); break;
            case UnknownMessage m: OnUnknown(m); break;
            default: Unhandled(message); break;
        }
    }

    private void OnAnnounce(Peer peer, Announce m)
    {
        if (m.Round == _taken + 1)
        {
            foreach (var change in m.Changes)
                node.Peers.Set(change, peer);
            _taken = m.Round;
        }
        else if (m.Round > _taken)
        {
            // Something between was lost; it is sent again. Until then every broadcast goes there.
            node.Peers.SetSynchronised(peer, synchronised: false);
            SyncSoon();
            return;
        }
        peer.Tell(Packed.Of(new Announced(_taken)));
    }

    private void OnAnnounced(Announced m)
    {
        _isConfirmed = true;
        while (_unconfirmed.TryPeek(out var oldest) && oldest.Number <= m.Round)
        {
            _unconfirmed.Dequeue();
            if (oldest.DirectoryRound >= 0)
                Context.Parent.Tell(new RoomDirectory.Confirmed(oldest.DirectoryRound));
        }
        _peer!.UnconfirmedRounds = _unconfirmed.Count;
    }

    private void OnSyncState(Peer peer, SyncState m)
    {
        if (_taken >= m.Round)
            node.Peers.SetSynchronised(peer, synchronised: true);
        else
            SyncSoon();
    }

    private void OnCountDue()
    {
        if (_peer!.Broadcasts == _broadcastsTold)
            return;
        _broadcastsTold = _peer.Broadcasts;
        _peer.Tell(Packed.Of(new BroadcastsSent(_broadcastsTold)));
    }

    private void OnBroadcastsSent(BroadcastsSent m)
    {
        var lost = m.Count - _broadcasts - _broadcastsLost;
        if (lost <= 0)
            return; // some are on their way that the count does not include
        _broadcastsLost += lost;
        node.Metrics.BroadcastsLost(lost);
    }

    private void SyncSoon()
    {
        if (!Timers.IsTimerActive(nameof(SyncDue)))
            Timers.StartSingleTimer(nameof(SyncDue), SyncDue.Instance, Retry);
    }

    private void OnUnknown(UnknownMessage m)
    {
        node.Metrics.MessageIgnored();
        if (_isUnknownReported)
            return;
        _isUnknownReported = true;
        server.Log.UnknownClusterMessage(address.ToString(), m.Name);
    }
}
