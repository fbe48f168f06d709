using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ActorSocket.IntegrationTests.Infrastructure;

/// <summary>HTTP by hand, byte by byte, for requests that no HTTP library would send.</summary>
internal static class RawHttp
{
    public const string UpgradeHeaders =
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";

    /// <summary>
    /// The answer to a GET that opens a WebSocket with these headers besides: its status line, headers, and body of the stated length.
    /// </summary>
    public static Task<Answer> UpgradeAsync(Uri url, string headers) =>
        SendAsync(url, $"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {url.Authority}\r\n{UpgradeHeaders}{headers}\r\n");

    /// <param name="url">Whose host and port are called.</param>
    /// <param name="request">Each character is a byte.</param>
    public static async Task<Answer> SendAsync(Uri url, string request)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, url.Port);
        await using var stream = tcp.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
        var head = new StringBuilder();
        var one = new byte[1];
        while (
            !head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal)
            && await stream.ReadAsync(one).AsTask().WaitAsync(Node.Patience) > 0
        )
            head.Append((char)one[0]);
        var lines = head.ToString().Split("\r\n");
        var headers = lines
            .Skip(1)
            .Where(static line => line.Contains(':', StringComparison.Ordinal))
            .ToLookup(
                static line => line[..line.IndexOf(':', StringComparison.Ordinal)],
                static line => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim(),
                StringComparer.OrdinalIgnoreCase
            );
        var body = new byte[
            int.TryParse(headers["Content-Length"].FirstOrDefault(), CultureInfo.InvariantCulture, out var length) ? length : 0
        ];
        await stream.ReadExactlyAsync(body).AsTask().WaitAsync(Node.Patience);
        return new Answer(
            lines[0].Length > 12 ? int.Parse(lines[0].AsSpan(9, 3), CultureInfo.InvariantCulture) : 0,
            headers,
            Encoding.UTF8.GetString(body)
        );
    }

    /// <summary>A text as the bytes of its UTF-8, one character each.</summary>
    public static string Utf8(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    internal sealed record Answer(int Status, ILookup<string, string> Headers, string Body);
}
