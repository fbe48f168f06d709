using System.Buffers;
using System.IO.Pipelines;
using ActorSocket.Delivery;
using ActorSocket.Protocol.EngineIo;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Protocol.WebSockets;
using ActorSocket.Sessions;
using Akka.Actor;
using Microsoft.AspNetCore.Connections;

namespace ActorSocket.Transports;

/// <summary>
/// One WebSocket: its read loop. All frames of a read are decoded before anything is told, so a read is one message to a socket. While it
/// only probes for an upgrade, it writes for itself; from the moment the session takes it, the session's <see cref="Outbound"/> is the only
/// writer.
/// </summary>
#pragma warning disable CA1001 // the read loop disposes what it used when it ends
internal sealed class WebSocketTransport(EngineServer server, EngineConnection connection, WebSocketLink link, WireForm form)
    : ITransport,
        IOutboundSink
#pragma warning restore CA1001
{
    private static readonly TimeSpan OfferMargin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CloseHandshakeTimeout = TimeSpan.FromSeconds(1);
    private static readonly byte[] CloseFrame = [0x88, 0];
    private static readonly byte[] ProbeFrame = EncodedFrame.Probe.WebSocketBytes(WireForm.Standard).ToArray();

    private readonly FrameReader _frames = new(link.Limit(server.ProtocolLimits));
    private volatile bool _attached;
    private volatile bool _closing;
    private volatile bool _refused;
    private CancellationTokenSource? _offer;
    private byte[] _pong = []; // while it only probes
    private bool _peerClosed;
    private bool _discardsInput;

    private enum Step { Continue, NeedMore, Pong, Probe, Upgrade, Stop, End }

    public IOutboundSink Sink => this;

    public WireForm Form => link.Compresses ? form | WireForm.Deflated : form;

    public ValueTask WriteAsync(ReadOnlyMemory<byte> frames) => link.WriteAsync(frames);

    public void Refuse()
    {
        _refused = true;
        link.Input.CancelPendingRead();
    }

    public void Close()
    {
        _closing = true;
        link.Input.CancelPendingRead();
    }

    /// <summary>
    /// The WebSocket is the session's from the start. Completes with the WebSocket, or at once where it may outlive its request.
    /// </summary>
    public Task RunAsync()
    {
        _attached = true;
        return link.RunAsync(LoopAsync);
    }

    /// <summary>The WebSocket asks to become the session's (E-74). Completes likewise.</summary>
    public Task RunUpgradeAsync(bool refused)
    {
        if (refused)
            _refused = true;
        else
            Offer();
        return link.RunAsync(LoopAsync);
    }

    /// <summary>The session answers, or refuses it when its own time for upgrades is over; one that has just ended does neither.</summary>
    private void Offer()
    {
        _offer = new CancellationTokenSource(server.Options.UpgradeTimeout + OfferMargin, server.Time);
        _offer.Token.UnsafeRegister(static transport => ((WebSocketTransport)transport!).Refuse(), this);
        connection.Session.Tell(new SessionProtocol.UpgradeOffered(this));
    }

    private void EndOffer()
    {
        _offer?.Dispose();
        _offer = null;
    }

    private async Task LoopAsync()
    {
        try
        {
            while (!_refused && !_closing)
            {
                var step = OnRead(await link.Input.ReadAsync().ConfigureAwait(false));
                if (step == Step.Pong)
                    await AnswerProbeAsync(_pong).ConfigureAwait(false);
                else if (step == Step.Probe)
                    await ProbeAsync().ConfigureAwait(false);
                else if (step == Step.Upgrade)
                    await UpgradeAsync().ConfigureAwait(false);
                else if (step == Step.End && !_closing)
                    break;
                if (_attached && !_discardsInput)
                    await connection.Backlog.ReadableAsync().ConfigureAwait(false);
            }
            if (!_closing && !_peerClosed && (_attached || !_refused))
            {
                // The peer is gone without a close frame, and gets none.
                if (_attached)
                    connection.Outbound.Close(Outbound.NoCloseFrame);
                connection.Fail(this, DisconnectReason.TransportClose, null);
            }
            else
                await CloseHandshakeAsync().ConfigureAwait(false);
        }
        catch (Exception error)
            when (error
                    is IOException
                        or ConnectionAbortedException
                        or ConnectionResetException
                        or OperationCanceledException
                        or InvalidOperationException
            )
        {
            // The connection was torn down under the read: for the session that is the peer's close, whoever caused it.
            connection.Fail(this, DisconnectReason.TransportClose, null);
        }
        catch (Exception error)
        {
            connection.Fail(this, DisconnectReason.TransportError, error.Message);
            throw;
        }
        finally
        {
            EndOffer();
            _frames.Dispose();
            link.Release();
        }
    }

    private Step OnRead(ReadResult read)
    {
        var buffer = read.Buffer;
        var step = Step.Continue;
        try
        {
            while (step == Step.Continue && !_discardsInput)
                step = Next(ref buffer);
            if (_discardsInput)
                buffer = buffer.Slice(buffer.End);
        }
        finally
        {
            try
            {
                if (_attached)
                    TellInline();
                // What is left behind a probe must be seen by the next read without waiting for more.
                link.Input.AdvanceTo(buffer.Start, IsAnswered(step) ? buffer.Start : buffer.End);
            }
            finally
            {
                InlineExecutor.RunKept();
            }
        }
        return !IsAnswered(step) && read.IsCompleted ? Step.End : step;
    }

    /// <summary>Whether something is written before reading goes on.</summary>
    private static bool IsAnswered(Step step) => step is Step.Pong or Step.Probe or Step.Upgrade;

    private void TellInline()
    {
        InlineExecutor.Begin();
        try
        {
            connection.Inbound.EndOfRead();
        }
        finally
        {
            InlineExecutor.End();
        }
    }

    private Step Next(ref ReadOnlySequence<byte> buffer)
    {
        var kind = _frames.Read(ref buffer, out var message);
        switch (kind)
        {
            case FrameResult.NeedMore:
                return Step.NeedMore;
            case FrameResult.Text when _attached:
                _discardsInput = !connection.Inbound.AddText(this, message.Data);
                return Step.Continue;
            case FrameResult.Binary when _attached:
                _discardsInput = !connection.Inbound.AddBinary(this, message.Data);
                return Step.Continue;
            case FrameResult.Text when message.Data.SequenceEqual("2probe"u8):
                return Step.Probe;
            case FrameResult.Text when message.Data.StartsWith("5"u8): // some clients send data with it
                return Step.Upgrade;
            case FrameResult.Ping when _attached:
                connection.Outbound.AppendPong(message.Data);
                return Step.Continue;
            case FrameResult.Ping:
                _pong = [0x8A, (byte)message.Data.Length, .. message.Data];
                return Step.Pong;
            case FrameResult.Pong:
                return Step.Continue;
            case FrameResult.Close:
                _peerClosed = _discardsInput = true;
                if (_attached)
                    connection.Outbound.Close(message.CloseCode == 1005 ? 0 : message.CloseCode);
                Fail(DisconnectReason.TransportClose, null);
                return Step.Stop;
            case FrameResult.Error:
                if (_attached)
                    connection.Outbound.Close(_frames.ErrorCode);
                Fail(DisconnectReason.TransportError, _frames.ErrorText);
                return Step.Stop;
            default: // anything else on a WebSocket that probes (E-75)
                Fail(DisconnectReason.TransportError, "invalid upgrade packet");
                return Step.Stop;
        }
    }

    private void Fail(DisconnectReason reason, string? description)
    {
        _discardsInput = true;
        if (!_attached)
            _refused = true;
        else
            connection.Inbound.EndOfRead(); // what came before the end is delivered before it
        connection.Fail(this, reason, description);
    }

    private async Task ProbeAsync()
    {
        var reply = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.Session.Tell(new SessionProtocol.UpgradeProbed(this, reply));
        if (await AnswerAsync(reply).ConfigureAwait(false))
            await AnswerProbeAsync(ProbeFrame).ConfigureAwait(false);
        else
            _refused = true;
    }

    /// <summary>A client that asks and asks and does not read has as long as its upgrade may take.</summary>
    private async Task AnswerProbeAsync(byte[] frame)
    {
        try
        {
            await link.WriteAsync(frame).AsTask().WaitAsync(server.Options.UpgradeTimeout, server.Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            link.Abort();
        }
    }

    private async Task UpgradeAsync()
    {
        var reply = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.Session.Tell(new SessionProtocol.UpgradeConfirmed(this, reply));
        _attached = await AnswerAsync(reply).ConfigureAwait(false);
        if (_attached)
        {
            EndOffer();
            return;
        }
        _refused = true;
        connection.Fail(this, DisconnectReason.TransportClose, null); // should the session have taken it, and said so too late
    }

    /// <summary>
    /// A session that has ended does not answer; its end refuses this WebSocket in any case, and the upgrade timeout bounds the wait.
    /// </summary>
    private async Task<bool> AnswerAsync(TaskCompletionSource<bool> reply)
    {
        try
        {
            return await reply.Task.WaitAsync(server.Options.UpgradeTimeout, server.Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>
    /// Lets the close frame leave and the peer answer it, for a second at most: a connection that is dropped with unread input is reset,
    /// and the reset may overtake the close frame.
    /// </summary>
    private async Task CloseHandshakeAsync()
    {
        using var overdue = new CancellationTokenSource(CloseHandshakeTimeout, server.Time);
        // By CancelPendingRead, not by the token: a read that a token ends leaves the pipe in a state that Kestrel then stumbles over.
        using var wake = overdue.Token.UnsafeRegister(static state => ((PipeReader)state!).CancelPendingRead(), link.Input);
        try
        {
            if (_attached)
                await connection.Outbound.Drained.WaitAsync(overdue.Token).ConfigureAwait(false);
            else if (!_peerClosed || _refused)
                await link.WriteAsync(CloseFrame).AsTask().WaitAsync(overdue.Token).ConfigureAwait(false);
            while (!_peerClosed && !(_attached && connection.Outbound.EndsInSilence))
            {
                var read = await link.Input.ReadAsync().ConfigureAwait(false);
                var buffer = read.Buffer;
                while (!_peerClosed && _frames.Read(ref buffer, out _) is not FrameResult.NeedMore and var kind)
                {
                    if (kind is FrameResult.Error)
                        buffer = buffer.Slice(buffer.End);
                    _peerClosed = kind is FrameResult.Close;
                    if (kind is FrameResult.Error)
                        break;
                }
                link.Input.AdvanceTo(buffer.Start, buffer.End);
                _peerClosed |= read.IsCompleted;
                overdue.Token.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException)
        {
            link.Abort();
        }
    }
}
