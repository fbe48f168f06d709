using ActorSocket.Protocol.SocketIo;

namespace ActorSocket;

/// <summary>Kinds of Socket.IO packets (protocol v5, "Packet types"), binary ones not told apart: a parser knows best how it carries binary.</summary>
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
/// UTF-8 JSON: the array of an event (its name first) or an acknowledgement, the payload of the others; empty when there is none. Binary stands in it as
/// <c>{"_placeholder":true,"num":k}</c>.
/// </param>
/// <param name="Attachments">The binary values, by number.</param>
public readonly record struct SocketIoParserPacket(SocketIoParserPacketType Type, string Namespace, long? Id, ReadOnlyMemory<byte> Json, IReadOnlyList<byte[]> Attachments)
{
    /// <summary>What the placeholders of a packet that is written are numbered from: 0, but for our own MessagePack parser.</summary>
    internal long FirstNumber { get; init; }

    /// <summary>Which elements of a packet's array that was read are no null but JavaScript's undefined.</summary>
    internal IReadOnlyList<int>? Undefined { get; init; }
}

/// <summary>A packet as Engine.IO messages: a text one, binary ones, or a text one followed by binary ones.</summary>
/// <param name="Text">UTF-8, or null for none.</param>
/// <param name="Binary">Sent behind the text, in this order.</param>
public readonly record struct SocketIoParserMessages(byte[]? Text, IReadOnlyList<byte[]> Binary);

/// <summary>
/// Another way to write Socket.IO packets, spoken by the server and all of its clients (official: <c>parser</c>). Set with
/// <c>ActorSocketOptions.Parser</c>; without one the protocol's own text form is used.
/// </summary>
/// <remarks>Used by all connections at once: thread-safe. State belongs into the decoder.</remarks>
public abstract class SocketIoParser
{
    /// <summary>
    /// The parser of <c>socket.io-msgpack-parser</c>: each packet is one MessagePack map in a binary message, binary values inline. What JSON does not have is read as
    /// JSON.stringify writes it: a date as text, NaN as null; <c>undefined</c> is left out of objects and null in arrays, but an argument that is undefined counts as missing.
    /// </summary>
    public static SocketIoParser MessagePack { get; } = new MessagePackParser();

    /// <summary>Writes a packet.</summary>
    public abstract SocketIoParserMessages Encode(in SocketIoParserPacket packet);

    /// <summary>A decoder for one connection.</summary>
    public abstract SocketIoParserDecoder CreateDecoder();
}

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
