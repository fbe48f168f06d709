using System.ComponentModel.DataAnnotations;

namespace ActorSocket;

/// <summary>
/// How <c>UseActorSocketTransport</c> serves connections. What Kestrel's own transport has options for stands in its
/// <c>SocketTransportOptions</c>, and holds here too.
/// </summary>
public sealed class ActorSocketTransportOptions
{
    /// <summary>How many event loops, each with a thread of its own. One for each processor; 1 to 256.</summary>
    [Range(1, 256)]
    public int LoopCount { get; set; } = Math.Min(Environment.ProcessorCount, 256);
}
