using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ActorSocket.IntegrationTests.Engine.Transports;

/// <summary>A WebSocket outlives its request where it can; with Kestrel and real sockets.</summary>
public sealed class TakeoverTests
{
    private static TimeSpan Patience => TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Request_and_response_are_free_while_the_WebSocket_is_open()
    {
        await using var host = await Host.StartAsync();
        using var client = await host.ConnectAsync();
        await host.Requests.Ended.Task.WaitAsync(Patience);
        var request = host.Requests.Seen.Single();
        await Node.UntilAsync(
            () =>
            {
                GC.Collect();
                return !IsAlive(request);
            },
            "the request to be free");
        Assert.Equal("hello", await client.EchoAsync("hello"));
    }

    [Fact]
    public async Task An_upgraded_session_lets_its_request_go_too()
    {
        await using var host = await Host.StartAsync();
        using var http = new HttpClient();
        var open = await http.GetStringAsync(new Uri(host.Url, "/socket.io/?EIO=4&transport=polling"));
        var sid = open.Split("\"sid\":\"")[1].Split('"')[0];
        host.Requests.Reset();
        using var client = await RawClient.ConnectAsync(host.Url, $"/socket.io/?EIO=4&transport=websocket&sid={sid}");
        await client.SendAsync("2probe");
        Assert.Equal("3probe", await client.NextAsync());
        await host.Requests.Ended.Task.WaitAsync(Patience);
        await client.SendAsync("5", "40");
        Assert.StartsWith("40{", await client.NextAsync(), StringComparison.Ordinal);
        Assert.Equal("hello", await client.EchoAsync("hello"));
    }

    [Fact]
    public async Task What_a_client_sends_right_behind_its_handshake_is_not_lost()
    {
        await using var host = await Host.StartAsync();
        var events = RawClient.Frames("""420["echo",0]""", """421["echo",1]""");
        using var client = await RawClient.ConnectAsync(host.Url, RawClient.Path, [.. RawClient.Frames("40"), .. events[..9]]);
        Assert.StartsWith("0{", await client.NextAsync(), StringComparison.Ordinal);
        Assert.StartsWith("40{", await client.NextAsync(), StringComparison.Ordinal);
        await client.WriteAsync(events[9..]);
        Assert.Equal("430[0]", await client.NextAsync());
        Assert.Equal("431[1]", await client.NextAsync());
    }

