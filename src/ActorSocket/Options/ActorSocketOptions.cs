using System.Text.Json;

namespace ActorSocket;

/// <summary>
/// The options of one server, with the official server's names and defaults: those of its engine, and its own. Bound from the configuration
/// section <c>ActorSocket</c>; checked at start.
/// </summary>
public sealed class ActorSocketOptions : EngineIoOptions
{
    /// <summary>How long a connection may live without having joined a namespace. 45 s. Official: <c>connectTimeout</c>.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(45);

    /// <summary>
    /// The most bytes of all attachments of one packet together; each of them is a message, and so bound by
    /// <see cref="EngineIoOptions.MaxHttpBufferSize"/>, which is the least that counts here. 10 000 000. The official server has no such
    /// limit.
    /// </summary>
    public int MaxAttachmentsSize { get; set; } = 10_000_000;

    /// <summary>Whether the browser client is served below the path. True. Official: <c>serveClient</c>.</summary>
    public bool ServeClient { get; set; } = true;

    /// <summary>How arguments are read and written. Web defaults (camel case), and no escaping of non-ASCII text.</summary>
    public JsonSerializerOptions? Json { get; set; }

    /// <summary>
    /// Another way to write packets, which all clients must use too; null, the default, is the protocol's own. Official: <c>parser</c>.
    /// </summary>
    public SocketIoParser? Parser { get; set; }

    /// <summary>
    /// Whether, and how, a client that lost its connection gets its socket back; null, the default, is off. Official:
    /// <c>connectionStateRecovery</c>.
    /// </summary>
    public RecoveryOptions? ConnectionStateRecovery { get; set; }

    /// <summary>The most attachments of one packet. 10, as the official parser.</summary>
    public int MaxAttachments { get; set; } = 10;

    /// <summary>
    /// How long each attachment of a packet may take to come; the connection is closed otherwise, whatever else the client sends. 30 s.
    /// </summary>
    public TimeSpan AttachmentTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How deep the JSON of a client may nest, counted from the packet's own array. 64.</summary>
    public int MaxJsonDepth { get; set; } = 64;

    /// <summary>The most namespaces of one connection. 32.</summary>
    public int MaxNamespacesPerConnection { get; set; } = 32;

    /// <summary>The most rooms of one socket, its own not counted. 1000.</summary>
    public int MaxRoomsPerSocket { get; set; } = 1000;

    /// <summary>How many handlers of one socket may run at a time. 1: in order, one after the other.</summary>
    public int MaxConcurrentHandlers { get; set; } = 1;

    /// <summary>
    /// How long the events that a client had sent before it left may take: they are handled, in order, before <c>disconnecting</c> is
    /// raised, so that nothing that was received is lost because its sender did not stay. What is not begun by then is dropped, logged and
    /// counted (<c>actorsocket.server.dropped_events</c>). Also how long the handlers of <c>disconnecting</c> may take. Zero: what waits
    /// when the client leaves is dropped. 5 s.
    /// </summary>
    /// <remarks>
    /// How many events that can be is bounded by <see cref="EngineIoOptions.MaxInboundEvents"/> and
    /// <see cref="EngineIoOptions.MaxInboundBytes"/>.
    /// </remarks>
    public TimeSpan LastEventsTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Whether an event that its handlers did not acknowledge is acknowledged, without arguments, once they are done: for clients with
    /// <c>retries</c>, which
    /// otherwise send it again. False.
    /// </summary>
    public bool AutoAck { get; set; }

    /// <summary>
    /// Whether clients see what went wrong in the server: the type and the message of an exception of a handler, in the answer to who asked
    /// for an acknowledgement, and of a middleware in the <c>connect_error</c>. For development only: messages may have in them what is
    /// nobody's business. False: such a client gets "Internal server error". What an <see cref="EventException"/> or a
    /// <see cref="ConnectErrorException"/> says reaches it in either case.
    /// </summary>
    public bool EnableDetailedErrors { get; set; }

    /// <summary>
    /// Whether an event that asks for an acknowledgement and that nothing of its socket listens to (no handler, no <c>OnAny</c>, no
    /// <c>ForwardTo</c>) is answered with the error <c>UNKNOWN_EVENT</c>. False: as the official server, nobody answers it.
    /// </summary>
    public bool AnswerUnknownEvents { get; set; }

    /// <summary>
    /// Whether the arguments of events are checked before a handler or a hub's method runs, by the attributes of
    /// System.ComponentModel.DataAnnotations (<c>[Required]</c>, <c>[Range]</c>, <c>IValidatableObject</c> …) on its parameters, on the
    /// members of their types, records' parameters included, and on what is in them. What is not valid is answered with the error
    /// <c>INVALID_ARGUMENT</c>, whose data names the members. False. ASP.NET Core: <c>AddValidation</c>.
    /// </summary>
    public bool ValidateArguments { get; set; }

    /// <summary>
    /// Finds the trace context (a W3C <c>traceparent</c>) that a client has sent along with an event, among its arguments; the span of the
    /// event is then part of the client's trace. Asked while somebody listens to the activity source <c>ActorSocket</c>. Null, the default:
    /// clients send none, and each event begins a trace of its own, linked to the span of the connection.
    /// </summary>
    public Func<SocketArguments, string?>? ReadTraceParent { get; set; }

    /// <summary>What handlers with a <see cref="HandlerOptions.IdempotencyKey"/> remember.</summary>
    public IdempotencyOptions Idempotency { get; set; } = new();

    /// <summary>
    /// Whether a namespace that a pattern created is removed when its last socket leaves. False. Official:
    /// <c>cleanupEmptyChildNamespaces</c>.
    /// </summary>
    public bool CleanupEmptyChildNamespaces { get; set; }

    /// <summary>
    /// The most namespaces that patterns may create for clients at a time: clients choose the names. Once there are as many, the one that
    /// has been empty for longest gives way to
    /// another; while none is empty, clients get a <c>connect_error</c>. 10 000.
    /// </summary>
    public int MaxDynamicNamespaces { get; set; } = 10_000;

    /// <summary>Limits of entities, for all their classes.</summary>
    public EntityOptions Entities { get; set; } = new();

    /// <summary>
    /// The most sequences (<c>IAsyncEnumerable</c>) that one socket may read and write at a time. Events that would open one more are
    /// answered with the error <c>TOO_MANY_STREAMS</c>. 32.
    /// </summary>
    public int MaxStreams { get; set; } = 32;

    /// <summary>The most acknowledgements that one client may owe; the oldest is given up for a newer one. 4096.</summary>
    public int MaxPendingAcks { get; set; } = 4096;
}
