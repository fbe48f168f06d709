using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace ActorSocket.Fuzz;

/// <summary>Makes what the protocols' grammars allow, in all the spellings that they allow.</summary>
internal static class Grammar
{
    private static readonly string[] Texts =
    [
        "",
        "a",
        "message",
        "é",
        "😀",
        "\\n",
        "\\\"",
        "\\\\",
        "\\u0041",
        "\\ud83d",
        "\\uDE00",
        "\\ud83d\\ude00",
        "_placeholder",
        "num",
        "\\u005fplaceholder",
        " ",
        "0",
        "AQID",
        "__proto__",
    ];
    private static readonly string[] Numbers =
    [
        "0",
        "-0",
        "1",
        "-1",
        "1.5",
        "1e3",
        "1E-7",
        "12345678901234567890",
        "1e308",
        "9007199254740993",
        "-9223372036854775808",
        "0.1",
        "2147483648",
    ];
    private static readonly string[] Spaces = [" ", "\t", "\n", "\r\n", "  "];

    /// <summary>A JSON value; placeholders in it refer to one of so many attachments.</summary>
    public static void Json(Dice dice, StringBuilder json, int attachments, int depth)
    {
        Space(dice, json);
        switch (dice.Below(depth <= 0 ? 5 : 9))
        {
            case 0: json.Append(dice.Pick<string>(["null", "true", "false"])); break;
            case 1 or 2: json.Append(dice.Pick<string>(Numbers)); break;
            case 3: Text(dice, json); break;
            case 4 when attachments > 0: Placeholder(dice, json, dice.Below(attachments)); break;
            case 4: json.Append("{\"_placeholder\":true,\"num\":0}"); break; // means nothing without attachments
            case 5 or 6:
                json.Append('[');
                for (var left = dice.Few(5); left > 0; left--)
                {
                    Json(dice, json, attachments, depth - 1);
                    json.Append(left > 1 ? "," : "");
                }
                json.Append(']');
                break;
            default:
                json.Append('{');
                for (var left = dice.Few(4); left > 0; left--)
                {
                    // What would be a placeholder without a number is made by who spoils inputs.
                    json.Append('"').Append(Text(dice) is var key && key is "_placeholder" or "\\u005fplaceholder" ? "x" : key).Append('"');
                    Space(dice, json);
                    json.Append(':');
                    Json(dice, json, attachments, depth - 1);
                    json.Append(left > 1 ? "," : "");
                }
                json.Append('}');
                break;
        }
        Space(dice, json);
    }

    public static string Text(Dice dice)
    {
        var text = new StringBuilder();
        for (var left = dice.Few(4); left > 0; left--)
            text.Append(dice.Pick<string>(Texts));
        return text.ToString();
    }

    /// <summary>A MessagePack value, in any of the forms that it can have.</summary>
    public static void MessagePack(Dice dice, ArrayBufferWriter<byte> output, int depth)
    {
        switch (dice.Below(depth <= 0 ? 9 : 13))
        {
            case 0:
                output.Put([dice.Pick<byte>([0xC0, 0xC2, 0xC3, 0x00, 0x7F, 0xE0, 0xFF])]);
                break;
            case 1:
                Number(dice, output);
                break;
            case 2 or 3:
                MessagePackText(dice, output);
                break;
            case 4:
                Sized(dice, output, dice.Pick<byte>([0xC4, 0xC5, 0xC6]), 0xC4, dice.Bytes(dice.Few(20)), null);
                break;
            case 5:
                Sized(
                    dice,
                    output,
                    dice.Pick<byte>([0xC7, 0xC8, 0xC9]),
                    0xC7,
                    dice.Bytes(dice.Pick<int>([0, 1, 4, 8, 12, 20])),
                    dice.Pick<byte>([0, 0, 1, 0xFF])
                );
                break;
            case 6:
                var fixedForm = dice.Below(5);
                output.Put([(byte)(0xD4 + fixedForm), dice.Pick<byte>([0, 0, 0xFF, 7])]);
                output.Write(dice.Bytes(1 << fixedForm));
                break;
            case 7: output.Put([0xD4, 0x00, 0x00]); break;
            case 8: output.Put([0xD7, 0x00, .. dice.Bytes(8)]); break;
            case 9 or 10:
                var items = dice.Few(5);
                Count(dice, output, 0x90, 0xDC, items);
                for (; items > 0; items--)
                    MessagePack(dice, output, depth - 1);
                break;
            default:
                var members = dice.Few(4);
                Count(dice, output, 0x80, 0xDE, members);
                for (; members > 0; members--)
                {
                    if (dice.OneIn(6))
                        MessagePack(dice, output, depth - 1);
                    else
                        MessagePackText(dice, output);
                    MessagePack(dice, output, depth - 1);
                }
                break;
        }
    }

    public static void MessagePackText(Dice dice, ArrayBufferWriter<byte> output) => MessagePackText(dice, output, Text(dice));

    public static void MessagePackText(Dice dice, ArrayBufferWriter<byte> output, string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        if (utf8.Length < 32 && !dice.OneIn(5))
        {
            output.Put([(byte)(0xA0 | utf8.Length)]);
            output.Write(utf8);
        }
        else
        {
            Sized(dice, output, dice.Pick<byte>([0xD9, 0xDA, 0xDB]), 0xD9, utf8, null);
        }
    }

