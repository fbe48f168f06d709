using System.Buffers;
using Microsoft.Extensions.Primitives;

namespace ActorSocket.Transports;

/// <summary>
/// The subprotocols that a client offers for its WebSocket (RFC 6455 §4.1), read as strictly as the <c>ws</c> package reads them.
/// </summary>
internal static class Subprotocols
{
    private static readonly SearchValues<char> Token = // RFC 9110 §5.6.2
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>False for anything but a list of tokens that are all different. No header is no subprotocol.</summary>
    /// <param name="header">Sec-WebSocket-Protocol.</param>
    /// <param name="first">
    /// The one to agree on, as the official server does: some clients give up when they get none. Null for none.
    /// </param>
    public static bool TryRead(StringValues header, out string? first)
    {
        first = null;
        if (header.Count == 0)
            return true;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in header.ToString().Split(','))
        {
            var trimmed = name.Trim([' ', '\t']);
            if (trimmed.Length == 0 || trimmed.AsSpan().ContainsAnyExcept(Token) || !seen.Add(trimmed))
                return false;
            first ??= trimmed;
        }
        return true;
    }
}
