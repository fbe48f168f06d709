using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ActorSocket.Protocol.SocketIo;

/// <summary>Copies an argument from a packet that came in to one that goes out: its text byte for byte but for white space, its attachments renumbered.</summary>
internal static class ArgumentCopier
{
    private static readonly SearchValues<byte> QuoteOrWhiteSpace = SearchValues.Create("\" \t\r\n"u8);

    [ThreadStatic] private static ArrayBufferWriter<byte>? _scratch;

    public static void Copy(Utf8JsonWriter writer, SocketArgument argument)
    {
        // White space is all that has to go, and clients send none: then the text is copied as it stands.
        if (argument.Attachments.Length == 0 && !HasWhiteSpace(argument.Utf8Json))
        {
            writer.WriteRawValue(argument.Utf8Json, skipInputValidation: true);
            return;
        }
        var output = _scratch ?? new ArrayBufferWriter<byte>(256);
        _scratch = null;
        output.ResetWrittenCount();
        if (argument.Attachments.Length == 0)
            Minify(argument.Utf8Json, output);
        else
            CopyTokens(argument, output);
        writer.WriteRawValue(output.WrittenSpan, skipInputValidation: true);
        if (output.Capacity <= 64 * 1024)
            _scratch = output;
    }

    /// <summary>Outside of strings. The text is valid JSON.</summary>
    private static bool HasWhiteSpace(ReadOnlySpan<byte> json)
    {
        while (true)
        {
            var next = json.IndexOfAny(QuoteOrWhiteSpace);
            if (next < 0)
                return false;
            if (json[next] != (byte)'"')
                return true;
            json = json[(next + 1)..];
            int end;
            while (json[end = json.IndexOfAny((byte)'"', (byte)'\\')] == (byte)'\\')
                json = json[(end + 2)..];
            json = json[(end + 1)..];
        }
    }

    private static void Minify(ReadOnlySpan<byte> json, ArrayBufferWriter<byte> output)
    {
        var target = output.GetSpan(json.Length);
        var length = 0;
        var inString = false;
        for (var i = 0; i < json.Length; i++)
        {
            var b = json[i];
            if (inString)
            {
                target[length++] = b;
                if (b == (byte)'\\')
                    target[length++] = json[++i];
                else if (b == (byte)'"')
                    inString = false;
            }
            else if (b is not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n'))
            {
                target[length++] = b;
                inString = b == (byte)'"';
            }
        }
        output.Advance(length);
    }

    private static void CopyTokens(SocketArgument argument, ArrayBufferWriter<byte> output)
    {
        var reader = new Utf8JsonReader(argument.Utf8Json, new JsonReaderOptions { MaxDepth = 128 });
        var needsComma = false;
        while (reader.Read())
        {
            var closes = reader.TokenType is JsonTokenType.EndArray or JsonTokenType.EndObject;
            if (needsComma && !closes)
                output.Write(","u8);
            needsComma = true;
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject when Placeholder.TryRead(ref reader, out var number):
                    if (!SocketJson.TryAddAttachment(argument.Attachments[number], out var renumbered))
                    {
                        WriteQuoted(Encoding.UTF8.GetBytes(Convert.ToBase64String(argument.Attachments[number])), output); // no packet, hence no attachments
                        break;
                    }
                    output.Write("{\"_placeholder\":true,\"num\":"u8);
                    renumbered.TryFormat(output.GetSpan(11), out var digits, default, CultureInfo.InvariantCulture);
                    output.Advance(digits);
                    output.Write("}"u8);
                    break;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    output.Write(reader.ValueSpan);
                    needsComma = false;
                    break;
                case JsonTokenType.PropertyName:
                    WriteQuoted(reader.ValueSpan, output);
                    output.Write(":"u8);
                    needsComma = false;
                    break;
                case JsonTokenType.String:
                    WriteQuoted(reader.ValueSpan, output);
                    break;
                default:
                    output.Write(reader.ValueSpan);
                    break;
            }
        }
    }

    private static void WriteQuoted(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> output)
    {
        output.Write("\""u8);
        output.Write(text);
        output.Write("\""u8);
    }
}