    /// <summary>A small count, in any form.</summary>
    public static void Count(Dice dice, ArrayBufferWriter<byte> output, byte fixedForm, byte marker16, int count)
    {
        switch (dice.Below(6))
        {
            case 0: output.Put([marker16, 0, (byte)count]); break;
            case 1: output.Put([(byte)(marker16 + 1), 0, 0, 0, (byte)count]); break;
            default: output.Put([(byte)(fixedForm | count)]); break;
        }
    }

    /// <summary>A whole number, in any form that can hold it.</summary>
    public static void WholeNumber(Dice dice, ArrayBufferWriter<byte> output, byte value)
    {
        Span<byte> bytes = stackalloc byte[9];
        switch (dice.Below(9))
        {
            case 0: output.Put([0xCC, value]); break;
            case 1: output.Put([0xCD, 0, value]); break;
            case 2: output.Put([0xCE, 0, 0, 0, value]); break;
            case 3: output.Put([0xCF, 0, 0, 0, 0, 0, 0, 0, value]); break;
            case 4:
                bytes[0] = 0xCA;
                BinaryPrimitives.WriteSingleBigEndian(bytes[1..], value);
                output.Write(bytes[..5]);
                break;
            case 5:
                bytes[0] = 0xCB;
                BinaryPrimitives.WriteDoubleBigEndian(bytes[1..], value);
                output.Write(bytes);
                break;
            case 6: output.Put([0xD1, 0, value]); break;
            default: output.Write(value < 0x80 ? [value] : [0xCC, value]); break;
        }
    }

    /// <summary>A client's WebSocket frame (RFC 6455 §5.2).</summary>
    public static byte[] Frame(Dice dice, byte opcode, bool fin, ReadOnlySpan<byte> payload)
    {
        var output = new ArrayBufferWriter<byte>(payload.Length + 14);
        output.Put([(byte)(opcode | (fin ? 0x80 : 0))]);
        var isControl = opcode >= 8;
        if (payload.Length < 126 && (isControl || !dice.OneIn(8)))
        {
            output.Put([(byte)(0x80 | payload.Length)]);
        }
        else if (payload.Length < 65536 && !dice.OneIn(8))
        {
            output.Put([0xFE, (byte)(payload.Length >> 8), (byte)payload.Length]);
        }
        else
        {
            output.Put([0xFF]);
            BinaryPrimitives.WriteInt64BigEndian(output.GetSpan(8), payload.Length);
            output.Advance(8);
        }
        var mask = dice.OneIn(4) ? new byte[4] : dice.Bytes(4);
        output.Write(mask);
        var masked = output.GetSpan(payload.Length);
        for (var i = 0; i < payload.Length; i++)
            masked[i] = (byte)(payload[i] ^ mask[i & 3]);
        output.Advance(payload.Length);
        return output.WrittenSpan.ToArray();
    }

    public static void Put(this ArrayBufferWriter<byte> output, ReadOnlySpan<byte> bytes) => output.Write(bytes);

    private static void Text(Dice dice, StringBuilder json) => json.Append('"').Append(Text(dice)).Append('"');

    private static void Placeholder(Dice dice, StringBuilder json, int number)
    {
        var (mark, num) = (dice.OneIn(8) ? "\\u005fplaceholder" : "_placeholder", $"\"num\":{number}{(dice.OneIn(8) ? ".0" : "")}");
        switch (dice.Below(6))
        {
            case 0: json.Append($"{{{num}, \"{mark}\":true}}"); break;
            case 1: json.Append($"{{\"{mark}\":true,\"x\":[{{}}],{num}}}"); break;
            case 2: json.Append($"{{\"{mark}\":false,\"{mark}\":true,{num}}}"); break;
            default: json.Append($"{{\"{mark}\":true,{num}}}"); break;
        }
    }

    private static void Space(Dice dice, StringBuilder json)
    {
        if (dice.OneIn(12))
            json.Append(dice.Pick<string>(Spaces));
    }

    private static void Number(Dice dice, ArrayBufferWriter<byte> output)
    {
        var (marker, length) = dice.Pick<(byte, int)>([
            (0xCA, 4),
            (0xCB, 8),
            (0xCC, 1),
            (0xCD, 2),
            (0xCE, 4),
            (0xCF, 8),
            (0xD0, 1),
            (0xD1, 2),
            (0xD2, 4),
            (0xD3, 8),
        ]);
        output.Put([marker]);
        output.Write(dice.Bytes(length));
    }

    /// <summary>Something whose length of 8, 16 or 32 bits stands before it.</summary>
    private static void Sized(Dice dice, ArrayBufferWriter<byte> output, byte marker, byte marker8, byte[] data, byte? type)
    {
        if (data.Length > 255 && marker == marker8)
            marker++;
        output.Put([marker]);
        output.Write((marker - marker8) switch
        {
            0 => [(byte)data.Length],
            1 => [(byte)(data.Length >> 8), (byte)data.Length],
            _ => new byte[] { 0, 0, (byte)(data.Length >> 8), (byte)data.Length },
        });
        if (type is { } given)
            output.Put([given]);
        output.Write(data);
    }
}
