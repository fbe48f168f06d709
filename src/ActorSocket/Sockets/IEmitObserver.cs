using ActorSocket.Emitting;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Sockets;

/// <summary>Sees what is emitted to rooms and namespaces, whoever is in them.</summary>
/// <remarks>Called by any thread, before anybody gets it; it must not block, nor throw.</remarks>
internal interface IEmitObserver
{
    /// <param name="ns">The namespace.</param>
    /// <param name="selection">Whom it is for.</param>
    /// <param name="frame">The event.</param>
    /// <param name="isFromHere">Whether this node emits it; false: another one, which has sent it here.</param>
    void OnEmit(string ns, RoomSelection selection, EncodedFrame frame, bool isFromHere);
}
