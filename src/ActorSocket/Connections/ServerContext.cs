using ActorSocket.Diagnostics;
using ActorSocket.Protocol;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sessions;
using Microsoft.Extensions.Logging;

namespace ActorSocket.Connections;

/// <summary>
/// What the connections of one server share, and whatever stands on them: its options, its formats, its log and metrics, its engine.
/// Several servers in a host each have their own; nothing is static.
/// </summary>
internal abstract class ServerContext(
    string name,
    ActorSocketOptions options,
    ActorSocketMetrics metrics,
    ILoggerFactory loggers,
    TimeProvider time,
    IServiceProvider provider
)
{
    private static readonly ProtocolLimits NoLimits = new()
    {
        MaxMessageBytes = int.MaxValue,
        MaxAttachmentsBytes = int.MaxValue,
        MaxAttachments = int.MaxValue,
        MaxJsonDepth = 256,
        MaxEventNameBytes = int.MaxValue,
    };

    private EngineServer? _engine;

    public string Name => name;

    public ActorSocketOptions Options => options;

    public ActorSocketMetrics Metrics => metrics;

    public TimeProvider Time => time;

    /// <summary>The application's services.</summary>
    public IServiceProvider Provider => provider;

    public ILogger Log { get; } = new BoundedLogger(loggers.CreateLogger("ActorSocket"), time);

    public ProtocolLimits ProtocolLimits { get; } = new()
    {
        MaxMessageBytes = options.MaxHttpBufferSize,
        MaxAttachmentsBytes = Math.Max(options.MaxAttachmentsSize, options.MaxHttpBufferSize),
        MaxAttachments = options.MaxAttachments,
        MaxJsonDepth = options.MaxJsonDepth,
    };

    public NameTable Names { get; } = new();

    public SocketJson Json { get; } = new(options.Json);

    public PacketWriter Packets => field ??= new PacketWriter(Json, options.Parser, Read);

    /// <summary>What sessions and transports share.</summary>
    public EngineServer Engine => _engine ?? LazyInitializer.EnsureInitialized(
        ref _engine, () => new EngineServer(options, metrics.Engine, Log, time, NewConsumer));

    public ConnectionTimers ConnectionTimers => field ??= new ConnectionTimers(options, Engine.Timers);

    /// <summary>A decoder for one connection.</summary>
    public IPacketDecoder NewDecoder() => NewDecoder(ProtocolLimits);

    /// <summary>For what does not come from clients: the protocol's own text form, without limits.</summary>
    public PacketDecoder NewTrustingDecoder() => new(NoLimits, Names, Json);

    /// <summary>Reads back what was written: a packet that goes out as who receives it will see it.</summary>
    public SocketIoPacket? Read(EncodedFrame frame)
    {
        var decoder = NewDecoder(NoLimits);
        SocketIoPacket? packet = null;
        if (!frame.Text.IsEmpty && !decoder.AddText(frame.Text[1..], out packet))
            return null;
        foreach (var attachment in frame.Attachments)
        {
            if (!decoder.AddBinary(attachment, out packet))
                return null;
        }
        return packet;
    }

    /// <summary>What an engine's connection is handed to.</summary>
    protected abstract IConnectionConsumer NewConsumer(EngineConnection connection);

    private IPacketDecoder NewDecoder(ProtocolLimits limits)
    {
        var own = new PacketDecoder(limits, Names, Json);
        return options.Parser is { } parser ? new ParserPacketDecoder(parser.CreateDecoder(), own) : own;
    }
}
