using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ActorSocket.IntegrationTests.Engine.Hosting;

/// <summary>The engine alone, as <c>engine.io</c> is used without Socket.IO.</summary>
public sealed class EngineIoTests
{
    [Fact]
    public async Task A_polling_client_gets_back_text_and_binary_as_it_sent_them()
    {
        await using var host = await Host.StartAsync();
        var client = await host.PollAsync();
        Assert.Equal("ok", await client.PostAsync("4hello\u001ebAQIDBA=="));
        Assert.Equal("4hello\u001ebAQIDBA==", await client.CollectAsync(2));
        var connection = Assert.Single(host.Connections);
        Assert.Equal(
            (client.Sid, 4, "polling", "5", true),
            (connection.Id, connection.Protocol, connection.Transport, connection.Query["room"], connection.IsOpen)
        );
        Assert.Equal("127.0.0.1", connection.Address);
        Assert.StartsWith("/engine.io/?EIO=4", connection.Url, StringComparison.Ordinal);
        Assert.Equal(1, host.Server.ConnectionCount);
    }

    [Fact]
    public async Task A_client_upgrades_and_keeps_its_connection()
    {
        await using var host = await Host.StartAsync();
        var client = await host.PollAsync();
        await client.PostAsync("4one");
        Assert.Equal("4one", await client.CollectAsync(1));
        using var webSocket = await host.ConnectAsync("&sid=" + client.Sid);
        await SendAsync(webSocket, "2probe");
        Assert.Equal("3probe", await ReceiveTextAsync(webSocket));
        await SendAsync(webSocket, "5");
        await SendAsync(webSocket, "4two");
        Assert.Equal("4two", await ReceiveTextAsync(webSocket));
        await webSocket.SendAsync(new byte[] { 1, 2, 3 }, WebSocketMessageType.Binary, endOfMessage: true, default);
        Assert.Equal([1, 2, 3], (await ReceiveAsync(webSocket)).Bytes);
        Assert.Equal("websocket", Assert.Single(host.Connections).Transport);
    }

    [Fact]
    public async Task Messages_are_handled_in_order_and_the_end_after_them()
    {
        var seen = new ConcurrentQueue<string>();
        var ended = new TaskCompletionSource<DisconnectReason>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await Host.StartAsync(async connection =>
        {
            await Task.Yield();
            connection.OnMessage(async message =>
            {
                await Task.Yield(); // the next one waits all the same
                seen.Enqueue(message.Text!);
            });
            connection.OnClose(reason =>
            {
                seen.Enqueue("closed");
                ended.SetResult(reason);
            });
        });
        using var webSocket = await host.ConnectAsync();
        await ReceiveTextAsync(webSocket);
        for (var i = 0; i < 50; i++)
            await SendAsync(webSocket, $"4{i}");
        await SendAsync(webSocket, "1");
        Assert.Equal(DisconnectReason.TransportClose, await ended.Task.WaitAsync(Node.Patience));
        Assert.Equal([.. Enumerable.Range(0, 50).Select(static i => $"{i}"), "closed"], seen, StringComparer.Ordinal);
    }

    [Fact]
    public async Task The_application_closes_a_connection_after_what_is_queued()
    {
        var ended = new TaskCompletionSource<DisconnectReason>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await Host.StartAsync(connection =>
        {
            connection.OnClose(ended.SetResult);
            connection.Send("last");
            connection.Close();
            return Task.CompletedTask;
        });
        using var webSocket = await host.ConnectAsync();
        await ReceiveTextAsync(webSocket);
        Assert.Equal("4last", await ReceiveTextAsync(webSocket));
        Assert.Equal(WebSocketMessageType.Close, (await ReceiveAsync(webSocket)).Type);
        Assert.Equal(DisconnectReason.ForcedClose, await ended.Task.WaitAsync(Node.Patience));
        var connection = Assert.Single(host.Connections);
        Assert.Equal((false, DisconnectReason.ForcedClose, false), (connection.IsOpen, connection.CloseReason, connection.Send("late")));
        Assert.True(connection.Closed.WaitHandle.WaitOne(Node.Patience));
    }

