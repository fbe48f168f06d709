using System.Buffers.Binary;

namespace ActorSocket.Protocol.WebSockets;

/// <summary>Writes the header of an unmasked, final WebSocket frame (RFC 6455 §5.2).</summary>
internal static class FrameWriter
{
    /// <summary>RSV1 of a frame on its way to a link that compresses: leave this one as it is. Never on the wire.</summary>
    public const byte PlainMark = 0x40;

    public const byte OpContinuation = 0, OpText = 1, OpBinary = 2, OpClose = 8, OpPing = 9, OpPong = 10;

    public static int HeaderSize(int payloadLength) => payloadLength < 126 ? 2 : payloadLength <= ushort.MaxValue ? 4 : 10;

    public static int WriteHeader(Span<byte> destination, byte opcode, int payloadLength)
    {
        destination[0] = (byte)(0x80 | opcode);
        switch (HeaderSize(payloadLength))
        {
            case 2:
                destination[1] = (byte)payloadLength;
                return 2;
            case 4:
                destination[1] = 126;
                BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)payloadLength);
                return 4;
            default:
                destination[1] = 127;
                BinaryPrimitives.WriteUInt64BigEndian(destination[2..], (ulong)payloadLength);
                return 10;
        }
    }
}
