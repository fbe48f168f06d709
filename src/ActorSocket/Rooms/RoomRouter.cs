using Akka.Actor;
using ActorSocket.Sessions;
using static ActorSocket.Rooms.RoomProtocol;

namespace ActorSocket.Rooms;

/// <summary>What a <see cref="RoomRouter"/> understands.</summary>
internal static class RoomProtocol
{
    /// <summary>Adds a member. <see cref="Sequence"/> counts the joins that the parent has sent to this room.</summary>
    internal sealed record Join(Socket Socket, long Sequence, TaskCompletionSource? Done) : ILocalMessage;

    internal sealed record Leave(Socket Socket, TaskCompletionSource? Done) : ILocalMessage;

    /// <summary>Told to the parent: nobody is left after the join with this number.</summary>
    internal sealed record Emptied(string Room, long Sequence) : ILocalMessage;
}

/// <summary>
/// One room with members on this node. As Akka's routers, it owns the membership and publishes the routees (<see cref="RoomMembers"/>); a broadcast is
/// routed on the emitter's thread, which keeps its order with the emitter's other packets and costs no hop.
/// </summary>
internal sealed class RoomRouter(string room, RoomMembers members) : UntypedActor
{
    private long _sequence;

    public static Props Props(string room, RoomMembers members) => Akka.Actor.Props.CreateBy(new Producer(room, members));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Join m:
                _sequence = m.Sequence;
                members.Add(m.Socket);
                m.Done?.TrySetResult();
                break;
            case Leave m:
                members.Remove(m.Socket);
                m.Done?.TrySetResult();
                if (members.Count == 0)
                    Context.Parent.Tell(new Emptied(room, _sequence));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private sealed class Producer(string room, RoomMembers members) : IIndirectActorProducer
    {
        public Type ActorType => typeof(RoomRouter);

        public ActorBase Produce() => new RoomRouter(room, members);

        public void Release(ActorBase actor)
        {
        }
    }
}