    [Fact]
    public async Task The_time_limits_of_its_request_do_not_end_a_WebSocket()
    {
        await using var host = await Host.StartAsync(
            options: static o => o.PingInterval = TimeSpan.FromSeconds(1),
            kestrel: static o => o.Limits.MinResponseDataRate = new MinDataRate(1_000_000, TimeSpan.FromSeconds(1.1))
        ); // Kestrel's beat is a second
        using var client = await host.ConnectAsync();
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal("2", await client.NextAsync());
            await client.SendAsync("3");
        }
        Assert.Equal("hello", await client.EchoAsync("hello"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_goes_without_a_word_is_a_transport_close(bool half)
    {
        await using var host = await Host.StartAsync();
        using var client = await host.ConnectAsync();
        if (half)
            client.Socket.Shutdown(SocketShutdown.Send);
        else
            client.Socket.Close(0); // a reset
        Assert.Equal("transport close", await host.Reason.Task.WaitAsync(Patience));
        if (half)
            Assert.Null(await client.NextAsync()); // and its connection ends
        await host.EmptyAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_ends_his_WebSocket_and_does_not_read_what_is_left_is_cut(bool closeFrame)
    {
        var connection = new TaskCompletionSource<System.Net.Sockets.Socket>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await Host.StartAsync(
            options: static o => o.MaxOutboundBytes = 64_000_000,
            kestrel: kestrel => kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Use(next => context =>
            {
                connection.TrySetResult(context.Features.Get<IConnectionSocketFeature>()!.Socket);
                return next(context);
            })));
        using var client = await host.ConnectAsync();
        await client.SendAsync("""42["flood"]""");
        await host.Flooded.Task.WaitAsync(Patience);
        if (closeFrame)
            await client.WriteAsync([0x88, 0x80, 0, 0, 0, 0]);
        else
            client.Socket.Shutdown(SocketShutdown.Send);
        Assert.Equal("transport close", await host.Reason.Task.WaitAsync(Patience));
        await host.EmptyAsync();
        var socket = await connection.Task;
        await Node.UntilAsync(() => socket.SafeHandle.IsClosed, "the socket to be closed");
    }

    [Fact]
    public async Task Rubbish_is_answered_by_a_close_frame_and_the_end()
    {
        await using var host = await Host.StartAsync();
        using var client = await host.ConnectAsync();
        await client.WriteAsync([0x81, 5, 1, 2, 3, 4, 5]); // unmasked
        Assert.Equal("close 1002", await client.NextAsync());
        Assert.Equal("transport error", await host.Reason.Task.WaitAsync(Patience));
        Assert.Null(await client.NextAsync());
        await host.EmptyAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)] // cut after a second
    public async Task The_server_closes_after_what_is_queued(bool answers)
    {
        await using var host = await Host.StartAsync();
        using var client = await host.ConnectAsync();
        await client.SendAsync("""42["bye"]""");
        Assert.Equal("""42["last"]""", await client.NextAsync());
        Assert.Equal("41", await client.NextAsync());
        Assert.Equal("close", await client.NextAsync());
        if (answers)
            await client.WriteAsync([0x88, 0x80, 0, 0, 0, 0]);
        Assert.Null(await client.NextAsync());
        await host.EmptyAsync();
    }

    [Fact]
    public async Task A_host_that_stops_closes_WebSockets_and_waits_for_them()
    {
        await using var host = await Host.StartAsync();
        using var client = await host.ConnectAsync();
        using var other = new ClientWebSocket();
        await other.ConnectAsync(
            new UriBuilder(host.Url)
            {
                Scheme = "ws",
                Path = "/socket.io/",
                Query = "EIO=4&transport=websocket",
            }.Uri,
            default
        );
        var stopping = host.App.StopAsync();
        Assert.Equal("close 1001", await client.NextAsync());
        Assert.Equal("server shutting down", await host.Reason.Task.WaitAsync(Patience));
        await client.WriteAsync([0x88, 0x80, 0, 0, 0, 0]);
        var buffer = new byte[1000];
        while ((await other.ReceiveAsync(buffer, default)).MessageType != WebSocketMessageType.Close)
        {
        }
        await other.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, default);
        await stopping.WaitAsync(Patience);
        Assert.Null(await client.NextAsync());
        Assert.Empty(host.Complaints);
    }

    [Theory]
    [InlineData("option")]
    [InlineData("kestrel")]
    [InlineData("limiter")]
    [InlineData("global limiter")]
    [InlineData("defaults")]
    [InlineData("log")]
    public async Task A_request_that_something_counts_on_goes_on_with_its_WebSocket(string why)
    {
        await using var host = await Host.StartAsync(
            options: o => o.HoldRequests = why == "option",
            kestrel: kestrel =>
            {
                if (why == "kestrel")
                    kestrel.Limits.MaxConcurrentUpgradedConnections = 10;
                if (why == "defaults")
                    kestrel.ConfigureEndpointDefaults(static endpoint => endpoint.Protocols = HttpProtocols.Http1);
                if (why == "log")
                    kestrel.Listen(IPAddress.Loopback, 0, static endpoint => endpoint.UseConnectionLogging());
            },
            map: io =>
            {
                if (why == "limiter")
                    io.RequireRateLimiting("ten");
            },
            limiter: limiter =>
            {
                if (why == "global limiter")
                    limiter.GlobalLimiter = PartitionedRateLimiter.Create<Microsoft.AspNetCore.Http.HttpContext, string>(static _ =>
                        RateLimitPartition.GetConcurrencyLimiter("all", static _ => new() { PermitLimit = 10 })
                    );
            }
        );
        using var client = await host.ConnectAsync();
        Assert.Equal("hello", await client.EchoAsync("hello"));
        Assert.False(host.Requests.Ended.Task.IsCompleted);
        client.Dispose();
        await host.Requests.Ended.Task.WaitAsync(Patience);
        await host.EmptyAsync();
    }

