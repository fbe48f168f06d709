using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ActorSocket.Protocol.SocketIo;

/// <summary>
/// MessagePack as <c>socket.io-msgpack-parser</c> speaks it (S-49a): a map of <c>type</c>, <c>nsp</c>, <c>data</c> and <c>id</c>. Values
/// are translated from and to JSON with attachments, so that handlers and serialiser options are the same for both parsers.
/// </summary>
internal sealed class MessagePackParser : SocketIoParser
{
    /// <summary>
    /// What the attachments of outgoing packets are numbered from, so that no object of the application's passes for a placeholder. It
    /// never leaves the process.
    /// </summary>
    public static readonly long FirstNumber = (1L << 51) + (long)(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) >> 14);

    public override SocketIoParserMessages Encode(in SocketIoParserPacket packet)
    {
        var output = new ArrayBufferWriter<byte>(packet.Json.Length + 64);
        var writer = new MessagePackWriter(output, packet.Attachments, packet.FirstNumber);
        var hasData = !packet.Json.IsEmpty;
        writer.WriteMapHeader(2 + (hasData ? 1 : 0) + (packet.Id is null ? 0 : 1));
        writer.WriteString("type"u8);
        writer.WriteInteger((int)packet.Type);
        if (hasData)
        {
            writer.WriteString("data"u8);
            using var data = JsonDocument.Parse(packet.Json, new JsonDocumentOptions { MaxDepth = 256 });
            writer.Write(data.RootElement);
        }
        writer.WriteString("nsp"u8);
        writer.WriteString(Encoding.UTF8.GetBytes(packet.Namespace));
        if (packet.Id is { } id)
        {
            writer.WriteString("id"u8);
            writer.WriteInteger(id);
        }
        return new SocketIoParserMessages(null, [output.WrittenSpan.ToArray()]);
    }

    public override SocketIoParserDecoder CreateDecoder() => new Decoder();

    private sealed class Decoder : SocketIoParserDecoder
    {
        public override SocketIoParserPacket? AddText(ReadOnlySpan<byte> text) => throw new FormatException("a text message");

        public override SocketIoParserPacket? AddBinary(ReadOnlySpan<byte> binary)
        {
            var reader = new MessagePackReader(binary);
            long? type = null, id = null;
            string? ns = null;
            ReadOnlyMemory<byte> json = default;
            for (var left = reader.ReadMapHeader(); left > 0; left--)
            {
                switch (reader.ReadKey())
                {
                    case "type": type = reader.ReadInteger(); break;
                    case "nsp": ns = reader.ReadString(); break;
                    case "id": id = reader.TrySkipUndefined() ? null : reader.ReadInteger(); break;
                    case "data": json = reader.TrySkipUndefined() ? default : reader.ReadJson(); break;
                    default: reader.Skip(); break; // the JavaScript client leaks a key or two
                }
            }
            if (!reader.IsAtEnd || type is not (>= 0 and <= 4) || ns is null || !ns.StartsWith('/') || id < 0)
                throw new FormatException("a map that is no packet");
            if (json.IsEmpty && type is not ((long)SocketIoParserPacketType.Connect or (long)SocketIoParserPacketType.Disconnect))
                throw new FormatException("no data");
            // An event without a name that can be one is none to anybody, as to the official server (S-17); it is no reason to close.
            if (
                type == (long)SocketIoParserPacketType.Event
                && json.Length > 1
                && json.Span[0] == (byte)'['
                && json.Span[1] is not ((byte)'"' or (byte)'-' or (>= (byte)'0' and <= (byte)'9'))
            )
                return new SocketIoParserPacket(SocketIoParserPacketType.Event, ns, id, default, []);
            return new SocketIoParserPacket((SocketIoParserPacketType)type, ns, id, json, reader.Attachments)
            {
                Undefined = reader.Undefined,
            };
        }
    }
}
