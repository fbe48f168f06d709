namespace ActorSocket;

#pragma warning disable CA1032 // the library alone makes it: no serialisation-style constructors

/// <summary>The client went away while its acknowledgement was awaited.</summary>
/// <param name="reason">Why the socket was disconnected.</param>
public sealed class SocketDisconnectedException(DisconnectReason reason)
    : Exception($"The socket was disconnected ({reason}) before the client acknowledged.")
{
    /// <summary>Why the socket was disconnected.</summary>
    public DisconnectReason Reason { get; } = reason;
}
