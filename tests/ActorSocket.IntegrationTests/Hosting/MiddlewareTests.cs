using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Security.Claims;
using System.Text;
using System.Text.RegularExpressions;
using System.Text.Encodings.Web;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.HttpLogging;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ActorSocket.IntegrationTests.Hosting;

/// <summary>Whatever middleware an application puts in front, clients see what they see without (docs/guide/middleware.md).</summary>
public sealed partial class MiddlewareTests
{
    private static readonly Dictionary<string, Front> Fronts = new(StringComparer.Ordinal)
    {
        ["request timeouts"] = new(
            static services =>
                services.AddRequestTimeouts(static o =>
                    o.DefaultPolicy = new RequestTimeoutPolicy { Timeout = TimeSpan.FromMilliseconds(1) }
                ),
            Late: static app => app.UseRequestTimeouts()
        ),
        ["response compression"] = new(
            static services => services.AddResponseCompression(),
            Early: static app => app.UseResponseCompression()
        ),
        ["response caching"] = new(static services => services.AddResponseCaching(), Early: static app => app.UseResponseCaching()),
        ["output cache"] = new(
            static services =>
                services.AddOutputCache(static o => o.AddBasePolicy(static policy => policy.Cache().Expire(TimeSpan.FromHours(1)))),
            Late: static app => app.UseOutputCache()
        ),
        ["status code pages"] = new(static _ => { }, Early: static app => app.UseStatusCodePages()),
        ["status code pages that redirect"] = new(static _ => { }, Early: static app => app.UseStatusCodePagesWithRedirects("/error/{0}")),
        ["status code pages that execute again"] = new(
            static _ => { },
            Early: static app => app.UseStatusCodePagesWithReExecute("/error/{0}")
        ),
        ["exception handler"] = new(static services => services.AddProblemDetails(), Early: static app => app.UseExceptionHandler()),
        ["developer exception page"] = new(static _ => { }, Early: static app => app.UseDeveloperExceptionPage()),
        ["forwarded headers"] = new(
            static _ => { },
            Early: static app => app.UseForwardedHeaders(new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.All })
        ),
        ["HTTPS redirection behind a proxy"] = new(
            static services => services.AddHttpsRedirection(static o => o.HttpsPort = 443),
            Early: static app =>
            {
                app.UseForwardedHeaders(new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.All });
                app.UseHttpsRedirection();
                app.UseHsts();
            }
        ),
        ["static files"] = new(static _ => { }, Early: static app => app.UseFileServer()),
        ["rate limiter"] = new(
            static services =>
                services.AddRateLimiter(static o =>
                    o.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(static _ =>
                        RateLimitPartition.GetConcurrencyLimiter("all", static _ => new() { PermitLimit = 100 })
                    )
                ),
            Late: static app => app.UseRateLimiter()
        ),
        ["HTTP logging"] = new(
            static services => services.AddHttpLogging(static o => o.LoggingFields = HttpLoggingFields.All),
            Early: static app => app.UseHttpLogging()
        ),
        ["W3C logging"] = new(
            static services => services.AddW3CLogging(static o => o.LogDirectory = Directory.CreateTempSubdirectory("w3c").FullName),
            Early: static app => app.UseW3CLogging()
        ),
        ["request decompression"] = new(
            static services => services.AddRequestDecompression(),
            Early: static app => app.UseRequestDecompression()
        ),
        ["host filtering"] = new(
            static services => services.AddHostFiltering(static o => o.AllowedHosts = ["127.0.0.1"]),
            Early: static app => app.UseHostFiltering()
        ),
        ["session"] = new(static services => services.AddDistributedMemoryCache().AddSession(), Late: static app => app.UseSession()),
        ["antiforgery"] = new(static services => services.AddAntiforgery(), Late: static app => app.UseAntiforgery()),
        ["WebSockets"] = new(static _ => { }, Early: static app => app.UseWebSockets()),
        ["CORS"] = new(
            static services => services.AddCors(static o => o.AddDefaultPolicy(static policy => policy.AllowAnyOrigin())),
            Late: static app => app.UseCors()
        ),
        ["cookie policy"] = new(static _ => { }, Early: static app => app.UseCookiePolicy()),
        ["method override"] = new(static _ => { }, Early: static app => app.UseHttpMethodOverride()),
        ["request localization"] = new(static services => services.AddLocalization(), Early: static app => app.UseRequestLocalization()),
        ["authorization with a fallback policy"] = new(
            static services =>
                services
                    .AddAuthentication("test")
                    .AddScheme<AuthenticationSchemeOptions, KeyHandler>("test", null)
                    .Services.AddAuthorizationBuilder()
                    .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build()),
            Late: static app => app.UseAuthentication().UseAuthorization()
        ),
        ["request buffering"] = new(
            static _ => { },
            Early: static app =>
                app.Use(
                    static async (context, next) =>
                    {
                        context.Request.EnableBuffering();
                        using var reader = new StreamReader(context.Request.Body, leaveOpen: true);
                        await reader.ReadToEndAsync();
                        context.Request.Body.Position = 0;
                        await next();
                    }
                )
        ),
        ["response buffering"] = new(
            static _ => { },
            Early: static app =>
                app.Use(
                    static async (context, next) =>
                    {
                        var body = context.Response.Body;
                        using var buffer = new MemoryStream();
                        context.Response.Body = buffer;
                        await next();
                        context.Response.Body = body;
                        if (context.Response.StatusCode != StatusCodes.Status101SwitchingProtocols)
                            await body.WriteAsync(buffer.ToArray());
                    }
                )
        ),
        ["all at once"] = new(
            static services =>
                services
                    .AddRequestTimeouts(static o => o.DefaultPolicy = new RequestTimeoutPolicy { Timeout = TimeSpan.FromMilliseconds(1) })
                    .AddResponseCompression()
                    .AddResponseCaching()
                    .AddOutputCache(static o => o.AddBasePolicy(static policy => policy.Cache()))
                    .AddHttpLogging(static o => o.LoggingFields = HttpLoggingFields.All)
                    .AddRequestDecompression()
                    .AddProblemDetails(),
            Early: static app =>
                app.UseExceptionHandler()
                    .UseStatusCodePages()
                    .UseHttpLogging()
                    .UseResponseCompression()
                    .UseResponseCaching()
                    .UseRequestDecompression()
                    .UseWebSockets()
                    .UseFileServer(),
            Late: static app => app.UseRequestTimeouts().UseOutputCache()
        ),
    };

    public static TheoryData<string> Names => [.. Fronts.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Clients_see_the_same_behind(string middleware)
    {
        var plain = await TranscriptAsync(new Front(static _ => { }));
        Assert.Contains("poll that waits: 200 text/plain no-store 42[\"echo\",\"é\"]", plain, StringComparison.Ordinal);
        Assert.Equal(plain, await TranscriptAsync(Fronts[middleware]));
    }

    [Fact]
    public async Task Request_timeouts_before_routing_are_turned_off_by_the_endpoint()
    {
        var timeouts = new System.Collections.Concurrent.ConcurrentQueue<Timeouts>();
        await using var app = await StartAsync(
            new Front(static _ => { }, Early: app => app.Use((context, next) =>
            {
                var feature = new Timeouts();
                timeouts.Enqueue(feature);
                context.Features.Set<IHttpRequestTimeoutFeature>(feature);
                return next();
            })),
            new RecordedLog());
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        var session = Polling + "&sid=" + (await http.GetStringAsync(Polling)).Split('"')[3];
        await http.PostAsync(session, new StringContent("40"));
        await http.GetAsync(session);
        Assert.Equal(101, (await RawHttp.UpgradeAsync(http.BaseAddress, "")).Status);
        Assert.Equal([true, true, true, true], timeouts.Select(static feature => feature.IsDisabled));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task A_body_that_the_application_lets_be_decompressed_and_that_cannot_be_is_the_clients_fault(string encoding)
    {
        var log = new RecordedLog();
        await using var app = await StartAsync(Fronts["request decompression"], log);
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        var session = Polling + "&sid=" + (await http.GetStringAsync(Polling)).Split('"')[3];
        var content = new ByteArrayContent([.. Enumerable.Repeat((byte)0xFF, 100)]);
        content.Headers.ContentEncoding.Add(encoding);
        Assert.Equal(HttpStatusCode.BadRequest, (await http.PostAsync(session, content)).StatusCode);
        Assert.StartsWith("{\"code\":1,", await (await http.GetAsync(session)).Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain(log.Above(LogLevel.Information), static _ => true);
    }

    [Fact]
    public async Task A_body_that_is_too_long_once_it_is_decompressed_is_too_long()
    {
        var log = new RecordedLog();
        await using var app = await StartAsync(Fronts["request decompression"], log);
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        var session = Polling + "&sid=" + (await http.GetStringAsync(Polling)).Split('"')[3];
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            await gzip.WriteAsync(new byte[4_000_000]);
        var content = new ByteArrayContent(packed.ToArray());
        content.Headers.ContentEncoding.Add("gzip");
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await http.PostAsync(session, content)).StatusCode);
        Assert.DoesNotContain(log.Above(LogLevel.Information), static _ => true);
    }

    private const string Polling = "/socket.io/?EIO=4&transport=polling";

    /// <summary>What a client sees, line by line: both transports, the upgrade, answers to wrong requests, the bundle.</summary>
    private static async Task<string> TranscriptAsync(Front front)
    {
        var log = new RecordedLog();
        await using var app = await StartAsync(front, log);
        var url = new Uri(app.Urls.First());
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = url };
        http.DefaultRequestHeaders.AcceptEncoding.ParseAdd("gzip");
        http.DefaultRequestHeaders.Add("X-Key", "1");
        http.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        var seen = new StringBuilder();

        // Two clients whose requests are the same to the letter are two clients.
        var sid = await HandshakeAsync();
        Assert.NotEqual(sid, await HandshakeAsync(), StringComparer.Ordinal);
        var session = Polling + "&sid=" + sid;
        await ShowAsync("join", http.PostAsync(session, new StringContent("40")));
        await ShowAsync("joined", http.GetAsync(session));
        var poll = http.GetAsync(session);
        for (var i = 0; i < 10; i++) // it waits for longer than requests are allowed to take
            await ShowAsync("pong", http.PostAsync(session, new StringContent("3")));
        await ShowAsync("event", http.PostAsync(session, new StringContent("42[\"echo\",\"é\"]")));
        await ShowAsync("poll that waits", poll);
        await ShowAsync("event", http.PostAsync(session, new StringContent($"42[\"echo\",\"{new string('x', 5000)}\"]")));
        await ShowAsync("its answer", http.GetAsync(session));
        await ShowAsync("another method", http.PutAsync(session, new StringContent("")));
        await ShowAsync("too long", http.PostAsync(session, new ByteArrayContent(new byte[100_001])));
        await ShowAsync(
            "octets",
            http.PostAsync(
                Polling + "&sid=" + await HandshakeAsync(),
                new ByteArrayContent([1]) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } }
            )
        );
        await ShowAsync("unknown transport", http.GetAsync("/socket.io/?EIO=4&transport=pigeon"));
        await ShowAsync("unknown session", http.GetAsync(Polling + "&sid=nobody"));
        await ShowAsync("wrong method", http.PostAsync(Polling, new StringContent("")));
        await ShowAsync("preflight without CORS", http.SendAsync(new HttpRequestMessage(HttpMethod.Options, Polling)));
        await ShowAsync("bundle", http.GetAsync("/socket.io/socket.io.min.js"));

        using var upgrade = await OpenAsync("&sid=" + sid);
        await SendAsync(upgrade, "2probe");
        seen.Append("probe: ").AppendLine(await ReceiveAsync(upgrade));
        await SendAsync(upgrade, "5");
        await SendAsync(upgrade, "42[\"echo\",\"after the upgrade\"]");
        seen.Append("upgraded: ").AppendLine(await ReceiveAsync(upgrade));

        using var first = await OpenAsync("");
        seen.Append("WebSocket first: ").AppendLine((await ReceiveAsync(first))[..2]);
        await SendAsync(first, "40");
        seen.AppendLine((await ReceiveAsync(first))[..3]);
        await SendAsync(first, "42[\"echo\",1]");
        seen.AppendLine(await ReceiveAsync(first));

        var refused = await RawHttp.SendAsync(
            url,
            $"GET /socket.io/?EIO=4&transport=websocket&sid=nobody HTTP/1.1\r\nHost: {url.Authority}\r\nX-Key: 1\r\nX-Forwarded-Proto: "
            + $"https\r\n{RawHttp.UpgradeHeaders}\r\n"
        );
        seen.Append("refused WebSocket: ").Append(refused.Status).Append(' ').AppendLine(refused.Body);

        seen.AppendJoin('\n', log.Above(LogLevel.Information).Select(static line => line.ToString()));
        return seen.ToString();

        async Task<string> HandshakeAsync()
        {
            using var answer = await http.GetAsync(Polling);
            var open = await BodyAsync(answer);
            seen.Append("handshake: ")
                .Append((int)answer.StatusCode)
                .Append(' ')
                .Append(answer.Headers.CacheControl)
                .Append(' ')
                .AppendLine(SidValue().Replace(open, "…"));
            return open.Split('"')[3];
        }

        async Task ShowAsync(string what, Task<HttpResponseMessage> request)
        {
            using var answer = await request.WaitAsync(Node.Patience);
            var body = await BodyAsync(answer);
            seen.Append(what)
                .Append(": ")
                .Append((int)answer.StatusCode)
                .Append(' ')
                .Append(answer.Content.Headers.ContentType?.MediaType)
                .Append(' ')
                .Append(what == "bundle" ? null : answer.Headers.CacheControl)
                .Append(' ')
                .AppendLine(SidValue().Replace(body.Length > 10_000 ? $"{body.Length} characters" : body, "…"));
        }

        async Task<ClientWebSocket> OpenAsync(string query)
        {
            var webSocket = new ClientWebSocket();
            webSocket.Options.SetRequestHeader("X-Key", "1");
            webSocket.Options.SetRequestHeader("X-Forwarded-Proto", "https");
            await webSocket
                .ConnectAsync(new Uri($"ws://{url.Authority}/socket.io/?EIO=4&transport=websocket{query}"), CancellationToken.None)
                .WaitAsync(Node.Patience);
            return webSocket;
        }

        static Task SendAsync(ClientWebSocket webSocket, string text) =>
            webSocket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, CancellationToken.None);

        static async Task<string> ReceiveAsync(ClientWebSocket webSocket)
        {
            var buffer = new byte[1024];
            var got = await webSocket.ReceiveAsync(buffer, CancellationToken.None).WaitAsync(Node.Patience);
            return Encoding.UTF8.GetString(buffer, 0, got.Count);
        }
    }

    private static async Task<string> BodyAsync(HttpResponseMessage answer)
    {
        var body = await answer.Content.ReadAsStreamAsync();
        await using var plain =
            answer.Content.Headers.ContentEncoding.SingleOrDefault() == "gzip" ? new GZipStream(body, CompressionMode.Decompress) : body;
        using var reader = new StreamReader(plain);
        return await reader.ReadToEndAsync();
    }

    private static async Task<WebApplication> StartAsync(Front front, RecordedLog log)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { WebRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().AddProvider(log);
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error); // warns when it makes the first key of a machine
        front.Services(builder.Services);
        builder.Services.AddActorSocket(static o =>
        {
            o.PingInterval = TimeSpan.FromMinutes(10); // no ping in between
            o.MaxHttpBufferSize = 100_000;
        });
        var app = builder.Build();
        front.Early?.Invoke(app);
        app.UseRouting();
        front.Late?.Invoke(app);
        app.MapActorSocket().OnConnection(static socket => socket.On("echo", (SocketArguments all) => socket.Emit("echo", all)));
        await app.StartAsync();
        return app;
    }

    [GeneratedRegex("(?<=\"sid\":\")[^\"]+", RegexOptions.None, 1000)]
    private static partial Regex SidValue();

    /// <param name="Services">What it needs.</param>
    /// <param name="Early">Used before routing.</param>
    /// <param name="Late">Used behind routing.</param>
    private sealed record Front(
        Action<IServiceCollection> Services,
        Action<WebApplication>? Early = null,
        Action<WebApplication>? Late = null
    );

    private sealed class Timeouts : IHttpRequestTimeoutFeature
    {
        public bool IsDisabled { get; private set; }

        public CancellationToken RequestTimeoutToken => CancellationToken.None;

        public void DisableTimeout() => IsDisabled = true;
    }

    private sealed class KeyHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(Request.Headers.ContainsKey("X-Key")
            ? AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity([], "test")), "test"))
            : AuthenticateResult.NoResult());
    }
}
