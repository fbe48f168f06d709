using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using ActorSocket.Protocol;
using ActorSocket.Protocol.EngineIo;
using ActorSocket.Protocol.SocketIo;
using Microsoft.AspNetCore.TestHost;

namespace ActorSocket.TestKit;

/// <summary>One Engine.IO packet that the server has sent.</summary>
internal readonly record struct EnginePacket(EngineIoPacketType Type, byte[] Data, byte[]? Binary);

/// <summary>The bytes of one connection, as one of the protocol's transports carries them.</summary>
internal interface ITestTransport
{
    /// <summary>Completes when they are on their way (WebSocket), or the server has them (polling).</summary>
    Task SendAsync(EncodedFrame frame);

    /// <summary>The next packets; empty when the server has closed.</summary>
    /// <exception cref="IOException">The transport has failed.</exception>
    Task<IReadOnlyList<EnginePacket>> ReceiveAsync();

    /// <summary>Gone, without a goodbye.</summary>
    void Abort();
}

/// <summary>The handshake was answered with an HTTP error.</summary>
internal sealed class HandshakeRefusedException(int status, string body) : Exception($"HTTP {status}: {body}")
{
    public int Status => status;

    public string Body => body;
}

internal sealed class WebSocketTransport(WebSocket webSocket) : ITestTransport
{
    private readonly ArrayBufferWriter<byte> _message = new();

    public static async Task<WebSocketTransport> OpenAsync(
        TestServer server, string pathAndQuery, IDictionary<string, string> headers, CancellationToken cancellationToken)
    {
        var client = server.CreateWebSocketClient();
        client.ConfigureRequest = request =>
        {
            foreach (var (name, value) in headers)
                request.Headers[name] = value;
        };
        try
        {
            return new WebSocketTransport(
                await client.ConnectAsync(new Uri(server.BaseAddress, pathAndQuery), cancellationToken).ConfigureAwait(false)
            );
        }
        // "Incomplete handshake, status code: 401" is all that the test server says
        catch (InvalidOperationException error)
            when (int.TryParse(error.Message.Split(' ')[^1], CultureInfo.InvariantCulture, out var status))
        {
            throw new HandshakeRefusedException(status, error.Message);
        }
    }

    public async Task SendAsync(EncodedFrame frame)
    {
        if (!frame.Text.IsEmpty)
            await SendAsync(frame.Text.ToArray(), WebSocketMessageType.Text).ConfigureAwait(false);
        foreach (var attachment in frame.Attachments)
            await SendAsync(attachment, WebSocketMessageType.Binary).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<EnginePacket>> ReceiveAsync()
    {
        _message.ResetWrittenCount();
        while (true)
        {
            var received = await webSocket.ReceiveAsync(_message.GetMemory(4096), CancellationToken.None).ConfigureAwait(false);
            if (received.MessageType == WebSocketMessageType.Close)
                return [];
            _message.Advance(received.Count);
            if (!received.EndOfMessage)
                continue;
            if (received.MessageType == WebSocketMessageType.Binary)
                return [new EnginePacket(EngineIoPacketType.Message, [], _message.WrittenSpan.ToArray())];
            if (!EngineIoReader.TryRead(_message.WrittenSpan, out var packet))
                throw new IOException($"The server sent what is no Engine.IO packet: {Encoding.UTF8.GetString(_message.WrittenSpan)}");
            return [new EnginePacket(packet.Type, packet.Data.ToArray(), packet.Binary)];
        }
    }

    public void Abort() => webSocket.Abort();

    private Task SendAsync(byte[] message, WebSocketMessageType type) =>
        webSocket.SendAsync(message.AsMemory(), type, endOfMessage: true, CancellationToken.None).AsTask();
}

internal sealed class PollingTransport : ITestTransport, IDisposable
{
    private static readonly ProtocolLimits Unlimited = new() { MaxPacketsPerPayload = int.MaxValue };

    private readonly HttpClient _http;
    private readonly CancellationTokenSource _aborted = new();
    private string _pathAndQuery;

    public PollingTransport(TestServer server, string pathAndQuery, IDictionary<string, string> headers)
    {
        _http = server.CreateClient();
        _http.Timeout = Timeout.InfiniteTimeSpan;
        foreach (var (name, value) in headers)
            _http.DefaultRequestHeaders.TryAddWithoutValidation(name, value);
        _pathAndQuery = pathAndQuery;
    }

    /// <summary>The session that the handshake has opened.</summary>
    public void Join(string sid) => _pathAndQuery += "&sid=" + sid;

    public async Task SendAsync(EncodedFrame frame)
    {
        var body = new ArrayBufferWriter<byte>();
        frame.WritePolling(body);
        using var content = new ByteArrayContent(body.WrittenSpan.ToArray());
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("text/plain;charset=UTF-8");
        using var answer = await _http
            .PostAsync(new Uri(_pathAndQuery, UriKind.Relative), content, _aborted.Token)
            .ConfigureAwait(false);
        await ThrowIfRefusedAsync(answer).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<EnginePacket>> ReceiveAsync()
    {
        using var answer = await _http.GetAsync(new Uri(_pathAndQuery, UriKind.Relative), _aborted.Token).ConfigureAwait(false);
        await ThrowIfRefusedAsync(answer).ConfigureAwait(false);
        return Read(await answer.Content.ReadAsByteArrayAsync(_aborted.Token).ConfigureAwait(false));
    }

    public void Abort() => _aborted.Cancel();

    public void Dispose()
    {
        _http.Dispose();
        _aborted.Dispose();
    }

    private static List<EnginePacket> Read(byte[] payload)
    {
        var packets = new List<EnginePacket>();
        var reader = new PollingPayloadReader(payload, Unlimited);
        while (reader.TryRead(out var packet))
            packets.Add(new EnginePacket(packet.Type, packet.Data.ToArray(), packet.Binary));
        return reader.Failed
            ? throw new IOException($"The server sent what is no Engine.IO payload: {Encoding.UTF8.GetString(payload)}")
            : packets;
    }

    private static async Task ThrowIfRefusedAsync(HttpResponseMessage answer)
    {
        if (answer.StatusCode != HttpStatusCode.OK)
            throw new HandshakeRefusedException(
                (int)answer.StatusCode,
                await answer.Content.ReadAsStringAsync().ConfigureAwait(false)
            );
    }
}
