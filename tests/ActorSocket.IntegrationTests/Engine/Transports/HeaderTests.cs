using Microsoft.Extensions.DependencyInjection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace ActorSocket.IntegrationTests.Engine.Transports;

/// <summary>Whatever stands in a client's headers, byte by byte: never a server error, never more than Debug in the log.</summary>
public sealed class HeaderTests
{
    private const string Handshake = "/socket.io/?EIO=4&transport=polling";

    [Theory]
    [InlineData("é")]
    [InlineData("a b")]
    [InlineData("")]
    [InlineData("chat, chat")]
    [InlineData(",,a")]
    [InlineData("chat,")]
    [InlineData(",chat")]
    [InlineData("chat;q=1")]
    [InlineData("a/b")]
    [InlineData("chat, , b")]
    [InlineData("\"chat\"")]
    [InlineData("chat\r\nSec-WebSocket-Protocol: chat")]
    public async Task A_subprotocol_that_is_no_list_of_different_tokens_is_refused_as_by_ws(string offered)
    {
        await using var host = await Host.StartAsync();
        var opened = await RawHttp.UpgradeAsync(host.Url, $"Sec-WebSocket-Protocol: {RawHttp.Utf8(offered)}\r\n");
        Assert.Equal((400, "Invalid Sec-WebSocket-Protocol header"), (opened.Status, opened.Body));
        Assert.Equal("close", Assert.Single(opened.Headers["Connection"]));
        // An upgrade is refused likewise, and its session goes on.
        var sid = (await RawHttp.SendAsync(host.Url, $"GET {Handshake} HTTP/1.1\r\nHost: a\r\n\r\n")).Body.Split('"')[3];
        var upgrade = await RawHttp.SendAsync(
            host.Url,
            $"GET /socket.io/?EIO=4&transport=websocket&sid={sid} HTTP/1.1\r\nHost: a\r\n{RawHttp.UpgradeHeaders}Sec-WebSocket-Protocol: "
            + $"{RawHttp.Utf8(offered)}\r\n\r\n"
        );
        Assert.Equal((400, "Invalid Sec-WebSocket-Protocol header"), (upgrade.Status, upgrade.Body));
        var post = await RawHttp.SendAsync(host.Url, $"POST {Handshake}&sid={sid} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n40");
        Assert.Equal((200, "ok"), (post.Status, post.Body));
        Assert.Empty(host.Log.Above(LogLevel.Debug));
    }

    [Theory]
    [InlineData("chat", "chat")]
    [InlineData("chat, superchat", "chat")]
    [InlineData("chat ,\tsuperchat", "chat")]
    [InlineData("a\r\nSec-WebSocket-Protocol: b", "a")]
    [InlineData("graphql-ws!#$%&'*+.^_`|~", "graphql-ws!#$%&'*+.^_`|~")]
    public async Task The_first_of_the_subprotocols_is_agreed_on(string offered, string agreed)
    {
        await using var host = await Host.StartAsync();
        var answer = await RawHttp.UpgradeAsync(host.Url, $"Sec-WebSocket-Protocol: {offered}\r\n");
        Assert.Equal((101, agreed), (answer.Status, Assert.Single(answer.Headers["Sec-WebSocket-Protocol"])));
    }

    [Theory]
    [InlineData("Sec-WebSocket-Key: short\r\nSec-WebSocket-Version: 13\r\n", "Missing or invalid Sec-WebSocket-Key header")]
    [InlineData(
        "Sec-WebSocket-Key: \u00e9AAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n",
        "Missing or invalid Sec-WebSocket-Key header"
    )]
    [InlineData(
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 7\r\n",
        "Missing or invalid Sec-WebSocket-Version header"
    )]
    public async Task A_broken_handshake_is_told_what_is_wrong_with_it_as_by_ws(string headers, string message)
    {
        await using var host = await Host.StartAsync();
        var answer = await RawHttp.SendAsync(
            host.Url,
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + $"{RawHttp.Utf8(headers)}\r\n"
        );
        Assert.Equal((400, message), (answer.Status, answer.Body));
        Assert.Empty(host.Log.Above(LogLevel.Debug));
    }

    [Theory]
    [InlineData("Access-Control-Request-Headers: x-é")]
    [InlineData("Access-Control-Request-Headers: x-a\r\nAccess-Control-Request-Headers: x-é")]
    [InlineData("Origin: http://é.example")]
    [InlineData("Origin: http://friend.example\té")]
    public async Task A_preflight_with_bytes_that_are_no_ASCII_is_a_bad_request(string header)
    {
        foreach (var cors in (CorsPolicy[])[Any(), Reflecting(), Listing()])
        {
            await using var host = await Host.StartAsync(o => o.Cors = cors);
            var answer = await RawHttp.SendAsync(
                host.Url,
                $"OPTIONS {Handshake} HTTP/1.1\r\nHost: a\r\nAccess-Control-Request-Method: POST\r\n{RawHttp.Utf8(header)}\r\n\r\n"
            );
            Assert.Equal((400, "{\"code\":3,\"message\":\"Bad request\"}"), (answer.Status, answer.Body));
            Assert.Empty(host.Log.Above(LogLevel.Debug));
        }
    }

