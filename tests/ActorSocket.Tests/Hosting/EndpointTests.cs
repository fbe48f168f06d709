using System.Net;
using System.Security.Claims;
using System.Text.Encodings.Web;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ActorSocket.Tests.Hosting;

/// <summary>
/// The server as a citizen of ASP.NET Core: conventions of the endpoint, the request's user, and the options that see requests.
/// </summary>
public sealed class EndpointTests
{
    private const string Handshake = "/socket.io/?EIO=4&transport=polling";

    [Fact]
    public async Task RequireAuthorization_guards_every_transport_and_the_user_reaches_the_socket()
    {
        var name = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await StartAsync(
            static services =>
            {
                services.AddAuthentication("test").AddScheme<AuthenticationSchemeOptions, TokenHandler>("test", null);
                services.AddAuthorization();
            },
            io => io.OnConnection(socket => { name.SetResult(socket.User.Identity?.Name); }),
            static io => io.RequireAuthorization());
        using var http = app.GetTestClient();
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync(Handshake)).StatusCode);
        await Assert.ThrowsAnyAsync<Exception>(() =>
            app.GetTestServer()
                .CreateWebSocketClient()
                .ConnectAsync(new Uri("http://localhost/socket.io/?EIO=4&transport=websocket"), default)
        );

        http.DefaultRequestHeaders.Add("X-Token", "Ada");
        var open = await http.GetStringAsync(Handshake);
        await http.PostAsync(Handshake + "&sid=" + Sid(open), new StringContent("40"));
        Assert.Equal("Ada", await name.Task.WaitAsync(ServerTest.Patience));
    }

    [Fact]
    public async Task RequireHost_RequireCors_and_RequireRateLimiting_apply()
    {
        await using var app = await StartAsync(
            static services =>
            {
                services.AddCors(static cors => cors.AddPolicy("friends", static policy => policy.WithOrigins("http://friend.example")));
                services.AddRateLimiter(static limiter => limiter.AddFixedWindowLimiter("two", static options =>
                {
                    options.PermitLimit = 2;
                    options.Window = TimeSpan.FromHours(1);
                }));
            },
            static _ => { },
            static io => io.RequireHost("game.example").RequireCors("friends").RequireRateLimiting("two"));
        using var http = app.GetTestClient();
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(Handshake)).StatusCode);
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://game.example" + Handshake);
        request.Headers.Add("Origin", "http://friend.example");
        var answer = await http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("http://friend.example", Assert.Single(answer.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("http://game.example" + Handshake)).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await http.GetAsync("http://game.example" + Handshake)).StatusCode);
    }

    [Fact]
    public async Task Ids_headers_and_the_initial_packet_are_the_applications_if_it_likes()
    {
        var number = 0;
        await using var app = await StartAsync(static _ => { }, static _ => { }, options: o =>
        {
            o.GenerateId = _ => ValueTask.FromResult("mine-" + number++);
            o.InitialPacket = "hello";
            o.OnInitialHeaders = static context => context.Response.Headers["X-First"] = "1";
            o.OnHeaders = static context => context.Response.Headers["X-Each"] = "1";
        });
        using var http = app.GetTestClient();
        var open = await http.GetAsync(Handshake);
        var body = await open.Content.ReadAsStringAsync();
        Assert.StartsWith("0{\"sid\":\"mine-0\"", body, StringComparison.Ordinal);
        Assert.EndsWith("\u001e4hello", body, StringComparison.Ordinal);
        Assert.True(open.Headers.Contains("X-First") && open.Headers.Contains("X-Each"));
        var post = await http.PostAsync(Handshake + "&sid=mine-0", new StringContent("40"));
        Assert.True(!post.Headers.Contains("X-First") && post.Headers.Contains("X-Each"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // its own time limit, say
    public async Task An_id_generator_that_fails_refuses_the_client_and_costs_no_place(bool cancelled)
    {
        var fails = true;
        await using var app = await StartAsync(
            static _ => { },
            static _ => { },
            options: o =>
            {
                o.MaxConnections = 1;
                o.GenerateId = _ =>
                    fails
                        ? throw (cancelled ? new TaskCanceledException() : new InvalidOperationException("no ids today"))
                        : ValueTask.FromResult("mine");
            }
        );
        using var http = app.GetTestClient();
        var refused = await http.GetAsync(Handshake);
        Assert.Equal(
            (HttpStatusCode.BadRequest, "{\"code\":3,\"message\":\"Bad request\"}"),
            (refused.StatusCode, await refused.Content.ReadAsStringAsync())
        );
        fails = false;
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(Handshake)).StatusCode);
    }

    [Fact]
    public async Task Of_two_clients_at_once_for_whom_the_generator_makes_the_same_id_one_is_refused_and_takes_no_place()
    {
        var (asked, both) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var app = await StartAsync(static _ => { }, static _ => { }, options: o =>
        {
            o.MaxConnections = 2;
            o.GenerateId = async _ =>
            {
                var number = Interlocked.Increment(ref asked);
                if (number == 2)
                    both.SetResult();
                await both.Task.WaitAsync(TimeSpan.FromSeconds(30));
                return number <= 2 ? "same" : "another";
            };
        });
        using var http = app.GetTestClient();
        var answers = await Task.WhenAll(http.GetAsync(Handshake), http.GetAsync(Handshake));
        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.BadRequest], answers.Select(static answer => answer.StatusCode).Order());
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(Handshake)).StatusCode);
    }

    [Fact]
    public async Task Refused_requests_are_reported()
    {
        var errors = new List<(int, string, string)>();
        await using var app = await StartAsync(
            static _ => { },
            io =>
                io.OnConnectionError(error =>
                    errors.Add(
                        (error.Code, error.Message, string.Join(' ', error.Context.Select(static pair => $"{pair.Key}={pair.Value}")))
                    )
                ),
            options: static o =>
                o.AllowRequest = static (context, _) => ValueTask.FromResult(context.Request.Query.ContainsKey("bad") ? "go away" : null)
        );
        using var http = app.GetTestClient();
        await http.GetAsync("/socket.io/?EIO=4&transport=pigeon");
        await http.GetAsync(Handshake + "&sid=nobody");
        await http.PostAsync(Handshake, null);
        var refused = await http.GetAsync(Handshake + "&bad=1");
        Assert.Equal("{\"code\":4,\"message\":\"go away\"}", await refused.Content.ReadAsStringAsync());
        await http.GetAsync("/socket.io/?EIO=3&transport=polling");
        await http.GetAsync("/socket.io/?EIO=4&transport=websocket");
        var sid = Sid(await http.GetStringAsync(Handshake));
        await http.GetAsync($"/socket.io/?EIO=4&transport=websocket&sid={sid}");
        await http.GetAsync($"/socket.io/?EIO=3&transport=polling&sid={sid}");
        Assert.Equal(
            [
                (0, "Transport unknown", "transport=pigeon"),
                (1, "Session ID unknown", "sid=nobody"),
                (2, "Bad handshake method", "method=POST"),
                (4, "Forbidden", "message=go away"),
                (5, "Unsupported protocol version", "protocol=3"),
                (3, "Bad request", "name=TRANSPORT_HANDSHAKE_ERROR"),
                (3, "Bad request", "name=TRANSPORT_MISMATCH transport=websocket previousTransport=polling"),
                (3, "Bad request", "name=PROTOCOL_MISMATCH protocol=3"),
            ],
            errors);
    }

    [Theory]
    [InlineData("http://a\u0001b")]
    [InlineData("http://a\u007fb")]
    public async Task An_origin_with_control_characters_is_refused(string origin)
    {
        var errors = new List<string>();
        await using var app = await StartAsync(
            static _ => { },
            io => io.OnConnectionError(error => errors.Add(error.Context["name"] + ' ' + error.Context["origin"]))
        );
        var answer = await app.GetTestServer()
            .SendAsync(context =>
            {
                context.Request.Path = "/socket.io/";
                context.Request.QueryString = new QueryString("?EIO=4&transport=polling&sid=nobody"); // before the session is looked for
                context.Request.Headers.Origin = origin;
            });
        Assert.Equal("{\"code\":3,\"message\":\"Bad request\"}", await new StreamReader(answer.Response.Body).ReadToEndAsync());
        Assert.Equal(["INVALID_ORIGIN " + origin], errors);
    }

    [Fact]
    public async Task The_address_is_what_forwarded_headers_make_of_it_and_that_of_the_handshake()
    {
        var handshake = new TaskCompletionSource<Handshake>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await StartAsync(
            static services => services.AddSingleton<IStartupFilter, ForwardedHeaders>(),
            io => io.OnConnection(socket => { handshake.SetResult(socket.Handshake); }));
        using var http = app.GetTestClient();
        http.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.7");
        http.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        var open = await http.GetStringAsync(Handshake);
        http.DefaultRequestHeaders.Clear();
        http.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.8");
        await http.PostAsync(Handshake + "&sid=" + Sid(open), new StringContent("40"));
        var known = await handshake.Task.WaitAsync(ServerTest.Patience);
        Assert.Equal(("203.0.113.7", true), (known.Address, known.Secure));
    }

    [Fact]
    public async Task The_handshake_as_JSON_has_the_official_names()
    {
        await using var app = await StartAsync(
            static _ => { },
            static io => io.OnConnection(static socket => socket.Emit("handshake", socket.Handshake))
        );
        using var http = app.GetTestClient();
        var session = Handshake + "&sid=" + Sid(await http.GetStringAsync(Handshake));
        await http.PostAsync(session, new StringContent("40"));
        var got = new System.Text.StringBuilder();
        while (!got.ToString().Contains("42[", StringComparison.Ordinal))
            got.Append(await http.GetStringAsync(session));
        var text = got.ToString();
        var json = System.Text.Json.JsonElement.Parse(text[(text.IndexOf("42[", StringComparison.Ordinal) + 2)..])[1];
        Assert.Equal(
            "address,auth,headers,issued,query,secure,time,url,xdomain",
            string.Join(',', json.EnumerateObject().Select(static property => property.Name).Order(StringComparer.Ordinal))
        );
    }

    [Fact]
    public async Task A_limit_for_messages_may_be_as_low_as_one_likes()
    {
        await using var app = await StartAsync(static _ => { }, static _ => { }, options: static o => o.MaxHttpBufferSize = 2);
        using var http = app.GetTestClient();
        var open = await http.GetStringAsync(Handshake);
        Assert.EndsWith("\"maxPayload\":2}", open, StringComparison.Ordinal);
        var session = Handshake + "&sid=" + Sid(open);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await http.PostAsync(session, new StringContent("40{}"))).StatusCode);
        Assert.Equal("ok", await (await http.PostAsync(session, new StringContent("40"))).Content.ReadAsStringAsync());
        Assert.StartsWith("40{", await http.GetStringAsync(session), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_that_a_client_wrote_or_must_keep_for_itself_is_logged()
    {
        var log = new System.Collections.Concurrent.ConcurrentQueue<string>();
        var failed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await StartAsync(
            services => services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(new Recorder(log))),
            io => io.OnConnection(socket =>
            {
                socket.On("secret event", (string text) => text.Length);
                socket.On("boom", static () => { throw new InvalidOperationException("the application's own words"); });
                socket.OnError(_ => failed.TrySetResult());
            }),
            options: static o => o.ConnectionStateRecovery = new RecoveryOptions());
        using var http = app.GetTestClient();
        await http.GetAsync("/socket.io/?EIO=4&transport=secret-transport");
        await http.GetAsync(Handshake + "&sid=secret-sid");
        var sid = Sid(await http.GetStringAsync(Handshake + "&q=secret-query"));
        var session = Handshake + "&sid=" + sid;
        await http.PostAsync(session, new StringContent("40{\"token\":\"secret-token\"}"));
        var pid = (await http.GetStringAsync(session)).Split("\"pid\":\"")[1].Split('"')[0];
        await http.PostAsync(session, new StringContent("420[\"secret event\",\"secret text\"]"));
        await http.PostAsync(session, new StringContent("42[\"boom\"]"));
        await failed.Task.WaitAsync(ServerTest.Patience);
        await http.PostAsync(session, new StringContent("40/secret-namespace,"));
        await http.PostAsync(session, new StringContent("42{secret-rubbish}"));
        Assert.Contains(log, static line => line.Contains("the application's own words", StringComparison.Ordinal)); // it does record
        Assert.DoesNotContain(
            log,
            line =>
                line.Contains("secret", StringComparison.Ordinal)
                || line.Contains(sid, StringComparison.Ordinal)
                || line.Contains(pid, StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("/socket.io/?EIO=4&transport=constructor", 0)]
    [InlineData("/socket.io/?EIO=4&transport=__proto__", 0)]
    [InlineData(Handshake + "&sid=__proto__", 1)]
    [InlineData(Handshake + "&sid=..%2F..", 1)]
    public async Task Names_are_data(string url, int code)
    {
        await using var app = await StartAsync(static _ => { }, static _ => { });
        var answer = await app.GetTestClient().GetAsync(url);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.StartsWith($"{{\"code\":{code},", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("42[\"before\"]\u001ex")]
    public async Task A_post_that_cannot_be_parsed_is_taken_and_ends_the_session(string body)
    {
        var reason = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await StartAsync(
            static _ => { },
            io =>
                io.OnConnection(socket =>
                {
                    socket.OnDisconnect(why =>
                    {
                        reason.SetResult(why.ToString());
                    });
                })
        );
        using var http = app.GetTestClient();
        var url = Handshake + "&sid=" + Sid(await http.GetStringAsync(Handshake));
        await http.PostAsync(url, new StringContent("40"));
        await http.GetStringAsync(url);
        var post = await http.PostAsync(url, new StringContent(body));
        Assert.Equal("ok", await post.Content.ReadAsStringAsync());
        Assert.Equal("parse error", await reason.Task.WaitAsync(ServerTest.Patience));
        Assert.StartsWith("{\"code\":1,", await (await http.GetAsync(url)).Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reserved_names_cannot_be_emitted_or_listened_to()
    {
        await using var app = await StartAsync(static _ => { }, static _ => { });
        var io = app.Services.GetRequiredService<ActorSocketServer>();
        foreach (var name in (string[])["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"])
        {
            foreach (
                var emit in (Action[])
                    [() => io.Emit(name), () => io.Of("/a").Emit(name, 1), () => io.To("room").Emit(name), () => io.Volatile.Emit(name)]
            )
                Assert.Equal(
                    $"\"{name}\" is a reserved event name (Parameter 'eventName')",
                    Assert.Throws<ArgumentException>(emit).Message
                );
            await Assert.ThrowsAsync<ArgumentException>(() => io.Timeout(TimeSpan.FromSeconds(1)).EmitWithAckAsync<int>(name));
        }
    }

    private static string Sid(string open) => open.Split('"')[3];

    private static async Task<WebApplication> StartAsync(
        Action<IServiceCollection> services,
        Action<ActorSocketServer> use,
        Action<ActorSocketServer>? conventions = null,
        Action<ActorSocketOptions>? options = null
    )
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        services(builder.Services);
        builder.Services.AddActorSocket(options);
        var app = builder.Build();
        app.UseRouting();
        if (app.Services.GetService<Microsoft.AspNetCore.Cors.Infrastructure.ICorsService>() is not null)
            app.UseCors().UseRateLimiter();
        if (app.Services.GetService<IAuthenticationService>() is not null)
            app.UseAuthentication().UseAuthorization();
        var io = app.MapActorSocket();
        use(io);
        conventions?.Invoke(io);
        await app.StartAsync();
        return app;
    }

    private sealed class ForwardedHeaders : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) =>
            app =>
            {
                app.UseForwardedHeaders(
                    new ForwardedHeadersOptions { ForwardedHeaders = Microsoft.AspNetCore.HttpOverrides.ForwardedHeaders.All }
                );
                next(app);
            };
    }

    /// <summary>What the library logs; what ASP.NET Core says of requests is the host's affair.</summary>
    private sealed class Recorder(System.Collections.Concurrent.ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) =>
            categoryName.StartsWith("ActorSocket", StringComparison.Ordinal)
                ? this
                : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => lines.Enqueue($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }

    private sealed class TokenHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync() =>
            Task.FromResult(
                Request.Headers.TryGetValue("X-Token", out var name)
                    ? AuthenticateResult.Success(
                        new AuthenticationTicket(
                            new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, name.ToString())], "test")),
                            "test"
                        )
                    )
                    : AuthenticateResult.NoResult()
            );
    }
}
