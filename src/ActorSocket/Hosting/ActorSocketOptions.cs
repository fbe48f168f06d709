using System.Text.Json;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using ActorSocket.Sockets;

namespace ActorSocket;

/// <summary>Which transports a client may use.</summary>
[Flags]
public enum TransportKinds
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>HTTP long-polling.</summary>
    Polling = 1,

    /// <summary>WebSocket.</summary>
    WebSocket = 2,

    /// <summary>Both, the default.</summary>
    All = Polling | WebSocket,
}

/// <summary>The options of one server, with the official server's names and defaults. Bound from the configuration section <c>ActorSocket</c>; checked at start.</summary>
public sealed class ActorSocketOptions
{
    /// <summary>How long after the last pong the server pings. 25 s. Official: <c>pingInterval</c>.</summary>
    public TimeSpan PingInterval { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>How long the server waits for the pong before it gives the client up. 20 s. Official: <c>pingTimeout</c>.</summary>
    public TimeSpan PingTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How long an upgrade to WebSocket may take before it is dropped and the session goes on polling. 10 s. Official: <c>upgradeTimeout</c>.</summary>
    public TimeSpan UpgradeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a connection may live without having joined a namespace. 45 s. Official: <c>connectTimeout</c>.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(45);

    /// <summary>The most bytes of one message; told to clients as <c>maxPayload</c>. 1 000 000. Official: <c>maxHttpBufferSize</c>.</summary>
    public int MaxHttpBufferSize { get; set; } = 1_000_000;

    /// <summary>
    /// The most bytes of all attachments of one packet together; each of them is a message, and so bound by <see cref="MaxHttpBufferSize"/>, which is the least that counts
    /// here. 10 000 000. The official server has no such limit.
    /// </summary>
    public int MaxAttachmentsSize { get; set; } = 10_000_000;

    /// <summary>Which transports are offered. Both. Official: <c>transports</c>.</summary>
    public TransportKinds Transports { get; set; } = TransportKinds.All;

    /// <summary>Whether a polling session may become a WebSocket. True. Official: <c>allowUpgrades</c>.</summary>
    public bool AllowUpgrades { get; set; } = true;

    /// <summary>Whether long answers to polls are compressed for clients that accept it. True. Official: <c>httpCompression</c>.</summary>
    public bool HttpCompression { get; set; } = true;

    /// <summary>From how many bytes on an answer is compressed. 1024. Official: <c>httpCompression.threshold</c>.</summary>
    public int HttpCompressionThreshold { get; set; } = 1024;

    /// <summary>Whether, and how, WebSocket messages are compressed for clients that offer it; null, the default, is off. Official: <c>perMessageDeflate</c>.</summary>
    public PerMessageDeflateOptions? PerMessageDeflate { get; set; }

    /// <summary>Who may connect from another origin; null, the default, sends no CORS headers, so that browsers refuse other origins. Official: <c>cors</c>.</summary>
    public CorsPolicy? Cors { get; set; }

    /// <summary>
    /// Whether a WebSocket from an origin that <see cref="Cors"/> does not list is refused: browsers do not apply CORS to WebSockets. The server's own origin, whose host and port
    /// the request goes to, is always let in. Null, the default, means yes when <see cref="Cors"/> lists origins.
    /// </summary>
    public bool? CheckWebSocketOrigin { get; set; }

    /// <summary>The cookie that a handshake sets; null, the default, sets none. Official: <c>cookie</c>.</summary>
    public CookieBuilder? Cookie { get; set; }

    /// <summary>
    /// Whether clients of Socket.IO 2 (Engine.IO protocol 3) are let in. False. Official: <c>allowEIO3</c>. Their <see cref="Socket.Id"/> is made from the connection's id, since
    /// their protocol has it so, and with that anybody can act for them: do not show the ids of sockets to other clients where they are let in.
    /// </summary>
    public bool AllowEIO3 { get; set; }

    /// <summary>Whether the browser client is served below the path. True. Official: <c>serveClient</c>.</summary>
    public bool ServeClient { get; set; } = true;

    /// <summary>Whether only <c>/socket.io/</c> is the server's, not <c>/socket.io</c>; clients have an option of the same name. True. Official: <c>addTrailingSlash</c>.</summary>
    public bool AddTrailingSlash { get; set; } = true;

    /// <summary>Decides on each handshake: null lets it in, a text refuses it with 403 and that message. Official: <c>allowRequest</c>.</summary>
    public Func<HttpContext, CancellationToken, ValueTask<string?>>? AllowRequest { get; set; }

    /// <summary>How arguments are read and written. Web defaults (camel case), and no escaping of non-ASCII text.</summary>
    public JsonSerializerOptions? Json { get; set; }

    /// <summary>Another way to write packets, which all clients must use too; null, the default, is the protocol's own. Official: <c>parser</c>.</summary>
    public SocketIoParser? Parser { get; set; }

    /// <summary>Whether, and how, a client that lost its connection gets its socket back; null, the default, is off. Official: <c>connectionStateRecovery</c>.</summary>
    public RecoveryOptions? ConnectionStateRecovery { get; set; }

    /// <summary>The most attachments of one packet. 10, as the official parser.</summary>
    public int MaxAttachments { get; set; } = 10;

    /// <summary>How long each attachment of a packet may take to come; the connection is closed otherwise, whatever else the client sends. 30 s.</summary>
    public TimeSpan AttachmentTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How deep the JSON of a client may nest, counted from the packet's own array. 64.</summary>
    public int MaxJsonDepth { get; set; } = 64;

    /// <summary>The most namespaces of one connection. 32.</summary>
    public int MaxNamespacesPerConnection { get; set; } = 32;

    /// <summary>The most rooms of one socket, its own not counted. 1000.</summary>
    public int MaxRoomsPerSocket { get; set; } = 1000;

    /// <summary>The most bytes that wait for one client to read them; one that falls behind is disconnected. 4 MiB.</summary>
    public int MaxOutboundBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>The most packets that wait for one client to read them. 16 384.</summary>
    public int MaxOutboundPackets { get; set; } = 16_384;

    /// <summary>
    /// The most packets in one answer to a poll, whose bytes are bounded by <see cref="MaxHttpBufferSize"/>. Null, the default: 16 for python-engineio, which refuses more and is
    /// known by its User-Agent (<c>python-requests</c>, aiohttp's) or the time stamp in its query, and no limit for all others. A number goes for every client.
    /// </summary>
    public int? MaxPacketsPerPoll { get; set; }

    /// <summary>
    /// How fast, in bytes per second, the body of a POST must come once it has taken <see cref="PostGracePeriod"/>; one that is slower is answered 408, and its session ends.
    /// 0: no matter how slowly. 20, a rate that phones with a bad connection keep. With HTTP/1.1 it takes the place of Kestrel's own limit, 240 after 5 seconds.
    /// </summary>
    public int MinPostDataRate { get; set; } = 20;

    /// <summary>How long the body of a POST may take at any rate: a phone that changes cells sends nothing for many seconds. 30 s; more than 1 s.</summary>
    public TimeSpan PostGracePeriod { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How many events and acknowledgements of one client may wait for its handlers before its connection is not read from. 1024.</summary>
    public int MaxInboundEvents { get; set; } = 1024;

    /// <summary>How many bytes of them, as they are held in memory, may wait likewise. 1 MiB.</summary>
    public int MaxInboundBytes { get; set; } = 1024 * 1024;

    /// <summary>How many handlers of one socket may run at a time. 1: in order, one after the other.</summary>
    public int MaxConcurrentHandlers { get; set; } = 1;

    /// <summary>
    /// How long the events that a client had sent before it left may take: they are handled, in order, before <c>disconnecting</c> is raised, so that nothing that was received is
    /// lost because its sender did not stay. What is not begun by then is dropped, logged and counted (<c>actorsocket.server.dropped_events</c>). Also how long the handlers of
    /// <c>disconnecting</c> may take. Zero: what waits when the client leaves is dropped. 5 s.
    /// </summary>
    /// <remarks>How many events that can be is bounded by <see cref="MaxInboundEvents"/> and <see cref="MaxInboundBytes"/>.</remarks>
    public TimeSpan LastEventsTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Whether an event that its handlers did not acknowledge is acknowledged, without arguments, once they are done: for clients with <c>retries</c>, which
    /// otherwise send it again. False.
    /// </summary>
    public bool AutoAck { get; set; }

    /// <summary>What handlers with a <see cref="HandlerOptions.IdempotencyKey"/> remember.</summary>
    public IdempotencyOptions Idempotency { get; set; } = new();

    /// <summary>Whether a namespace that a pattern created is removed when its last socket leaves. False. Official: <c>cleanupEmptyChildNamespaces</c>.</summary>
    public bool CleanupEmptyChildNamespaces { get; set; }

    /// <summary>
    /// The most namespaces that patterns may create for clients at a time: clients choose the names. Once there are as many, the one that has been empty for longest gives way to
    /// another; while none is empty, clients get a <c>connect_error</c>. 10 000.
    /// </summary>
    public int MaxDynamicNamespaces { get; set; } = 10_000;

    /// <summary>Makes the id of each connection; null, the default, a node's tag and 132 random bits. It must be unique, URL-safe and impossible to guess. Official: <c>generateId</c>.</summary>
    public Func<HttpContext, ValueTask<string>>? GenerateId { get; set; }

    /// <summary>A message that every client gets right after the handshake. Official: <c>initialPacket</c>.</summary>
    public string? InitialPacket { get; set; }

    /// <summary>May add headers to the first answer of each connection. Official: the engine's event <c>initial_headers</c>.</summary>
    /// <remarks>Not for an async lambda, which is refused at start: that is what <see cref="OnInitialHeadersAsync"/> is for.</remarks>
    public Action<HttpContext>? OnInitialHeaders { get; set; }

    /// <summary>As <see cref="OnInitialHeaders"/>; the answer waits for it.</summary>
    public Func<HttpContext, Task>? OnInitialHeadersAsync { get; set; }

    /// <summary>May add headers to every answer of a connection. Official: the engine's event <c>headers</c>.</summary>
    /// <remarks>Not for an async lambda, which is refused at start: that is what <see cref="OnHeadersAsync"/> is for.</remarks>
    public Action<HttpContext>? OnHeaders { get; set; }

    /// <summary>As <see cref="OnHeaders"/>; the answer waits for it.</summary>
    public Func<HttpContext, Task>? OnHeadersAsync { get; set; }

    internal async ValueTask RaiseInitialHeadersAsync(HttpContext context)
    {
        OnInitialHeaders?.Invoke(context);
        if (OnInitialHeadersAsync is { } handler)
            await handler(context).ConfigureAwait(false);
    }

    internal async ValueTask RaiseHeadersAsync(HttpContext context)
    {
        OnHeaders?.Invoke(context);
        if (OnHeadersAsync is { } handler)
            await handler(context).ConfigureAwait(false);
    }

    /// <summary>Limits of entities, for all their classes.</summary>
    public EntityOptions Entities { get; set; } = new();

    /// <summary>The most acknowledgements that one client may owe; the oldest is given up for a newer one. 4096.</summary>
    public int MaxPendingAcks { get; set; } = 4096;

    /// <summary>
    /// Whether the request by which a WebSocket is opened goes on for as long as the WebSocket, as ASP.NET Core's own do: for middleware that counts or times open
    /// WebSockets by it. False: it ends with the handshake where it can (Kestrel, HTTP/1.1, no compression), which frees 6 KB of each connection. A
    /// WebSocket behind <c>RequireRateLimiting</c>, a global limiter of <c>AddRateLimiter</c>'s or Kestrel's <c>MaxConcurrentUpgradedConnections</c> keeps its request in any case.
    /// </summary>
    public bool HoldRequests { get; set; }

    /// <summary>
    /// Whether a handler starts on the thread that has read its event from the WebSocket, once the read is over, as in Node.js, not on one of the thread pool: for
    /// <c>UseInlineSockets</c>, which sets it, and of little use without. A handler that blocks then holds up more than its own client's
    /// later events: the heartbeat, too.
    /// </summary>
    public bool InlineHandlers { get; set; }

    /// <summary>The most connections of this server; further handshakes are answered 503. Null: no limit.</summary>
    public int? MaxConnections { get; set; }

    /// <summary>
    /// Over how long a stop spreads the closing of its connections, so that their clients do not all reconnect at the same moment. Zero, the default: at once.
    /// </summary>
    public TimeSpan DrainPeriod { get; set; } = TimeSpan.Zero;

    /// <summary>How long a stop waits for its clients to take what is queued and their close. 10 s.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);
}

/// <summary>Checks the options at start, and names the configuration key, the value and what is allowed.</summary>
internal sealed class ActorSocketOptionsValidator : IValidateOptions<ActorSocketOptions>
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    public ValidateOptionsResult Validate(string? name, ActorSocketOptions options)
    {
        var section = string.IsNullOrEmpty(name) ? "ActorSocket" : "ActorSocket:" + name;
        var errors = new List<string>();
        Time(nameof(options.PingInterval), options.PingInterval);
        Time(nameof(options.PingTimeout), options.PingTimeout);
        Time(nameof(options.UpgradeTimeout), options.UpgradeTimeout);
        Time(nameof(options.ConnectTimeout), options.ConnectTimeout);
        Time(nameof(options.AttachmentTimeout), options.AttachmentTimeout);
        Time(nameof(options.DrainTimeout), options.DrainTimeout);
        TimeOrNone(nameof(options.DrainPeriod), options.DrainPeriod);
        TimeOrNone(nameof(options.LastEventsTimeout), options.LastEventsTimeout);
        NotAsyncVoid(nameof(options.OnInitialHeaders), options.OnInitialHeaders, nameof(options.OnInitialHeadersAsync));
        NotAsyncVoid(nameof(options.OnHeaders), options.OnHeaders, nameof(options.OnHeadersAsync));
        Number(nameof(options.MaxHttpBufferSize), options.MaxHttpBufferSize, 1, 1 << 30);
        Number(nameof(options.MaxAttachmentsSize), options.MaxAttachmentsSize, 1, 1 << 30);
        Number(nameof(options.HttpCompressionThreshold), options.HttpCompressionThreshold, 0, int.MaxValue);
        Number(nameof(options.MaxAttachments), options.MaxAttachments, 1, 1024);
        Number(nameof(options.MaxJsonDepth), options.MaxJsonDepth, 2, 120);
        Number(nameof(options.MaxNamespacesPerConnection), options.MaxNamespacesPerConnection, 1, 10_000);
        Number(nameof(options.MaxRoomsPerSocket), options.MaxRoomsPerSocket, 0, int.MaxValue);
        Number(nameof(options.MaxOutboundBytes), options.MaxOutboundBytes, 1024, 1 << 30);
        Number(nameof(options.MaxOutboundPackets), options.MaxOutboundPackets, 1, int.MaxValue);
        if (options.MaxPacketsPerPoll is { } packets)
            Number(nameof(options.MaxPacketsPerPoll), packets, 1, int.MaxValue);
        Number(nameof(options.MinPostDataRate), options.MinPostDataRate, 0, int.MaxValue);
        Time(nameof(options.PostGracePeriod), options.PostGracePeriod, 1001); // Kestrel looks once a second
        Number(nameof(options.MaxInboundEvents), options.MaxInboundEvents, 1, int.MaxValue);
        Number(nameof(options.MaxInboundBytes), options.MaxInboundBytes, 1, 1 << 29);
        Number(nameof(options.MaxConcurrentHandlers), options.MaxConcurrentHandlers, 1, 10_000);
        Number(nameof(options.MaxDynamicNamespaces), options.MaxDynamicNamespaces, 0, 10_000_000);
        Number(nameof(options.MaxPendingAcks), options.MaxPendingAcks, 1, int.MaxValue);
        if (options.PerMessageDeflate is { } deflate)
        {
            Number(nameof(options.PerMessageDeflate) + ":" + nameof(deflate.Threshold), deflate.Threshold, 0, int.MaxValue);
            Number(nameof(options.PerMessageDeflate) + ":" + nameof(deflate.ServerMaxWindowBits), deflate.ServerMaxWindowBits, 9, 15);
        }
        if (options.ConnectionStateRecovery is { } recovery)
        {
            const string prefix = nameof(options.ConnectionStateRecovery) + ":";
            Time(prefix + nameof(recovery.MaxDisconnectionDuration), recovery.MaxDisconnectionDuration);
            Number(prefix + nameof(recovery.MaxEvents), recovery.MaxEvents, 1, 10_000_000);
            Number(prefix + nameof(recovery.MaxBytes), recovery.MaxBytes, 1024, int.MaxValue);
            Number(prefix + nameof(recovery.MaxSockets), recovery.MaxSockets, 1, 10_000_000);
        }
        Time(nameof(options.Idempotency) + ":" + nameof(options.Idempotency.Window), options.Idempotency.Window);
        Number(nameof(options.Idempotency) + ":" + nameof(options.Idempotency.MaxKeys), options.Idempotency.MaxKeys, 1, 10_000_000);
        Number(nameof(options.Idempotency) + ":" + nameof(options.Idempotency.MaxBytes), options.Idempotency.MaxBytes, 1024, int.MaxValue);
        errors.AddRange(options.Entities.Faults($"{section}:{nameof(options.Entities)}:"));
        if (options.MaxConnections is { } connections)
            Number(nameof(options.MaxConnections), connections, 1, int.MaxValue);
        if ((options.Transports & TransportKinds.All) == TransportKinds.None)
            errors.Add($"{section}:{nameof(options.Transports)} is {options.Transports}; at least one of Polling and WebSocket is needed.");
        if (options.Cors is { AllowAnyOrigin: true, SupportsCredentials: true })
            errors.Add($"{section}:{nameof(options.Cors)} allows any origin with credentials, which browsers refuse; list the origins (WithOrigins) instead.");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Time(string key, TimeSpan value, int leastMilliseconds = 1)
        {
            var least = TimeSpan.FromMilliseconds(leastMilliseconds);
            if (value < least || value > Day)
                errors.Add($"{section}:{key} is {value}; it must be between {least} and {Day}.");
        }

        void TimeOrNone(string key, TimeSpan value)
        {
            if (value < TimeSpan.Zero || value > Day)
                errors.Add($"{section}:{key} is {value}; it must be between {TimeSpan.Zero} and {Day}.");
        }

        void NotAsyncVoid(string key, Delegate? value, string instead)
        {
            if (value is not null && Callback.IsAsyncVoid(value))
                errors.Add($"{section}:{key} is an async lambda, whose exceptions would end the process; set {instead} to it instead.");
        }

        void Number(string key, int value, int least, int most)
        {
            if (value < least || value > most)
                errors.Add($"{section}:{key} is {value}; it must be between {least} and {most}.");
        }
    }
}
