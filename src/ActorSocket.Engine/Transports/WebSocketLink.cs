using System.IO.Pipelines;
using ActorSocket.EventLoops;
using ActorSocket.Protocol;

namespace ActorSocket.Transports;

/// <summary>Bytes of WebSocket frames in and out, below <see cref="WebSocketTransport"/>.</summary>
internal abstract class WebSocketLink
{
    protected const int FragmentSize = 4096;

    private LinkPump? _pump;

    /// <summary>Received bytes: frames as a client sends them.</summary>
    public abstract PipeReader Input { get; }

    /// <summary>Whether long messages are compressed (RFC 7692).</summary>
    public virtual bool Compresses => false;

    /// <summary>Whether what comes in as one message is cut into frames of <see cref="FragmentSize"/> anew.</summary>
    public virtual bool Refragments => false;

    /// <summary>The limits for what comes in here: fragments that are not the client's doing do not count.</summary>
    public ProtocolLimits Limit(ProtocolLimits limits) =>
        Refragments ? limits with { MaxFragments = limits.MaxFragments + (limits.MaxMessageBytes / FragmentSize) + 1 } : limits;

    /// <summary>Sends complete, unmasked frames.</summary>
    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> frames);

    /// <summary>
    /// Runs what reads from it until it ends: behind the end of the request where that can be, otherwise within it. To be called once, as
    /// the last of the request.
    /// </summary>
    public virtual Task RunAsync(Func<Task> loop) => loop();

    /// <summary>
    /// Feeds a receiver until it is over, likewise: here from <see cref="Input"/>, of which nobody else may read then. Frees it at the end.
    /// </summary>
    public virtual Task FeedAsync(IByteReceiver receiver) => RunAsync(() => PumpAsync(receiver));

    /// <summary>Any thread: has the receiver's <see cref="IByteReceiver.OnWoken"/> called, once it is fed.</summary>
    public virtual void Wake() => Pump.Wake();

    /// <summary>Cuts the connection.</summary>
    public abstract void Abort();

    /// <summary>Frees what it holds; nothing is read any more.</summary>
    public virtual void Release()
    {
    }

    private LinkPump Pump => LazyInitializer.EnsureInitialized(ref _pump, () => new LinkPump(this));

    private async Task PumpAsync(IByteReceiver receiver)
    {
        try
        {
            await Pump.RunAsync(receiver).ConfigureAwait(false);
        }
        finally
        {
            Release();
        }
    }
}
