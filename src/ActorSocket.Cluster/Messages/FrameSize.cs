using Akka.Actor;
using Akka.Configuration;

namespace ActorSocket.Clustering;

/// <summary>
/// How long a message between nodes may be: a longer one is lost, and nobody is told. <c>hocon/cluster.conf</c> sets 256 000 bytes; a
/// cluster of the application's own has Akka's 128 000, or what the application sets.
/// </summary>
internal static class FrameSize
{
    /// <summary>More than the paths of sender and receiver, the manifest and the other fields of a message take.</summary>
    private const int Envelope = 8_000;

    private const int AkkasDefault = 128_000;

    /// <summary>How many bytes of a message's own fit into one frame.</summary>
    /// <exception cref="InvalidOperationException">Not even a piece of a long message does.</exception>
    public static int CapacityOf(ActorSystem system)
    {
        var transport = system.Settings.Config.GetStringList("akka.remote.enabled-transports") is [var first, ..]
            ? first
            : "akka.remote.dot-netty.tcp";
        var key = transport + ".maximum-frame-size";
        var capacity = (int)Math.Min(int.MaxValue, system.Settings.Config.GetByteSize(key, null) ?? AkkasDefault) - Envelope;
        return capacity >= Packed.MaxBytes
            ? capacity
            : throw new InvalidOperationException(
                $"ActorSocket's messages between nodes have up to {Packed.MaxBytes + Envelope} bytes: set {key} to as many at least."
            );
    }
}
