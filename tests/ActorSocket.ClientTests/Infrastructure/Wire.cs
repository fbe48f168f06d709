using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>The protocol without a client: single requests and frames, also such as no client would send.</summary>
internal sealed class Wire(Uri url) : IDisposable
{
    public const char Separator = '\u001e';

    /// <summary>A server that does not wait for sessions which these tests leave behind.</summary>
    public static Task<RealServer> ServeAsync(ITestOutputHelper output, Action<ActorSocketOptions>? configure = null) =>
        RealServer.StartAsync(output, options =>
        {
            options.DrainTimeout = TimeSpan.FromMilliseconds(100);
            configure?.Invoke(options);
        });

    private readonly HttpClient _http =
        new(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None, UseCookies = false })
        {
            BaseAddress = url,
            Timeout = TimeSpan.FromSeconds(30),
        };

    /// <summary>What was answered.</summary>
    internal sealed record Answer(HttpStatusCode Status, string Body, byte[] Bytes, HttpResponseMessage Message)
    {
        /// <summary>The status and the body.</summary>
        public (HttpStatusCode Status, string Body) Both => (Status, Body);

        public string? Header(string name) =>
            Message.Headers.TryGetValues(name, out var values) || Message.Content.Headers.TryGetValues(name, out values)
                ? string.Join(", ", values)
                : null;
    }

    public async Task<Answer> SendAsync(
        HttpMethod method,
        string query,
        HttpContent? content = null,
        params (string Name, string Value)[] headers
    )
    {
        using var request = new HttpRequestMessage(method, "/socket.io/?" + query) { Content = content };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        var response = await _http.SendAsync(request);
        var bytes = await response.Content.ReadAsByteArrayAsync();
        return new Answer(response.StatusCode, Encoding.UTF8.GetString(bytes), bytes, response);
    }

    /// <summary>A polling session, not joined to any namespace.</summary>
    public async Task<Polling> OpenAsync(string query = "EIO=4&transport=polling")
    {
        var open = await SendAsync(HttpMethod.Get, query);
        Assert.Equal((HttpStatusCode.OK, '0'), (open.Status, open.Body[0]));
        return new Polling(this, JsonElement.Parse(open.Body[1..open.Body.IndexOf('}')] + "}").GetProperty("sid").GetString()!);
    }

    /// <summary>A polling session that has joined <c>/</c>.</summary>
    public async Task<Polling> JoinAsync()
    {
        var session = await OpenAsync();
        Assert.Equal("ok", (await session.PostAsync("40")).Body);
        var answer = (await session.GetAsync()).Body;
        if (answer == "2") // a ping may come before it
            answer = (await session.GetAsync()).Body;
        session.Id = JsonElement.Parse(answer[2..]).GetProperty("sid").GetString()!;
        return session;
    }

    /// <summary>A WebSocket session, its open packet read, that has joined <c>/</c>.</summary>
    public async Task<WebSocketSession> JoinWebSocketAsync()
    {
        var session = await OpenWebSocketAsync();
        await session.NextAsync();
        await session.SendAsync("40");
        var answer = await session.NextAsync();
        if (answer == "2") // a ping may come before it
            answer = await session.NextAsync();
        session.Id = JsonElement.Parse(answer[2..]).GetProperty("sid").GetString()!;
        return session;
    }

    public async Task<WebSocketSession> OpenWebSocketAsync(string query = "EIO=4&transport=websocket")
    {
        var socket = new ClientWebSocket();
        await socket
            .ConnectAsync(new Uri($"ws://{url.Host}:{url.Port}/socket.io/?{query}"), CancellationToken.None)
            .WaitForAsync("the WebSocket");
        return new WebSocketSession(socket);
    }

    /// <summary>Bytes to the server as they are; what comes back is read by the caller.</summary>
    public async Task<TcpClient> SendRawAsync(string request)
    {
        var tcp = new TcpClient();
        await tcp.ConnectAsync(url.Host, url.Port);
        await tcp.GetStream().WriteAsync(Encoding.UTF8.GetBytes(request));
        return tcp;
    }

    public void Dispose() => _http.Dispose();

    /// <summary>A session by HTTP long-polling.</summary>
    internal sealed class Polling(Wire wire, string sid)
    {
        public string Sid => sid;

        /// <summary>Of its socket in <c>/</c>.</summary>
        public string Id { get; set; } = "";

        public string Query => "EIO=4&transport=polling&sid=" + sid;

        public Task<Answer> GetAsync(params (string Name, string Value)[] headers) => wire.SendAsync(HttpMethod.Get, Query, null, headers);

        public Task<Answer> PostAsync(params string[] packets) => PostAsync(new StringContent(string.Join(Separator, packets)));

        public Task<Answer> PostAsync(HttpContent body) => wire.SendAsync(HttpMethod.Post, Query, body);

        /// <summary>The packets of the next answer.</summary>
        public async Task<string[]> PollAsync()
        {
            var answer = await GetAsync();
            Assert.Equal(HttpStatusCode.OK, answer.Status);
            return answer.Body.Split(Separator);
        }

        /// <summary>The session is unknown.</summary>
        public async Task IsGoneAsync() =>
            Assert.Equal((HttpStatusCode.BadRequest, """{"code":1,"message":"Session ID unknown"}"""), (await GetAsync()).Both);

        /// <summary>The session lives: it answers.</summary>
        public async Task LivesAsync()
        {
            Assert.Equal("ok", (await PostAsync("""42["echo","alive"]""")).Body);
            Assert.Contains("""42["echo","alive"]""", await PollAsync());
        }
    }

    /// <summary>A session, or an attempt to upgrade one, by WebSocket.</summary>
    internal sealed class WebSocketSession(ClientWebSocket socket) : IDisposable
    {
        private readonly byte[] _buffer = new byte[1 << 20];

        /// <summary>Of its socket in <c>/</c>.</summary>
        public string Id { get; set; } = "";

        public ClientWebSocket Socket => socket;

        public Task SendAsync(string text) =>
            socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, CancellationToken.None);

        public Task SendAsync(byte[] binary) => socket.SendAsync(binary, WebSocketMessageType.Binary, true, CancellationToken.None);

        /// <summary>
        /// The next message: a text, the hexadecimal of a binary one in angle brackets, or "close" and its code when there is one.
        /// </summary>
        public async Task<string> NextAsync()
        {
            var length = 0;
            while (true)
            {
                ValueWebSocketReceiveResult received;
                try
                {
                    received = await socket
                        .ReceiveAsync(_buffer.AsMemory(length), CancellationToken.None)
                        .AsTask()
                        .WaitForAsync("a message");
                }
                catch (WebSocketException)
                {
                    return "cut";
                }
                if (received.MessageType == WebSocketMessageType.Close)
                    // .NET says 1000 where there is none
                    return socket.CloseStatus is null or WebSocketCloseStatus.NormalClosure ? "close" : $"close {(int)socket.CloseStatus}";
                length += received.Count;
                if (received.EndOfMessage)
                    return received.MessageType == WebSocketMessageType.Binary
                        ? $"<{Convert.ToHexString(_buffer, 0, length)}>"
                        : Encoding.UTF8.GetString(_buffer, 0, length);
            }
        }

        /// <summary>The connection ends, whatever comes before.</summary>
        public async Task EndsAsync()
        {
            while (await NextAsync() is not ("cut" or "close" or ['c', 'l', 'o', 's', 'e', ' ', ..]))
            {
                // Something it said before.
            }
        }

        /// <summary>It answers.</summary>
        public async Task LivesAsync()
        {
            await SendAsync("""42["echo","alive"]""");
            Assert.Equal("""42["echo","alive"]""", await NextAsync());
        }

        public void Dispose() => socket.Dispose();
    }
}
