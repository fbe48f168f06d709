using ActorSocket.Sessions;
using Akka.Actor;

namespace ActorSocket.Connections;

/// <summary>
/// What a <see cref="ClientConnection"/> understands in its session's turn: told to the session, which hands over what it does not know.
/// A session may end at any moment, so none of it is worth a dead letter.
/// </summary>
internal static class ConnectionProtocol
{
    /// <summary>
    /// The client asks for a namespace (Socket.IO CONNECT); <see cref="Attempt"/> is what <see cref="JoinedNamespaces"/> knows it by.
    /// </summary>
    internal sealed record Connect(string Namespace, ReadOnlyMemory<byte> Auth, int Attempt) : ILocalMessage;

    /// <summary>The client may use this namespace now. The first one disarms the connect timeout (S-33).</summary>
    internal sealed record Joined(string Namespace, IActorRef Socket) : ILocalMessage;

    /// <summary>A namespace was left or refused.</summary>
    internal sealed record Left(string Namespace, IActorRef? Socket) : ILocalMessage;

    /// <summary>
    /// A packet that breaks the Socket.IO protocol: it cannot be decoded (S-30), or was and is <see cref="OutOfPlace"/> (S-31). Every
    /// socket is told, then the connection is closed.
    /// </summary>
    internal sealed record PacketRefused(string Description, bool OutOfPlace) : ILocalMessage;

    /// <summary>
    /// The server disconnects the client from all namespaces: each gets a DISCONNECT packet, so that the client does not reconnect,
    /// then the connection is closed.
    /// </summary>
    internal sealed class Goodbye : ILocalMessage { public static readonly Goodbye Instance = new(); }

    /// <summary>A read has ended within a packet: attachments are due.</summary>
    internal sealed class AttachmentsAwaited : ILocalMessage { public static readonly AttachmentsAwaited Instance = new(); }

    // Timers
    internal sealed class AttachmentsOverdue : ILocalMessage { public static readonly AttachmentsOverdue Instance = new(); }

    internal sealed class ConnectOverdue : ILocalMessage { public static readonly ConnectOverdue Instance = new(); }
}
