using ActorSocket.Delivery;
using ActorSocket.Protocol.EngineIo;

namespace ActorSocket.Tests.Infrastructure;

/// <summary>A connection that takes all that is written to it at once, and costs nothing itself.</summary>
internal sealed class Nowhere : IOutboundSink, IOutboundOwner
{
    public static Outbound NewOutbound(OutboundLimits limits)
    {
        var nowhere = new Nowhere();
        var outbound = new Outbound(nowhere, new Flusher(), limits);
        outbound.SwitchTo(nowhere, WireForm.Standard);
        return outbound;
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> frames) => default;

    public void OnOverflow()
    {
    }

    public void OnWriteFailed(Exception error)
    {
    }

    public void OnCloseDelivered()
    {
    }

    public void OnVolatileDropped(int count)
    {
    }

    public void OnWritten(int packets, long bytes)
    {
    }
}
