using ActorSocket.Protocol.SocketIo;

namespace ActorSocket;

/// <summary>
/// Another way to write Socket.IO packets, spoken by the server and all of its clients (official: <c>parser</c>). Set with
/// <c>ActorSocketOptions.Parser</c>; without one the protocol's own text form is used.
/// </summary>
/// <remarks>Used by all connections at once: thread-safe. State belongs into the decoder.</remarks>
public abstract class SocketIoParser
{
    /// <summary>
    /// The parser of <c>socket.io-msgpack-parser</c>: each packet is one MessagePack map in a binary message, binary values inline. What
    /// JSON does not have is read as JSON.stringify writes it: a date as text, NaN as null; <c>undefined</c> is left out of objects and
    /// null in arrays, but an argument that is undefined counts as missing.
    /// </summary>
    public static SocketIoParser MessagePack { get; } = new MessagePackParser();

    /// <summary>Writes a packet.</summary>
    public abstract SocketIoParserMessages Encode(in SocketIoParserPacket packet);

    /// <summary>A decoder for one connection.</summary>
    public abstract SocketIoParserDecoder CreateDecoder();
}
