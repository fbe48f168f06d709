using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sessions;
using Akka.Event;

namespace ActorSocket.Connections;

/// <summary>What a connection tells the namespaces that its client asks for, and the sockets that it has in them.</summary>
internal static class ConnectionEvents
{
    /// <summary>Told to a namespace: a client asks to be let in.</summary>
    internal sealed record ConnectSocket(ClientConnection Connection, string Namespace, ReadOnlyMemory<byte> Auth, int Attempt)
        : ILocalMessage, IDeadLetterSuppression;

    /// <summary>All packets of one transport read for this socket.</summary>
    internal sealed record PacketsRead(SocketIoPacket First, List<SocketIoPacket>? More) : ILocalMessage, IDeadLetterSuppression
    {
        public int Count => 1 + (More?.Count ?? 0);

        public SocketIoPacket this[int index] => index == 0 ? First : More![index - 1];

        public long HeldBytes
        {
            get
            {
                long bytes = First.HeldBytes;
                for (var i = 0; i < More?.Count; i++)
                    bytes += More[i].HeldBytes;
                return bytes;
            }
        }
    }

    /// <summary>The client sent DISCONNECT for the namespace.</summary>
    internal sealed class LeftByClient : ILocalMessage, IDeadLetterSuppression { public static readonly LeftByClient Instance = new(); }

    /// <summary>The client broke the Socket.IO protocol; the connection will close (S-30).</summary>
    internal sealed record ConnectionFaulted(string Description) : ILocalMessage, IDeadLetterSuppression;

    /// <summary>The connection ended.</summary>
    internal sealed record ConnectionClosed(DisconnectReason Reason, string? Description) : ILocalMessage, IDeadLetterSuppression
    {
        /// <summary>The session's actor has stopped without a word of why.</summary>
        public static readonly ConnectionClosed Failed = new(DisconnectReason.TransportError, "the connection's session failed");
    }
}
