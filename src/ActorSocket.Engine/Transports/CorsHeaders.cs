using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace ActorSocket.Transports;

/// <summary>
/// Applies a CORS policy as the official server's <c>cors</c> option does (E-61 … E-63): on every answer, errors included; any OPTIONS is a
/// preflight.
/// </summary>
internal sealed class CorsHeaders(CorsPolicy policy)
{
    private const string DefaultMethods = "GET,HEAD,PUT,PATCH,POST,DELETE";

    /// <summary>Whether pages of an origin may use the server. One that the application's own function stumbles over may not.</summary>
    public bool Allows(string origin)
    {
        try
        {
            return policy.AllowAnyOrigin || (RequestOrigin.IsPrintable(origin) && policy.IsOriginAllowed(origin));
        }
        catch (Exception)
        {
            return false;
        }
    }

    /// <summary>True when the request was a preflight and has been answered.</summary>
    public bool Apply(HttpContext context)
    {
        var headers = context.Response.Headers;
        var origin = context.Request.Headers.Origin.ToString();
        if (policy.AllowAnyOrigin)
        {
            headers.AccessControlAllowOrigin = "*";
        }
        else
        {
            headers.Append(HeaderNames.Vary, "Origin");
            if (origin.Length > 0 && Allows(origin))
                headers.AccessControlAllowOrigin = origin;
        }
        if (policy.SupportsCredentials)
            headers.AccessControlAllowCredentials = "true";
        if (!HttpMethods.IsOptions(context.Request.Method))
        {
            if (policy.ExposedHeaders.Count > 0)
                headers.AccessControlExposeHeaders = string.Join(',', policy.ExposedHeaders);
            return false;
        }
        headers.AccessControlAllowMethods =
            policy.AllowAnyMethod || policy.Methods.Count == 0 ? DefaultMethods : string.Join(',', policy.Methods);
        if (policy.Headers.Count > 0 && !policy.AllowAnyHeader)
        {
            headers.AccessControlAllowHeaders = string.Join(',', policy.Headers);
        }
        else if (context.Request.Headers.AccessControlRequestHeaders is { Count: > 0 } requested)
        {
            headers.AccessControlAllowHeaders = requested;
            headers.Append(HeaderNames.Vary, HeaderNames.AccessControlRequestHeaders);
        }
        if (policy.PreflightMaxAge is { } age)
            headers.AccessControlMaxAge = ((long)age.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return true;
    }
}