    [Theory]
    [InlineData("http://é")]
    [InlineData("é")]
    [InlineData("\u00e9", true)]
    [InlineData("http://\u0080.example", true)]
    public async Task An_origin_of_bytes_that_are_no_ASCII_is_a_bad_request(string origin, bool latin1 = false)
    {
        foreach (var cors in (CorsPolicy?[])[null, Any(), Reflecting(), Listing()])
        {
            await using var host = await Host.StartAsync(o => o.Cors = cors, latin1: latin1);
            var header = $"Origin: {(latin1 ? origin : RawHttp.Utf8(origin))}\r\n";
            Assert.Equal(400, (await RawHttp.SendAsync(host.Url, $"GET {Handshake} HTTP/1.1\r\nHost: a\r\n{header}\r\n")).Status);
            Assert.Equal(400, (await RawHttp.UpgradeAsync(host.Url, header)).Status);
            Assert.Equal(
                400,
                (
                    await RawHttp.SendAsync(host.Url, $"POST {Handshake}&sid=x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n{header}\r\n40")
                ).Status
            );
            Assert.Equal(
                200,
                (await RawHttp.SendAsync(host.Url, $"GET /socket.io/socket.io.min.js HTTP/1.1\r\nHost: a\r\n{header}\r\n")).Status
            );
            Assert.Empty(host.Log.Above(LogLevel.Debug));
        }
    }

    [Theory]
    [InlineData("Cookie: a=é")]
    [InlineData("User-Agent: é")]
    [InlineData("X-é: 1")]
    [InlineData("Accept-Encoding: é")]
    [InlineData("Content-Type: é")]
    [InlineData("Sec-WebSocket-Extensions: é;;=,")]
    [InlineData("If-None-Match: é")]
    [InlineData("Referer: \u00ff\u0001")]
    [InlineData("Authorization: \u0080")]
    [InlineData("Host: é")]
    [InlineData("Upgrade: é")]
    [InlineData("Connection: é")]
    [InlineData("X-Forwarded-Proto: é\r\nX-Forwarded-Host: é\r\nX-Forwarded-For: é")]
    public async Task Any_other_header_is_taken_or_refused_and_no_error(string header)
    {
        await using var host = await Host.StartAsync(static o =>
        {
            o.Cors = Reflecting();
            o.PerMessageDeflate = new PerMessageDeflateOptions();
        });
        foreach (var bytes in (string[])[header, RawHttp.Utf8(header)])
        {
            foreach (
                var request in (string[])
                    [
                        $"GET {Handshake}",
                        $"OPTIONS {Handshake}",
                        $"GET {Handshake}&sid=%E9%ff",
                        $"GET {Handshake}&sid=\u00e9",
                        $"GET {Handshake}&a=%zz%",
                        "GET /socket.io/\u00e9",
                        "GET /socket.io/%E9",
                        "GET /socket.io/socket.io.js",
                    ]
            )
                Assert.InRange((await RawHttp.SendAsync(host.Url, $"{request} HTTP/1.1\r\nHost: a\r\n{bytes}\r\n\r\n")).Status, 200, 499);
            Assert.InRange((await RawHttp.UpgradeAsync(host.Url, bytes + "\r\n")).Status, 101, 499);
        }
        Assert.Empty(host.Log.Above(LogLevel.Debug));
    }

    // Origin, Host, scheme of the request, allowed
    [Theory]
    [InlineData("http://game.example", "game.example", "http", true)]
    [InlineData("HTTP://Game.Example", "gAME.eXAMPLE", "http", true)]
    [InlineData("http://game.example:80", "game.example", "http", true)]
    [InlineData("http://game.example", "game.example:80", "http", true)]
    [InlineData("http://game.example:8080", "game.example:8080", "http", true)]
    [InlineData("https://game.example", "game.example", "https", true)]
    [InlineData("https://game.example:443", "game.example", "https", true)]
    [InlineData("https://game.example", "game.example:443", "https", true)]
    [InlineData("https://game.example:8443", "game.example:8443", "https", true)]
    [InlineData("https://game.example", "game.example", "http", true)] // TLS ends at a proxy that does not say so
    [InlineData("http://[::1]:5000", "[::1]:5000", "http", true)]
    [InlineData("http://127.0.0.1:5000", "127.0.0.1:5000", "http", true)]
    [InlineData("http://friend.example", "game.example", "http", true)] // listed
    [InlineData("http://game.example", "game.example", "https", false)] // a page that anybody on the way may have written
    [InlineData("http://game.example:8080", "game.example", "http", false)]
    [InlineData("http://game.example", "game.example:8080", "http", false)]
    [InlineData("https://game.example:80", "game.example", "http", false)]
    [InlineData("http://evil.example", "game.example", "http", false)]
    [InlineData("http://game.example.evil.example", "game.example", "http", false)]
    [InlineData("http://evil.game.example", "game.example", "http", false)]
    [InlineData("http://game.example/path", "game.example", "http", false)]
    [InlineData("ftp://game.example", "game.example", "http", false)]
    [InlineData("null", "game.example", "http", false)]
    [InlineData("game.example", "game.example", "http", false)]
    [InlineData("", "game.example", "http", false)]
    public async Task With_a_list_of_origins_the_servers_own_may_open_a_WebSocket_and_strangers_may_not(
        string origin,
        string host,
        string scheme,
        bool allowed
    )
    {
        foreach (
            var check in (Action<ActorSocketOptions>[])
                [static o => o.Cors = Listing(), static o => (o.Cors, o.CheckWebSocketOrigin) = (Listing(), true)]
        )
        {
            await using var server = await Host.StartAsync(check);
            var answer = await RawHttp.SendAsync(
                server.Url,
                $"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {host}\r\n{RawHttp.UpgradeHeaders}Origin: {origin}\r\n"
                + $"X-Forwarded-Proto: {scheme}\r\n\r\n"
            );
            Assert.Equal(allowed ? (101, "") : (400, "Forbidden"), (answer.Status, answer.Body));
        }
    }