    [Fact]
    public async Task A_client_that_is_silent_is_given_up()
    {
        var ended = new TaskCompletionSource<DisconnectReason>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await Host.StartAsync(
            connection =>
            {
                connection.OnClose(ended.SetResult);
                return Task.CompletedTask;
            },
            static options => (options.PingInterval, options.PingTimeout) = (TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(50)));
        using var webSocket = await host.ConnectAsync();
        Assert.StartsWith("0{", await ReceiveTextAsync(webSocket), StringComparison.Ordinal);
        Assert.Equal("2", await ReceiveTextAsync(webSocket));
        Assert.Equal(DisconnectReason.PingTimeout, await ended.Task.WaitAsync(Node.Patience));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_of_revision_3_gets_back_text_and_binary_if_it_is_let_in(bool isLetIn)
    {
        await using var host = await Host.StartAsync(configure: options => options.AllowEIO3 = isLetIn);
        using var http = new HttpClient { BaseAddress = host.Url };
        var opened = await http.GetAsync("/engine.io/?EIO=3&transport=polling");
        Assert.Equal(isLetIn ? HttpStatusCode.OK : HttpStatusCode.BadRequest, opened.StatusCode);
        if (!isLetIn)
            return;
        var text = await opened.Content.ReadAsStringAsync();
        Assert.Matches("^[0-9]+:0{", text);
        var url =
            "/engine.io/?EIO=3&transport=polling&sid="
            + JsonDocument.Parse(text[(text.IndexOf(':', StringComparison.Ordinal) + 2)..]).RootElement.GetProperty("sid").GetString();
        Assert.Equal("ok", await (await http.PostAsync(url, new StringContent("6:4hello"))).Content.ReadAsStringAsync());
        Assert.Equal("6:4hello", await http.GetStringAsync(url));
        using var binary = new ByteArrayContent([1, 4, 255, 4, 1, 2, 3])
        {
            Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") },
        };
        await http.PostAsync(url, binary);
        Assert.Equal([1, 4, 255, 4, 1, 2, 3], await http.GetByteArrayAsync(url));
        Assert.Equal(3, Assert.Single(host.Connections).Protocol);
    }

    [Fact]
    public async Task Its_limits_are_kept()
    {
        var refused = new ConcurrentQueue<int>();
        await using var host = await Host.StartAsync(configure: static options =>
            (options.MaxHttpBufferSize, options.MaxConnections) = (100, 1)
        );
        host.Server.OnConnectionError(error => refused.Enqueue(error.Code));
        var client = await host.PollAsync();
        using var http = new HttpClient { BaseAddress = host.Url };
        Assert.Equal(
            HttpStatusCode.RequestEntityTooLarge,
            (await http.PostAsync(client.Url, new StringContent("4" + new string('x', 100)))).StatusCode
        );
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await http.GetAsync("/engine.io/?EIO=4&transport=polling")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await http.GetAsync("/engine.io/?EIO=4&transport=carrier-pigeon")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await http.GetAsync("/engine.io/?EIO=4&transport=polling&sid=nobody")).StatusCode);
        Assert.Equal([0, 1], refused);
        Assert.Equal("ok", await client.PostAsync("4still here"));
        Assert.Equal("4still here", await client.CollectAsync(1));
    }

    [Fact]
    public async Task Nothing_is_read_from_a_client_whose_handlers_lag()
    {
        var goes = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var handled = 0;
        await using var host = await Host.StartAsync(
            connection =>
            {
                connection.OnMessage(async _ =>
                {
                    await goes.Task;
                    Interlocked.Increment(ref handled);
                });
                return Task.CompletedTask;
            },
            static options => options.MaxInboundEvents = 2);
        var client = await host.PollAsync();
        Assert.Equal("ok", await client.PostAsync("41\u001e42"));
        var third = client.PostAsync("43");
        Assert.NotSame(third, await Task.WhenAny(third, Task.Delay(200))); // nothing says that an answer does not come
        goes.SetResult();
        Assert.Equal("ok", await third.WaitAsync(Node.Patience));
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref handled) == 3, Node.Patience));
    }

    [Fact]
    public async Task A_handler_that_throws_is_logged_and_its_connection_goes_on()
    {
        await using var host = await Host.StartAsync(connection =>
        {
            connection.OnMessage(message =>
            {
                if (message.Text == "boom")
                    throw new InvalidOperationException(message.Text);
                connection.Send(message.Text!);
            });
            return Task.CompletedTask;
        });
        var client = await host.PollAsync();
        await client.PostAsync("4boom\u001e4on");
        Assert.Equal("4on", await client.CollectAsync(1));
        Assert.Contains(
            host.Log.Above(LogLevel.Warning),
            static line => line.Text.Contains("A handler of an Engine.IO connection threw", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_host_that_stops_says_so_to_its_clients()
    {
        var ended = new TaskCompletionSource<DisconnectReason>(TaskCreationOptions.RunContinuationsAsynchronously);
        var host = await Host.StartAsync(connection =>
        {
            connection.OnClose(ended.SetResult);
            return Task.CompletedTask;
        });
        using var webSocket = await host.ConnectAsync();
        await ReceiveTextAsync(webSocket);
        var stop = host.DisposeAsync();
        Assert.Equal(WebSocketMessageType.Close, (await ReceiveAsync(webSocket)).Type);
        await webSocket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, default);
        Assert.Equal(DisconnectReason.ServerShuttingDown, await ended.Task.WaitAsync(Node.Patience));
        await stop;
    }

    [Fact]
    public async Task A_host_that_stops_waits_for_the_last_handlers()
    {
        var (entered, gate) = (NewSource(), NewSource());
        var isDone = false;
        var host = await Host.StartAsync(connection =>
        {
            connection.OnClose(async _ =>
            {
                entered.SetResult();
                await gate.Task;
                isDone = true;
            });
            return Task.CompletedTask;
        });
        using var webSocket = await host.ConnectAsync();
        await ReceiveTextAsync(webSocket);
        var stop = host.Server.CloseAsync();
        Assert.Equal(WebSocketMessageType.Close, (await ReceiveAsync(webSocket)).Type);
        await webSocket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, default);
        await entered.Task.WaitAsync(Node.Patience);
        Assert.False(stop.IsCompleted);
        gate.SetResult();
        await stop.WaitAsync(Node.Patience);
        Assert.True(isDone);
        await host.DisposeAsync();
    }

    [Fact]
    public async Task Who_is_not_let_in_by_what_throws_is_closed_and_its_messages_are_nobodys()
    {
        var entered = NewSource();
        var ended = new TaskCompletionSource<DisconnectReason>(TaskCreationOptions.RunContinuationsAsynchronously);
        var handled = 0;
        await using var host = await Host.StartAsync(async connection =>
        {
            connection.OnMessage(_ => { handled++; });
            connection.OnClose(ended.SetResult);
            await entered.Task; // its messages are there by now
            throw new InvalidOperationException("not this one");
        });
        using var webSocket = await host.ConnectAsync();
        await ReceiveTextAsync(webSocket);
        await SendAsync(webSocket, "4hello");
        await SendAsync(webSocket, "4again");
        entered.SetResult();
        Assert.Equal(WebSocketMessageType.Close, (await ReceiveAsync(webSocket)).Type);
        Assert.Equal(DisconnectReason.ForcedClose, await ended.Task.WaitAsync(Node.Patience));
        Assert.Equal(0, handled);
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_Socket_IO_server_may_live_beside_it(bool isFirst)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (isFirst)
            builder.Services.AddActorSocket();
        builder.Services.AddEngineIo();
        if (!isFirst)
            builder.Services.AddActorSocket();
        await using var app = builder.Build();
        app.MapEngineIo("/engine.io", static _ => { });
        app.MapActorSocket();
        app.Urls.Add("http://127.0.0.1:0");
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        foreach (var path in (string[])["engine.io", "socket.io"])
            Assert.StartsWith("0{", await http.GetStringAsync($"/{path}/?EIO=4&transport=polling"), StringComparison.Ordinal);
        Assert.Equal(1, app.Services.GetRequiredService<EngineIoServer>().ConnectionCount);
    }

    private static Task SendAsync(WebSocket webSocket, string text) =>
        webSocket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, default);

    private static async Task<string> ReceiveTextAsync(WebSocket webSocket)
    {
        var (type, bytes) = await ReceiveAsync(webSocket);
        Assert.Equal(WebSocketMessageType.Text, type);
        return Encoding.UTF8.GetString(bytes);
    }

    private static async Task<(WebSocketMessageType Type, byte[] Bytes)> ReceiveAsync(WebSocket webSocket)
    {
        var buffer = new byte[4096];
        var received = await webSocket.ReceiveAsync(buffer, default).WaitAsync(Node.Patience);
        Assert.True(received.EndOfMessage);
        return (received.MessageType, buffer[..received.Count]);
    }

    /// <summary>An Engine.IO server on Kestrel; without a handler of the test's own an echo.</summary>
    private sealed class Host(WebApplication app, EngineIoServer server, RecordedLog log, ConcurrentQueue<EngineIoConnection> connections)
        : IAsyncDisposable
    {
        public EngineIoServer Server => server;

        public RecordedLog Log => log;

        public IReadOnlyCollection<EngineIoConnection> Connections => connections;

        public Uri Url { get; } = new(app.Urls.First());

        public static async Task<Host> StartAsync(
            Func<EngineIoConnection, Task>? onConnection = null,
            Action<EngineIoOptions>? configure = null
        )
        {
            var builder = WebApplication.CreateSlimBuilder();
            var log = new RecordedLog();
            builder.Logging.ClearProviders().AddProvider(log);
            builder.Services.AddEngineIo(configure);
            var app = builder.Build();
            var connections = new ConcurrentQueue<EngineIoConnection>();
            var server = app.MapEngineIo("/engine.io", connection =>
            {
                connections.Enqueue(connection);
                if (onConnection is not null)
                    return onConnection(connection);
                connection.OnMessage(message =>
                {
                    if (message.IsBinary)
                        connection.Send(message.Data.Span);
                    else
                        connection.Send(message.Text!);
                });
                return Task.CompletedTask;
            });
            app.Urls.Add("http://127.0.0.1:0");
            await app.StartAsync();
            return new Host(app, server, log, connections);
        }

        public async Task<Client> PollAsync()
        {
            var http = new HttpClient { BaseAddress = Url };
            var open = await http.GetStringAsync("/engine.io/?EIO=4&transport=polling&room=5");
            return new Client(http, JsonDocument.Parse(open[1..]).RootElement.GetProperty("sid").GetString()!);
        }

        public async Task<ClientWebSocket> ConnectAsync(string query = "")
        {
            var webSocket = new ClientWebSocket();
            await webSocket
                .ConnectAsync(new Uri($"ws://{Url.Authority}/engine.io/?EIO=4&transport=websocket{query}"), default)
                .WaitAsync(Node.Patience);
            return webSocket;
        }

        public async ValueTask DisposeAsync()
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }
    }

    private sealed class Client(HttpClient http, string sid)
    {
        public string Sid => sid;

        public string Url => "/engine.io/?EIO=4&transport=polling&sid=" + sid;

        public async Task<string> PostAsync(string payload)
        {
            using var response = await http.PostAsync(Url, new StringContent(payload));
            return await response.Content.ReadAsStringAsync();
        }

        /// <summary>So many packets, by as many polls as that takes.</summary>
        public async Task<string> CollectAsync(int packets)
        {
            var all = new List<string>();
            while (all.Count < packets)
                all.AddRange((await http.GetStringAsync(Url).WaitAsync(Node.Patience)).Split('\u001e'));
            return string.Join('\u001e', all);
        }
    }
}
