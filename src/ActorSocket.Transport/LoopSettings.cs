using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace ActorSocket.EventLoops;

/// <summary>What all connections of a transport share.</summary>
internal sealed class LoopSettings
{
    public LoopSettings(SocketTransportOptions sockets, TransportLog log, LoopMetrics metrics)
    {
        Direct = new DirectCount(metrics);
        Log = log;
        Input = Bounded(sockets.MaxReadBufferSize, new LoopScheduler());
        Output = Bounded(sockets.MaxWriteBufferSize, PipeScheduler.Inline);
    }

    public static MemoryPool<byte> Pool => MemoryPool<byte>.Shared;

    public TransportLog Log { get; }

    /// <summary>What goes on without Kestrel.</summary>
    public DirectCount Direct { get; }

    /// <summary>How a connection keeps what it has received until HTTP takes it.</summary>
    public PipeOptions Input { get; }

    /// <summary>How it keeps what HTTP flushes until the kernel takes it: sent by who flushes, within the flush.</summary>
    public PipeOptions Output { get; }

    private static PipeOptions Bounded(long? most, PipeScheduler reader)
    {
        var pause = most ?? 0;
        var resume = pause == 0 ? 0 : Math.Max(pause / 2, 1);
        return new PipeOptions(Pool, reader, PipeScheduler.ThreadPool, pause, resume, useSynchronizationContext: false);
    }
}