    [Fact]
    public async Task The_servers_own_origin_is_what_forwarded_headers_make_of_the_host()
    {
        await using var server = await Host.StartAsync(static o => o.Cors = Listing());
        const string head =
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 10.0.0.7:8080\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: "
            + "game.example\r\n";
        Assert.Equal(
            101,
            (await RawHttp.SendAsync(server.Url, $"{head}{RawHttp.UpgradeHeaders}Origin: https://game.example\r\n\r\n")).Status
        );
        Assert.Equal(
            400,
            (await RawHttp.SendAsync(server.Url, $"{head}{RawHttp.UpgradeHeaders}Origin: http://10.0.0.7:8080\r\n\r\n")).Status
        );
    }

    [Fact]
    public async Task Without_a_policy_a_check_that_is_asked_for_lets_the_servers_own_origin_in()
    {
        await using var server = await Host.StartAsync(static o => o.CheckWebSocketOrigin = true);
        Assert.Equal(101, (await RawHttp.UpgradeAsync(server.Url, $"Origin: {server.Url.Scheme}://{server.Url.Authority}\r\n")).Status);
        Assert.Equal(400, (await RawHttp.UpgradeAsync(server.Url, "Origin: http://friend.example\r\n")).Status);
        Assert.Equal(101, (await RawHttp.UpgradeAsync(server.Url, "")).Status); // no browser
    }

    [Fact]
    public async Task An_origin_that_the_applications_function_stumbles_over_is_not_allowed_and_no_error()
    {
        await using var host = await Host.StartAsync(static o =>
            o.Cors = new CorsPolicyBuilder().SetIsOriginAllowed(static origin => new Uri(origin).Host == "friend.example").Build()
        );
        Assert.Equal(400, (await RawHttp.UpgradeAsync(host.Url, "Origin: what?\r\n")).Status);
        var answer = await RawHttp.SendAsync(host.Url, $"GET {Handshake} HTTP/1.1\r\nHost: a\r\nOrigin: what?\r\n\r\n");
        Assert.Equal((200, 0), (answer.Status, answer.Headers["Access-Control-Allow-Origin"].Count()));
        Assert.DoesNotContain(host.Log.Above(LogLevel.Information), static _ => true);
    }

    private static CorsPolicy Any() => new CorsPolicyBuilder().AllowAnyOrigin().AllowAnyHeader().Build();

    private static CorsPolicy Reflecting() =>
        new CorsPolicyBuilder().SetIsOriginAllowed(static _ => true).AllowAnyHeader().AllowCredentials().Build();

    private static CorsPolicy Listing() => new CorsPolicyBuilder().WithOrigins("http://friend.example").Build();

    private sealed class Host(WebApplication app, RecordedLog log) : IAsyncDisposable
    {
        public Uri Url { get; } = new(app.Urls.First());

        public RecordedLog Log => log;

        public static async Task<Host> StartAsync(Action<ActorSocketOptions>? options = null, bool latin1 = false)
        {
            var log = new RecordedLog();
            var builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            if (latin1)
                builder.WebHost.ConfigureKestrel(static kestrel =>
                    kestrel.RequestHeaderEncodingSelector = static _ => System.Text.Encoding.Latin1
                );
            builder
                .Logging.ClearProviders()
                .AddProvider(log)
                .SetMinimumLevel(LogLevel.Trace)
                .AddFilter("Microsoft.AspNetCore.Hosting", LogLevel.None)
                .AddFilter("Microsoft.AspNetCore.Routing", LogLevel.None)
                .AddFilter("Microsoft.Hosting", LogLevel.None)
                .AddFilter("Akka", LogLevel.Warning); // what they say of requests is the host's affair
            builder.Services.AddActorSocket(options);
            var app = builder.Build();
            app.UseForwardedHeaders(new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.All });
            app.UseRouting();
            app.MapActorSocket();
            await app.StartAsync();
            return new Host(app, log);
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}
