using System.Net;
using System.Net.WebSockets;
using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>WebSockets and upgrades, frame by frame.</summary>
public sealed class WebSocketWireTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Binary_is_a_frame_of_its_own_right_after_its_header_and_base64_text_is_taken_for_it()
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        using var session = await wire.JoinWebSocketAsync();
        const string header = """451-["echo",{"_placeholder":true,"num":0}]""";
        await session.SendAsync(header);
        await session.SendAsync([1, 2, 255]);
        Assert.Equal((header, "<0102FF>"), (await session.NextAsync(), await session.NextAsync()));
        await session.SendAsync(header);
        await session.SendAsync("bAQI=");
        Assert.Equal((header, "<0102>"), (await session.NextAsync(), await session.NextAsync()));
    }

    [Fact]
    public async Task A_client_that_asks_for_base64_gets_text()
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        using var session = await wire.OpenWebSocketAsync("EIO=4&transport=websocket&b64=1");
        await session.NextAsync();
        await session.SendAsync("40");
        await session.NextAsync();
        await session.SendAsync("""451-["echo",{"_placeholder":true,"num":0}]""");
        await session.SendAsync([1, 2]);
        await session.NextAsync();
        Assert.Equal("bAQI=", await session.NextAsync());
    }

    [Theory]
    [InlineData(WebSocketMessageType.Text)]
    [InlineData(WebSocketMessageType.Binary)]
    public async Task A_message_over_the_limit_is_closed_as_too_big(WebSocketMessageType type)
    {
        await using var server = await Wire.ServeAsync(output, static options => options.MaxHttpBufferSize = 2_000);
        using var wire = new Wire(server.Url);
        using var session = await wire.JoinWebSocketAsync();
        await session.Socket.SendAsync(new byte[2_001], type, true, CancellationToken.None);
        Assert.Equal("close 1009", await session.NextAsync());
        await server.Journal.SeenAsync($"{session.Id} disconnect transport error");
    }

    [Theory]
    [InlineData("6")]
    [InlineData("0")]
    [InlineData("5")]
    [InlineData("3")]
    public async Task A_packet_that_only_servers_send_is_ignored(string packet)
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        using var session = await wire.JoinWebSocketAsync();
        await session.SendAsync(packet);
        await session.LivesAsync();
    }

    [Fact]
    public async Task A_close_packet_ends_a_WebSocket_at_once()
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        using var session = await wire.JoinWebSocketAsync();
        await session.SendAsync("1");
        await session.EndsAsync();
        await server.Journal.SeenAsync($"{session.Id} disconnect transport close");
    }

    [Fact]
    public async Task Closing_before_the_upgrade_is_said_by_polling_and_ends_the_probing_WebSocket()
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        using var webSocket = await wire.OpenWebSocketAsync("EIO=4&transport=websocket&sid=" + session.Sid);
        await webSocket.SendAsync("2probe");
        Assert.Equal("3probe", await webSocket.NextAsync());
        await session.PostAsync("1");
        Assert.Equal("close", await webSocket.NextAsync());
        await session.IsGoneAsync();
    }

    [Fact]
    public async Task The_upgrade_takes_along_what_waits_and_then_the_session_has_no_other_transport()
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        var upgrade = "EIO=4&transport=websocket&sid=" + session.Sid;
        using var webSocket = await wire.OpenWebSocketAsync(upgrade);
        await webSocket.SendAsync("2probe");
        Assert.Equal("3probe", await webSocket.NextAsync());
        var parked = session.GetAsync();
        Assert.Equal("6", (await parked).Body); // released, so that the client may stop polling
        await session.PostAsync("""42["echo",1]""", """42["echo",2]""");
        await session.PostAsync("""451-["echo",{"_placeholder":true,"num":0}]""", "bAQI=");
        await webSocket.SendAsync("5");
        Assert.Equal("""42["echo",1]""", await webSocket.NextAsync());
        Assert.Equal("""42["echo",2]""", await webSocket.NextAsync());
        Assert.Equal("""451-["echo",{"_placeholder":true,"num":0}]""", await webSocket.NextAsync());
        Assert.Equal("<0102>", await webSocket.NextAsync());

        Assert.Equal((HttpStatusCode.BadRequest, """{"code":3,"message":"Bad request"}"""), (await session.GetAsync()).Both);
        Assert.Equal((HttpStatusCode.BadRequest, """{"code":3,"message":"Bad request"}"""), (await session.PostAsync("3")).Both);
        using var second = await wire.OpenWebSocketAsync(upgrade);
        Assert.Equal("close", await second.NextAsync());
        await webSocket.LivesAsync();
    }

    [Theory]
    [InlineData("EIO=4&transport=websocket")] // a second one, while the first probes
    [InlineData("EIO=4&transport=polling")] // a transport that needs no upgrade
    public async Task An_upgrade_that_cannot_be_is_accepted_and_closed_and_the_session_goes_on(string query)
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        using (var polling = await wire.OpenWebSocketAsync("EIO=4&transport=polling&sid=" + session.Sid))
        {
            await polling.SendAsync("2probe");
            Assert.Equal("close", await polling.NextAsync());
        }
        using var first = await wire.OpenWebSocketAsync("EIO=4&transport=websocket&sid=" + session.Sid);
        await first.SendAsync("2probe");
        Assert.Equal("3probe", await first.NextAsync());
        using var second = await wire.OpenWebSocketAsync($"{query}&sid={session.Sid}");
        Assert.Equal("close", await second.NextAsync());
        await first.SendAsync("5");
        await first.LivesAsync();
    }

    [Theory]
    [InlineData("2")]
    [InlineData("2probe2")]
    [InlineData("42[\"echo\",1]")]
    [InlineData("x")]
    public async Task Anything_but_a_probe_closes_the_offered_WebSocket_and_another_may_be_offered(string packet)
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        using (var bad = await wire.OpenWebSocketAsync("EIO=4&transport=websocket&sid=" + session.Sid))
        {
            await bad.SendAsync(packet);
            Assert.Equal("close", await bad.NextAsync());
        }
        await session.LivesAsync();
        using var good = await wire.OpenWebSocketAsync("EIO=4&transport=websocket&sid=" + session.Sid);
        await good.SendAsync("2probe");
        Assert.Equal("3probe", await good.NextAsync());
        await good.SendAsync("5");
        await good.LivesAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_upgrade_without_a_probe_and_with_data_is_taken(bool probes)
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        using var webSocket = await wire.OpenWebSocketAsync("EIO=4&transport=websocket&sid=" + session.Sid);
        if (probes)
        {
            await webSocket.SendAsync("2probe"); // and does not wait for the answer
            await webSocket.SendAsync("52");
            Assert.Equal("3probe", await webSocket.NextAsync());
        }
        else
        {
            await webSocket.SendAsync("52");
        }
        await webSocket.LivesAsync();
    }

    [Fact]
    public async Task An_upgrade_keeps_the_handshake_and_the_heartbeat()
    {
        await using var server = await Wire.ServeAsync(output, static options =>
        {
            options.PingInterval = TimeSpan.FromMilliseconds(300);
            options.PingTimeout = TimeSpan.FromMilliseconds(1500);
        });
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        while (!(await session.PollAsync()).Contains("2"))
        {
            // Until a pong is due.
        }
        using var webSocket = await wire.OpenWebSocketAsync("EIO=4&transport=websocket&other=1&sid=" + session.Sid);
        await webSocket.SendAsync("5");
        await webSocket.SendAsync("""420["handshake"]""");
        var handshake = await webSocket.NextAsync();
        Assert.Contains("\"transport\":\"polling\"", handshake, StringComparison.Ordinal);
        Assert.DoesNotContain("\"other\"", handshake, StringComparison.Ordinal);
        await server.Journal.SeenAsync($"{session.Id} disconnect ping timeout"); // the deadline of before the upgrade holds
    }
}
