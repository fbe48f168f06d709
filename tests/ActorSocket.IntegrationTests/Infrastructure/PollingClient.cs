using System.Text.Json;
using System.Threading.Channels;

namespace ActorSocket.IntegrationTests.Infrastructure;

/// <summary>
/// A client of one node by long-polling: connected to "/", answers pings, and every question but "silence?" with its name.
/// </summary>
internal sealed class PollingClient : IAsyncDisposable
{
    private readonly HttpClient _http = new();
    private readonly Channel<string> _events = Channel.CreateUnbounded<string>();
    private readonly string _name;
    private readonly Uri _url;
    private readonly Task _reading;

    private PollingClient(string name, Uri url)
    {
        _name = name;
        _url = url;
        _reading = ReadAsync();
    }

    /// <summary>What the server answered to CONNECT.</summary>
    public JsonElement Connected { get; private set; }

    /// <summary>What came before that: events that were missed.</summary>
    public List<string> MissedEventsReply { get; } = [];

    public static async Task<PollingClient> ConnectAsync(Node node, string name, string auth = "", string query = "")
    {
        var client = await OpenAsync(node, name, query);
        await client.SendAsync("40" + auth);
        var packet = await client.NextAsync();
        for (; !packet.StartsWith("40{", StringComparison.Ordinal); packet = await client.NextAsync())
            client.MissedEventsReply.Add(packet);
        client.Connected = JsonElement.Parse(packet[2..]);
        return client;
    }

    /// <summary>What a client is told that is not let in.</summary>
    public static async Task<string> RefusedAsync(Node node, string auth)
    {
        await using var client = await OpenAsync(node, "refused", "");
        await client.SendAsync("40" + auth);
        return await client.NextAsync();
    }

    private static async Task<PollingClient> OpenAsync(Node node, string name, string query)
    {
        using var http = new HttpClient();
        var open = await http.GetStringAsync(new Uri(node.Url, "/socket.io/?EIO=4&transport=polling" + query));
        return new PollingClient(
            name,
            new Uri(
                node.Url,
                "/socket.io/?EIO=4&transport=polling&sid=" + JsonDocument.Parse(open[1..]).RootElement.GetProperty("sid").GetString()
            )
        );
    }

    public async Task SendAsync(string packet)
    {
        using var answer = await _http.PostAsync(_url, new StringContent(packet));
        Assert.Equal("ok", await answer.Content.ReadAsStringAsync());
    }

    /// <summary>The next Socket.IO packet that was no question.</summary>
    public async Task<string> NextAsync() => await _events.Reader.ReadAsync().AsTask().WaitAsync(Node.Patience);

    public async ValueTask DisposeAsync()
    {
        await _http.PostAsync(_url, new StringContent("1"));
        await _reading;
        _http.Dispose();
    }

    private async Task ReadAsync()
    {
        while (true)
        {
            using var answer = await _http.GetAsync(_url);
            if (!answer.IsSuccessStatusCode)
                return;
            foreach (var packet in (await answer.Content.ReadAsStringAsync()).Split('\u001e'))
            {
                if (packet is "2")
                    await SendAsync("3");
                else if (packet is "1")
                    return;
                else if (packet.StartsWith("42", StringComparison.Ordinal) && char.IsAsciiDigit(packet[2]))
                {
                    if (!packet.Contains("silence?", StringComparison.Ordinal))
                        await SendAsync($"43{packet[2..packet.IndexOf('[', StringComparison.Ordinal)]}[\"{_name}\"]");
                }
                else if (packet is not "6")
                    _events.Writer.TryWrite(packet);
            }
        }
    }
}
