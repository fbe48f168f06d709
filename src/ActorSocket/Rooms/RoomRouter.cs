using Akka.Actor;
using ActorSocket.Sessions;
using static ActorSocket.Rooms.RoomProtocol;

namespace ActorSocket.Rooms;

/// <summary>What a <see cref="RoomRouter{T}"/> understands.</summary>
internal static class RoomProtocol
{
    /// <summary>Adds a member. <see cref="Sequence"/> counts the joins that the parent has sent to this room.</summary>
    internal sealed record Join<T>(T Member, long Sequence, TaskCompletionSource? Done) : ILocalMessage;

    internal sealed record Leave<T>(T Member, TaskCompletionSource? Done) : ILocalMessage;

    /// <summary>Told to the parent: nobody is left after the join with this number.</summary>
    internal sealed record Emptied(string Room, long Sequence) : ILocalMessage;
}

/// <summary>
/// One room with members on this node. As Akka's routers, it owns the membership and publishes the routees (<see cref="RoomMembers{T}"/>); a broadcast is
/// routed on the emitter's thread, which keeps its order with the emitter's other packets and costs no hop.
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
