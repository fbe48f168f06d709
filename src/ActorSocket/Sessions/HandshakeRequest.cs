using System.Security.Claims;

namespace ActorSocket.Sessions;

/// <summary>What a connection keeps of the HTTP request that opened it: copied, so that nothing holds on to the request itself.</summary>
internal sealed record HandshakeRequest(
    IReadOnlyDictionary<string, string> Headers,
    IReadOnlyDictionary<string, string> Query,
    string Address,
    bool Secure,
    bool CrossDomain,
    string Url,
    DateTimeOffset Time,
    ClaimsPrincipal User);
