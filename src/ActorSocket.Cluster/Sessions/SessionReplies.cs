using Akka.Actor;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>Takes what sessions on other nodes answer.</summary>
internal sealed class SessionReplies(PendingReplies pending, ClusterMetrics metrics) : UntypedActor
{
    private readonly FragmentAssembler _fragments = new((_, fragment) =>
    {
        pending.Forget(fragment.Request); // the client is told at once that its session is over
        metrics.MessageLost();
    });

    public static Props Props(PendingReplies pending, ClusterMetrics metrics) =>
        Akka.Actor.Props.Create(() => new SessionReplies(pending, metrics));

    protected override void PostStop() => pending.Close();

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Packed m: OnReceive(m.Unpack()); break; // from this very node, which had no need to encode it
            case Fragment m when _fragments.TryAdd(m, Sender, out var whole): OnReceive(whole!); break;
            case Fragment: break;
            case RequestServed m: pending.Complete(m.Request, m); break;
            case RequestRefused m: pending.Complete(m.Request, m); break;
            default: Unhandled(message); break;
        }
    }
}
