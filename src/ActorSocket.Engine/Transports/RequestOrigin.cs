using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace ActorSocket.Transports;

/// <summary>What a request's Origin header says, and whether it may be repeated.</summary>
internal static class RequestOrigin
{
    /// <summary>Whether a header is printable ASCII throughout: anything else cannot stand in an answer.</summary>
    public static bool IsPrintable(StringValues header)
    {
        foreach (var value in header)
        {
            if (value is not null && value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
                return false;
        }
        return true;
    }

    /// <summary>
    /// Whether it is the server's own: the page came from the host and port that the request goes to. The scheme counts only so far that a
    /// page that came by HTTP is none of a server's that was reached by HTTPS: behind a proxy that ends TLS and does not say so the
    /// request's own scheme is not the page's.
    /// </summary>
    public static bool IsOwn(string origin, HttpRequest request) => IsOwn(origin, request.Host, request.IsHttps);

    /// <inheritdoc cref="IsOwn(string, HttpRequest)"/>
    public static bool IsOwn(string origin, HostString host, bool isHttps)
    {
        if (
            !Uri.TryCreate(origin, UriKind.Absolute, out var page)
            || page.AbsolutePath != "/"
            || (page.Scheme != Uri.UriSchemeHttps && (page.Scheme != Uri.UriSchemeHttp || isHttps))
        )
            return false;
        return host.Host.Equals(page.Host, StringComparison.OrdinalIgnoreCase) && (host.Port ?? DefaultPort(page.Scheme)) == page.Port;
    }

    private static int DefaultPort(string scheme) => scheme == Uri.UriSchemeHttps ? 443 : 80;
}
