namespace ActorSocket;

/// <summary>
/// Compression of WebSocket messages (RFC 7692; official: <c>perMessageDeflate</c>). Costs memory for each connection, and CPU for each
/// message.
/// </summary>
public sealed class PerMessageDeflateOptions
{
    /// <summary>From how many bytes on a message is compressed. 1024. Official: <c>threshold</c>.</summary>
    public int Threshold { get; set; } = 1024;

    /// <summary>
    /// Whether each message that the server sends is compressed for itself: less memory, less compression. False. Official:
    /// <c>serverNoContextTakeover</c>.
    /// </summary>
    public bool ServerNoContextTakeover { get; set; }

    /// <summary>Whether clients are told to do so too. False. Official: <c>clientNoContextTakeover</c>.</summary>
    public bool ClientNoContextTakeover { get; set; }

    /// <summary>The server's window, as a power of two from 9 to 15. 15: 32 KiB. Official: <c>serverMaxWindowBits</c>.</summary>
    public int ServerMaxWindowBits { get; set; } = 15;
}
