using System.IO.Pipelines;
using ActorSocket.Transports;
using Microsoft.AspNetCore.Connections;

namespace ActorSocket.Clustering;

/// <summary>
/// A WebSocket that ends on another node, in the shape of a connection's pipes: the session's read loop and writer do not know the
/// difference.
/// </summary>
internal sealed class RemoteLink : WebSocketLink
{
    private const byte CompressesFlag = 1, RefragmentsFlag = 2;

    // The window of the link is what bounds it: what a client sends beyond stays on its own node.
    private readonly Pipe _pipe = new(
        new PipeOptions(
            pauseWriterThreshold: LinkEnd.Window / 2,
            resumeWriterThreshold: LinkEnd.Window / 4,
            useSynchronizationContext: false
        )
    );
    private byte _terms;

    public RemoteLink(LinkHub hub, long link)
    {
        End = new LinkEnd(hub, isGateway: false, link, TakeAsync, Open);
        _ = CompleteAsync();
    }

    public LinkEnd End { get; }

    /// <summary>Runs once the other node has accepted the WebSocket.</summary>
    public Action Opened { get; set; } = static () => { };

    public override PipeReader Input => _pipe.Reader;

    public override bool Compresses => (_terms & CompressesFlag) != 0;

    public override bool Refragments => (_terms & RefragmentsFlag) != 0;

    /// <summary>What a gateway tells of its side of the link.</summary>
    public static byte[] TermsOf(WebSocketLink link) =>
        [(byte)((link.Compresses ? CompressesFlag : 0) | (link.Refragments ? RefragmentsFlag : 0))];

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> frames) => End.SendAsync(frames);

    public override void Abort() => End.Abort();

    public override void Release()
    {
        End.Close();
        _pipe.Reader.Complete();
    }

    private void Open(ReadOnlyMemory<byte> terms)
    {
        _terms = terms.Length > 0 ? terms.Span[0] : (byte)0;
        Opened();
    }

    private async ValueTask TakeAsync(ReadOnlyMemory<byte> bytes)
    {
        if ((await _pipe.Writer.WriteAsync(bytes).ConfigureAwait(false)).IsCompleted)
            throw new IOException("The session reads no more.");
    }

    private async Task CompleteAsync()
    {
        await End.Ended.ConfigureAwait(false);
        await _pipe
            .Writer.CompleteAsync(End.WasAborted ? new ConnectionResetException("The node of the WebSocket is gone, or cut it.") : null)
            .ConfigureAwait(false);
    }
}
