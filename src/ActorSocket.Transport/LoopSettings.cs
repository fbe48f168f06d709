using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace ActorSocket.EventLoops;

/// <summary>What all connections of a transport share.</summary>
internal sealed class LoopSettings
{
    public LoopSettings(SocketTransportOptions sockets, TransportLog log)
    {
        Log = log;
        var pause = sockets.MaxReadBufferSize ?? 0;
        Input = new PipeOptions(
            Pool,
            PipeScheduler.ThreadPool,
            PipeScheduler.ThreadPool,
            pause,
            pause == 0 ? 0 : Math.Max(pause / 2, 1),
            useSynchronizationContext: false
        );
    }

    public static MemoryPool<byte> Pool => MemoryPool<byte>.Shared;

    public TransportLog Log { get; }

    /// <summary>How a connection keeps what it has received until HTTP takes it.</summary>
    public PipeOptions Input { get; }
}
