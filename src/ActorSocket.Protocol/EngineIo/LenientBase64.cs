using System.Buffers;
using System.Buffers.Text;

namespace ActorSocket.Protocol.EngineIo;

/// <summary>
/// Reads base64 as Node's <c>Buffer.from(text, "base64")</c> does, since clients write what that takes (E-32): line breaks after every 76
/// characters (Java, Android), the URL-safe alphabet, no padding. Nothing is refused.
/// </summary>
internal static class LenientBase64
{
    private static readonly byte[] Values = MakeValues();

    public static byte[] Decode(ReadOnlySpan<byte> text)
    {
        var decoded = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length) + 3];
        if (Base64.DecodeFromUtf8(text, decoded, out _, out var length) is not OperationStatus.Done)
            length = DecodeAny(text, decoded);
        return decoded[..length];
    }

    /// <summary>The first "=" ends it, what is not of either alphabet is skipped, and so are bits that are left over.</summary>
    private static int DecodeAny(ReadOnlySpan<byte> text, Span<byte> decoded)
    {
        var (length, bits, count) = (0, 0, 0);
        foreach (var character in text)
        {
            if (character == (byte)'=')
                break;
            var value = Values[character];
            if (value > 63)
                continue;
            bits = (bits << 6) | value;
            count += 6;
            if (count < 8)
                continue;
            count -= 8;
            decoded[length++] = (byte)(bits >> count);
        }
        return length;
    }

    private static byte[] MakeValues()
    {
        var values = new byte[256];
        Array.Fill(values, (byte)0xFF);
        var alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8;
        for (var i = 0; i < alphabet.Length; i++)
            values[alphabet[i]] = (byte)i;
        values['-'] = values['+'];
        values['_'] = values['/'];
        return values;
    }
}
