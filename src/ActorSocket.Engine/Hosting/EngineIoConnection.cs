using System.Runtime.CompilerServices;
using System.Security.Claims;
using System.Text;
using ActorSocket.Configuration;
using ActorSocket.Diagnostics;
using ActorSocket.Hosting;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sessions;
using Akka.Actor;

namespace ActorSocket;

/// <summary>
/// One client of an Engine.IO server (official: <c>Socket</c> of <c>engine.io</c>): messages in both directions, in order, over whichever
/// transport carries them at the moment.
/// </summary>
/// <remarks>
/// All members may be used from any thread. Handlers of one connection run one at a time: what was given to <c>MapEngineIo</c> first, then
/// those of its messages in the order they came, then those of its end. While handlers lag behind by more than
/// <see cref="EngineIoOptions.MaxInboundEvents"/> or <see cref="EngineIoOptions.MaxInboundBytes"/>, nothing more is read from the client.
/// </remarks>
#pragma warning disable CA1001 // its source of Closed has neither a timer nor a handle: there is nothing to dispose of
public sealed class EngineIoConnection : IConnectionConsumer
#pragma warning restore CA1001
{
    private const int MessageOverhead = 64; // bytes in memory, besides the message's own

    private readonly EngineConnection _engine;
    private readonly EngineServer _server;
    private readonly OpenConnections _lives;
    private readonly Func<EngineIoConnection, Task> _onConnection;
    private readonly CancellationTokenSource _closed = new();
    private readonly Queue<Work> _work = new(1); // also the lock
    private Func<EngineIoMessage, Task>[] _onMessage = [];
    private Func<DisconnectReason, Task>[] _onClose = [];
    private DisconnectReason? _reason;
    private bool _isAtWork;
    private bool _isRefused; // what was given to MapEngineIo has failed

    internal EngineIoConnection(
        EngineConnection engine, EngineServer server, OpenConnections lives, Func<EngineIoConnection, Task> onConnection)
    {
        _engine = engine;
        _server = server;
        _lives = lives;
        _onConnection = onConnection;
    }

    private enum Kind : byte { Opened, Message, Closed }

    /// <summary>The connection's id, a secret of its client: whoever has it can act for it. Official: <c>socket.id</c>.</summary>
    public string Id => _engine.Sid;

    /// <summary>The protocol's revision that the client speaks, 4 or 3. Official: <c>socket.protocol</c>.</summary>
    public int Protocol => _engine.IsRevision3 ? 3 : 4;

    /// <summary>The current transport, "polling" or "websocket". Official: <c>socket.transport.name</c>.</summary>
    public string Transport => _engine.TransportName;

    /// <summary>Whether messages can be sent, as far as is known. Official: <c>socket.readyState</c> is <c>"open"</c>.</summary>
    public bool IsOpen => Volatile.Read(ref _reason) is null;

    /// <summary>Why it has ended; null while it is open.</summary>
    public DisconnectReason? CloseReason => Volatile.Read(ref _reason);

    /// <summary>Cancelled when it has ended; what the client sent before may still have to be handled.</summary>
    public CancellationToken Closed => _closed.Token;

    /// <summary>
    /// The headers of the request that opened it; names are lower-case, several values are joined by a comma. Official:
    /// <c>socket.request.headers</c>.
    /// </summary>
    public IReadOnlyDictionary<string, string> Headers => _engine.Handshake.Headers;

    /// <summary>
    /// The query of that request, Engine.IO's own keys included; a repeated key has its last value. Official: <c>socket.request._query</c>.
    /// </summary>
    public IReadOnlyDictionary<string, string> Query => _engine.Handshake.Query;

    /// <summary>What the parameters of the endpoint's path stood for, such as <c>tenant</c> in <c>/{tenant}/engine.io</c>.</summary>
    public IReadOnlyDictionary<string, string> RouteValues => _engine.Handshake.RouteValues;

    /// <summary>Path and query of that request. Official: <c>socket.request.url</c>.</summary>
    public string Url => _engine.Handshake.Url;

    /// <summary>
    /// The client's address as ASP.NET Core sees it, so after <c>UseForwardedHeaders</c> the one that a trusted proxy reported. Official:
    /// <c>socket.remoteAddress</c>.
    /// </summary>
    public string Address => _engine.Handshake.Address;

    /// <summary>Whether that request came by HTTPS or WSS.</summary>
    public bool Secure => _engine.Handshake.Secure;

    /// <summary>When it was opened.</summary>
    public DateTimeOffset OpenedAt => _engine.Handshake.Time;

    /// <summary>The authenticated user of that request (<c>HttpContext.User</c>).</summary>
    public ClaimsPrincipal User => _engine.Handshake.User;

    /// <summary>
    /// Runs for each message (official: the event <c>message</c>). To be added by what was given to <c>MapEngineIo</c>: a message that
    /// comes while there is no handler is dropped. The next message waits until an asynchronous handler is done.
    /// </summary>
    /// <remarks>An exception is logged; the connection goes on.</remarks>
    /// <returns>Dispose it to take the handler off. Where it runs, it goes on.</returns>
    [OverloadResolutionPriority(1)]
    public IDisposable OnMessage(Func<EngineIoMessage, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        lock (_work)
            _onMessage = [.. _onMessage, handler];
        return new Subscription(() =>
        {
            lock (_work)
                _onMessage = Subscription.Without(_onMessage, handler);
        });
    }

    /// <inheritdoc cref="OnMessage(Func{EngineIoMessage, Task})"/>
    public IDisposable OnMessage(Func<EngineIoMessage, ValueTask> handler) => OnMessage(Callback.From(handler));

    /// <inheritdoc cref="OnMessage(Func{EngineIoMessage, Task})"/>
    /// <exception cref="ArgumentException">It is <c>async void</c>.</exception>
    public IDisposable OnMessage(Action<EngineIoMessage> handler) => OnMessage(Callback.From(handler));

    /// <summary>
    /// Runs once, when the connection has ended and all that its client sent before is handled (official: the event <c>close</c>).
    /// </summary>
    /// <returns>Dispose it to take the handler off. Where it runs, it goes on.</returns>
    [OverloadResolutionPriority(1)]
    public IDisposable OnClose(Func<DisconnectReason, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        lock (_work)
            _onClose = [.. _onClose, handler];
        return new Subscription(() =>
        {
            lock (_work)
                _onClose = Subscription.Without(_onClose, handler);
        });
    }

    /// <inheritdoc cref="OnClose(Func{DisconnectReason, Task})"/>
    public IDisposable OnClose(Func<DisconnectReason, ValueTask> handler) => OnClose(Callback.From(handler));

    /// <inheritdoc cref="OnClose(Func{DisconnectReason, Task})"/>
    /// <exception cref="ArgumentException">It is <c>async void</c>.</exception>
    public IDisposable OnClose(Action<DisconnectReason> handler) => OnClose(Callback.From(handler));

    /// <summary>Sends a text message (official: <c>socket.send</c>). Returns at once; messages leave in the order they were sent.</summary>
    /// <remarks>
    /// A client that does not read, so that more than <see cref="EngineIoOptions.MaxOutboundBytes"/> or
    /// <see cref="EngineIoOptions.MaxOutboundPackets"/> wait for it, is disconnected with <see cref="DisconnectReason.TransportError"/>.
    /// </remarks>
    /// <returns>False when it was dropped, because the connection ends or has ended.</returns>
    public bool Send(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var packet = new byte[1 + Encoding.UTF8.GetByteCount(text)];
        packet[0] = (byte)'4';
        Encoding.UTF8.GetBytes(text, packet.AsSpan(1));
        return _engine.Outbound.Append(EncodedFrame.Control(packet));
    }

    /// <summary>Sends a binary message, which is copied. As <see cref="Send(string)"/>.</summary>
    /// <returns>False when it was dropped, because the connection ends or has ended.</returns>
    public bool Send(ReadOnlySpan<byte> data) => _engine.Outbound.Append(EncodedFrame.Of([], [data.ToArray()], compress: true));

    /// <summary>
    /// Closes the connection after what is queued (official: <c>socket.close</c>): a polling client learns of it by its next request, for
    /// which it has 30 s. Its reason is <see cref="DisconnectReason.ForcedClose"/>. Closing what has ended does nothing.
    /// </summary>
    public void Close() => _engine.Session.Tell(new SessionProtocol.Close(DisconnectReason.ForcedClose));

    /// <summary>Its id, which is a secret, is left out.</summary>
    public override string ToString() => $"Engine.IO {Protocol} by {Transport}";

    bool IConnectionConsumer.OnText(ReadOnlySpan<byte> message)
    {
        Receive(new EngineIoMessage(Encoding.UTF8.GetString(message), default));
        return true;
    }

    bool IConnectionConsumer.OnBinary(byte[] message)
    {
        Receive(new EngineIoMessage(null, message));
        return true;
    }

    void IConnectionConsumer.OnEndOfRead()
    {
    }

    void IConnectionConsumer.OnOpened()
    {
        _lives.Began();
        Add(new Work(Kind.Opened, default));
    }

    void IConnectionConsumer.OnStarted(ISessionTurn session)
    {
    }

    bool IConnectionConsumer.OnMessage(object message, ISessionTurn session) => false;

    void IConnectionConsumer.OnEnding(DisconnectReason reason, string? description) => End(reason);

    void IConnectionConsumer.OnStopped() => End(DisconnectReason.TransportError); // it crashed, unless the end came before

    private void End(DisconnectReason reason)
    {
        if (Interlocked.CompareExchange(ref _reason, reason, null) is not null)
            return;
        _ = _closed.CancelAsync(); // whoever waits for it is the application's, and this is the session's turn
        Add(new Work(Kind.Closed, default));
    }

    private void Receive(EngineIoMessage message)
    {
        _engine.Backlog.Add(HeldBytes(message));
        Add(new Work(Kind.Message, message));
    }

    private static long HeldBytes(EngineIoMessage message) => MessageOverhead + message.Data.Length + (2L * (message.Text?.Length ?? 0));

    private void Add(Work work)
    {
        lock (_work)
        {
            _work.Enqueue(work);
            if (_isAtWork)
                return;
            _isAtWork = true;
        }
        ThreadPool.UnsafeQueueUserWorkItem(static connection => _ = connection.WorkAsync(), this, preferLocal: false);
    }

    private async Task WorkAsync()
    {
        while (true)
        {
            Work work;
            lock (_work)
            {
                if (!_work.TryDequeue(out work))
                {
                    _isAtWork = false;
                    return;
                }
            }
            switch (work.Kind)
            {
                case Kind.Opened:
                    if (await RunAsync(_onConnection, this).ConfigureAwait(false))
                        break;
                    _isRefused = true; // it may be a guard that throws: nobody gets past it
                    Close();
                    break;
                case Kind.Message:
                    foreach (var handler in _isRefused ? [] : Volatile.Read(ref _onMessage))
                        await RunAsync(handler, work.Message).ConfigureAwait(false);
                    _engine.Backlog.Completed(HeldBytes(work.Message));
                    break;
                default:
                    foreach (var handler in Volatile.Read(ref _onClose))
                        await RunAsync(handler, _reason!).ConfigureAwait(false);
                    _lives.Ended();
                    break;
            }
        }
    }

    /// <summary>False when it has failed, which is logged.</summary>
    private async Task<bool> RunAsync<T>(Func<T, Task> handler, T argument)
    {
        try
        {
            await handler(argument).ConfigureAwait(false);
            return true;
        }
        catch (Exception error)
        {
            _server.Log.ConnectionHandlerFailed(error);
            return false;
        }
    }

    private readonly record struct Work(Kind Kind, EngineIoMessage Message);
}
