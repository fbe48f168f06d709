namespace ActorSocket;

/// <summary>Reads the packets of one connection. What it returns is checked by the server: names, shape, depth.</summary>
/// <remarks>Used by one thread at a time. An exception, of whatever kind, ends the connection with "forced close".</remarks>
public abstract class SocketIoParserDecoder
{
    /// <summary>Takes a text message. Null while the packet is not complete.</summary>
    /// <exception cref="FormatException">It is no packet, or part of one.</exception>
    public abstract SocketIoParserPacket? AddText(ReadOnlySpan<byte> text);

    /// <summary>Takes a binary message. Null while the packet is not complete.</summary>
    /// <exception cref="FormatException">It is no packet, or part of one.</exception>
    public abstract SocketIoParserPacket? AddBinary(ReadOnlySpan<byte> binary);
}
