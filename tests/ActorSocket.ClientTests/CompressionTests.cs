using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>permessage-deflate on real connections: bytes are counted where they come out of the kernel.</summary>
public sealed class CompressionTests(ITestOutputHelper output) : ClientTest("binary", output)
{
    private const int Length = 100_000;
    private static readonly string Text = new('x', Length);

    [Theory]
    [InlineData("websocket")]
    [InlineData("upgrade")]
    public Task A_client_that_compresses_exchanges_everything(string mode) => RunAsync(mode, ["PerMessageDeflate:Threshold=1024"]);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Long_messages_are_compressed_when_both_sides_want_it(bool takeover)
    {
        await using var server = await RealServer.StartAsync(
            Output,
            options => options.PerMessageDeflate = new PerMessageDeflateOptions { ServerNoContextTakeover = !takeover }
        );
        server.Io.OnConnection(static socket =>
        {
            socket.On("give", () => socket.Emit("text", Text));
            socket.On("give plain", () => socket.Compress(false).Emit("text", Text));
            socket.On("give binary", () => socket.Emit("binary", Encoding.UTF8.GetBytes(Text)));
        });
        await using var client = await CountingClient.ConnectAsync(server.Url, new WebSocketDeflateOptions());

        Assert.InRange(await client.CostOfAsync("give", 1), 1, 5_000);
        Assert.InRange(await client.CostOfAsync("give binary", 2), 1, 5_000);
        Assert.InRange(await client.CostOfAsync("give plain", 1), Length, Length + 100);
        Assert.InRange(await client.CostOfAsync("give", 1), 1, 5_000);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nothing_is_compressed_unless_both_sides_want_it(bool serverWants)
    {
        await using var server = await RealServer.StartAsync(
            Output,
            options => options.PerMessageDeflate = serverWants ? new PerMessageDeflateOptions() : null
        );
        server.Io.OnConnection(static socket => socket.On("give", () => socket.Emit("text", Text)));
        await using var client = await CountingClient.ConnectAsync(server.Url, serverWants ? null : new WebSocketDeflateOptions());

        Assert.InRange(await client.CostOfAsync("give", 1), Length, Length + 100);
    }

    [Fact]
    public async Task A_short_message_that_grows_beyond_the_limit_ends_its_connection()
    {
        await using var server = await RealServer.StartAsync(
            Output,
            static options => options.PerMessageDeflate = new PerMessageDeflateOptions()
        );
        var reason = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Io.OnConnection(socket => socket.OnDisconnect(why => { reason.TrySetResult(why.ToString()); }));
        await using var client = await CountingClient.ConnectAsync(server.Url, new WebSocketDeflateOptions());

        await client
            .WebSocket.SendAsync(new byte[50_000_000], WebSocketMessageType.Binary, true, CancellationToken.None)
            .WaitForAsync("the bomb to be sent");

        Assert.Equal("transport error", await reason.Task.WaitForAsync("the disconnect"));
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            while (true)
            {
                var last = await client
                    .WebSocket.ReceiveAsync(new byte[1024].AsMemory(), CancellationToken.None)
                    .AsTask()
                    .WaitForAsync("the close");
                if (last.MessageType == WebSocketMessageType.Close)
                    throw new WebSocketException(client.WebSocket.CloseStatus.ToString());
            }
        });
    }

    /// <summary>.NET's WebSocket over a connection whose incoming bytes are counted.</summary>
    private sealed class CountingClient : IAsyncDisposable
    {
        private readonly HttpMessageInvoker _invoker;
        private CountingStream _stream = null!;

        private CountingClient() => _invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            ConnectCallback = async (context, token) =>
            {
                var socket = new System.Net.Sockets.Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(context.DnsEndPoint, token);
                return _stream = new CountingStream(new NetworkStream(socket, ownsSocket: true));
            },
        });

        public ClientWebSocket WebSocket { get; } = new();

        public static async Task<CountingClient> ConnectAsync(Uri server, WebSocketDeflateOptions? deflate)
        {
            var client = new CountingClient();
            client.WebSocket.Options.DangerousDeflateOptions = deflate;
            var url = new UriBuilder(server) { Scheme = "ws", Path = "/socket.io/", Query = "EIO=4&transport=websocket" }.Uri;
            await client.WebSocket.ConnectAsync(url, client._invoker, CancellationToken.None).WaitForAsync("the WebSocket");
            await client.ReceiveAsync();
            await client.SendAsync("40");
            await client.ReceiveAsync();
            return client;
        }

        /// <summary>How many bytes came for the messages that answer an event.</summary>
        public async Task<long> CostOfAsync(string eventName, int messages)
        {
            var before = _stream.Received;
            await SendAsync($"42[\"{eventName}\"]");
            for (var i = 1; i <= messages; i++)
            {
                var length = await ReceiveAsync();
                Assert.True(i < messages || length >= Length, $"The message has {length} bytes.");
            }
            return _stream.Received - before;
        }

        public async ValueTask DisposeAsync()
        {
            WebSocket.Dispose();
            _invoker.Dispose();
            await _stream.DisposeAsync();
        }

        private Task SendAsync(string text) =>
            WebSocket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, CancellationToken.None);

        private async Task<int> ReceiveAsync()
        {
            var buffer = new byte[64 * 1024];
            var length = 0;
            while (true)
            {
                var read = await WebSocket
                    .ReceiveAsync(buffer.AsMemory(), CancellationToken.None)
                    .AsTask()
                    .WaitForAsync("a message of the server");
                length += read.Count;
                if (read.EndOfMessage)
                    return length;
            }
        }
    }

    private sealed class CountingStream(NetworkStream inner) : Stream
    {
        public long Received { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            Received += read;
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.WriteAsync(buffer, cancellationToken);

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => inner.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
