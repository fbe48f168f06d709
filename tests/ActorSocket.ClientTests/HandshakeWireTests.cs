using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using ActorSocket.ClientTests.Infrastructure;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>Handshakes, refusals and their headers, request by request.</summary>
public sealed partial class HandshakeWireTests(ITestOutputHelper output)
{
    private const string Open = "EIO=4&transport=polling";

    [Theory]
    [InlineData("EIO=4", 0, "Transport unknown")]
    [InlineData("EIO=4&transport=pigeon", 0, "Transport unknown")]
    [InlineData("EIO=4&transport=webtransport", 0, "Transport unknown")]
    [InlineData("EIO=4&transport=POLLING", 0, "Transport unknown")]
    [InlineData("EIO=4&transport=__proto__", 0, "Transport unknown")]
    [InlineData("EIO=4&TRANSPORT=polling", 0, "Transport unknown")] // keys are case-sensitive
    [InlineData("EIO=3&refuse=1&sid=nobody&transport=pigeon", 0, "Transport unknown")] // of several faults the first in the official order
    [InlineData("EIO=4&transport=polling&sid=nobody", 1, "Session ID unknown")]
    [InlineData("EIO=3&transport=polling&sid=__proto__", 1, "Session ID unknown")]
    [InlineData("EIO=4&transport=websocket", 3, "Bad request")]
    [InlineData("EIO=3&transport=polling&refuse=1", 4, "refused")]
    [InlineData("EIO=3&transport=polling", 5, "Unsupported protocol version")]
    [InlineData("EIO=abc&transport=polling", 5, "Unsupported protocol version")]
    [InlineData("transport=polling", 5, "Unsupported protocol version")]
    [InlineData("EIO=4&EIO=3&transport=polling", 5, "Unsupported protocol version")] // of a repeated key the last value
    public async Task A_refusal_is_JSON_and_names_the_first_fault(string query, int code, string message)
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        var answer = await wire.SendAsync(HttpMethod.Get, query);
        Assert.Equal(
            (code == 4 ? HttpStatusCode.Forbidden : HttpStatusCode.BadRequest, $$"""{"code":{{code}},"message":"{{message}}"}"""),
            answer.Both
        );
        Assert.Equal("application/json", answer.Header("Content-Type"));
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    public async Task Only_a_GET_opens_a_session(string method)
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        foreach (var query in new[] { Open, "EIO=3&transport=polling&refuse=1" })
            Assert.Equal(
                (HttpStatusCode.BadRequest, """{"code":2,"message":"Bad handshake method"}"""),
                (await wire.SendAsync(new HttpMethod(method), query)).Both
            );
    }

    [Theory]
    [InlineData("EIO=3&EIO=4&transport=pigeon&transport=polling")]
    [InlineData("t=x&foo=%F0%9F%98%80&transport=polling&b=1&EIO=4")]
    public async Task The_query_may_have_any_order_and_other_keys_and_its_last_values_count(string query)
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        var session = await wire.OpenAsync(query);
        await session.PostAsync("40");
        await session.PollAsync();
        await session.PostAsync("""420["handshake"]""");
        var known = Assert.Single(await session.PollAsync());
        Assert.Contains("\"EIO\":\"4\"", known, StringComparison.Ordinal);
        Assert.Contains("\"transport\":\"polling\"", known, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_must_bear_the_sessions_transport_and_version_and_leaves_it_as_it_is()
    {
        await using var server = await Wire.ServeAsync(output, static options => options.AllowEIO3 = true);
        using var wire = new Wire(server.Url);
        var polling = await wire.JoinAsync();
        using var webSocket = await wire.JoinWebSocketAsync();
        var sid = (await SessionIdAsync(webSocket))!;
        var refused = (HttpStatusCode.BadRequest, """{"code":3,"message":"Bad request"}""");
        foreach (
            var query in new[]
            {
                $"EIO=3&transport=polling&sid={polling.Sid}",
                $"transport=polling&sid={polling.Sid}",
                $"EIO=4&transport=websocket&sid={polling.Sid}",
                $"EIO=4&transport=polling&sid={sid}",
            }
        )
            Assert.Equal(refused, (await wire.SendAsync(HttpMethod.Get, query)).Both);
        await polling.LivesAsync();
        await webSocket.LivesAsync();
    }

    [Theory]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    public async Task Another_method_on_a_session_is_not_allowed_and_leaves_it_open(string method)
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await wire.SendAsync(new HttpMethod(method), session.Query)).Status);
        await session.LivesAsync();
    }

    [Theory]
    [InlineData("Sec-WebSocket-Version: 13")]
    [InlineData("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short")]
    [InlineData("Sec-WebSocket-Version: 7\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")]
    public async Task A_broken_WebSocket_handshake_is_refused_and_harms_no_session(string headers)
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        foreach (var sid in new[] { "", "&sid=" + session.Sid })
        {
            using var tcp = await wire.SendRawAsync(
                $"GET /socket.io/?EIO=4&transport=websocket{sid} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: "
                + $"websocket\r\n{headers}\r\n\r\n"
            );
            Assert.StartsWith(
                "HTTP/1.1 400 ",
                await new StreamReader(tcp.GetStream()).ReadLineAsync().WaitForAsync("the answer"),
                StringComparison.Ordinal
            );
        }
        await session.LivesAsync();
    }

    [Fact]
    public async Task The_open_packet_has_the_official_defaults_by_either_transport()
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        var answer = await wire.SendAsync(HttpMethod.Get, Open);
        Assert.Equal("text/plain; charset=UTF-8", answer.Header("Content-Type"));
        Assert.Matches(
            """^0\{"sid":"[\w-]+","upgrades":\["websocket"\],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000\}$""",
            answer.Body
        );
        using var webSocket = await wire.OpenWebSocketAsync();
        Assert.Matches(
            """^0\{"sid":"[\w-]+","upgrades":\[\],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000\}$""",
            await webSocket.NextAsync()
        );
    }

    [Fact]
    public async Task Ids_are_unlike_URL_safe_and_not_those_of_sockets()
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        var ids = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < 100; i++)
        {
            var session = i % 10 == 0 ? await wire.JoinAsync() : await wire.OpenAsync();
            Assert.Matches("^[A-Za-z0-9_-]{20,}$", session.Sid);
            Assert.True(ids.Add(session.Sid) && (session.Id.Length == 0 || ids.Add(session.Id)));
        }
    }

    [Fact]
    public async Task A_server_without_upgrades_offers_none_and_refuses_who_tries()
    {
        await using var server = await Wire.ServeAsync(output, static options => options.AllowUpgrades = false);
        using var wire = new Wire(server.Url);
        Assert.Contains("\"upgrades\":[]", (await wire.SendAsync(HttpMethod.Get, Open)).Body, StringComparison.Ordinal);
        var session = await wire.JoinAsync();
        using var webSocket = await wire.OpenWebSocketAsync("EIO=4&transport=websocket&sid=" + session.Sid);
        Assert.Equal("close", await webSocket.NextAsync());
        await session.LivesAsync();
    }

    [Fact]
    public async Task The_initial_packet_follows_the_open_packet()
    {
        await using var server = await Wire.ServeAsync(output, static options => options.InitialPacket = "hello");
        using var wire = new Wire(server.Url);
        Assert.EndsWith("}" + Wire.Separator + "4hello", (await wire.SendAsync(HttpMethod.Get, Open)).Body, StringComparison.Ordinal);
        using var webSocket = await wire.OpenWebSocketAsync();
        await webSocket.NextAsync();
        Assert.Equal("4hello", await webSocket.NextAsync());
    }

    [Fact]
    public async Task The_cookie_is_set_once_by_a_handshake_of_either_transport()
    {
        await using var server = await Wire.ServeAsync(
            output,
            static options =>
                options.Cookie = new CookieBuilder
                {
                    HttpOnly = true,
                    Path = "/",
                    SameSite = SameSiteMode.Lax,
                }
        );
        using var wire = new Wire(server.Url);
        var open = await wire.SendAsync(HttpMethod.Get, Open);
        var sid = Sid().Match(open.Body).Groups["sid"].Value;
        Assert.Equal($"io={sid}; Path=/; HttpOnly; SameSite=Lax", open.Header("Set-Cookie"));
        var post = await wire.SendAsync(HttpMethod.Post, Open + "&sid=" + sid, new StringContent("40"));
        Assert.Null(post.Header("Set-Cookie"));

        using var tcp = await wire.SendRawAsync(
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        );
        using var reader = new StreamReader(tcp.GetStream(), Encoding.Latin1);
        var headers = new List<string>();
        while (await reader.ReadLineAsync().WaitForAsync("the answer's head") is { Length: > 0 } line)
            headers.Add(line);
        Assert.StartsWith("HTTP/1.1 101", headers[0], StringComparison.Ordinal);
        Assert.Matches(
            "^Set-Cookie: io=[\\w-]+; Path=/; HttpOnly; SameSite=Lax$",
            Assert.Single(headers, static line => line.StartsWith("Set-Cookie", StringComparison.OrdinalIgnoreCase))
        );
    }

    [Fact]
    public async Task There_is_no_cookie_by_default_and_all_attributes_when_asked_for()
    {
        await using var plain = await Wire.ServeAsync(output);
        using var wire = new Wire(plain.Url);
        Assert.Null((await wire.SendAsync(HttpMethod.Get, Open)).Header("Set-Cookie"));

        await using var server = await Wire.ServeAsync(output, static options => options.Cookie = new CookieBuilder
        {
            Name = "session",
            HttpOnly = true,
            Path = "/game",
            Domain = "game.example",
            MaxAge = TimeSpan.FromHours(1),
            SameSite = SameSiteMode.Strict,
            SecurePolicy = CookieSecurePolicy.Always,
        });
        using var other = new Wire(server.Url);
        Assert.Matches(
            "^session=[\\w-]+; Max-Age=3600; Domain=game.example; Path=/game; HttpOnly; Secure; SameSite=Strict$",
            (await other.SendAsync(HttpMethod.Get, Open)).Header("Set-Cookie")
        );
    }

    [Fact]
    public async Task Header_callbacks_see_the_first_answer_and_each()
    {
        await using var server = await Wire.ServeAsync(output, static options =>
        {
            options.OnInitialHeaders = static context => context.Response.Headers["X-First"] = "1";
            options.OnHeaders = static context => context.Response.Headers["X-Each"] = "1";
        });
        using var wire = new Wire(server.Url);
        var open = await wire.SendAsync(HttpMethod.Get, Open);
        Assert.Equal(("1", "1"), (open.Header("X-First"), open.Header("X-Each")));
        var sid = Sid().Match(open.Body).Groups["sid"].Value;
        var post = await wire.SendAsync(HttpMethod.Post, Open + "&sid=" + sid, new StringContent("40"));
        Assert.Equal((null, "1"), (post.Header("X-First"), post.Header("X-Each")));
        foreach (var (query, first) in new[] { ("EIO=4&transport=websocket", true), ("EIO=4&transport=websocket&sid=" + sid, false) })
        {
            using var tcp = await wire.SendRawAsync(
                $"GET /socket.io/?{query} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            );
            using var reader = new StreamReader(tcp.GetStream(), Encoding.Latin1);
            var headers = new List<string>();
            while (await reader.ReadLineAsync().WaitForAsync("the answer's head") is { Length: > 0 } line)
                headers.Add(line);
            Assert.Equal((first, true), (headers.Contains("X-First: 1"), headers.Contains("X-Each: 1")));
        }
    }

    [Fact]
    public async Task Without_CORS_there_is_no_header_and_a_preflight_is_no_handshake()
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        var answer = await wire.SendAsync(HttpMethod.Get, Open, null, ("Origin", "http://elsewhere.example"));
        Assert.Equal((HttpStatusCode.OK, null), (answer.Status, answer.Header("Access-Control-Allow-Origin")));
        Assert.Equal(
            """{"code":2,"message":"Bad handshake method"}""",
            (await wire.SendAsync(HttpMethod.Options, Open, null, ("Origin", "http://elsewhere.example"))).Body
        );
    }

    [Fact]
    public async Task With_CORS_every_OPTIONS_is_a_preflight_and_every_answer_bears_the_header()
    {
        await using var server = await Wire.ServeAsync(
            output,
            static options =>
                options.Cors = new CorsPolicyBuilder("http://friend.example", "http://other.example")
                    .AllowAnyHeader()
                    .AllowAnyMethod()
                    .AllowCredentials()
                    .WithExposedHeaders("X-Served-By")
                    .SetPreflightMaxAge(TimeSpan.FromSeconds(60))
                    .Build()
        );
        using var wire = new Wire(server.Url);
        var preflight = await wire.SendAsync(
            HttpMethod.Options,
            "",
            null,
            ("Origin", "http://friend.example"),
            ("Access-Control-Request-Headers", "x-test")
        );
        Assert.Equal(HttpStatusCode.NoContent, preflight.Status);
        Assert.Equal(
            ("http://friend.example", "true", "x-test", "60"),
            (
                preflight.Header("Access-Control-Allow-Origin"),
                preflight.Header("Access-Control-Allow-Credentials"),
                preflight.Header("Access-Control-Allow-Headers"),
                preflight.Header("Access-Control-Max-Age")
            )
        );
        Assert.Contains("Origin", preflight.Header("Vary")!, StringComparison.Ordinal);
        foreach (var query in new[] { Open, "EIO=4&transport=pigeon", Open + "&sid=nobody" })
        {
            var answer = await wire.SendAsync(HttpMethod.Get, query, null, ("Origin", "http://friend.example"));
            Assert.Equal(
                ("http://friend.example", "X-Served-By", null),
                (
                    answer.Header("Access-Control-Allow-Origin"),
                    answer.Header("Access-Control-Expose-Headers"),
                    answer.Header("Access-Control-Allow-Headers")
                )
            );
        }
        var stranger = await wire.SendAsync(HttpMethod.Get, Open, null, ("Origin", "http://enemy.example"));
        // the browser refuses, not CORS
        Assert.Equal((HttpStatusCode.OK, null), (stranger.Status, stranger.Header("Access-Control-Allow-Origin")));
        Assert.Equal(
            HttpStatusCode.NoContent,
            (await wire.SendAsync(HttpMethod.Options, "", null, ("Origin", "http://enemy.example"))).Status
        );
    }

    private static async Task<string?> SessionIdAsync(Wire.WebSocketSession session)
    {
        await session.SendAsync("""420["whoami"]""");
        return ConnectionId().Match(await session.NextAsync()).Groups["sid"].Value;
    }

    [GeneratedRegex("\"sid\":\"(?<sid>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Sid();

    [GeneratedRegex("\"connectionId\":\"(?<sid>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ConnectionId();
}
