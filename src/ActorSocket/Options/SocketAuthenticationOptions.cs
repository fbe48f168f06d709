using System.Text.Json;

namespace ActorSocket;

/// <summary>How the clients of a namespace sign in: see <c>UseAuthentication</c>.</summary>
public sealed class SocketAuthenticationOptions
{
    /// <summary>
    /// The authentication scheme that is asked, of those that <c>AddAuthentication()</c> has added. Null, the default: the application's
    /// default scheme.
    /// </summary>
    public string? Scheme { get; set; }

    /// <summary>
    /// Whether a client that shows nothing is refused. True by default; otherwise it is let in as who its request was authenticated as,
    /// if anybody. A token that is not valid is refused in any case.
    /// </summary>
    public bool IsRequired { get; set; } = true;

    /// <summary>
    /// Finds the token in the <c>auth</c> payload; null where there is none. It is given to the scheme as <c>Authorization: Bearer …</c>.
    /// By default the text <c>token</c>. A scheme that wants something else of the payload finds it in the feature <see cref="Handshake"/>.
    /// </summary>
    public Func<JsonElement, string?> ReadToken { get; set; } = static auth =>
        auth.ValueKind is JsonValueKind.Object && auth.TryGetProperty("token", out var token) && token.ValueKind is JsonValueKind.String
            ? token.GetString()
            : null;

    /// <summary>
    /// The event by which a client shows a new token without reconnecting: its argument is a new <c>auth</c> payload. It is acknowledged
    /// with <c>{"expires":…}</c>, or as a handler's error: code <c>UNAUTHENTICATED</c>, and as data the reason. Null: there is none.
    /// </summary>
    public string? RefreshEvent { get; set; } = "authenticate";

    /// <summary>
    /// The event that tells a client that its sign-in is about to expire; its argument is the number of seconds that are left. Null: there
    /// is none.
    /// </summary>
    public string? ExpiringEvent { get; set; } = "authentication_expiring";

    /// <summary>How long before it expires <see cref="ExpiringEvent"/> is emitted. One minute by default.</summary>
    public TimeSpan ExpiringNotice { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Whether a client is disconnected from the namespace when its sign-in expires and it has shown nothing newer: true by default. When
    /// a sign-in expires is what the scheme says; one of which it says nothing does not.
    /// </summary>
    public bool DisconnectWhenExpired { get; set; } = true;
}
