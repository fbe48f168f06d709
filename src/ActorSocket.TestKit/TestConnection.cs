using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using ActorSocket.Protocol.EngineIo;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sessions;

namespace ActorSocket.TestKit;

/// <summary>
/// One connection, which the clients of several namespaces may share: what official clients call the manager. It reads all the while, and
/// answers heartbeats.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class TestConnection
{
    private static readonly EncodedFrame Noop = EncodedFrame.Control("6"u8);
    private static readonly EncodedFrame Pong = EncodedFrame.Control("3"u8);

    private readonly Lock _gate = new();
    private readonly TestClientOptions _options;
    private readonly IPacketDecoder _decoder;
    private readonly Dictionary<string, ActorSocketTestClient> _clients = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TaskCompletionSource> _fences = new(StringComparer.Ordinal);
    private readonly Channel<EncodedFrame> _queue = Channel.CreateUnbounded<EncodedFrame>();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ITestTransport _transport;
    private TaskCompletionSource? _paused;
    private TaskCompletionSource? _probing;
    private int _ignored;
    private int _fence;
    private long _sent;
    private long _read; // how many of those the server has read, as far as is known
    private long _received;

    private TestConnection(ActorSocketTestServer server, TestClientOptions options, ITestTransport transport, string sid)
    {
        (Server, _options, _transport, Sid) = (server, options, transport, sid);
        _decoder = server.Io.Server.NewDecoder();
    }

    public ActorSocketTestServer Server { get; }

    public string Sid { get; }

    public bool IsPolling => _transport is PollingTransport;

    public bool IsClosed => _closed.Task.IsCompleted;

    /// <summary>What it has sent and received; fences are not counted.</summary>
    public long Traffic => Interlocked.Read(ref _sent) + Interlocked.Read(ref _received);

    /// <summary>Opens one.</summary>
    /// <exception cref="HandshakeRefusedException">It is refused.</exception>
    public static async Task<TestConnection> OpenAsync(
        ActorSocketTestServer server, TestClientOptions options, CancellationToken cancellationToken)
    {
        server.ThrowIfGone();
        var path = Path(options, options.Transport);
        ITestTransport transport =
            options.Transport == TestTransport.Polling
                ? new PollingTransport(server.TestServer, path, options.Headers)
                : await WebSocketTransport
                    .OpenAsync(server.TestServer, path, options.Headers, cancellationToken)
                    .ConfigureAwait(false);
        var packets = await transport.ReceiveAsync().WaitAsync(server.Patience, TimeProvider.System, cancellationToken)
            .ConfigureAwait(false);
        if (packets is not [{ Type: EngineIoPacketType.Open } open, ..])
            throw new IOException("The server's first packet did not open a session.");
        var sid = JsonElement.Parse(open.Data).GetProperty("sid").GetString()!;
        (transport as PollingTransport)?.Join(sid);
        var connection = new TestConnection(server, options, transport, sid);
        server.Opened(connection);
        foreach (var packet in packets.Skip(1))
            connection.Handle(packet);
        _ = connection.SendAllAsync();
        _ = connection.ReceiveAllAsync(transport);
        return connection;
    }

    /// <summary>Its other end; null when the server does not know it any more.</summary>
    public EngineConnection? ServerSide => Server.Find(Sid);

    /// <summary>Lets a client have the packets of its namespace.</summary>
    public void Add(ActorSocketTestClient client)
    {
        lock (_gate)
        {
            if (!_clients.TryAdd(client.Namespace, client))
                throw new InvalidOperationException($"This connection has a client in {client.Namespace} already.");
        }
    }

    /// <summary>True when it was the last one.</summary>
    public bool Remove(ActorSocketTestClient client)
    {
        lock (_gate)
            return _clients.Remove(client.Namespace) && _clients.Count == 0;
    }

    public void Send(EncodedFrame frame)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(frame, Noop))
                _sent++;
            _queue.Writer.TryWrite(frame);
        }
    }

    /// <summary>The server has read what was sent before.</summary>
    public async Task ReachServerAsync(CancellationToken cancellationToken)
    {
        int number;
        long sent;
        lock (_gate)
        {
            sent = _sent;
            if (sent == _read)
                return;
            number = ++_ignored;
            Send(Noop);
        }
        await Waiting.UntilAsync(
            () => IsClosed || ServerSide is not { } side || side.Inbound.Ignored >= number,
            Server.Patience,
            () => new ExpectationException($"The server did not read what {Names()} sent within {Server.Patience.TotalSeconds:0.#} s."),
            cancellationToken
        ).ConfigureAwait(false);
        ServerSide?.Inbound.EndOfRead();
        lock (_gate)
            _read = Math.Max(_read, sent);
    }

    /// <summary>What the server has emitted before has come. Not while the client does not read.</summary>
    public async Task ReachClientAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _paused) is not null || ServerSide is not { } side)
            return;
        var fence = $"fence{Interlocked.Increment(ref _fence)}";
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
            _fences.Add(fence, reached);
        if (side.Outbound.Append(EncodedFrame.Control(Encoding.UTF8.GetBytes("6" + fence))))
        {
            await Task.WhenAny(reached.Task, _closed.Task)
                .WaitAsync(Server.Patience, TimeProvider.System, cancellationToken)
                .ConfigureAwait(false);
        }
        lock (_gate)
            _fences.Remove(fence);
        // So that a volatile event finds a poll that waits, as it finds a WebSocket.
        await Waiting.UntilAsync(
            () => IsClosed || !IsPolling || Volatile.Read(ref _paused) is not null || side.Outbound.HasParkedPoll || ServerSide is null,
            Server.Patience,
            () => new ExpectationException($"{Names()} did not come back with a poll."),
            cancellationToken
        ).ConfigureAwait(false);
    }

    /// <summary>Reads nothing more, until it is resumed.</summary>
    public void Pause() =>
        Interlocked.CompareExchange(ref _paused, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), null);

    public void Resume() => Interlocked.Exchange(ref _paused, null)?.TrySetResult();

    /// <summary>From long-polling to a WebSocket, as official clients do it: probe, and then the switch.</summary>
    public async Task UpgradeAsync(CancellationToken cancellationToken)
    {
        if (!IsPolling)
            throw new InvalidOperationException("It is a WebSocket already.");
        var webSocket = await WebSocketTransport
            .OpenAsync(Server.TestServer, Path(_options, TestTransport.WebSocket) + "&sid=" + Sid, _options.Headers, cancellationToken)
            .ConfigureAwait(false);
        await webSocket.SendAsync(EncodedFrame.Control("2probe"u8)).ConfigureAwait(false);
        var answer = await webSocket.ReceiveAsync().WaitAsync(Server.Patience, TimeProvider.System, cancellationToken)
            .ConfigureAwait(false);
        if (answer is not [{ Type: EngineIoPacketType.Pong } pong] || !pong.Data.AsSpan().SequenceEqual("probe"u8))
            throw new ExpectationException($"The server did not answer the probe of {Names()}.");
        // The poll that waits is answered with a noop, and no other follows it.
        var probing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _probing, probing);
        await Task.WhenAny(probing.Task, _closed.Task).WaitAsync(Server.Patience, TimeProvider.System, cancellationToken)
            .ConfigureAwait(false);
        await webSocket.SendAsync(EncodedFrame.Control("5"u8)).ConfigureAwait(false);
        var polling = Interlocked.Exchange(ref _transport, webSocket);
        _ = ReceiveAllAsync(webSocket);
        (polling as IDisposable)?.Dispose();
        await Waiting.UntilAsync(
            () => IsClosed || ServerSide is not { IsWebSocket: false },
            Server.Patience,
            () => new ExpectationException($"The server did not upgrade {Names()}."),
            cancellationToken
        ).ConfigureAwait(false);
    }

    /// <summary>Ends, with the client's reason.</summary>
    /// <param name="reason">What its clients see.</param>
    public void Close(string reason)
    {
        if (!_closed.TrySetResult())
            return;
        _queue.Writer.TryComplete();
        _transport.Abort();
        Resume();
        Server.Closed(this);
        ActorSocketTestClient[] clients;
        lock (_gate)
        {
            clients = [.. _clients.Values];
            _clients.Clear();
        }
        foreach (var client in clients)
            client.Lost(reason);
    }

    /// <summary>Says goodbye first, so that the server knows why.</summary>
    public async Task LeaveAsync()
    {
        Send(EncodedFrame.Close);
        await Waiting.UntilAsync(() => IsClosed || ServerSide is null, Server.Patience, static () => null, CancellationToken.None)
            .ConfigureAwait(false);
        Close("io client disconnect");
    }

    private static string Path(TestClientOptions options, TestTransport transport)
    {
        var query = string.Concat(
            options.Query.Select(static pair => $"&{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}")
        );
        var name = transport == TestTransport.Polling ? "polling" : "websocket";
        return $"{options.Path.TrimEnd('/')}/?EIO=4&transport={name}{query}";
    }

    private async Task SendAllAsync()
    {
        try
        {
            await foreach (var frame in _queue.Reader.ReadAllAsync().ConfigureAwait(false))
                await _transport.SendAsync(frame).ConfigureAwait(false);
        }
        catch (Exception)
        {
            Close("transport error");
        }
    }

    private async Task ReceiveAllAsync(ITestTransport transport)
    {
        var reason = "transport close";
        try
        {
            while (!IsClosed)
            {
                if (Volatile.Read(ref _paused) is { } paused)
                    await paused.Task.ConfigureAwait(false);
                if (transport is PollingTransport && Volatile.Read(ref _probing) is { } probing)
                {
                    probing.TrySetResult();
                    return;
                }
                var packets = await transport.ReceiveAsync().ConfigureAwait(false);
                if (packets.Count == 0)
                    break;
                foreach (var packet in packets)
                    Handle(packet);
            }
        }
        catch (Exception error) when (error is not ExpectationException)
        {
            reason = error is HandshakeRefusedException ? "transport error" : "transport close";
        }
        Close(reason);
    }

    private void Handle(in EnginePacket packet)
    {
        switch (packet.Type)
        {
            case EngineIoPacketType.Noop:
                lock (_gate)
                {
                    if (_fences.TryGetValue(Encoding.ASCII.GetString(packet.Data), out var reached))
                        reached.TrySetResult();
                }
                break;
            case EngineIoPacketType.Ping:
                Interlocked.Increment(ref _received);
                if (_options.AnswerPings)
                    Send(Pong);
                break;
            case EngineIoPacketType.Close:
                Close("transport close");
                break;
            case EngineIoPacketType.Message:
                Interlocked.Increment(ref _received);
                var isRead = packet.Binary is { } binary
                    ? _decoder.AddBinary(binary, out var message)
                    : _decoder.AddText(packet.Data, out message);
                if (!isRead)
                    throw new IOException($"The server sent what is no Socket.IO packet ({_decoder.Error}).");
                if (message is not null)
                    Handle(message);
                break;
            default:
                break;
        }
    }

    private void Handle(SocketIoPacket packet)
    {
        ActorSocketTestClient? client;
        lock (_gate)
            client = _clients.GetValueOrDefault(packet.Namespace);
        client?.Handle(packet);
    }

    private string Names()
    {
        lock (_gate)
            return string.Join(", ", _clients.Values.Select(static client => client.Name));
    }
}
