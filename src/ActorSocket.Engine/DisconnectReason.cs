namespace ActorSocket;

/// <summary>Why a socket, or a connection, has ended, with the official server's reason strings.</summary>
/// <remarks>
/// Compare with the static members; <see cref="ToString"/> gives the text that the official server passes to its <c>disconnect</c>
/// handlers.
/// </remarks>
public sealed class DisconnectReason
{
    private readonly string _text;

    private DisconnectReason(string text) => _text = text;

    /// <summary>The client left this namespace (<c>socket.disconnect()</c> on the client). It does not reconnect by itself.</summary>
    public static DisconnectReason ClientNamespaceDisconnect { get; } = new("client namespace disconnect");

    /// <summary>The server disconnected the socket (<c>Socket.DisconnectAsync</c>). The client does not reconnect by itself.</summary>
    public static DisconnectReason ServerNamespaceDisconnect { get; } = new("server namespace disconnect");

    /// <summary>The server stops. The client reconnects.</summary>
    public static DisconnectReason ServerShuttingDown { get; } = new("server shutting down");

    /// <summary>The client did not answer a heartbeat within <c>PingTimeout</c>.</summary>
    public static DisconnectReason PingTimeout { get; } = new("ping timeout");

    /// <summary>The client closed the connection, or it was cut.</summary>
    public static DisconnectReason TransportClose { get; } = new("transport close");

    /// <summary>The transport failed: a violated protocol, an aborted poll, a client that does not read.</summary>
    public static DisconnectReason TransportError { get; } = new("transport error");

    /// <summary>The client sent something that is no Engine.IO packet.</summary>
    public static DisconnectReason ParseError { get; } = new("parse error");

    /// <summary>
    /// The server closed the connection: an invalid Socket.IO packet, a packet for a namespace that was not joined, or the application did
    /// (<c>CloseConnectionAsync</c>).
    /// </summary>
    public static DisconnectReason ForcedClose { get; } = new("forced close");

    /// <summary>
    /// As <see cref="ForcedClose"/> for a packet out of place or no namespace in time, when a polling client had no request waiting and
    /// learns of it with its next one.
    /// </summary>
    public static DisconnectReason ForcedServerClose { get; } = new("forced server close");

    /// <summary>Whether the socket may be recovered: nobody meant it to end.</summary>
    internal bool IsRecoverable => this != ClientNamespaceDisconnect && this != ServerNamespaceDisconnect && this != ParseError;

    /// <summary>The reason as the official server writes it.</summary>
    public override string ToString() => _text;
}
