using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Sockets;

/// <summary>
/// Who watches the sockets of a server come, move and go: the admin UI does, while somebody looks at it. Nobody does otherwise, and then
/// it costs a look at <see cref="ServerServices.Observer"/> wherever there would be something to tell.
/// </summary>
/// <remarks>
/// Called by the thread on which it happens, which is not to be kept, and not under a lock. Nothing may be thrown. What happens to one
/// socket is told in its order, but for rooms that it joins while it connects or disconnects.
/// </remarks>
internal interface IServerObserver
{
    /// <summary>A socket was let in; its handlers have not run yet.</summary>
    void Connected(Socket socket);

    /// <summary>A socket has ended: <c>disconnecting</c> was raised, and it is still known which rooms it was in.</summary>
    void Disconnected(Socket socket, DisconnectReason reason);

    /// <summary>A socket was put into a room. The one of its own id is not told of when it connects.</summary>
    void Joined(Socket socket, string room);

    /// <summary>A socket was taken out of a room, and goes on.</summary>
    void Left(Socket socket, string room);

    /// <summary>An event of a client, before anything of the application's hears of it.</summary>
    void Received(Socket socket, string eventName, SocketArguments arguments);

    /// <summary>An event for a client, also a volatile one that is then dropped.</summary>
    void Sent(Socket socket, EncodedFrame frame);

    /// <summary>The data of a connected socket has changed.</summary>
    void DataChanged(Socket socket);

    /// <summary>The connection of a socket goes on by WebSocket.</summary>
    void Upgraded(Socket socket);
}
