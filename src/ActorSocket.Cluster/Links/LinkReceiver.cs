using Akka.Actor;

namespace ActorSocket.Clustering;

/// <summary>Takes the batches that another node sends: apart from its broadcasts, which take longer.</summary>
internal sealed class LinkReceiver(LinkHub hub) : UntypedActor
{
    public static Props Props(LinkHub hub) => Akka.Actor.Props.Create(() => new LinkReceiver(hub));

    protected override void OnReceive(object message)
    {
        if (message is ClusterProtocol.LinkBatch batch)
            hub.Receive(batch);
        else
            Unhandled(message);
    }
}
