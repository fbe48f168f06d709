using System.Net;
using System.Net.Security;
using System.Net.WebSockets;
using System.Text;
using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>
/// Clients that do not keep up, and servers that do not, over real sockets: .NET's WebSocket, which reads and writes only when it is told
/// to.
/// </summary>
public sealed class BackPressureTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_client_that_does_not_read_is_disconnected_and_its_neighbour_misses_nothing()
    {
        await using var server = await RealServer.StartAsync(output, static options => options.MaxOutboundBytes = 256 * 1024);
        var neighbour = new TaskCompletionSource<Socket>(TaskCreationOptions.RunContinuationsAsynchronously);
        var gone = new TaskCompletionSource<(string Reason, string? Description)>(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Io.Of("/stream").OnConnection(socket =>
        {
            if (socket.Handshake.Query.ContainsKey("reads"))
                neighbour.SetResult(socket);
            else
                socket.OnDisconnect(reason => { gone.TrySetResult((reason.ToString(), socket.DisconnectDescription)); });
        });
        using var reads = await ConnectAsync(server.Url, "/stream", "&reads=1");
        using var stalls = await ConnectAsync(server.Url, "/stream");
        await neighbour.Task.WaitForAsync("the connection handler");
        var padding = new string('x', 16 * 1024);

        var received = 0;
        for (var sent = 0; !gone.Task.IsCompleted; sent++)
        {
            Assert.True(sent < 20_000, "The server has buffered 320 MB for a client that does not read.");
            server.Io.Of("/stream").Emit("chunk", sent, padding);
            // each one before the next: nobody else lags
            Assert.StartsWith($"42/stream,[\"chunk\",{received++},", await ReceiveAsync(reads), StringComparison.Ordinal);
        }

        var (reason, description) = await gone.Task;
        Assert.Equal("transport error", reason);
        Assert.Contains("does not read", description, StringComparison.Ordinal);
        server.Io.Of("/stream").Emit("still here");
        Assert.Equal("42/stream,[\"still here\"]", await ReceiveAsync(reads));
        Assert.Equal(1, server.Io.ConnectionCount);
    }

    [Fact]
    public async Task A_client_that_floods_a_slow_handler_is_slowed_down_and_loses_nothing()
    {
        const int events = 800; // 50 MB: more than the kernel's buffers hold
        await using var server = await RealServer.StartAsync(output, static options => options.MaxInboundBytes = 256 * 1024);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var finished = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var handled = new List<int>();
        server.Io.OnConnection(socket => socket.On("work", async (int number, string _) =>
        {
            await release.Task;
            handled.Add(number);
            if (handled.Count == events)
                finished.SetResult();
        }));
        using var client = await ConnectAsync(server.Url, "/");
        var padding = new string('x', 64 * 1024);

        var sent = 0;
        var sending = Task.Run(async () =>
        {
            for (; sent < events; sent++)
                await SendAsync(client, $"42[\"work\",{sent},\"{padding}\"]");
        });

        // The sender stands still once every buffer on the way is full, those of the kernel too: nobody says when that is.
        for (var before = -1; before != Volatile.Read(ref sent);)
        {
            before = Volatile.Read(ref sent);
            await Task.WhenAny(sending, Task.Delay(TimeSpan.FromSeconds(1)));
        }
        Assert.False(sending.IsCompleted, "The server took 50 MB of events that no handler had time for.");
        release.SetResult();
        await sending.WaitForAsync("the sender to go on");
        await finished.Task.WaitForAsync("all events to be handled");
        Assert.Equal(Enumerable.Range(0, events), handled);
    }

    [Fact]
    public async Task Heartbeats_pass_while_a_client_uploads_slowly_and_a_big_message_arrives_whole()
    {
        await using var server = await RealServer.StartAsync(output);
        server.Io.OnConnection(static socket => socket.On("length", static (byte[] data) => data.Length));
        using var client = await ConnectAsync(server.Url, "/");

        await SendAsync(client, "451-7[\"length\",{\"_placeholder\":true,\"num\":0}]");
        for (var i = 0; i < 100; i++)
            await client.SendAsync(new byte[9_000], WebSocketMessageType.Binary, endOfMessage: i == 99, CancellationToken.None);

        Assert.Equal("437[900000]", await ReceiveAsync(client));
    }

    [Fact]
    public async Task A_WebSocket_over_HTTP_2_carries_a_session()
    {
        using var tls = new SelfSigned();
        await using var server = await RealServer.StartAsync(output, certificate: tls.Certificate);
        server.Io.OnConnection(static socket => socket.On("protocol", static () => "fine"));
        using var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, presented, _, _) => tls.Certificate.Equals(presented),
            },
        };
        using var invoker = new HttpMessageInvoker(handler);
        using var client = new ClientWebSocket();
        client.Options.HttpVersion = HttpVersion.Version20;
        client.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;

        await client.ConnectAsync(Endpoint(server.Url), invoker, CancellationToken.None).WaitForAsync("the extended CONNECT");

        Assert.StartsWith("0{", await ReceiveAsync(client), StringComparison.Ordinal);
        await SendAsync(client, "40");
        Assert.StartsWith("40{", await ReceiveAsync(client), StringComparison.Ordinal);
        await SendAsync(client, "421[\"protocol\"]");
        Assert.Equal("431[\"fine\"]", await ReceiveAsync(client));
        await SendAsync(client, "451-2[\"ask\",{\"_placeholder\":true,\"num\":0}]");
        await client.SendAsync(new byte[] { 1, 2, 3 }, WebSocketMessageType.Binary, true, CancellationToken.None);
        Assert.Equal("461-2[{\"_placeholder\":true,\"num\":0}]", await ReceiveAsync(client));
        Assert.Equal("\u0001\u0002\u0003", await ReceiveAsync(client));
        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).WaitForAsync("the close handshake");
    }

    private static Uri Endpoint(Uri server, string query = "") =>
        new UriBuilder(server)
        {
            Scheme = server.Scheme == "https" ? "wss" : "ws",
            Path = "/socket.io/",
            Query = "EIO=4&transport=websocket" + query,
        }.Uri;

    private static async Task<ClientWebSocket> ConnectAsync(Uri server, string ns, string query = "")
    {
        var client = new ClientWebSocket();
        await client.ConnectAsync(Endpoint(server, query), CancellationToken.None).WaitForAsync("the WebSocket");
        Assert.StartsWith("0{", await ReceiveAsync(client), StringComparison.Ordinal);
        var name = ns == "/" ? "" : ns + ",";
        await SendAsync(client, "40" + name);
        Assert.StartsWith($"40{name}{{", await ReceiveAsync(client), StringComparison.Ordinal);
        return client;
    }

    private static Task SendAsync(ClientWebSocket client, string text) =>
        client.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, CancellationToken.None);

    private static async Task<string> ReceiveAsync(ClientWebSocket client)
    {
        using var message = new MemoryStream();
        var buffer = new byte[16 * 1024];
        while (true)
        {
            var read = await client
                .ReceiveAsync(buffer.AsMemory(), CancellationToken.None)
                .AsTask()
                .WaitForAsync("a message of the server");
            await message.WriteAsync(buffer.AsMemory(0, read.Count));
            if (read.EndOfMessage)
                return Encoding.UTF8.GetString(message.ToArray());
        }
    }
}
