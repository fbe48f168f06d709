using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Sockets;

/// <summary>What a client's events pass before anything of the application's hears of them.</summary>
internal interface IEventGate
{
    /// <summary>Lets an event go on (<see cref="Socket.RaiseAdmittedAsync"/>), at once or later, or not at all.</summary>
    ValueTask PassAsync(Socket socket, SocketIoPacket packet, string name);

    /// <summary>
    /// Whether an event of a stream may have its effect. It waits for no handler, and none waits for it to end: nothing is held for it.
    /// </summary>
    ValueTask<bool> AdmitAsync(Socket socket, SocketIoPacket packet, string name);

    /// <exception cref="InvalidOperationException">It has no policy of this name.</exception>
    void ThrowIfUnknown(string policy);
}
