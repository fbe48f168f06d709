using System.Net;
using System.Net.Sockets;
using System.Text;
using ActorSocket.ClientTests.Infrastructure;

namespace ActorSocket.ClusterTests.Infrastructure;

/// <summary>A WebSocket whose bytes the test writes itself.</summary>
internal sealed class RawWebSocket : IDisposable
{
    private readonly TcpClient _client;
    private readonly NetworkStream _stream;

    private RawWebSocket(TcpClient client)
    {
        _client = client;
        _stream = client.GetStream();
    }

    /// <summary>The status of the answer to the upgrade.</summary>
    public HttpStatusCode Status { get; private set; }

    public string Head { get; private set; } = "";

    /// <param name="url">Where the WebSocket is asked for.</param>
    /// <param name="receiveBuffer">Small for one that will not read.</param>
    /// <param name="key">Not 16 bytes as base64: a handshake that is refused.</param>
    public static async Task<RawWebSocket> OpenAsync(Uri url, int? receiveBuffer = null, string key = "dGhlIHNhbXBsZSBub25jZQ==")
    {
        var client = new TcpClient { NoDelay = true };
        if (receiveBuffer is { } size)
            client.ReceiveBufferSize = size;
        await client.ConnectAsync(IPAddress.Loopback, url.Port);
        var socket = new RawWebSocket(client);
        await socket._stream.WriteAsync(
            Encoding.ASCII.GetBytes(
                $"GET {url.PathAndQuery} HTTP/1.1\r\nHost: 127.0.0.1:{url.Port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + $"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
            )
        );
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
            head.Append((char)await socket.ReadByteAsync());
        socket.Head = head.ToString();
        socket.Status = (HttpStatusCode)int.Parse(socket.Head.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        return socket;
    }

    /// <summary>What the client of a session does to upgrade it, by way of a node.</summary>
    public static async Task<RawWebSocket> UpgradeAsync(WireClient client, Uri node, bool byteByByte = false, int? receiveBuffer = null)
    {
        var socket = await OpenAsync(client.UrlOn(node, "websocket"), receiveBuffer);
        Assert.Equal(HttpStatusCode.SwitchingProtocols, socket.Status);
        await socket.SendAsync("2probe", byteByByte);
        Assert.Equal("3probe", await socket.ReadAsync());
        await socket.SendAsync("5", byteByByte);
        return socket;
    }

    public async Task SendAsync(string text, bool byteByByte = false)
    {
        var payload = Encoding.UTF8.GetBytes(text);
        byte[] header =
            payload.Length < 126
                ? [0x81, (byte)(0x80 | payload.Length)]
                : [0x81, 0x80 | 126, (byte)(payload.Length >> 8), (byte)payload.Length];
        byte[] mask = [1, 2, 3, 4];
        for (var i = 0; i < payload.Length; i++)
            payload[i] ^= mask[i % 4];
        byte[] frame = [.. header, .. mask, .. payload];
        if (!byteByByte)
        {
            await _stream.WriteAsync(frame);
            return;
        }
        foreach (var one in frame)
            await _stream.WriteAsync(new[] { one });
    }

    /// <summary>The next message; null when the connection has ended, with a close frame or without.</summary>
    public async Task<string?> ReadAsync()
    {
        try
        {
            var first = await ReadByteAsync();
            var length = (long)await ReadByteAsync();
            for (var more = length == 126 ? 2 : length == 127 ? 8 : 0; more > 0; more--)
                length = ((length is 126 or 127 && more is 2 or 8 ? 0 : length) << 8) | await ReadByteAsync();
            var payload = new byte[length];
            await _stream.ReadExactlyAsync(payload).AsTask().WaitForAsync("the rest of a frame");
            return (first & 0x0F) == 8 ? null : Encoding.UTF8.GetString(payload);
        }
        catch (IOException) // the end of the stream, too
        {
            return null;
        }
    }

    /// <summary>The next message that begins so; answers pings.</summary>
    public async Task<string> ReadForAsync(string start)
    {
        while (true)
        {
            var text = await ReadAsync();
            Assert.NotNull(text);
            if (text == "2")
                await SendAsync("3");
            if (text.StartsWith(start, StringComparison.Ordinal))
                return text;
        }
    }

    /// <summary>Reads whatever comes, until the end.</summary>
    public async Task DrainAsync()
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await _stream.ReadAsync(buffer) > 0)
            {
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The end.
        }
    }

    /// <summary>Ends the connection without a word, by a reset.</summary>
    public void Reset()
    {
        _client.LingerState = new LingerOption(enable: true, 0);
        _client.Close();
    }

    public void Dispose() => _client.Dispose();

    private async Task<byte> ReadByteAsync()
    {
        var one = new byte[1];
        await _stream.ReadExactlyAsync(one).AsTask().WaitForAsync("a byte of a WebSocket");
        return one[0];
    }
}
