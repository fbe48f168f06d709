using System.ComponentModel.DataAnnotations;

namespace ActorSocket;

/// <summary>
/// How <c>UseActorSocketTransport</c> serves connections. What Kestrel's own transport has options for stands in its
/// <c>SocketTransportOptions</c>, and holds here too.
/// </summary>
public sealed class ActorSocketTransportOptions
{
    /// <summary>How many event loops, each driven by one thread at a time. One for each processor; 1 to 256.</summary>
    [Range(1, 256)]
    public int LoopCount { get; set; } = Math.Min(Environment.ProcessorCount, 256);

    /// <summary>
    /// How many threads at most, those included that are kept by handlers which block. Beyond, what blocks starts on .NET's thread pool,
    /// and a loop waits for a handler of whom that was not known. 256.
    /// </summary>
    [Range(1, 10_000)]
    public int MaxThreads { get; set; } = 256;
}
