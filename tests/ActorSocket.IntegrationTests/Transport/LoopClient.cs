using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ActorSocket.IntegrationTests.Transport;

/// <summary>A Socket.IO client on a bare WebSocket, whose bytes go out in whatever pieces a test wants.</summary>
internal sealed class LoopClient : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly MemoryStream _seen = new();

    private LoopClient(System.Net.Sockets.Socket tcp) => Tcp = tcp;

    public System.Net.Sockets.Socket Tcp { get; }

    /// <summary>With what it sends in one piece with the request, before it is answered.</summary>
    public static async Task<LoopClient> OpenAsync(Uri url, byte[]? behind = null, int? receiveBuffer = null)
    {
        var tcp = new System.Net.Sockets.Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBuffer is { } size)
            tcp.ReceiveBufferSize = size;
        await tcp.ConnectAsync(IPAddress.Loopback, url.Port);
        var client = new LoopClient(tcp);
        var request = Encoding.ASCII.GetBytes(
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
        await client.SendBytesAsync((byte[])[.. request, .. behind ?? []]);
        await client.ReadHeadAsync();
        Assert.StartsWith("0{", await client.ReadTextAsync(), StringComparison.Ordinal);
        return client;
    }

    /// <summary>And in the main namespace.</summary>
    public static async Task<LoopClient> JoinAsync(Uri url, int? receiveBuffer = null)
    {
        var client = await OpenAsync(url, Text("40"), receiveBuffer);
        Assert.StartsWith("40{", await client.ReadTextAsync(), StringComparison.Ordinal);
        return client;
    }

    public static byte[] Text(string text) => Frame(0x81, Encoding.UTF8.GetBytes(text));

    /// <summary>Masked with zeros.</summary>
    public static byte[] Frame(byte head, byte[] payload)
    {
        byte[] length = payload.Length < 126 ? [(byte)(0x80 | payload.Length)]
            : payload.Length < 65536 ? [0xFE, (byte)(payload.Length >> 8), (byte)payload.Length]
            : [0xFF, 0, 0, 0, 0, (byte)(payload.Length >> 24), (byte)(payload.Length >> 16), (byte)(payload.Length >> 8),
                (byte)payload.Length];
        return [head, .. length, 0, 0, 0, 0, .. payload];
    }

    public Task SendAsync(string text) => SendBytesAsync(Text(text));

    public async Task SendBytesAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[await Tcp.SendAsync(bytes).AsTask().WaitAsync(Limit)..];
    }

    /// <summary>The next text message but pings; null at the end, or behind a close frame.</summary>
    public async Task<string?> ReadTextAsync()
    {
        while (true)
        {
            if (await ReadFrameAsync() is not { } frame || frame.Opcode == 8)
                return null;
            if (frame is { Opcode: 1, Payload: not [(byte)'2'] })
                return Encoding.UTF8.GetString(frame.Payload);
        }
    }

    /// <summary>Null at the end.</summary>
    public async Task<(int Opcode, byte[] Payload)?> ReadFrameAsync()
    {
        while (true)
        {
            if (TryTakeFrame() is { } frame)
                return frame;
            if (!await ReceiveAsync())
                return null;
        }
    }

    /// <summary>False at the end.</summary>
    public async Task<bool> ReceiveAsync()
    {
        int count;
        try
        {
            count = await Tcp.ReceiveAsync(_buffer.AsMemory()).AsTask().WaitAsync(Limit);
        }
        catch (SocketException)
        {
            return false;
        }
        _seen.Write(_buffer, 0, count);
        return count > 0;
    }

    public void Reset() => Tcp.Close(0);

    public void Dispose() => Tcp.Dispose();

    private async Task ReadHeadAsync()
    {
        while (true)
        {
            var end = Encoding.ASCII.GetString(_seen.ToArray()).IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0)
            {
                Take(end + 4);
                return;
            }
            Assert.True(await ReceiveAsync(), "The request was not answered.");
        }
    }

    private (int Opcode, byte[] Payload)? TryTakeFrame()
    {
        var seen = _seen.GetBuffer().AsSpan(0, (int)_seen.Length);
        if (seen.Length < 2)
            return null;
        var head = seen[1] switch { 126 => 4, 127 => 10, _ => 2 };
        if (seen.Length < head)
            return null;
        var length = head switch
        {
            4 => BinaryPrimitives.ReadUInt16BigEndian(seen[2..]),
            10 => (int)BinaryPrimitives.ReadUInt64BigEndian(seen[2..]),
            _ => seen[1],
        };
        if (seen.Length < head + length)
            return null;
        var frame = (seen[0] & 0x0F, seen.Slice(head, length).ToArray());
        Take(head + length);
        return frame;
    }

    private void Take(int count)
    {
        var rest = _seen.GetBuffer().AsSpan(count, (int)_seen.Length - count).ToArray();
        _seen.SetLength(0);
        _seen.Write(rest);
    }
}
