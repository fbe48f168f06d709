using Akka.Actor;
using static ActorSocket.Rooms.RoomProtocol;

namespace ActorSocket.Rooms;

/// <summary>
/// One room with members on this node. As Akka's routers, it owns the membership and publishes the routees (<see cref="RoomMembers{T}"/>);
/// a broadcast is routed on the emitter's thread, which keeps its order with the emitter's other packets and costs no hop.
/// </summary>
internal sealed class RoomRouter<T>(string room, RoomMembers<T> members, IRoomObserver<T>? observer) : UntypedActor
    where T : class
{
    private long _sequence;

    public static Props Props(string room, RoomMembers<T> members, IRoomObserver<T>? observer = null) =>
        Akka.Actor.Props.CreateBy(new Producer(room, members, observer));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Join<T> m:
                _sequence = m.Sequence;
                if (members.Add(m.Member))
                    observer?.Joined(room, m.Member);
                m.Done?.TrySetResult();
                break;
            case Leave<T> m:
                if (members.Remove(m.Member))
                    observer?.Left(room, m.Member);
                m.Done?.TrySetResult();
                if (members.Count == 0)
                    Context.Parent.Tell(new Emptied(room, _sequence));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private sealed class Producer(string room, RoomMembers<T> members, IRoomObserver<T>? observer) : IIndirectActorProducer
    {
        public Type ActorType => typeof(RoomRouter<T>);

        public ActorBase Produce() => new RoomRouter<T>(room, members, observer);

        public void Release(ActorBase actor)
        {
        }
    }
}
