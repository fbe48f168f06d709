using ActorSocket.Emitting;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Recovery;

/// <summary>
/// An event as it was logged: its last argument is the offset. It is the <paramref name="Number"/>th that the node
/// <paramref name="Emitter"/> emitted in the namespace.
/// </summary>
/// <param name="Frame">The event.</param>
/// <param name="Selection">Whom it is for.</param>
/// <param name="Emitter">See there.</param>
/// <param name="Number">See there.</param>
/// <param name="At">When it was logged: a time stamp of the log's clock. Clocks of two nodes do not compare, so in an answer to another
/// node it is how long ago that was, in ticks and negative (<see cref="RecoveryLog.TryGetEmitted"/>).</param>
internal readonly record struct LoggedEvent(EncodedFrame Frame, RoomSelection Selection, string Emitter, long Number, long At)
{
    /// <summary>Of this node's own: to which others it went. Null for one that is for this node's sockets alone.</summary>
    public IReadOnlyList<IRemoteNode>? SentTo { get; init; }

    /// <summary>Of what came to every node by itself: which message it was (<see cref="OriginLog"/>); else 0.</summary>
    public long Origin { get; init; }
}
