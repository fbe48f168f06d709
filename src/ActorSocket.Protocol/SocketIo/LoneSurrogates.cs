using System.Globalization;
using System.Text;

namespace ActorSocket.Protocol.SocketIo;

/// <summary>
/// Half of a surrogate pair: JavaScript's strings may have it (<c>"a😀".slice(0, 2)</c>), JSON can spell it (<c>\ud83d</c>), but it is no
/// Unicode text, and System.Text.Json throws when it comes to it. It becomes U+FFFD, as wherever else such a string is made UTF-8.
/// </summary>
internal static class LoneSurrogates
{
    private const int EscapeLength = 6;

    /// <summary>The text as it is when there is nothing to mend, which costs a search for a backslash; else a mended copy.</summary>
    public static ReadOnlySpan<byte> Mend(ReadOnlySpan<byte> json)
    {
        byte[]? mended = null;
        var (at, copied, written) = (0, 0, 0);
        while (at < json.Length && json[at..].IndexOf((byte)'\\') is >= 0 and var next)
        {
            at += next;
            var unit = UnitAt(json, at);
            if (unit < 0)
            {
                at += 2;
            }
            else if (
                char.IsHighSurrogate((char)unit)
                && UnitAt(json, at + EscapeLength) is >= 0 and var second
                && char.IsLowSurrogate((char)second)
            )
            {
                at += 2 * EscapeLength;
            }
            else
            {
                if (char.IsSurrogate((char)unit))
                {
                    mended ??= new byte[json.Length];
                    written += Copy(json[copied..at], mended.AsSpan(written));
                    written += Copy("\uFFFD"u8, mended.AsSpan(written));
                    copied = at + EscapeLength;
                }
                at += EscapeLength;
            }
        }
        if (mended is null)
            return json;
        written += Copy(json[copied..], mended.AsSpan(written));
        return mended.AsSpan(0, written);
    }

    /// <summary>As <see cref="Mend(ReadOnlySpan{byte})"/>, of a name of the application's that others are told in UTF-8.</summary>
    public static string Mend(string text) =>
        text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0 ? text : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private static int Copy(ReadOnlySpan<byte> from, Span<byte> to)
    {
        from.CopyTo(to);
        return from.Length;
    }

    /// <summary>The UTF-16 unit that is escaped there; -1 when it is another escape, or none.</summary>
    private static int UnitAt(ReadOnlySpan<byte> json, int at) =>
        at + EscapeLength <= json.Length && json[at] == (byte)'\\' && json[at + 1] == (byte)'u'
        && ushort.TryParse(json.Slice(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit) ? unit : -1;
}
