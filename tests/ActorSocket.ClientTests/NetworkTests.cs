using System.Net.Sockets;
using System.Text;
using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>Proxies and TLS between the official JavaScript client and the server. The cases are in node/network.mjs.</summary>
public sealed class NetworkTests(ITestOutputHelper output) : ClientTest("network", output)
{
    [Theory]
    [InlineData(UpgradePolicy.Refuse)]
    [InlineData(UpgradePolicy.Strip)]
    public async Task Five_hundred_messages_pass_a_proxy_that_refuses_upgrades(UpgradePolicy policy)
    {
        await using var server = await RealServer.StartAsync(Output);
        await using var proxy = await UpgradeRefusingProxy.StartAsync(server.Url, policy);
        await using var client = await StartAsync(proxy.Url, "upgrade");

        await client.FinishAsync();

        Assert.Equal(1, proxy.Refused);
    }

    [Theory]
    [EachTransport]
    public async Task A_trusted_certificate_gives_a_secure_connection(string mode)
    {
        using var tls = new SelfSigned();
        await using var server = await RealServer.StartAsync(Output, certificate: tls.Certificate);
        await using var client = await ScriptClient.StartJavaScriptAsync(
            "network", nameof(A_trusted_certificate_gives_a_secure_connection), server.Url, mode, ("NODE_EXTRA_CA_CERTS", tls.PemFile));

        Assert.Equal("https", server.Url.Scheme);
        await client.FinishAsync();
    }

    [Theory]
    [EachTransport]
    public Task An_unknown_certificate_is_accepted_when_the_client_says_so(string mode) =>
        RunByTlsAsync(mode, nameof(An_unknown_certificate_is_accepted_when_the_client_says_so));

    [Theory]
    [InlineData("polling")]
    [InlineData("websocket")]
    public Task An_unknown_certificate_is_refused_by_the_client(string mode) =>
        RunByTlsAsync(mode, nameof(An_unknown_certificate_is_refused_by_the_client));

    [Theory]
    [InlineData("transport=pigeon", "Transport unknown")]
    [InlineData("transport=websocket&sid=nobody", "Session ID unknown")]
    [InlineData("transport=websocket&refuse=1", "refused")]
    [InlineData("transport=websocket&EIO=3", "Unsupported protocol version")] // of a repeated key the last counts
    public async Task A_refused_WebSocket_is_told_in_plain_text_and_its_connection_ends(string query, string message)
    {
        await using var server = await RealServer.StartAsync(Output);
        using var client = new TcpClient();
        await client.ConnectAsync(server.Url.Host, server.Url.Port);
        await client
            .GetStream()
            .WriteAsync(
                Encoding.ASCII.GetBytes(
                    $"GET /socket.io/?EIO=4&{query} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                    + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
                )
            );

        using var reader = new StreamReader(client.GetStream(), Encoding.ASCII);
        var answer = await reader.ReadToEndAsync().WaitForAsync("the end of the connection");

        Assert.StartsWith("HTTP/1.1 400 Bad Request\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Type: text/html\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n" + message, answer, StringComparison.Ordinal);
    }

    private async Task RunByTlsAsync(string mode, string name)
    {
        using var tls = new SelfSigned();
        await using var server = await RealServer.StartAsync(Output, certificate: tls.Certificate);
        await using var client = await StartAsync(server.Url, mode, name);
        await client.FinishAsync();
    }
}
