namespace ActorSocket;

/// <summary>
/// Kinds of Socket.IO packets (protocol v5, "Packet types"), binary ones not told apart: a parser knows best how it carries binary.
/// </summary>
public enum SocketIoParserPacketType
{
    /// <summary>A client asks for a namespace, or is let in.</summary>
    Connect,

    /// <summary>Either side leaves a namespace.</summary>
    Disconnect,

    /// <summary>An event.</summary>
    Event,

    /// <summary>The acknowledgement of an event.</summary>
    Ack,

    /// <summary>A client is refused.</summary>
    ConnectError,
}

/// <summary>One Socket.IO packet, free of how it is written.</summary>
/// <param name="Type">What it is.</param>
/// <param name="Namespace">With its leading slash.</param>
/// <param name="Id">The acknowledgement's id, if it has one.</param>
/// <param name="Json">
/// UTF-8 JSON: the array of an event (its name first) or an acknowledgement, the payload of the others; empty when there is none. Binary
/// stands in it as <c>{"_placeholder":true,"num":k}</c>.
/// </param>
/// <param name="Attachments">The binary values, by number.</param>
public readonly record struct SocketIoParserPacket(
    SocketIoParserPacketType Type,
    string Namespace,
    long? Id,
    ReadOnlyMemory<byte> Json,
    IReadOnlyList<byte[]> Attachments
)
{
    /// <summary>What the placeholders of a packet that is written are numbered from: 0, but for our own MessagePack parser.</summary>
    internal long FirstNumber { get; init; }

    /// <summary>Which elements of a packet's array that was read are no null but JavaScript's undefined.</summary>
    internal IReadOnlyList<int>? Undefined { get; init; }
}
