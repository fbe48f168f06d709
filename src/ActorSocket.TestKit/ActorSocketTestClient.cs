using System.Text.Json;
using System.Text.Json.Nodes;
using ActorSocket.Emitting;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.TestKit;

/// <summary>
/// A client of a test: it speaks Socket.IO's and Engine.IO's real protocol to a server in the same process, and keeps what comes until the
/// test expects it. <c>Emit</c> and <c>EmitWithAckAsync</c> are those of a server's socket; times out after
/// <see cref="ActorSocketTestServer.Patience"/>.
/// </summary>
/// <remarks>
/// Made by <see cref="ActorSocketTestServer.ConnectAsync"/>. Any thread. Disposed, it leaves as <see cref="DisconnectAsync"/> does.
/// </remarks>
public sealed class ActorSocketTestClient : EventInbox, IAckEmitter, IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly TestClientOptions _options;
    private readonly Dictionary<string, Func<ReceivedEvent, object?>> _handlers = new(StringComparer.Ordinal);
    private readonly Dictionary<long, TaskCompletionSource<SocketArguments>> _asked = [];
    private TestConnection? _connection;
    private ConnectError? _refusal;
    private string? _pid;
    private string? _offset;
    private long _lastId = -1;
    private bool _isConnected;
    private bool _wasConnected;

    internal ActorSocketTestClient(ActorSocketTestServer server, string ns, TestClientOptions options)
        : base(server)
    {
        Namespace = ns;
        _options = options;
        Name = options.Name ?? server.NextName();
    }

    /// <summary>What failures call it.</summary>
    public string Name { get; }

    /// <summary>Its namespace.</summary>
    public string Namespace { get; }

    /// <summary>Its socket's id; that of the last one when it is not connected.</summary>
    public string Id { get; private set; } = "";

    /// <summary>Whether it is connected to its namespace.</summary>
    public bool IsConnected
    {
        get
        {
            lock (_gate)
                return _isConnected;
        }
    }

    /// <summary>Whether it got its socket back when it connected last (official: <c>socket.recovered</c>).</summary>
    public bool Recovered { get; private set; }

    /// <summary>
    /// Why it is not connected any more, in official clients' words: <c>io server disconnect</c>, <c>io client disconnect</c>,
    /// <c>transport close</c>, <c>transport error</c>. Null while it is.
    /// </summary>
    public string? DisconnectReason { get; private set; }

    /// <summary>Whether its transport is a WebSocket by now.</summary>
    public bool IsWebSocket => _connection is { IsPolling: false };

    /// <summary>
    /// The server's socket of this client, with its rooms and data. Of a cluster's clients, on the node where it lives.
    /// </summary>
    /// <exception cref="ExpectationException">There is none.</exception>
    public Socket Socket =>
        Server.FindSocket(Namespace, Id) ?? throw Failure($"was to have a socket in {Namespace} at the server; there is none.");

    internal TestConnection? Connection => _connection;

    private protected override string Owner => $"{Name} ({Namespace})";

    private protected override string? End =>
        _refusal is { } refusal ? $"It was refused: {refusal.Message}"
        : DisconnectReason is { } reason ? $"It is disconnected: {reason}."
        : null;

    /// <summary>
    /// Sends an event. It is on its way when this returns; whatever the test expects next waits for it.
    /// </summary>
    /// <exception cref="ArgumentException">The name is reserved, or an argument means nothing to a server.</exception>
    /// <exception cref="ExpectationException">It is not connected.</exception>
    public void Emit<TArgs>(string eventName, in TArgs args)
        where TArgs : struct, IEventArguments
    {
        EmitFlags.ThrowIfReserved(eventName);
        Send(new EncodedFrame(Packets.Event(Namespace, eventName, -1, args)), $"could not emit \"{eventName}\".");
    }

    /// <summary>Sends an event and waits for its acknowledgement.</summary>
    /// <exception cref="EventException">The server answered with an error: its code, and what it says.</exception>
    /// <exception cref="ExpectationException">
    /// It did not answer in time, or with something else than a <typeparamref name="T"/>.
    /// </exception>
    /// <inheritdoc/>
    public async Task<T?> EmitWithAckCoreAsync<T>(
        string eventName, IReadOnlyList<object?> args, CancellationToken cancellationToken = default)
    {
        EmitFlags.ThrowIfReserved(eventName);
        ArgumentNullException.ThrowIfNull(args);
        var answer = new TaskCompletionSource<SocketArguments>(TaskCreationOptions.RunContinuationsAsynchronously);
        long id;
        lock (_gate)
            _asked.Add(id = ++_lastId, answer);
        Send(
            new EncodedFrame(Packets.Event(Namespace, eventName, id, new ArgumentList(args))),
            $"could not emit \"{eventName}\"."
        );
        SocketArguments said;
        try
        {
            said = await answer.Task.WaitAsync(Server.Patience, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException late)
        {
            throw Failure(
                $"was to get an acknowledgement of \"{eventName}\"; it did not come within {Server.Patience.TotalSeconds:0.#} s.",
                late);
        }
        if (typeof(T) != typeof(SocketArguments) && ErrorIn(said) is { } error)
            throw error;
        try
        {
            return said.ToAnswer<T>();
        }
        catch (JsonException wrong)
        {
            throw Failure(
                $"asked \"{eventName}\" and got {string.Join(", ", said)}, which is no {typeof(T).Name}: {wrong.Message}",
                wrong);
        }
    }

    /// <summary>
    /// Answers events of this name from now on, as a client's handler does: what the function returns is the acknowledgement, if the
    /// server asked for one. They are not there to be expected.
    /// </summary>
    public void On(string eventName, Func<ReceivedEvent, object?> handler)
    {
        EmitFlags.ThrowIfNotHandled(eventName);
        ArgumentNullException.ThrowIfNull(handler);
        lock (_gate)
            _handlers[eventName] = handler;
    }

    /// <summary>No <see cref="On"/> any more: events of this name are there to be expected.</summary>
    public void Off(string eventName)
    {
        lock (_gate)
            _handlers.Remove(eventName);
    }

    /// <summary>
    /// Waits until the client is disconnected. With virtual time, time is the test's to advance.
    /// </summary>
    /// <param name="reason">The reason that it must have, as <see cref="DisconnectReason"/> has it; null for any.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The reason.</returns>
    /// <exception cref="ExpectationException">It is still connected, or was disconnected for another reason.</exception>
    public async Task<string> ExpectDisconnectAsync(string? reason = null, CancellationToken cancellationToken = default)
    {
        await WaitUntilAsync(
            () => DisconnectReason is not null,
            () => Failure($"was to be disconnected; it is connected after {Server.Patience.TotalSeconds:0.#} s."),
            cancellationToken
        ).ConfigureAwait(false);
        return reason is null || DisconnectReason == reason
            ? DisconnectReason!
            : throw Failure($"was to be disconnected with \"{reason}\".");
    }

    /// <summary>
    /// Connects to another namespace over the same connection, as official clients do. Either may disconnect alone.
    /// </summary>
    /// <param name="ns">Its name.</param>
    /// <param name="configure">Changes a copy of this one's options: another <c>Auth</c>, say.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ExpectationException">It is refused.</exception>
    public async Task<ActorSocketTestClient> ConnectAsync(
        string ns, Action<TestClientOptions>? configure = null, CancellationToken cancellationToken = default)
    {
        var options = _options.Copy(configure);
        if (options.Name == _options.Name)
            options.Name = Name;
        var client = new ActorSocketTestClient(Server, ActorSocketTestServer.NameOf(ns), options);
        var connection = _connection is { IsClosed: false } open ? open : throw Failure("has no connection to share.");
        if (await client.JoinAsync(connection, cancellationToken).ConfigureAwait(false) is { } refusal)
            throw client.Refused(refusal);
        await Server.SettleAsync(cancellationToken).ConfigureAwait(false);
        return client;
    }

    /// <summary>
    /// Loses the connection: nobody says goodbye, and the server finds the transport gone. It has a reason for that by the transport:
    /// "transport close" of a WebSocket, "transport error" of a poll that broke off. Completes when it has found out.
    /// </summary>
    public async Task DropAsync(CancellationToken cancellationToken = default)
    {
        if (_connection is not { } connection)
            return;
        connection.Close("transport close");
        await GoneAsync(connection, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Leaves its namespace, and closes the connection with its last one. Completes when the server has handled it.</summary>
    public async Task DisconnectAsync(CancellationToken cancellationToken = default)
    {
        if (_connection is not { } connection)
            return;
        if (IsConnected)
        {
            Send(new EncodedFrame(Packets.Disconnect(Namespace)), "could not disconnect.");
            Lost("io client disconnect");
        }
        if (connection.Remove(this))
            await connection.LeaveAsync().ConfigureAwait(false);
        await GoneAsync(connection, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Connects again, as official clients do after a loss: with connection state recovery it shows what it saw last, and
    /// <see cref="Recovered"/> says whether it got its socket back. What it missed is there to be expected.
    /// </summary>
    /// <param name="node">Another node of the cluster; null for the same server, or if that is gone, another one.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ExpectationException">It is connected, or it is refused.</exception>
    public async Task ReconnectAsync(ActorSocketTestServer? node = null, CancellationToken cancellationToken = default)
    {
        if (IsConnected)
            throw Failure("cannot reconnect: it is connected.");
        Server = node ?? Server.Next();
        if (await OpenAsync(cancellationToken).ConfigureAwait(false) is { } refusal)
            throw Refused(refusal);
        await Server.SettleAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>From long-polling to a WebSocket, as official clients do when they are connected.</summary>
    /// <exception cref="InvalidOperationException">It has a WebSocket.</exception>
    public Task UpgradeAsync(CancellationToken cancellationToken = default) =>
        (_connection ?? throw Failure("has no connection.")).UpgradeAsync(cancellationToken);

    /// <summary>
    /// Reads nothing more until <see cref="Resume"/>, as a client on a slow line. A polling client has no GET at the server then, once the
    /// one that waits is answered: volatile events for it are dropped.
    /// </summary>
    public void Pause() => (_connection ?? throw Failure("has no connection.")).Pause();

    /// <summary>Reads again.</summary>
    public void Resume() => _connection?.Resume();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await DisconnectAsync().ConfigureAwait(false);

    /// <summary>How it is refused; null when it is connected.</summary>
    internal async Task<ConnectError?> OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            var connection = await TestConnection.OpenAsync(Server, _options, cancellationToken).ConfigureAwait(false);
            return await JoinAsync(connection, cancellationToken).ConfigureAwait(false);
        }
        catch (HandshakeRefusedException refused)
        {
            _refusal = new ConnectError(refused.Status, refused.Body, null);
            return _refusal;
        }
    }

    internal ExpectationException Refused(ConnectError refusal) =>
        Failure($"was to connect, and was refused: {(refusal.Status is { } status ? $"HTTP {status}, " : "")}{refusal.Message}");

    internal void Handle(SocketIoPacket packet)
    {
        switch (packet.Type)
        {
            case SocketIoPacketType.Connect:
                OnConnected(JsonElement.Parse(packet.Auth.Span));
                break;
            case SocketIoPacketType.ConnectError:
                var error = packet.Arguments[0].ToJsonElement();
                _refusal = new ConnectError(
                    null,
                    error.GetProperty("message").GetString()!,
                    error.TryGetProperty("data", out var data) ? data : null
                );
                _connection?.Remove(this);
                Changed();
                break;
            case SocketIoPacketType.Event when packet.EventName is { } name:
                OnEvent(name, packet);
                break;
            case SocketIoPacketType.Ack:
                TaskCompletionSource<SocketArguments>? asked;
                lock (_gate)
                    _asked.Remove(packet.AckId, out asked);
                asked?.TrySetResult(packet.Arguments);
                break;
            case SocketIoPacketType.Disconnect:
                _connection?.Remove(this);
                Lost("io server disconnect");
                break;
            default:
                break;
        }
    }

    /// <summary>It is disconnected.</summary>
    internal void Lost(string reason)
    {
        TaskCompletionSource<SocketArguments>[] asked;
        lock (_gate)
        {
            _isConnected = false;
            DisconnectReason ??= reason;
            asked = [.. _asked.Values];
            _asked.Clear();
        }
        Changed();
        foreach (var one in asked)
            one.TrySetException(Failure("was to get an acknowledgement, and was disconnected."));
    }

    private PacketWriter Packets => Server.Io.Server.Packets;

    private async Task<ConnectError?> JoinAsync(TestConnection connection, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _connection = connection;
            _wasConnected = false;
            DisconnectReason = null;
            _refusal = null;
        }
        connection.Add(this);
        connection.Send(ConnectPacket());
        await WaitUntilAsync(
            () => _wasConnected || _refusal is not null || DisconnectReason is not null,
            () => Failure($"was to connect; the server did not answer within {Server.Patience.TotalSeconds:0.#} s."),
            cancellationToken
        ).ConfigureAwait(false);
        if (_refusal is null && !_wasConnected)
            throw Failure($"was to connect, and lost the connection: {DisconnectReason}.");
        return _refusal; // it may be disconnected by now: a handler's business
    }

    private EncodedFrame ConnectPacket()
    {
        var json = Server.Io.Server.Json.Options;
        var auth = _options.Auth is null ? null : JsonSerializer.SerializeToNode(_options.Auth, _options.Auth.GetType(), json);
        if (auth is not (null or JsonObject))
            throw new InvalidOperationException("Auth is an object: the protocol has no other.");
        if (_pid is not null)
        {
            auth ??= new JsonObject();
            auth["pid"] = _pid;
            if (_offset is not null) // as official clients, which leave out what they have not
                auth["offset"] = _offset;
        }
        var payload = auth is null ? [] : JsonSerializer.SerializeToUtf8Bytes(auth, json);
        if (Server.Io.Server.Options.Parser is { } parser)
        {
            var messages = parser.Encode(new SocketIoParserPacket(SocketIoParserPacketType.Connect, Namespace, null, payload, []));
            byte[] own = messages.Text is { } text ? [(byte)'4', .. text] : [];
            return EncodedFrame.Of(own, [.. messages.Binary], compress: true);
        }
        var head = System.Text.Encoding.UTF8.GetBytes(Namespace == "/" ? "40" : $"40{Namespace},");
        return EncodedFrame.Control([.. head, .. payload]);
    }

    private void OnConnected(JsonElement answer)
    {
        var pid = answer.TryGetProperty("pid", out var given) ? given.GetString() : null;
        lock (_gate)
        {
            Id = answer.GetProperty("sid").GetString()!;
            Recovered = pid is not null && pid == _pid;
            if (!Recovered)
                _offset = null;
            _pid = pid;
            _isConnected = _wasConnected = true;
        }
        Changed();
    }

    private void OnEvent(string name, SocketIoPacket packet)
    {
        Func<ReceivedEvent, object?>? handler;
        lock (_gate)
        {
            if (_pid is not null && packet.Arguments.Count > 0 && packet.Arguments[^1].Utf8Json is [(byte)'"', ..])
                _offset = packet.Arguments[^1].As<string>();
            handler = _handlers.GetValueOrDefault(name);
        }
        var one = new ReceivedEvent(
            name,
            packet.Arguments,
            packet.AckId < 0
                ? null
                : values => Send(
                    new EncodedFrame(Packets.Ack(Namespace, packet.AckId, new ArgumentList(values))),
                    $"could not acknowledge \"{name}\".")
        );
        if (handler is null)
        {
            Add(one);
            return;
        }
        var answer = handler(one);
        if (one.IsAckWanted)
            one.Ack(answer);
    }

    private void Send(EncodedFrame frame, string failed)
    {
        if (!IsConnected)
            throw Failure(failed);
        _connection!.Send(frame);
    }

    /// <summary>Completes when the server's socket is gone, and its last handlers have run as far as they come.</summary>
    private async Task GoneAsync(TestConnection connection, CancellationToken cancellationToken)
    {
        await Waiting.UntilAsync(
            () => Server.FindSocket(Namespace, Id) is null && (!connection.IsClosed || connection.ServerSide is null),
            Server.Patience,
            () => Failure("is gone, and the server did not notice."),
            cancellationToken
        ).ConfigureAwait(false);
        await Server.SettleAsync(cancellationToken).ConfigureAwait(false);
    }

    private static EventException? ErrorIn(SocketArguments said)
    {
        if (said.Count != 1 || said[0].Utf8Json is not [(byte)'{', ..])
            return null;
        var answer = said[0].ToJsonElement();
        if (
            answer.ValueKind != JsonValueKind.Object // binary is text in it
            || !answer.TryGetProperty("error", out var error)
            || error.ValueKind != JsonValueKind.Object
            || !error.TryGetProperty("message", out var message)
            || message.ValueKind != JsonValueKind.String
        )
            return null;
        return new EventException(message.GetString()!, error.TryGetProperty("data", out var data) ? data : null)
        {
            Code = error.TryGetProperty("code", out var code) ? code.GetString() : null,
        };
    }
}
