using System.Security.Claims;
using System.Text.Json;
using System.Text.Json.Serialization;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket;

/// <summary>
/// The facts of the request that opened a connection, and the <c>auth</c> payload of the namespace (official: <c>socket.handshake</c>).
/// </summary>
public sealed class Handshake
{
    private readonly JsonSerializerOptions _json;

    internal Handshake(Sessions.HandshakeRequest request, JsonElement auth, JsonSerializerOptions json)
    {
        Request = request;
        Auth = auth;
        _json = json;
    }

    internal Sessions.HandshakeRequest Request { get; }

    /// <summary>The request's headers; names are lower-case, several values are joined by a comma.</summary>
    public IReadOnlyDictionary<string, string> Headers => Request.Headers;

    /// <summary>The request's query, Engine.IO's own keys included. A repeated key has its last value.</summary>
    public IReadOnlyDictionary<string, string> Query => Request.Query;

    /// <summary>What the client gave as <c>auth</c>; an empty object when it gave nothing.</summary>
    public JsonElement Auth { get; }

    /// <summary>Reads <see cref="Auth"/> as <typeparamref name="T"/>.</summary>
    /// <exception cref="JsonException">It is of another shape.</exception>
    public T? GetAuth<T>()
    {
        try
        {
            return Auth.Deserialize<T>(_json);
        }
        catch (Exception error) when (UnreadableArgument.IsClients(error))
        {
            throw UnreadableArgument.Of("The auth", typeof(T), error);
        }
    }

    /// <summary>
    /// The client's address as ASP.NET Core sees it, so after <c>UseForwardedHeaders</c> the one a trusted proxy reported.
    /// </summary>
    public string Address => Request.Address;

    /// <summary>Whether the request came by HTTPS or WSS.</summary>
    public bool Secure => Request.Secure;

    /// <summary>
    /// What the parameters of the endpoint's path stood for, such as <c>tenant</c> in <c>/{tenant}/socket.io</c>; not known of a socket of
    /// another node.
    /// </summary>
    [JsonIgnore]
    public IReadOnlyDictionary<string, string> RouteValues => Request.RouteValues;

    /// <summary>Whether the request had an Origin header (official: <c>xdomain</c>, and so as JSON).</summary>
    [JsonPropertyName("xdomain")]
    public bool CrossDomain => Request.CrossDomain;

    /// <summary>Path and query of the request.</summary>
    public string Url => Request.Url;

    /// <summary>When the connection was opened.</summary>
    public DateTimeOffset Time => Request.Time;

    /// <summary>When the connection was opened, in milliseconds since 1970.</summary>
    public long Issued => Request.Time.ToUnixTimeMilliseconds();

    /// <summary>The authenticated user of the request (<c>HttpContext.User</c>); no part of its JSON.</summary>
    [JsonIgnore]
    public ClaimsPrincipal User => Request.User;
}
