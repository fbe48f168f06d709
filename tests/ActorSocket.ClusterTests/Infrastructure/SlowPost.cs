using System.Net;
using System.Net.Sockets;
using System.Text;
using ActorSocket.ClientTests.Infrastructure;

namespace ActorSocket.ClusterTests.Infrastructure;

/// <summary>A POST whose body comes when the test says so.</summary>
internal sealed class SlowPost : IDisposable
{
    private readonly TcpClient _client = new() { NoDelay = true };

    public static async Task<SlowPost> BeginAsync(Uri url, int length, string start)
    {
        var post = new SlowPost();
        await post._client.ConnectAsync(IPAddress.Loopback, url.Port);
        await post.SendAsync($"POST {url.PathAndQuery} HTTP/1.1\r\nHost: 127.0.0.1:{url.Port}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{start}");
        return post;
    }

    public async Task SendAsync(string text) => await _client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(text));

    /// <summary>The first line of the answer.</summary>
    public async Task<string> AnswerAsync()
    {
        using var reader = new StreamReader(_client.GetStream(), Encoding.ASCII, leaveOpen: true);
        return await reader.ReadLineAsync().WaitForAsync("the answer to a POST") ?? "";
    }

    public void Dispose() => _client.Dispose();
}
