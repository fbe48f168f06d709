using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ActorSocket.ClientTests.Infrastructure;

namespace ActorSocket.ClusterTests.Infrastructure;

/// <summary>A POST whose body comes when the test says so.</summary>
internal sealed class SlowPost : IDisposable
{
    private readonly TcpClient _client = new() { NoDelay = true };
    private StreamReader? _reader;

    public static async Task<SlowPost> BeginAsync(Uri url, int length, string start)
    {
        var post = new SlowPost();
        await post._client.ConnectAsync(IPAddress.Loopback, url.Port);
        await post.SendAsync(
            $"POST {url.PathAndQuery} HTTP/1.1\r\nHost: 127.0.0.1:{url.Port}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n"
            + $"\r\n{start}"
        );
        return post;
    }

    public async Task SendAsync(string text) => await _client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(text));

    /// <summary>The status of the next answer, which is read to its end.</summary>
    public async Task<int> AnswerAsync()
    {
        _reader ??= new StreamReader(_client.GetStream(), Encoding.ASCII, leaveOpen: true);
        var first = await LineAsync();
        var length = 0;
        while (await LineAsync() is { Length: > 0 } header)
        {
            if (header.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase))
                length = int.Parse(header["Content-Length: ".Length..], CultureInfo.InvariantCulture);
        }
        if (length > 0) // a read of nothing waits for something
            await _reader.ReadBlockAsync(new char[length]).AsTask().WaitForAsync("the body of an answer to a POST");
        return first.Split(' ') is ["HTTP/1.1", var status, ..] ? int.Parse(status, CultureInfo.InvariantCulture) : 0;

        async Task<string> LineAsync() => await _reader.ReadLineAsync().WaitForAsync("the answer to a POST") ?? "";
    }

    public void Dispose()
    {
        _reader?.Dispose();
        _client.Dispose();
    }
}
