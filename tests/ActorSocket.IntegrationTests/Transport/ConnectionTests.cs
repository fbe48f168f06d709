using System.Net;
using System.Net.Sockets;
using System.Text;
using ActorSocket.EventLoops;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace ActorSocket.IntegrationTests.Transport;

/// <summary>How connections to event loops come, what they know, and how they go.</summary>
public sealed class ConnectionTests
{
    private const string Hello = "GET /hello HTTP/1.1\r\nHost: x\r\n";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_request_knows_both_ends_of_its_connection()
    {
        await using var host = await LoopHost.StartAsync(static app =>
            app.MapGet(
                "/ends",
                static (HttpContext context) =>
                    $"{context.Connection.LocalIpAddress}:{context.Connection.LocalPort} "
                    + $"{context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}"
            )
        );
        using var client = await host.ConnectAsync();
        await SendAsync(client, "GET /ends HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        var mine = ((IPEndPoint)client.Client.LocalEndPoint!).Port;
        Assert.Contains($"127.0.0.1:{host.Http1.Port} 127.0.0.1:{mine}", await LoopHost.ReadToEndAsync(client), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Middleware_of_an_endpoint_may_set_features_and_stand_in_for_them()
    {
        await using var host = await LoopHost.StartAsync(
            static app => app.MapGet("/items", static (HttpContext context) =>
                $"{context.Features.Get<IConnectionItemsFeature>()!.Items["mark"]} {context.Connection.Id}"),
            static kestrel => kestrel.Listen(IPAddress.Loopback, 0, static endpoint => endpoint.Use(static next => connection =>
            {
                Assert.Null(connection.Features.Get<ISessionFeature>());
                Assert.Contains(connection.Features, static pair => pair.Key == typeof(IConnectionLifetimeFeature));
                Assert.True(connection.Features.Get<IConnectionSocketFeature>()!.Socket.NoDelay);
                connection.Features.Set<IConnectionIdFeature>(new Named("mine"));
                Assert.Equal("mine", connection.Features.Get<IConnectionIdFeature>()!.ConnectionId);
                connection.Features.Set<IConnectionIdFeature>(null);
                Assert.StartsWith("L", connection.Features.Get<IConnectionIdFeature>()!.ConnectionId, StringComparison.Ordinal);
                connection.Items["mark"] = "marked";
                return next(connection);
            })));
        using var http = new HttpClient();
        Assert.StartsWith("marked L", await http.GetStringAsync(new Uri(host.Last, "/items")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named_and_one_that_was_left_is_free()
    {
        int port;
        await using (var first = await LoopHost.StartAsync())
        {
            port = first.Http1.Port;
            var error = await Assert.ThrowsAsync<IOException>(() => LoopHost.StartAsync(port: port));
            Assert.Contains($":{port}: address already in use", error.Message, StringComparison.Ordinal);
        }
        await using var second = await LoopHost.StartAsync(port: port);
        using var http = new HttpClient();
        Assert.Equal("hello", await http.GetStringAsync(new Uri(second.Http1, "/hello")));
    }

    [Fact]
    public async Task Kestrels_limit_of_connections_holds()
    {
        await using var host = await LoopHost.StartAsync(kestrel: static kestrel => kestrel.Limits.MaxConcurrentConnections = 1);
        using var first = await host.ConnectAsync();
        await SendAsync(first, Hello + "\r\n");
        var buffer = new byte[1000];
        Assert.NotEqual(0, await first.GetStream().ReadAsync(buffer).AsTask().WaitAsync(Limit));
        using var second = await host.ConnectAsync();
        Assert.Equal("", await LoopHost.ReadToEndAsync(second) ?? "");
    }

    [Fact]
    public async Task A_Unix_socket_is_served_by_Kestrels_own_transport_which_the_log_says_once()
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.sock");
        await using var host = await LoopHost.StartAsync(kestrel: kestrel => kestrel.ListenUnixSocket(path));
        using var http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, token) =>
            {
                var socket = new System.Net.Sockets.Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), token);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
        Assert.Equal("hello", await http.GetStringAsync(new Uri("http://localhost/hello")));
        Assert.Single(host.Log.Lines, static line => line.Category == "ActorSocket.Transport");
    }

    [Fact]
    public async Task A_host_that_stops_lets_requests_end_and_closes_idle_connections()
    {
        var begun = new TaskCompletionSource();
        var goOn = new TaskCompletionSource();
        await using var host = await LoopHost.StartAsync(app => app.MapGet("/wait", async () =>
        {
            begun.SetResult();
            await goOn.Task;
            return "done";
        }));
        using var idle = await host.ConnectAsync();
        await SendAsync(idle, Hello + "\r\n");
        using var busy = await host.ConnectAsync();
        await SendAsync(busy, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
        await begun.Task.WaitAsync(Limit);
        var stop = host.StopAsync();
        Assert.Contains("hello", await LoopHost.ReadToEndAsync(idle), StringComparison.Ordinal);
        goOn.SetResult();
        Assert.Contains("done", await LoopHost.ReadToEndAsync(busy), StringComparison.Ordinal);
        await stop.WaitAsync(Limit);
    }

    [Fact]
    public async Task However_connections_end_nothing_of_them_is_left()
    {
        await using var host = await LoopHost.StartAsync();
        var listening = Sockets();
        await Parallel.ForAsync(0, 2000, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (i, _) =>
        {
            using var client = await host.ConnectAsync();
            switch (i % 8)
            {
                case 0: // idle, and gone
                    break;
                case 1: // idle, and reset
                    client.Client.LingerState = new LingerOption(true, 0);
                    break;
                case 2: // answered, closed by the server
                    await SendAsync(client, Hello + "Connection: close\r\n\r\n");
                    Assert.Contains("hello", await LoopHost.ReadToEndAsync(client), StringComparison.Ordinal);
                    break;
                case 3: // gone before its answer
                    await SendAsync(client, Hello + "\r\n");
                    break;
                case 4: // reset before its answer
                    await SendAsync(client, Hello + "\r\n");
                    client.Client.LingerState = new LingerOption(true, 0);
                    break;
                case 5: // gone within a head
                    await SendAsync(client, Hello);
                    break;
                case 6: // reset within a body
                    await SendAsync(client, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc");
                    client.Client.LingerState = new LingerOption(true, 0);
                    break;
                default: // no HTTP
                    await SendAsync(client, "\0\u0001nonsense\r\n\r\n");
                    await LoopHost.ReadToEndAsync(client);
                    break;
            }
        });
        using var patience = new CancellationTokenSource(Limit);
        while (Sockets() > listening)
            await Task.Delay(10, patience.Token); // the last of them are still closing
        Assert.Empty(host.Log.Above(Microsoft.Extensions.Logging.LogLevel.Warning));
    }

    [Theory]
    [InlineData(60_000)]
    [InlineData(1_000_000)]
    public async Task An_answer_reaches_a_client_that_ends_its_side_before_it_has_read_it(int length)
    {
        var written = new TaskCompletionSource();
        await using var host = await LoopHost.StartAsync(app => app.MapGet("/long", async (HttpResponse response) =>
        {
            response.ContentLength = length;
            await response.Body.WriteAsync(new byte[length]);
            response.OnCompleted(() =>
            {
                written.TrySetResult();
                return Task.CompletedTask;
            });
        }));
        using var client = new TcpClient { ReceiveBufferSize = 8192 };
        await client.ConnectAsync(IPAddress.Loopback, host.Http1.Port);
        await SendAsync(client, "GET /long HTTP/1.1\r\nHost: x\r\n\r\n");
        if (length < 100_000) // else it is written only as it is read
            await written.Task.WaitAsync(Limit);
        await using var stream = new NetworkStream(client.Client, ownsSocket: false);
        var buffer = new byte[length + 1000];
        if (length >= 100_000)
            await stream.ReadExactlyAsync(buffer.AsMemory(0, length)).AsTask().WaitAsync(Limit);
        client.Client.Shutdown(SocketShutdown.Send);
        var count = length >= 100_000 ? length : 0;
        for (int read; (read = await stream.ReadAsync(buffer.AsMemory(count)).AsTask().WaitAsync(Limit)) > 0; count += read)
        {
        }
        Assert.True(count > length, $"{count} bytes");
    }

    [Fact]
    public async Task Who_registers_for_the_end_of_a_connection_hears_of_it_and_harms_nothing()
    {
        var ended = new SemaphoreSlim(0);
        await using var host = await LoopHost.StartAsync(kestrel: kestrel => kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Use(
            next => connection =>
            {
                connection.ConnectionClosed.Register(() =>
                {
                    ended.Release();
                    throw new ObjectDisposedException("mine");
                });
                return next(connection);
            })));
        for (var i = 0; i < 20; i++)
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, host.Last.Port);
            await SendAsync(client, Hello + "Connection: close\r\n\r\n");
            Assert.Contains("hello", await LoopHost.ReadToEndAsync(client), StringComparison.Ordinal);
            Assert.True(await ended.WaitAsync(Limit));
        }
        Assert.Contains(host.Log.Lines, static line => line.Text.Contains("ConnectionClosed threw", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_socket_of_a_connection_that_is_over_is_nobodys()
    {
        var socket = new TaskCompletionSource<System.Net.Sockets.Socket>();
        var connections = new TaskCompletionSource<ConnectionContext>();
        await using var host = await LoopHost.StartAsync(kestrel: kestrel => kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Use(
            next => connection =>
            {
                connections.TrySetResult(connection);
                socket.TrySetResult(connection.Features.Get<IConnectionSocketFeature>()!.Socket);
                return next(connection);
            })));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, host.Last.Port);
        await SendAsync(client, Hello + "Connection: close\r\n\r\n");
        await LoopHost.ReadToEndAsync(client);
        using var patience = new CancellationTokenSource(Limit);
        while (!(await socket.Task).SafeHandle.IsClosed)
            await Task.Delay(5, patience.Token); // nobody tells when the kernel has closed it
        var kept = await socket.Task;
        Assert.Throws<ObjectDisposedException>(() => kept.Shutdown(SocketShutdown.Both));
        var connection = await connections.Task;
        Assert.Throws<ObjectDisposedException>(() => connection.Features.Get<IConnectionSocketFeature>()!.Socket);
    }

    [Fact]
    public async Task Nothing_of_a_host_that_is_over_writes_anywhere()
    {
        var goOn = new TaskCompletionSource();
        var begun = new TaskCompletionSource();
        var ended = new TaskCompletionSource();
        var host = await LoopHost.StartAsync(app => app.MapPost("/unread", async (HttpRequest request) =>
        {
            begun.SetResult();
            await goOn.Task;
            try
            {
                await request.Body.CopyToAsync(Stream.Null);
            }
            finally
            {
                ended.SetResult();
            }
        }));
        using var client = await host.ConnectAsync();
        await SendAsync(client, "POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n");
        var sending = client.GetStream().WriteAsync(new byte[4_000_000]).AsTask(); // more than is read ahead
        await begun.Task.WaitAsync(Limit);
        await host.DisposeAsync();
        var folder = Directory.CreateTempSubdirectory();
        var files = Enumerable.Range(0, 100).Select(i => File.Create(Path.Combine(folder.FullName, $"{i}"))).ToList(); // take the numbers
        goOn.SetResult();
        await ended.Task.WaitAsync(Limit);
        await Task.WhenAny(sending); // the kernel may have taken all of it
        Assert.All(files, static file => Assert.Equal(0, file.Length));
        files.ForEach(static file => file.Dispose());
        folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(257)]
    public async Task The_number_of_loops_is_checked_at_the_start(int count)
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => LoopHost.StartAsync(
            services: services => Microsoft.Extensions.DependencyInjection.OptionsServiceCollectionExtensions
                .Configure<ActorSocketTransportOptions>(services, options => options.LoopCount = count)));
        Assert.Contains("LoopCount", error.Message, StringComparison.Ordinal);
    }

    private static async Task SendAsync(TcpClient client, string text) =>
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text));

    /// <summary>How many sockets the process's loops have.</summary>
    private static int Sockets() => Enumerable.Range(0, 100_000).Count(static descriptor => DescriptorTable.Find(descriptor) is not null);

    private sealed class Named(string id) : IConnectionIdFeature
    {
        public string ConnectionId { get; set; } = id;
    }
}
