using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>Engine.IO protocol 3 and Socket.IO 2, request by request.</summary>
public sealed partial class Version2WireTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("EIO=3&transport=polling")]
    [InlineData("transport=polling")]
    public async Task A_request_of_another_version_opens_a_session_that_is_joined_unasked(string query)
    {
        await using var server = await StartAsync();
        using var wire = new Wire(server.Url);
        var open = await wire.SendAsync(HttpMethod.Get, query);
        var (length, packet) = (
            int.Parse(open.Body.Split(':')[0], System.Globalization.CultureInfo.InvariantCulture),
            open.Body[(open.Body.IndexOf(':') + 1)..]
        );
        Assert.Matches(
            """^0\{"sid":"[\w-]+","upgrades":\["websocket"\],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000\}""",
            packet
        );
        var rest = packet[length..];
        if (rest.Length == 0)
            rest = (await wire.SendAsync(HttpMethod.Get, $"{query}&sid={Sid(open.Body)}")).Body;
        Assert.Equal("2:40", rest);
        Assert.Equal(Sid(open.Body), Assert.Single(server.Io.Sockets).Id); // a socket's id is its session's
    }

    [Fact]
    public async Task Lengths_are_UTF_16_units_and_a_length_that_lies_ends_the_session()
    {
        await using var server = await StartAsync();
        using var wire = new Wire(server.Url);
        var query = await JoinAsync(wire);
        const string packet = "42[\"echo\",\"é😀\"]";
        await wire.SendAsync(HttpMethod.Post, query, new StringContent($"{packet.Length}:{packet}1:2")); // and a ping
        Assert.Equal($"{packet.Length}:{packet}1:3".Order(), (await ReadAsync(wire, query, packet.Length + 6)).Order());
        await wire.SendAsync(HttpMethod.Post, query, new StringContent("99:42[\"echo\"]"));
        Assert.Equal("""{"code":1,"message":"Session ID unknown"}""", (await wire.SendAsync(HttpMethod.Get, query)).Body);
    }

    [Fact]
    public async Task Binary_is_in_a_payload_of_octets_or_in_base64()
    {
        await using var server = await StartAsync();
        using var wire = new Wire(server.Url);
        const string header = "451-[\"echo\",{\"_placeholder\":true,\"num\":0}]";
        foreach (var base64 in new[] { false, true })
        {
            var query = await JoinAsync(wire, base64 ? "&b64=1" : "");
            // 42 characters, then a type and four bytes
            using var octets = new ByteArrayContent([0, 4, 2, 0xff, .. Encoding.UTF8.GetBytes(header), 1, 5, 0xff, 4, 1, 2, 3, 4]);
            octets.Headers.ContentType = new("application/octet-stream");
            if (base64)
                Assert.Equal(
                    "ok",
                    (await wire.SendAsync(HttpMethod.Post, query, new StringContent($"{header.Length}:{header}10:b4AQIDBA=="))).Body
                );
            else
                Assert.Equal("ok", (await wire.SendAsync(HttpMethod.Post, query, octets)).Body);
            var bytes = new List<byte>();
            var types = new HashSet<string?>();
            while (bytes.Count < header.Length + 8)
            {
                var answer = await wire.SendAsync(HttpMethod.Get, query);
                bytes.AddRange(answer.Bytes);
                types.Add(answer.Header("Content-Type"));
            }
            if (base64)
                Assert.Equal($"{header.Length}:{header}10:b4AQIDBA==", Encoding.UTF8.GetString([.. bytes]));
            else
                Assert.Equal([1, 5, 0xff, 4, 1, 2, 3, 4], bytes[^8..]);
            Assert.Contains(base64 ? "text/plain; charset=UTF-8" : "application/octet-stream", types);
        }
    }

    [Fact]
    public async Task A_binary_frame_of_a_WebSocket_begins_with_its_type_and_the_client_pings()
    {
        await using var server = await StartAsync();
        using var wire = new Wire(server.Url);
        using var session = await wire.OpenWebSocketAsync("EIO=3&transport=websocket");
        Assert.StartsWith("0{", await session.NextAsync(), StringComparison.Ordinal);
        Assert.Equal("40", await session.NextAsync());
        await session.SendAsync("451-[\"echo\",{\"_placeholder\":true,\"num\":0}]");
        await session.SendAsync([4, 1, 2]);
        Assert.Equal(
            ("451-[\"echo\",{\"_placeholder\":true,\"num\":0}]", "<040102>"),
            (await session.NextAsync(), await session.NextAsync())
        );
        await session.SendAsync("2");
        Assert.Equal("3", await session.NextAsync());
        await session.SendAsync("3"); // which is the server's to send
        await session.EndsAsync();
    }

    [Fact]
    public async Task Who_does_not_ping_is_given_up()
    {
        await using var server = await StartAsync(static options =>
            options.PingInterval = options.PingTimeout = TimeSpan.FromMilliseconds(500)
        );
        using var wire = new Wire(server.Url);
        using var session = await wire.OpenWebSocketAsync("EIO=3&transport=websocket");
        var sid = Sid(await session.NextAsync());
        Assert.Equal("40", await session.NextAsync());
        await session.EndsAsync();
        await server.Journal.SeenAsync($"{sid} disconnect ping timeout");
    }

    [Fact]
    public async Task The_query_of_a_namespace_is_its_auth_and_refusals_are_bare()
    {
        await using var server = await StartAsync();
        using var wire = new Wire(server.Url);
        using var session = await wire.OpenWebSocketAsync("EIO=3&transport=websocket");
        await session.NextAsync();
        await session.NextAsync();
        await session.SendAsync("40/lobby?token=a%20b,");
        Assert.Equal("40/lobby,", await session.NextAsync());
        await session.SendAsync("42/lobby,0[\"handshake\"]");
        Assert.Contains("\"auth\":{\"token\":\"a b\"}", await session.NextAsync(), StringComparison.Ordinal);
        await session.SendAsync("40/guarded,");
        Assert.Equal("44/guarded,{\"code\":\"E1\",\"retryAfter\":5,\"tried\":[\"first\"]}", await session.NextAsync());
        await session.SendAsync("40/nowhere,");
        Assert.Equal("44/nowhere,{\"message\":\"Invalid namespace\"}", await session.NextAsync());
    }

    private Task<RealServer> StartAsync(Action<ActorSocketOptions>? configure = null) => Wire.ServeAsync(output, options =>
    {
        options.AllowEIO3 = true;
        configure?.Invoke(options);
    });

    /// <summary>The query of a polling session that has been told of its joining.</summary>
    private static async Task<string> JoinAsync(Wire wire, string more = "")
    {
        var query = "EIO=3&transport=polling" + more;
        var open = await wire.SendAsync(HttpMethod.Get, query);
        query += "&sid=" + Sid(open.Body);
        if (!open.Body.EndsWith("2:40", StringComparison.Ordinal))
            Assert.Equal((HttpStatusCode.OK, "2:40"), (await wire.SendAsync(HttpMethod.Get, query)).Both);
        return query;
    }

    private static async Task<string> ReadAsync(Wire wire, string query, int length)
    {
        var text = "";
        while (text.Length < length)
            text += (await wire.SendAsync(HttpMethod.Get, query)).Body;
        return text;
    }

    private static string Sid(string open) => SidPattern().Match(open).Groups["sid"].Value;

    [GeneratedRegex("\"sid\":\"(?<sid>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SidPattern();
}
