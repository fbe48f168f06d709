namespace ActorSocket.Fuzz;

/// <summary>Spoils an input: what comes out is near enough to what is right to get far into a decoder.</summary>
internal static class Mutator
{
    private const int MaxLength = 8192;

    private static readonly byte[][] Tokens =
    [
        "{\"_placeholder\":true,\"num\":0}"u8.ToArray(),
        "\"_placeholder\":true,"u8.ToArray(),
        "\\ud83d"u8.ToArray(),
        "\\"u8.ToArray(),
        "\""u8.ToArray(),
        "["u8.ToArray(),
        "]"u8.ToArray(),
        "{"u8.ToArray(),
        "}"u8.ToArray(),
        ","u8.ToArray(),
        ":"u8.ToArray(),
        "-"u8.ToArray(),
        "/"u8.ToArray(),
        "1e999"u8.ToArray(),
        "99999999999999999999"u8.ToArray(),
        "\u001e"u8.ToArray(),
        "b"u8.ToArray(),
        "b4"u8.ToArray(),
        "="u8.ToArray(),
        "451-"u8.ToArray(),
        "42[\""u8.ToArray(),
        "é"u8.ToArray(),
        [0xED, 0xA0, 0xBD],
        [0xFF],
        [0x00],
        [0x80],
        [0xD4, 0x00, 0x00],
        [0xC7, 0x08, 0x00],
        [0xD7, 0x00],
        [0xC1],
        [0xDF, 0xFF, 0xFF, 0xFF, 0xFF],
        [0xDD, 0x7F, 0xFF, 0xFF, 0xFF],
        [0xC6, 0x7F, 0xFF, 0xFF, 0xFF],
        [0x81, 0xFE, 0xFF, 0xFF],
        [0x88, 0x80],
        [0x00, 0x80],
        [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
    ];

    public static byte[] Mutate(Dice dice, byte[] input)
    {
        for (var times = 1 + dice.Few(4); times > 0; times--)
            input = MutateOnce(dice, input);
        return input.Length > MaxLength ? input[..MaxLength] : input;
    }

    private static byte[] MutateOnce(Dice dice, byte[] input)
    {
        var at = input.Length == 0 ? 0 : dice.Below(input.Length);
        var length = Math.Min(input.Length - at, 1 + dice.Few(40));
        switch (dice.Below(8))
        {
            case 0 when input.Length > 0: // a bit
                var flipped = (byte[])input.Clone();
                flipped[at] ^= (byte)(1 << dice.Below(8));
                return flipped;
            case 1 when input.Length > 0: // a byte
                var changed = (byte[])input.Clone();
                changed[at] = (byte)dice.Next();
                return changed;
            case 2: // something left out
                return [.. input.AsSpan(0, at), .. input.AsSpan(at + length)];
            case 3: // something twice, or many times
                var part = input.AsSpan(at, length).ToArray();
                var output = new List<byte>(input[..at]);
                for (var times = 1 + dice.Few(dice.OneIn(20) ? 400 : 4); times > 0; times--)
                    output.AddRange(part);
                output.AddRange(input[at..]);
                return [.. output];
            case 4: // cut short
                return input[..at];
            case 5: // a number that is another
                var digit = Array.FindIndex(input, at, static b => char.IsAsciiDigit((char)b));
                return digit < 0 ? input : [.. input.AsSpan(0, digit), .. dice.Pick<byte[]>(Tokens), .. input.AsSpan(digit + 1)];
            default:
                return [.. input.AsSpan(0, at), .. dice.Pick<byte[]>(Tokens), .. input.AsSpan(at)];
        }
    }
}
