using System.Buffers.Text;

namespace ActorSocket.Benchmarks.Load;

/// <summary>
/// Every message says who sent it and as which of its messages, and all other bytes follow from that, so that one that is lost, doubled,
/// out of order or damaged is noticed by its receiver.
/// </summary>
internal static class Payload
{
    public const int MinLength = 24;

    private static readonly byte[] Padding = [.. Enumerable.Range(0, 16 * 1024).Select(static i => (byte)('a' + (i % 26)))];

    /// <summary>Sender and number in hexadecimal, then padding.</summary>
    public static void Write(Span<byte> payload, uint sender, uint number)
    {
        Hexadecimal(sender, payload);
        Hexadecimal(number, payload[8..]);
        Padding.AsSpan((int)((sender + number) % 26), payload.Length - 16).CopyTo(payload[16..]);
    }

    public static (uint Sender, uint Number) Read(ReadOnlySpan<byte> payload)
    {
        if (
            payload.Length < MinLength
            || !Utf8Parser.TryParse(payload[..8], out uint sender, out _, 'x')
            || !Utf8Parser.TryParse(payload[8..16], out uint number, out _, 'x')
        )
            throw new LoadFailure("a payload without its head");
        return (sender, number);
    }

    public static void Verify(ReadOnlySpan<byte> payload, uint sender, uint number, int length)
    {
        if (
            payload.Length != length
            || Read(payload) != (sender, number)
            || !payload[16..].SequenceEqual(Padding.AsSpan((int)((sender + number) % 26), length - 16))
        )
            throw new LoadFailure($"a wrong payload where message {number} of {sender} was due");
    }

    private static void Hexadecimal(uint value, Span<byte> to)
    {
        for (var i = 7; i >= 0; i--, value >>= 4)
            to[i] = "0123456789abcdef"u8[(int)(value & 15)];
    }
}
