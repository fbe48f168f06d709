using ActorSocket.Listings;
using ActorSocket.Sessions;
using ActorSocket.Sockets;
using Akka.Actor;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>
/// Tells the other nodes what this one's entities publish, and takes what theirs do: one <see cref="ListingExchange"/> for each.
/// </summary>
internal sealed class ListingActor(NodeServices node, ListingTables tables) : UntypedActor, IWithTimers
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);

    private readonly Dictionary<Clustering.Peer, ListingExchange> _exchanges = [];
    private long _epoch;

    public ITimerScheduler Timers { get; set; } = null!;

    internal sealed record PeerMet(Clustering.Peer Peer) : ILocalMessage;

    internal sealed record PeerGone(Clustering.Peer Peer) : ILocalMessage;

    internal sealed record PeerSaid(Clustering.Peer Peer, IClusterMessage Message) : ILocalMessage;

    /// <summary>A listing of this node has changed.</summary>
    private sealed record OwnChanged(string Type, string Id) : ILocalMessage;

    private sealed class TickDue : ILocalMessage { public static readonly TickDue Instance = new(); }

    public static Props Props(NodeServices node, ListingTables tables) => Akka.Actor.Props.Create(() => new ListingActor(node, tables));

    protected override void PreStart()
    {
        var self = Self;
        tables.OwnChanged = (type, id) => self.Tell(new OwnChanged(type, id), ActorRefs.NoSender);
        Timers.StartPeriodicTimer(nameof(TickDue), TickDue.Instance, TickInterval);
    }

    protected override void PostStop() => tables.OwnChanged = null;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case OwnChanged m:
                foreach (var (_, exchange) in _exchanges)
                    exchange.Mark(m.Type, m.Id);
                break;
            case PeerSaid m when _exchanges.TryGetValue(m.Peer, out var exchange):
                if (m.Message is ListingChanges changes)
                    exchange.OnChanges(changes);
                else if (m.Message is ListingChangesReply reply)
                    exchange.OnReply(reply);
                break;
            case PeerSaid: break;
            case TickDue:
                tables.RemoveDeparted(node.Server.Time);
                foreach (var (_, exchange) in _exchanges)
                    exchange.Tick();
                break;
            case PeerMet m: OnPeerMet(m.Peer); break;
            case PeerGone m:
                _exchanges.Remove(m.Peer);
                tables.NodeGone(m.Peer, node.Server.Time);
                break;
            default: Unhandled(message); break;
        }
    }

    private void OnPeerMet(Clustering.Peer peer)
    {
        var exchange = _exchanges[peer] = new ListingExchange(tables, peer, () => ++_epoch, message =>
        {
            if (peer.IsReachable) // else Akka would keep it, and all that repeats it
                peer.Tell(message);
        });
        exchange.Begin();
    }
}