    [Fact]
    public async Task An_application_with_endpoint_defaults_of_its_own_can_add_it_there()
    {
        await using var host = await Host.StartAsync(kestrel: static kestrel =>
            kestrel.ConfigureEndpointDefaults(static endpoint => endpoint.UseActorSocket())
        );
        using var client = await host.ConnectAsync();
        await host.Requests.Ended.Task.WaitAsync(Patience);
        Assert.Equal("hello", await client.EchoAsync("hello"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Behind_tls_it_is_to_be_asked_for(bool asked)
    {
        using var key = RSA.Create(2048);
        using var self = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(
            DateTimeOffset.UtcNow.AddDays(-1),
            DateTimeOffset.UtcNow.AddDays(1)
        );
        await using var host = await Host.StartAsync(kestrel: kestrel =>
            kestrel.Listen(
                IPAddress.Loopback,
                0,
                endpoint =>
                {
                    endpoint.UseHttps(self);
                    if (asked)
                        endpoint.UseActorSocket();
                }
            )
        );
        using var client = await RawClient.ConnectAsync(host.Url, RawClient.Path, RawClient.Frames("40"));
        Assert.StartsWith("0{", await client.NextAsync(), StringComparison.Ordinal);
        Assert.StartsWith("40{", await client.NextAsync(), StringComparison.Ordinal);
        Assert.Equal("hello", await client.EchoAsync("hello"));
        if (asked)
            await host.Requests.Ended.Task.WaitAsync(Patience);
        else
            Assert.False(host.Requests.Ended.Task.IsCompleted);
        Assert.Equal("again", await client.EchoAsync("again"));
        client.Dispose();
        Assert.Equal("transport close", await host.Reason.Task.WaitAsync(Patience));
        await host.EmptyAsync();
    }

    [Fact]
    public async Task Connections_that_come_and_go_at_once_leave_nothing_behind()
    {
        await using var host = await Host.StartAsync();
        await Parallel.ForEachAsync(Enumerable.Range(0, 600), new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (i, _) =>
        {
            if (i % 6 == 0)
            {
                using var hasty = await RawClient.ConnectAsync(host.Url, RawClient.Path, RawClient.Frames("40"));
                return; // gone before it is answered
            }
            using var client = await host.ConnectAsync();
            Assert.Equal("hello", await client.EchoAsync("hello"));
            switch (i % 6)
            {
                case 1: await client.WriteAsync([0x88, 0x80, 0, 0, 0, 0]); break;
                case 2: await client.SendAsync("""42["bye"]"""); break;
                case 3: await client.SendAsync("1"); break;
                case 4: client.Socket.Shutdown(SocketShutdown.Send); break;
                default: client.Socket.Close(0); return;
            }
            while (await client.NextAsync() is not null)
            {
            }
        });
        await host.EmptyAsync();
        Assert.Empty(host.Complaints);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool IsAlive(WeakReference[] request) => request.Any(static part => part.IsAlive);

    /// <summary>What the application sees of requests: weakly, once the endpoint has returned.</summary>
    private sealed class Requests
    {
        public ConcurrentBag<WeakReference[]> Seen { get; } = [];

        public TaskCompletionSource Ended { get; private set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Reset() => Ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Add(Microsoft.AspNetCore.Http.HttpContext context)
        {
            Seen.Add([new(context), new(context.Features.Get<IHttpRequestFeature>()), new(context.RequestServices)]);
            Ended.TrySetResult();
        }
    }

    private sealed class Host(WebApplication app, ActorSocketServer io, Requests requests, ConcurrentQueue<string> complaints)
        : IAsyncDisposable
    {
        public WebApplication App => app;

        public Uri Url => new(app.Urls.First());

        public Requests Requests => requests;

        /// <summary>What was logged as a warning or worse.</summary>
        public ConcurrentQueue<string> Complaints => complaints;

        public TaskCompletionSource Flooded { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource<string> Reason { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public static async Task<Host> StartAsync(
            Action<ActorSocketOptions>? options = null,
            Action<KestrelServerOptions>? kestrel = null,
            Action<ActorSocketServer>? map = null,
            Action<RateLimiterOptions>? limiter = null
        )
        {
            var complaints = new ConcurrentQueue<string>();
            var requests = new Requests();
            var builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.UseKestrelHttpsConfiguration();
            builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(o => kestrel?.Invoke(o));
            builder.Logging.ClearProviders().AddProvider(new Recorder(complaints)).SetMinimumLevel(LogLevel.Warning);
            builder.Services.AddRateLimiter(limits =>
            {
                limits.AddConcurrencyLimiter("ten", static limit => limit.PermitLimit = 10);
                limiter?.Invoke(limits);
            });
            builder.Services.AddActorSocket(options);
            var app = builder.Build();
            app.UseRouting();
            app.UseRateLimiter();
            app.Use(async (context, next) =>
            {
                await next();
                requests.Add(context);
            });
            var io = app.MapActorSocket();
            var host = new Host(app, io, requests, complaints);
            io.OnConnection(socket =>
            {
                socket.On("echo", static (SocketArguments payload, Ack ack) => ack.Send(payload));
                socket.On("bye", async () =>
                {
                    socket.Emit("last");
                    await socket.DisconnectAsync(DisconnectScope.Connection);
                });
                socket.On("flood", () =>
                {
                    for (var i = 0; i < 30; i++)
                        socket.Emit("drop", new string('x', 1_000_000)); // more than what the kernel buffers
                    host.Flooded.TrySetResult();
                });
                socket.OnDisconnect((Action<DisconnectReason>)(why => host.Reason.TrySetResult(why.ToString())));
            });
            map?.Invoke(io);
            await app.StartAsync();
            return host;
        }

        /// <summary>A client in the namespace <c>/</c>.</summary>
        public async Task<RawClient> ConnectAsync()
        {
            var client = await RawClient.ConnectAsync(Url, RawClient.Path);
            await client.SendAsync("40");
            Assert.StartsWith("0{", await client.NextAsync(), StringComparison.Ordinal);
            Assert.StartsWith("40{", await client.NextAsync(), StringComparison.Ordinal);
            return client;
        }

        public Task EmptyAsync() => Node.UntilAsync(() => io.ConnectionCount == 0, "all connections to end");

        public async ValueTask DisposeAsync() => await app.DisposeAsync();
    }

    /// <summary>A WebSocket by hand, so that what shares a segment, and how it ends, is the test's.</summary>
    private sealed class RawClient(TcpClient tcp, Stream stream) : IDisposable
    {
        public const string Path = "/socket.io/?EIO=4&transport=websocket";

        public System.Net.Sockets.Socket Socket => tcp.Client;

        public static async Task<RawClient> ConnectAsync(Uri url, string path, params byte[] behind)
        {
            var tcp = new TcpClient { NoDelay = true };
            await tcp.ConnectAsync(IPAddress.Loopback, url.Port);
            Stream stream = tcp.GetStream();
            if (url.Scheme == "https")
            {
#pragma warning disable CA5359 // the certificate is the test's own
                var tls = new SslStream(stream, false, static (_, _, _, _) => true);
#pragma warning restore CA5359
                await tls.AuthenticateAsClientAsync("localhost");
                stream = tls;
            }
            var client = new RawClient(tcp, stream);
            var handshake = Encoding.ASCII.GetBytes(
                $"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            );
            await client.WriteAsync([.. handshake, .. behind]);
            var answer = new StringBuilder();
            var one = new byte[1];
            while (!answer.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
            {
                await stream.ReadExactlyAsync(one).AsTask().WaitAsync(Patience);
                answer.Append((char)one[0]);
            }
            Assert.StartsWith("HTTP/1.1 101", answer.ToString(), StringComparison.Ordinal);
            return client;
        }

        public Task WriteAsync(byte[] bytes) => stream.WriteAsync(bytes).AsTask();

        public Task SendAsync(params string[] texts) => WriteAsync(Frames(texts));

        public async Task<string?> EchoAsync(string text)
        {
            await SendAsync($"""427["echo","{text}"]""");
            var answer = await NextAsync();
            return answer?["437[\"".Length..^2];
        }

        /// <summary>The next frame; null at the connection's end.</summary>
        public async Task<string?> NextAsync()
        {
            var header = new byte[2];
            try
            {
                await stream.ReadExactlyAsync(header).AsTask().WaitAsync(Patience);
                var length = (int)header[1];
                if (length == 126)
                {
                    var extended = new byte[2];
                    await stream.ReadExactlyAsync(extended);
                    length = BinaryPrimitives.ReadUInt16BigEndian(extended);
                }
                var payload = new byte[length];
                await stream.ReadExactlyAsync(payload);
                return (header[0] & 0x0F) != 8 ? Encoding.UTF8.GetString(payload)
                    : length < 2 ? "close"
                    : $"close {BinaryPrimitives.ReadUInt16BigEndian(payload)}";
            }
            catch (IOException)
            {
                return null;
            }
        }

        public void Dispose()
        {
            stream.Dispose();
            tcp.Dispose();
        }

        public static byte[] Frames(params string[] texts) =>
            [.. texts.SelectMany(static text => (byte[])[0x81, (byte)(0x80 | text.Length), 0, 0, 0, 0, .. Encoding.ASCII.GetBytes(text)])];
    }

    private sealed class Recorder(ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            if (IsEnabled(logLevel)) // whatever the application's settings are
                lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");
        }

        public void Dispose()
        {
        }
    }
}
