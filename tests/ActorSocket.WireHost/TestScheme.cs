using System.Globalization;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ActorSocket.WireHost;

/// <summary>Believes any token of the form <c>name.milliseconds</c>, for so long.</summary>
internal sealed class TestScheme(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logs, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logs, encoder)
{
    private const string Prefix = "Bearer ";

    public static void AddTo(IServiceCollection services) =>
        services.AddAuthentication("test").AddScheme<AuthenticationSchemeOptions, TestScheme>("test", null);

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers.Authorization.ToString();
        if (!header.StartsWith(Prefix, StringComparison.Ordinal))
            return Task.FromResult(AuthenticateResult.NoResult());
        if (header[Prefix.Length..].Split('.') is not [var name, var lifetime]
            || !int.TryParse(lifetime, CultureInfo.InvariantCulture, out var milliseconds))
            return Task.FromResult(AuthenticateResult.Fail("no token"));
        if (milliseconds <= 0)
            return Task.FromResult(AuthenticateResult.Fail(new TokenExpiredException()));
        var user = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, name)], Scheme.Name));
        var properties = new AuthenticationProperties { ExpiresUtc = TimeProvider.GetUtcNow().AddMilliseconds(milliseconds) };
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(user, properties, Scheme.Name)));
    }

    private sealed class TokenExpiredException() : Exception("It is over.");
}
