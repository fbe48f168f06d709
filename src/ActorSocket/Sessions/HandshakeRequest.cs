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
    ClaimsPrincipal? KnownUser)
{
    private ClaimsPrincipal? _user = KnownUser;

    /// <summary>Nobody's is made when it is asked for: it takes 250 bytes, and most connections have no other.</summary>
    public ClaimsPrincipal User => LazyInitializer.EnsureInitialized(ref _user, static () => new ClaimsPrincipal(new ClaimsIdentity()));

    /// <summary>A request's user; null when it is the one that ASP.NET Core makes where there is none.</summary>
    public static ClaimsPrincipal? Known(ClaimsPrincipal? user) =>
        user is null || (user.GetType() == typeof(ClaimsPrincipal) && user.Identity is not { IsAuthenticated: true } && !user.Claims.Any()) ? null : user;
}
