namespace ActorSocket.Protocol.EngineIo;

/// <summary>Reads one Engine.IO text packet.</summary>
internal static class EngineIoReader
{
    // packet = type [data] / "b" base64          type = %x30-36          Engine.IO protocol v4, "Packet encoding"
    public static bool TryRead(ReadOnlySpan<byte> text, out EngineIoPacket packet, bool revision3 = false)
    {
        packet = default;
        if (text.IsEmpty)
            return false;
        if (text[0] == (byte)'b')
        {
            if (revision3 && !text.StartsWith("b4"u8)) // there the type stands before the base64
                return false;
            packet = new EngineIoPacket(EngineIoPacketType.Message, [], LenientBase64.Decode(text[(revision3 ? 2 : 1)..]));
            return true;
        }
        var type = text[0] - (byte)'0';
        if (type is < 0 or > (int)EngineIoPacketType.Noop)
            return false;
        packet = new EngineIoPacket((EngineIoPacketType)type, text[1..]);
        return true;
    }
}
