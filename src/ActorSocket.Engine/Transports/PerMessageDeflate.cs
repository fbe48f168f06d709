using System.Globalization;
using System.Net.WebSockets;
using Microsoft.Extensions.Primitives;

namespace ActorSocket.Transports;

/// <summary>The negotiation of permessage-deflate (RFC 7692 §7).</summary>
internal static class PerMessageDeflate
{
    private const string Name = "permessage-deflate";

    /// <summary>Takes the first of the client's offers that can be met.</summary>
    public static bool TryNegotiate(
        StringValues offers,
        PerMessageDeflateOptions own,
        out string answer,
        out WebSocketDeflateOptions agreed
    )
    {
        foreach (var header in offers)
        {
            foreach (var offer in (header ?? "").Split(','))
            {
                if (TryAccept(offer, own, out answer, out agreed))
                    return true;
            }
        }
        answer = "";
        agreed = new WebSocketDeflateOptions();
        return false;
    }

    // offer = "permessage-deflate" *( ";" param [ "=" value ] )
    private static bool TryAccept(string offer, PerMessageDeflateOptions own, out string answer, out WebSocketDeflateOptions agreed)
    {
        answer = Name;
        agreed = new WebSocketDeflateOptions
        {
            ServerContextTakeover = !own.ServerNoContextTakeover,
            ClientContextTakeover = !own.ClientNoContextTakeover,
            ServerMaxWindowBits = own.ServerMaxWindowBits,
        };
        var parts = offer.Split(';', StringSplitOptions.TrimEntries);
        if (parts[0] != Name)
            return false;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var part in parts[1..])
        {
            var (name, value) = part.IndexOf('=', StringComparison.Ordinal) is >= 0 and var at
                ? (part[..at].TrimEnd(), part[(at + 1)..].Trim().Trim('"'))
                : (part, null);
            if (!seen.Add(name))
                return false;
            switch (name)
            {
                case "server_no_context_takeover" when value is null:
                    agreed.ServerContextTakeover = false;
                    break;
                case "client_no_context_takeover" when value is null:
                    agreed.ClientContextTakeover = false;
                    break;
                case "server_max_window_bits" when TryReadBits(value, out var bits):
                    agreed.ServerMaxWindowBits = Math.Min(agreed.ServerMaxWindowBits, bits);
                    break;
                case "client_max_window_bits" when value is null || TryReadBits(value, out _):
                    break; // a hint; what the client does within 15 bits is read in any case
                default:
                    return false;
            }
        }
        if (!agreed.ServerContextTakeover)
            answer += "; server_no_context_takeover";
        if (!agreed.ClientContextTakeover)
            answer += "; client_no_context_takeover";
        if (agreed.ServerMaxWindowBits < 15)
            answer += "; server_max_window_bits=" + agreed.ServerMaxWindowBits.ToString(CultureInfo.InvariantCulture);
        return true;
    }

    // 8 is legal there, but zlib cannot do it
    private static bool TryReadBits(string? value, out int bits) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out bits) && bits is >= 9 and <= 15;
}
