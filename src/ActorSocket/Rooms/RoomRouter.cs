using Akka.Actor;
using static ActorSocket.Rooms.RoomProtocol;

namespace ActorSocket.Rooms;

/// <summary>
/// One room with members on this node. As Akka's routers, it owns the membership and publishes the routees (<see cref="RoomMembers{T}"/>);
/// a broadcast is routed on the emitter's thread, which keeps its order with the emitter's other packets and costs no hop.
/// </summary>
internal sealed class RoomRouter<T>(string room, RoomMembers<T> members) : UntypedActor
    where T : class
{
    private long _sequence;

    public static Props Props(string room, RoomMembers<T> members) => Akka.Actor.Props.CreateBy(new Producer(room, members));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Join<T> m:
                _sequence = m.Sequence;
                members.Add(m.Member);
                m.Done?.TrySetResult();
                break;
            case Leave<T> m:
                members.Remove(m.Member);
                m.Done?.TrySetResult();
                if (members.Count == 0)
                    Context.Parent.Tell(new Emptied(room, _sequence));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private sealed class Producer(string room, RoomMembers<T> members) : IIndirectActorProducer
    {
        public Type ActorType => typeof(RoomRouter<T>);

        public ActorBase Produce() => new RoomRouter<T>(room, members);

        public void Release(ActorBase actor)
        {
        }
    }
}
