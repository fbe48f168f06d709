using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ActorSocket.Transports;

/// <summary>Long-polling by script tags, for browsers that can do no better (E-52).</summary>
internal static class JsonPolling
{
    // answer = "___eio[" digits "](" JSON string ");"
    public static ArrayBufferWriter<byte> Wrap(string callback, ReadOnlySpan<byte> payload)
    {
        var answer = new ArrayBufferWriter<byte>(payload.Length + 64);
        answer.Write(Encoding.ASCII.GetBytes($"___eio[{string.Concat(callback.Where(char.IsAsciiDigit))}]("));
        using (var writer = new Utf8JsonWriter(answer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            writer.WriteStringValue(payload); // escapes U+2028 and U+2029, which end a line in a script
        answer.Write(");"u8);
        return answer;
    }

    /// <summary>The payload in a form's field <c>d</c>, in which <c>\n</c> stands for a line break and <c>\\n</c> for itself.</summary>
    public static byte[] Unwrap(ReadOnlySpan<byte> form)
    {
        foreach (var field in Encoding.UTF8.GetString(form).Split('&'))
        {
            if (!field.StartsWith("d=", StringComparison.Ordinal))
                continue;
            var text = Uri.UnescapeDataString(field[2..].Replace('+', ' '));
            return Encoding.UTF8.GetBytes(
                text.Replace("\\\\n", "\u0000", StringComparison.Ordinal)
                    .Replace("\\n", "\n", StringComparison.Ordinal)
                    .Replace("\u0000", "\\n", StringComparison.Ordinal)
            );
        }
        return [];
    }
}
