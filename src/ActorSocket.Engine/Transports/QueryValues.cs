using ActorSocket.Protocol.EngineIo;
using ActorSocket.Sessions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace ActorSocket.Transports;

/// <summary>The query as the official server reads it: of a repeated key the last value counts, a missing one is empty (E-02).</summary>
internal readonly struct QueryValues(QueryString query)
{
    public string this[string key]
    {
        get
        {
            var value = "";
            foreach (var pair in new QueryStringEnumerable(query.Value))
            {
                if (pair.DecodeName().Span.SequenceEqual(key))
                    value = pair.DecodeValue().ToString();
            }
            return value;
        }
    }

    /// <summary>Whether it is of protocol 3, or older, as whatever does not say that it is of 4 (E-110).</summary>
    public bool IsRevision3 => this["EIO"] is not "4";

    /// <summary>How packets are to look.</summary>
    public WireForm Form =>
        (IsRevision3 ? WireForm.Revision3 : WireForm.Standard)
        | (this["b64"].Length > 0 || this["j"].Length > 0 ? WireForm.Base64 : WireForm.Standard);

    public HandshakeValues ToValues()
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in new QueryStringEnumerable(query.Value))
            all[pair.DecodeName().ToString()] = pair.DecodeValue().ToString();
        return new HandshakeValues([.. all], StringComparison.Ordinal);
    }
}
