using System.Collections.Concurrent;
using Akka.Actor;
using Microsoft.Extensions.Logging;
using ActorSocket.Connections;
using ActorSocket.Diagnostics;
using ActorSocket.Entities;
using ActorSocket.Namespaces;
using ActorSocket.Protocol;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sessions;
using ActorSocket.Sockets;
using ActorSocket.Transports;

namespace ActorSocket.Hosting;

/// <summary>What the parts of one server share. Several servers in a host each have their own; nothing is static.</summary>
internal sealed class ServerServices(string name, ActorSocketOptions options, ActorSocketMetrics metrics, ILoggerFactory loggers, TimeProvider time, IServiceProvider provider)
{
    public const int MaxRoomNameBytes = 256;

    private EngineServer? _engine;
    private EngineHttp? _http;

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

    /// <summary>A decoder for one connection.</summary>
    public IPacketDecoder NewDecoder()
    {
        var own = new PacketDecoder(ProtocolLimits, Names, Json);
        return options.Parser is { } parser ? new ParserPacketDecoder(parser.CreateDecoder(), own) : own;
    }

    /// <summary>Reads back what was written: a packet that goes out as who receives it will see it.</summary>
    public SocketIoPacket? Read(EncodedFrame frame)
    {
        var own = new PacketDecoder(new ProtocolLimits { MaxMessageBytes = int.MaxValue, MaxAttachmentsBytes = int.MaxValue, MaxAttachments = int.MaxValue, MaxJsonDepth = 256, MaxEventNameBytes = int.MaxValue }, Names, Json);
        IPacketDecoder decoder = options.Parser is { } parser ? new ParserPacketDecoder(parser.CreateDecoder(), own) : own;
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

    public HandlerBinder Binder => field ??= new HandlerBinder(Json);

    /// <summary>What sessions and transports share.</summary>
    public EngineServer Engine => _engine ?? LazyInitializer.EnsureInitialized(
        ref _engine, () => new EngineServer(options, metrics.Engine, Log, time, connection => new ClientConnection(connection, this)));

    /// <summary>The HTTP side of it.</summary>
    public EngineHttp Http => _http ?? LazyInitializer.EnsureInitialized(
        ref _http, () => new EngineHttp(Engine) { Files = options.ServeClient ? new ClientBundle().TryServeAsync : null });

    public ConnectionTimers ConnectionTimers => field ??= new ConnectionTimers(options, Engine.Timers);

    public NamespaceTable Namespaces { get; } = new();

    /// <summary>The other nodes, as namespaces see them.</summary>
    public IOtherNodes OtherNodes { get; set; } = NoOtherNodes.Instance;

    public EntityServices Entities { get; } = new();

    /// <summary>The types of data that do not travel, and that were told of.</summary>
    public ConcurrentDictionary<Type, bool> StayBehind { get; } = new();

    /// <summary>The root actor; nobody before the actor system has started.</summary>
    public IActorRef Root { get; set; } = ActorRefs.Nobody;

    private int _liveSockets;

    /// <summary>Sockets whose actors or last handlers run: those that connect, too, and those whose <c>disconnect</c> is not handled yet.</summary>
    public int LiveSockets => Volatile.Read(ref _liveSockets);

    public void SocketStarted() => Interlocked.Increment(ref _liveSockets);

    /// <summary>A socket's actor has stopped, and its last handlers run.</summary>
    public async Task StoppedAfterAsync(Task lastHandlers)
    {
        await lastHandlers.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Interlocked.Decrement(ref _liveSockets);
    }
}
