using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace ActorSocket;

/// <summary>
/// The options of an Engine.IO server, with the official server's names and defaults (<c>ServerOptions</c> of <c>engine.io</c>). Bound from
/// the configuration section <c>EngineIo</c> and checked at start; those of a Socket.IO server are <c>ActorSocketOptions</c>.
/// </summary>
public class EngineIoOptions
{
    /// <summary>How long after the last pong the server pings. 25 s. Official: <c>pingInterval</c>.</summary>
    public TimeSpan PingInterval { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>How long the server waits for the pong before it gives the client up. 20 s. Official: <c>pingTimeout</c>.</summary>
    public TimeSpan PingTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// How long an upgrade to WebSocket may take before it is dropped and the session goes on polling. 10 s. Official:
    /// <c>upgradeTimeout</c>.
    /// </summary>
    public TimeSpan UpgradeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The most bytes of one message; told to clients as <c>maxPayload</c>. 1 000 000. Official: <c>maxHttpBufferSize</c>.
    /// </summary>
    public int MaxHttpBufferSize { get; set; } = 1_000_000;

    /// <summary>Which transports are offered. Both. Official: <c>transports</c>.</summary>
    public TransportKinds Transports { get; set; } = TransportKinds.All;

    /// <summary>Whether a polling session may become a WebSocket. True. Official: <c>allowUpgrades</c>.</summary>
    public bool AllowUpgrades { get; set; } = true;

    /// <summary>Whether long answers to polls are compressed for clients that accept it. True. Official: <c>httpCompression</c>.</summary>
    public bool HttpCompression { get; set; } = true;

    /// <summary>From how many bytes on an answer is compressed. 1024. Official: <c>httpCompression.threshold</c>.</summary>
    public int HttpCompressionThreshold { get; set; } = 1024;

    /// <summary>
    /// Whether, and how, WebSocket messages are compressed for clients that offer it; null, the default, is off. Official:
    /// <c>perMessageDeflate</c>.
    /// </summary>
    public PerMessageDeflateOptions? PerMessageDeflate { get; set; }

    /// <summary>
    /// Who may connect from another origin; null, the default, sends no CORS headers, so that browsers refuse other origins. Official:
    /// <c>cors</c>.
    /// </summary>
    public CorsPolicy? Cors { get; set; }

    /// <summary>
    /// Whether a WebSocket from an origin that <see cref="Cors"/> does not list is refused: browsers do not apply CORS to WebSockets. The
    /// server's own origin, whose host and port
    /// the request goes to, is always let in. Null, the default, means yes when <see cref="Cors"/> lists origins.
    /// </summary>
    public bool? CheckWebSocketOrigin { get; set; }

    /// <summary>The cookie that a handshake sets; null, the default, sets none. Official: <c>cookie</c>.</summary>
    public CookieBuilder? Cookie { get; set; }

    /// <summary>
    /// Whether clients of Engine.IO protocol 3 (Socket.IO 2) are let in. False. Official: <c>allowEIO3</c>. The id of a Socket.IO socket of
    /// theirs is made from the connection's id, since their protocol has it so, and with that anybody can act for them: do not show the ids
    /// of sockets to other clients where they are let in.
    /// </summary>
    public bool AllowEIO3 { get; set; }

    /// <summary>
    /// Whether only <c>/socket.io/</c> is the server's, not <c>/socket.io</c>; clients have an option of the same name. True. Official:
    /// <c>addTrailingSlash</c>.
    /// </summary>
    public bool AddTrailingSlash { get; set; } = true;

    /// <summary>
    /// Decides on each handshake: null lets it in, a text refuses it with 403 and that message. Official: <c>allowRequest</c>.
    /// </summary>
    public Func<HttpContext, CancellationToken, ValueTask<string?>>? AllowRequest { get; set; }

    /// <summary>The most bytes that wait for one client to read them; one that falls behind is disconnected. 4 MiB.</summary>
    public int MaxOutboundBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>The most packets that wait for one client to read them. 16 384.</summary>
    public int MaxOutboundPackets { get; set; } = 16_384;

    /// <summary>
    /// The most packets in one answer to a poll, whose bytes are bounded by <see cref="MaxHttpBufferSize"/>. Null, the default: 16 for
    /// python-engineio, which refuses more and is
    /// known by its User-Agent (<c>python-requests</c>, aiohttp's) or the time stamp in its query, and no limit for all others. A number
    /// goes for every client.
    /// </summary>
    public int? MaxPacketsPerPoll { get; set; }

    /// <summary>
    /// How fast, in bytes per second, the body of a POST must come once it has taken <see cref="PostGracePeriod"/>; one that is slower is
    /// answered 408, and its session ends.
    /// 0: no matter how slowly. 20, a rate that phones with a bad connection keep. With HTTP/1.1 it takes the place of Kestrel's own
    /// limit, 240 after 5 seconds.
    /// </summary>
    public int MinPostDataRate { get; set; } = 20;

    /// <summary>
    /// How long the body of a POST may take at any rate: a phone that changes cells sends nothing for many seconds. 30 s; more than 1 s.
    /// </summary>
    public TimeSpan PostGracePeriod { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How many messages of one client may wait for its handlers before its connection is not read from; of Socket.IO events and
    /// acknowledgements. 1024.
    /// </summary>
    public int MaxInboundEvents { get; set; } = 1024;

    /// <summary>How many bytes of them, as they are held in memory, may wait likewise. 1 MiB.</summary>
    public int MaxInboundBytes { get; set; } = 1024 * 1024;

    /// <summary>
    /// Makes the id of each connection; null, the default, a node's tag and 132 random bits. It must be unique, URL-safe and impossible
    /// to guess. Official: <c>generateId</c>.
    /// </summary>
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

    /// <summary>
    /// Whether the request by which a WebSocket is opened goes on for as long as the WebSocket, as ASP.NET Core's own do: for middleware
    /// that counts or times open
    /// WebSockets by it. False: it ends with the handshake where it can (Kestrel, HTTP/1.1, no compression), which frees 6 KB of each
    /// connection. A
    /// WebSocket behind <c>RequireRateLimiting</c>, a global limiter of <c>AddRateLimiter</c>'s or Kestrel's
    /// <c>MaxConcurrentUpgradedConnections</c> keeps its request in any case.
    /// </summary>
    public bool HoldRequests { get; set; }

    /// <summary>The most connections of this server; further handshakes are answered 503. Null: no limit.</summary>
    public int? MaxConnections { get; set; }

    /// <summary>
    /// Over how long a stop spreads the closing of its connections, so that their clients do not all reconnect at the same moment. Zero,
    /// the default: at once.
    /// </summary>
    public TimeSpan DrainPeriod { get; set; } = TimeSpan.Zero;

    /// <summary>How long a stop waits for its clients to take what is queued and their close. 10 s.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);
}
