using System.Globalization;
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
    /// <summary>The most packets that python-engineio takes at once (its <c>max_decode_packets</c>).</summary>
    public const int PythonPayload = 16;

    private ClaimsPrincipal? _user = KnownUser;

    /// <summary>What the parameters of the endpoint's path stood for; not known of a request that came to another node.</summary>
    public IReadOnlyDictionary<string, string> RouteValues { get; init; } = HandshakeValues.None;

    /// <summary>Nobody's is made when it is asked for: it takes 250 bytes, and most connections have no other.</summary>
    public ClaimsPrincipal User => LazyInitializer.EnsureInitialized(ref _user, static () => new ClaimsPrincipal(new ClaimsIdentity()));

    /// <summary>
    /// Whether the client is python-engineio, which gives its connection up over a payload of more than <see cref="PythonPayload"/>
    /// packets: it is known by the names of the HTTP libraries that it uses, or, where the application sets another User-Agent, by the time
    /// stamp of its query, in seconds with a fraction.
    /// </summary>
    public bool IsPython =>
        (
            Headers.TryGetValue("user-agent", out var agent)
            && (agent.StartsWith("python-requests/", StringComparison.Ordinal) || agent.StartsWith("Python/", StringComparison.Ordinal))
        )
        || (
            Query.TryGetValue("t", out var time)
            && time.IndexOf('.', StringComparison.Ordinal) >= 10
            && double.TryParse(time, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out _)
        );

    /// <summary>
    /// Whether the client is OkHttp's WebSocket, of Java and Android: told to close, it reads no more, and the client above it learns of
    /// nothing, not even of the connection's end, until it misses its pings. Where the application sets another User-Agent it is known by
    /// what it offers: this compression of answers, this of messages, neither with parameters, and no origin.
    /// </summary>
    public bool IsOkHttp =>
        (Headers.TryGetValue("user-agent", out var agent) && agent.StartsWith("okhttp/", StringComparison.Ordinal))
        || (
            Headers.GetValueOrDefault("accept-encoding") is "gzip"
            && Headers.GetValueOrDefault("sec-websocket-extensions") is "permessage-deflate"
            && !Headers.ContainsKey("origin")
        );

    /// <summary>A request's user; null when it is the one that ASP.NET Core makes where there is none.</summary>
    public static ClaimsPrincipal? Known(ClaimsPrincipal? user) =>
        user is null || (user.GetType() == typeof(ClaimsPrincipal) && user.Identity is not { IsAuthenticated: true } && !user.Claims.Any())
            ? null
            : user;
}
