using System.Buffers.Text;

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
            if (!TryDecodeBase64(text[(revision3 ? 2 : 1)..], out var binary))
                return false;
            packet = new EngineIoPacket(EngineIoPacketType.Message, [], binary);
            return true;
        }
        var type = text[0] - (byte)'0';
        if (type is < 0 or > (int)EngineIoPacketType.Noop)
            return false;
        packet = new EngineIoPacket((EngineIoPacketType)type, text[1..]);
        return true;
    }

    /// <summary>As lenient as Node's decoder where clients need it (E-32): padding may be missing, the URL-safe alphabet may be used.</summary>
    private static bool TryDecodeBase64(ReadOnlySpan<byte> base64, out byte[] binary)
    {
        var length = base64.TrimEnd((byte)'=').Length;
        binary = [];
        if (length == 0)
            return true;
        if (length % 4 == 1)
            return false;
        var unpadded = new byte[length];
        for (var i = 0; i < length; i++)
            unpadded[i] = base64[i] switch { (byte)'+' => (byte)'-', (byte)'/' => (byte)'_', var other => other };
        var decoded = new byte[Base64Url.GetMaxDecodedLength(length)];
        if (Base64Url.DecodeFromUtf8(unpadded, decoded, out _, out var written) != System.Buffers.OperationStatus.Done)
            return false;
        binary = written == decoded.Length ? decoded : decoded[..written];
        return true;
    }
}
