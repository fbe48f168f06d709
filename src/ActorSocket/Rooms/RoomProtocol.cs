using ActorSocket.Sessions;

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
