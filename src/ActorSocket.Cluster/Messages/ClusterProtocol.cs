using ActorSocket.Protocol.Records;
using Akka.Event;

namespace ActorSocket.Clustering;

/// <summary>A message that crosses nodes. It writes itself; <see cref="ClusterSerializer"/> has the manifests and the readers.</summary>
internal interface IClusterMessage : IDeadLetterSuppression
{
    void Write(WireWriter wire);
}

/// <summary>
/// Everything that nodes tell each other. A field is added at the end only, of a message or of a record in it, and is zero or empty when an
/// older node wrote it; a message that a node does not know is counted and ignored. Whatever has more than one field of its own is a record
/// (<see cref="WireWriter.Record"/>).
/// </summary>
internal static partial class ClusterProtocol
{
    /// <summary>Raised when nodes of both versions could not work together; until then messages grow by fields at their end.</summary>
    public const int Version = 2; // 1: records had no length

    /// <summary>Answers, perhaps as one of several, what the receiver has asked under this number.</summary>
    internal interface IReply : IClusterMessage
    {
        long Request { get; }
    }
}
