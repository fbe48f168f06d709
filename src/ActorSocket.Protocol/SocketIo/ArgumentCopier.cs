using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace ActorSocket.Protocol.SocketIo;

/// <summary>
/// Copies an argument from a packet that came in to one that goes out: its text byte for byte but for white space, its attachments
/// renumbered.
/// </summary>
internal static class ArgumentCopier
{
    private static readonly SearchValues<byte> QuoteOrWhiteSpace = SearchValues.Create("\" \t\r\n"u8);

    [ThreadStatic] private static ArrayBufferWriter<byte>? _scratch;

    public static void Copy(Utf8JsonWriter writer, SocketArgument argument)
    {
        if (argument.IsUndefined && SocketJson.TryGetUndefined(out var undefined))
        {
            SocketJson.WritePlaceholder(writer, undefined);
            return;
        }
        // White space is all that has to go, and clients send none: then the text is copied as it stands.
        if (argument.Attachments.Length == 0 && !HasWhiteSpace(argument.Utf8Json))
        {
            writer.WriteRawValue(argument.Utf8Json, skipInputValidation: true);
            return;
        }
        var output = _scratch ?? new ArrayBufferWriter<byte>(256);
        _scratch = null;
        output.ResetWrittenCount();
        CopyTo(output, argument);
        writer.WriteRawValue(output.WrittenSpan, skipInputValidation: true);
        if (output.Capacity <= 64 * 1024)
            _scratch = output;
    }

    /// <summary>Its JSON for who is not at the other end of a connection: attachments are base64 text in it.</summary>
    public static ReadOnlyMemory<byte> ToText(SocketArgument argument)
    {
        var outer = SocketJson.CollectInto(null);
        try
        {
            var output = new ArrayBufferWriter<byte>(argument.Utf8Json.Length + 16);
            CopyTo(output, argument);
            return output.WrittenMemory;
        }
        finally
        {
            SocketJson.CollectInto(outer);
        }
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

    private static void CopyTo(ArrayBufferWriter<byte> output, SocketArgument argument)
    {
        var json = argument.Utf8Json;
        var attachments = argument.Attachments;
        var copied = 0;
        if (attachments.Length > 0)
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = SocketJson.MaxDepth });
            reader.Read();
            foreach (var placeholder in Placeholder.Find(ref reader) ?? [])
            {
                Minify(json[copied..placeholder.Start], output);
                WriteAttachment(attachments[placeholder.Number], output);
                copied = placeholder.End;
            }
        }
        Minify(json[copied..], output);
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

    private static void WriteAttachment(byte[] attachment, ArrayBufferWriter<byte> output)
    {
        if (!SocketJson.TryAddAttachment(attachment, out var number)) // no packet, hence no attachments
        {
            output.Write("\""u8);
            System.Buffers.Text.Base64.EncodeToUtf8(
                attachment,
                output.GetSpan(System.Buffers.Text.Base64.GetMaxEncodedToUtf8Length(attachment.Length)),
                out _,
                out var length
            );
            output.Advance(length);
            output.Write("\""u8);
            return;
        }
        output.Write("{\"_placeholder\":true,\"num\":"u8);
        number.TryFormat(output.GetSpan(20), out var digits, default, CultureInfo.InvariantCulture);
        output.Advance(digits);
        output.Write("}"u8);
    }
}
