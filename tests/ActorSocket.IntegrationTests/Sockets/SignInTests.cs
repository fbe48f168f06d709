using System.Security.Claims;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace ActorSocket.IntegrationTests.Sockets;

/// <summary>Clients sign in by what they give as auth: with JwtBearer, and with schemes of an application's own.</summary>
public sealed class SignInTests
{
    private static readonly SymmetricSecurityKey Key = new([.. Enumerable.Range(0, 32).Select(static i => (byte)i)]);

    [Fact]
    public async Task Who_shows_a_token_is_its_user()
    {
        await using var node = await StartAsync();
        await using var client = await PollingClient.ConnectAsync(node, "client", Auth("ada"));
        Assert.Equal("""430["ada"]""", await AskAsync(client, """420["who"]"""));
    }

    [Fact]
    public async Task Guards_of_events_see_the_user()
    {
        await using var node = await StartAsync();
        await using var admin = await PollingClient.ConnectAsync(node, "admin", Auth("ada", "admin"));
        Assert.Equal("""430["hidden"]""", await AskAsync(admin, """420["secret"]"""));
        await using var user = await PollingClient.ConnectAsync(node, "user", Auth("bob"));
        Assert.Contains("\"UNAUTHORIZED\"", await AskAsync(user, """420["secret"]"""), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "missing")]
    [InlineData("{}", "missing")]
    [InlineData("""{"token":7}""", "missing")]
    [InlineData("""{"token":"nonsense"}""", "invalid")]
    [InlineData("expired", "expired")]
    [InlineData("forged", "invalid")]
    public async Task Who_cannot_sign_in_is_told_why(string auth, string reason)
    {
        await using var node = await StartAsync();
        var given = auth switch
        {
            "expired" => Auth("ada", lifetime: TimeSpan.FromMinutes(-10)),
            "forged" => Auth("ada", key: new SymmetricSecurityKey(new byte[32])),
            _ => auth,
        };
        Assert.Equal(
            $$$"""44{"message":"Unauthorized","data":{"code":"UNAUTHENTICATED","reason":"{{{reason}}}"}}""",
            await PollingClient.RefusedAsync(node, given)
        );
        Assert.DoesNotContain(node.Log, static line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Where_it_is_not_required_guests_come_in_but_not_with_a_wrong_token()
    {
        await using var node = await StartAsync(static options => options.IsRequired = false);
        await using var guest = await PollingClient.ConnectAsync(node, "guest");
        Assert.Equal("430[null]", await AskAsync(guest, """420["who"]"""));
        Assert.Contains("\"invalid\"", await PollingClient.RefusedAsync(node, """{"token":"nonsense"}"""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_shows_a_new_token_without_reconnecting()
    {
        await using var node = await StartAsync();
        await using var client = await PollingClient.ConnectAsync(node, "client", Auth("ada"));
        Assert.Equal("""430["user"]""", await AskAsync(client, """420["role"]"""));
        var renewed = await AskAsync(client, $"""421["authenticate",{Auth("ada", "admin")}]""");
        Assert.StartsWith("""431[{"expires":""", renewed, StringComparison.Ordinal);
        Assert.Equal("""432["admin"]""", await AskAsync(client, """422["role"]"""));
        // Nobody becomes another by it, nor nobody.
        var other = await AskAsync(client, $"""423["authenticate",{Auth("eve", "admin")}]""");
        Assert.Contains("\"other user\"", other, StringComparison.Ordinal);
        Assert.Contains("\"invalid\"", await AskAsync(client, """424["authenticate",{"token":"x"}]"""), StringComparison.Ordinal);
        Assert.Contains("\"missing\"", await AskAsync(client, """425["authenticate",{}]"""), StringComparison.Ordinal);
        Assert.Equal("""436["ada"]""", await AskAsync(client, """426["who"]"""));
    }

    [Fact]
    public async Task Who_lets_a_sign_in_expire_is_told_before_and_disconnected_then()
    {
        await using var node = await StartAsync(static options => options.ExpiringNotice = TimeSpan.FromSeconds(6));
        await using var client = await PollingClient.ConnectAsync(node, "client", Auth("ada", lifetime: TimeSpan.FromSeconds(8)));
        Assert.Matches("""^42\["authentication_expiring",[1-6]\]$""", await client.NextAsync());
        Assert.Equal("41", await client.NextAsync());
    }

    [Fact]
    public async Task Who_comes_with_little_left_is_told_at_once_and_is_not_told_so_again_by_renewing_as_little()
    {
        await using var node = await StartAsync(static options => options.ExpiringNotice = TimeSpan.FromMinutes(5));
        await using var client = await PollingClient.ConnectAsync(node, "client", Auth("ada", lifetime: TimeSpan.FromMinutes(1)));
        Assert.Matches("""^42\["authentication_expiring",[1-6][0-9]\]$""", await client.NextAsync());
        var renewed = await AskAsync(client, $"""420["authenticate",{Auth("ada", lifetime: TimeSpan.FromMinutes(1))}]""");
        Assert.StartsWith("""430[{"expires":""", renewed, StringComparison.Ordinal);
        Assert.Equal("""431["ada"]""", await AskAsync(client, """421["who"]"""));
    }

    [Fact]
    public async Task Who_is_let_in_after_the_time_to_be_told_is_told_then()
    {
        await using var node = await StartAsync(
            static options => options.ExpiringNotice = TimeSpan.FromMinutes(4.95),
            map: static io => io.Use(static async (socket, next) =>
            {
                await Task.Delay(TimeSpan.FromSeconds(3.5), socket.Disconnected); // the token has no better clock than the system's
                await next();
            }));
        await using var client = await PollingClient.ConnectAsync(node, "client", Auth("ada", lifetime: TimeSpan.FromMinutes(5)));
        Assert.StartsWith("42[\"authentication_expiring\",29", await client.NextAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_sign_in_that_is_over_before_its_client_is_let_in_lets_nobody_in(bool accepted)
    {
        // Accepted for clocks that differ, or over while the middleware runs.
        await using var node = await StartAsync(
            skew: TimeSpan.FromMinutes(5),
            map: io => io.Use(async (socket, next) =>
            {
                if (!accepted)
                    await Task.Delay(TimeSpan.FromSeconds(3.1), socket.Disconnected); // the token has no better clock than the system's
                await next();
            })
        );
        var auth = Auth("ada", lifetime: TimeSpan.FromSeconds(accepted ? -60 : 2));
        Assert.Contains("\"expired\"", await PollingClient.RefusedAsync(node, auth), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_shows_a_new_token_in_time_stays()
    {
        await using var node = await StartAsync(static options => options.ExpiringNotice = TimeSpan.FromSeconds(7));
        await using var client = await PollingClient.ConnectAsync(node, "client", Auth("ada", lifetime: TimeSpan.FromSeconds(9)));
        Assert.StartsWith("42[\"authentication_expiring\"", await client.NextAsync(), StringComparison.Ordinal);
        var renewed = await AskAsync(client, $"""420["authenticate",{Auth("ada", lifetime: TimeSpan.FromSeconds(18))}]""");
        Assert.StartsWith("""430[{"expires":""", renewed, StringComparison.Ordinal);
        // Told again of the new end: the old one has passed without a disconnect.
        Assert.StartsWith("42[\"authentication_expiring\"", await client.NextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lost_socket_is_given_back_to_its_user_only()
    {
        await using var node = await StartAsync(recovery: true);
        var (sid, pid) = await LoseAsync();
        await using (var again = await PollingClient.ConnectAsync(node, "again", Auth("ada", pid: pid)))
            Assert.Equal(sid, again.Connected.GetProperty("sid").GetString());

        (sid, pid) = await LoseAsync();
        await using (var other = await PollingClient.ConnectAsync(node, "other", Auth("eve", pid: pid)))
        {
            Assert.NotEqual(sid, other.Connected.GetProperty("sid").GetString(), StringComparer.Ordinal);
            Assert.Equal("""430["eve"]""", await AskAsync(other, """420["who"]"""));
        }
        await using (var again = await PollingClient.ConnectAsync(node, "again", Auth("ada", pid: pid)))
            Assert.Equal(sid, again.Connected.GetProperty("sid").GetString());

        (sid, pid) = await LoseAsync();
        var late = Auth("ada", lifetime: TimeSpan.FromMinutes(-10), pid: pid);
        Assert.Contains("\"expired\"", await PollingClient.RefusedAsync(node, late), StringComparison.Ordinal);
        await using (var again = await PollingClient.ConnectAsync(node, "again", Auth("ada", pid: pid)))
            Assert.Equal(sid, again.Connected.GetProperty("sid").GetString());

        async Task<(string? Sid, string? Pid)> LoseAsync()
        {
            var client = await PollingClient.ConnectAsync(node, "client", Auth("ada"));
            var ids = (client.Connected.GetProperty("sid").GetString(), client.Connected.GetProperty("pid").GetString());
            await client.DisposeAsync();
            await Node.UntilAsync(() => node.Server.Sockets.Count == 0, "the socket to be lost");
            return ids;
        }
    }

    [Fact]
    public async Task A_scheme_of_an_applications_own_sees_the_payload()
    {
        await using var node = await Node.StartAsync(
            Alone,
            static io => Handle(io.UseAuthentication(static options => options.Scheme = "pin")),
            static services => services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, Pin>("pin", null)
        );
        await using var client = await PollingClient.ConnectAsync(node, "client", """{"name":"ada","pin":1234}""");
        Assert.Equal("""430["ada"]""", await AskAsync(client, """420["who"]"""));
        Assert.Contains("\"invalid\"", await PollingClient.RefusedAsync(node, """{"name":"ada","pin":1}"""), StringComparison.Ordinal);
        Assert.Contains("\"missing\"", await PollingClient.RefusedAsync(node, "{}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Namespaces_made_from_a_template_ask_for_it_too()
    {
        await using var node = await StartAsync(map: static io =>
            Handle(io.OfDynamic(new Regex("^/match-", RegexOptions.None, TimeSpan.FromSeconds(1))).UseAuthentication()));
        await using var client = await PollingClient.ConnectAsync(node, "client", Auth("ada"));
        await client.SendAsync("40/match-1,{}");
        Assert.Contains("\"missing\"", await client.NextAsync(), StringComparison.Ordinal);
        await client.SendAsync("40/match-1," + Auth("ada"));
        Assert.StartsWith("40/match-1,{\"sid\"", await client.NextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_missing_is_said()
    {
        await using var node = await Node.StartAsync(Alone, static io =>
        {
            io.UseAuthentication();
            var error = Assert.Throws<InvalidOperationException>(() => io.UseAuthentication());
            Assert.Contains("called once", error.Message, StringComparison.Ordinal);
        });
        Assert.StartsWith("44{\"message\":\"Internal server error\"", await PollingClient.RefusedAsync(node, ""), StringComparison.Ordinal);
    }

    private static Task<Node> StartAsync(
        Action<SocketAuthenticationOptions>? configure = null,
        bool recovery = false,
        Action<ActorSocketServer>? map = null,
        TimeSpan skew = default
    ) => Node.StartAsync(
        Alone,
        io =>
        {
            Handle(io.UseAuthentication(configure));
            map?.Invoke(io);
        },
        services =>
        {
            services.AddAuthentication().AddJwtBearer(jwt =>
            {
                jwt.MapInboundClaims = false;
                jwt.TokenValidationParameters = new TokenValidationParameters
                {
                    IssuerSigningKey = Key,
                    ValidateIssuer = false,
                    ValidateAudience = false,
                    RoleClaimType = "role",
                    NameClaimType = "sub",
                    ClockSkew = skew,
                };
            });
            services.AddAuthorization();
        },
        options => options.ConnectionStateRecovery = recovery ? new RecoveryOptions() : null);

    /// <summary>Nothing to wait for.</summary>
    private static void Alone(ActorSocketClusterOptions cluster) => cluster.Port = null;

    private static void Handle(Namespace ns)
    {
        ns.OnConnection(static socket =>
        {
            socket.On("who", () => socket.User.Identity?.Name);
            socket.On("role", () => socket.User.FindFirst("role")?.Value);
        });
        ns.MapHub<Secrets>();
    }

    private static async Task<string> AskAsync(PollingClient client, string packet)
    {
        await client.SendAsync(packet);
        return await client.NextAsync();
    }

    private static string Auth(string user, string role = "user", TimeSpan? lifetime = null, SecurityKey? key = null, string? pid = null)
    {
        var now = DateTime.UtcNow;
        var expires = now + (lifetime ?? TimeSpan.FromMinutes(10));
        var token = new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Subject = new ClaimsIdentity([new Claim("sub", user), new Claim("role", role)]),
            NotBefore = expires < now ? expires.AddMinutes(-10) : now.AddSeconds(-1),
            Expires = expires,
            SigningCredentials = new SigningCredentials(key ?? Key, SecurityAlgorithms.HmacSha256),
        });
        return JsonSerializer.Serialize(pid is null ? (object)new { token } : new { token, pid });
    }

    internal sealed class Secrets : SocketHub
    {
        [Event("secret"), Authorize(Roles = "admin")]
        public static string Secret() => "hidden";
    }

    private sealed class Pin(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logs, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logs, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            // ASP.NET Core asks it of each request as well, being the only scheme.
            if (Context.Features.Get<Handshake>()?.Auth is not { } auth || !auth.TryGetProperty("pin", out var pin))
                return Task.FromResult(AuthenticateResult.NoResult());
            if (pin.GetInt32() != 1234)
                return Task.FromResult(AuthenticateResult.Fail("wrong pin"));
            var name = new Claim(ClaimTypes.Name, auth.GetProperty("name").GetString()!);
            var user = new ClaimsPrincipal(new ClaimsIdentity([name], Scheme.Name));
            return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(user, Scheme.Name)));
        }
    }
}
