using System.Buffers;
using ActorSocket.Delivery;
using ActorSocket.EventLoops;
using ActorSocket.Protocol.EngineIo;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Protocol.WebSockets;
using ActorSocket.Sessions;
using Akka.Actor;
using Microsoft.AspNetCore.Connections;

namespace ActorSocket.Transports;

/// <summary>
/// One WebSocket as a machine of states, which its link feeds: by an event loop, or by a pump over a pipe. All frames of a read are decoded
/// before anything is told, so a read is one message to a socket. While it only probes for an upgrade, it writes for itself; from the
/// moment the session takes it, the session's <see cref="Outbound"/> is the only writer.
/// </summary>
/// <remarks>
/// What is an <see cref="IByteReceiver"/>'s is called by its feeder, one call at a time. While it waits for something (<c>_waits</c>), its
/// state is that waiting's. What any thread may call leaves a mark and wakes the feeder.
/// </remarks>
#pragma warning disable CA1001 // its end disposes what it used
internal sealed class WebSocketTransport(EngineServer server, EngineConnection connection, WebSocketLink link, WireForm form)
    : ITransport,
        IOutboundSink,
        IByteReceiver
#pragma warning restore CA1001
{
    private static readonly TimeSpan OfferMargin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CloseHandshakeTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(5);
    private static readonly byte[] CloseFrame = [0x88, 0];
    private static readonly byte[] ProbeFrame = EncodedFrame.Probe.WebSocketBytes(WireForm.Standard).ToArray();

    private readonly FrameReader _frames = new(link.Limit(server.ProtocolLimits));
    private volatile bool _waits;
    private volatile bool _closing;
    private volatile bool _refused;
    private volatile bool _lingered;
    private volatile State _state;
    private CancellationTokenSource? _offer;
    private TaskCompletionSource? _peerEnd;
    private Exception? _error;
    private bool _hasEnded;
    private bool _isEndDue;
    private bool _peerClosed;
    private bool _discardsInput;

    /// <summary>It asks to become the session's; it is; its close is under way, or what is left to be written; nothing any more.</summary>
    private enum State : byte { Probing, Open, Closing, Over }

    public IOutboundSink Sink => this;

    public WireForm Form => link.Compresses ? form | WireForm.Deflated : form;

    bool IByteReceiver.IsOver => _state == State.Over;

    public ValueTask WriteAsync(ReadOnlyMemory<byte> frames) => link.WriteAsync(frames);

    public void Refuse()
    {
        _refused = true;
        link.Wake();
    }

    public void Close()
    {
        _closing = true;
        link.Wake();
    }

    /// <summary>
    /// The WebSocket is the session's from the start. Completes with the WebSocket, or at once where it may outlive its request.
    /// </summary>
    public Task RunAsync()
    {
        _state = State.Open;
        return link.FeedAsync(this);
    }

    /// <summary>The WebSocket asks to become the session's (E-74). Completes likewise.</summary>
    public Task RunUpgradeAsync(bool refused)
    {
        if (refused)
            _refused = true;
        else
            Offer();
        return link.FeedAsync(this);
    }

    /// <summary>Reading rests while it waits, and while handlers lag behind.</summary>
    bool IByteReceiver.MayRead()
    {
        if (_waits || _hasEnded || _state == State.Over)
            return false;
        if (_state != State.Open || _discardsInput)
            return true;
        var readable = connection.Backlog.ReadableAsync();
        if (readable.IsCompletedSuccessfully)
            return true;
        WaitFor(readable.AsTask);
        return false;
    }

    void IByteReceiver.OnBytes(ref ReadOnlySequence<byte> bytes)
    {
        if (_state == State.Closing)
        {
            AwaitClose(ref bytes);
            return;
        }
        try
        {
            while (!_waits && !_discardsInput)
            {
                if (!Next(ref bytes))
                    break;
            }
        }
        finally
        {
            if (_state == State.Open)
                connection.Inbound.EndOfRead();
        }
        if (_discardsInput)
            bytes = bytes.Slice(bytes.End);
        Look();
    }

    void IByteReceiver.OnEnd(Exception? error)
    {
        _hasEnded = true;
        _error = error;
        _isEndDue = true;
        Look();
    }

    void IByteReceiver.OnWoken() => Look();

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

    /// <summary>Goes on, unless it waits: with its end, or with what others have asked of it.</summary>
    private void Look()
    {
        if (_waits || _state == State.Over)
            return;
        if (_isEndDue)
            End();
        else if (_state == State.Closing && _lingered)
            Finish();
        else if (_state == State.Closing)
            return;
        else if (_closing || (_refused && _state == State.Probing))
            BeginClosing();
        else if (_refused)
            PeerIsGone(); // it was refused after it was taken
    }

    private void End()
    {
        _isEndDue = false;
        var wasClosed = _peerClosed;
        if (_state == State.Closing)
        {
            _peerClosed = true;
            _peerEnd!.TrySetResult();
        }
        else if (_error is not null)
        {
            Break(_error);
        }
        else if (_closing || wasClosed || (_refused && _state == State.Probing))
        {
            _peerClosed = true;
            BeginClosing();
        }
        else
        {
            PeerIsGone();
        }
    }

    /// <summary>
    /// The connection was torn down under the read: for the session that is the peer's close, whoever caused it. Anything else is a defect.
    /// </summary>
    private void Break(Exception error)
    {
        if (IsCut(error))
            connection.Fail(this, DisconnectReason.TransportClose, null);
        else
            connection.Fail(this, DisconnectReason.TransportError, error.Message);
        Finish();
    }

    /// <summary>Whether an error only says that a connection is gone.</summary>
    public static bool IsCut(Exception error) =>
        error is IOException or ConnectionAbortedException or OperationCanceledException or InvalidOperationException;

    /// <summary>Without a close frame, and it gets none. What was to be written still leaves.</summary>
    private void PeerIsGone()
    {
        var wasOpen = _state == State.Open;
        if (wasOpen)
            connection.Outbound.Close(Outbound.NoCloseFrame);
        connection.Fail(this, DisconnectReason.TransportClose, null);
        if (!wasOpen || connection.Outbound.Drained.IsCompleted)
            Finish();
        else
            Linger(awaitsPeer: false, DrainTimeout, connection.Outbound.Drained);
    }

    /// <summary>
    /// Lets the close frame leave and the peer answer it, for a second at most: a connection that is dropped with unread input is reset,
    /// and the reset may overtake the close frame.
    /// </summary>
    private void BeginClosing()
    {
        var left = _state == State.Open ? connection.Outbound.Drained
            : !_peerClosed || _refused ? SayCloseAsync()
            : Task.CompletedTask;
        Linger(awaitsPeer: !(_state == State.Open && connection.Outbound.EndsInSilence), CloseHandshakeTimeout, left);
    }

    private async Task SayCloseAsync() => await link.WriteAsync(CloseFrame).ConfigureAwait(false);

    private void Linger(bool awaitsPeer, TimeSpan limit, Task left)
    {
        _state = State.Closing;
        EndOffer();
        if ((_peerClosed || !awaitsPeer) && left.IsCompletedSuccessfully)
        {
            Finish();
            return;
        }
        _peerEnd = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_peerClosed || !awaitsPeer)
            _peerEnd.SetResult();
        _ = LingerAsync(left, _peerEnd.Task, limit);
    }

    private async Task LingerAsync(Task left, Task peerEnd, TimeSpan limit)
    {
        try
        {
            using var overdue = new CancellationTokenSource(limit, server.Time);
            await left.WaitAsync(overdue.Token).ConfigureAwait(false);
            await peerEnd.WaitAsync(overdue.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            link.Abort();
        }
        catch (Exception) // of the last write
        {
            connection.Fail(this, DisconnectReason.TransportClose, null);
        }
        _lingered = true;
        link.Wake();
    }

    private void Finish()
    {
        _state = State.Over;
        EndOffer();
        _frames.Dispose();
    }

    /// <summary>Holds reading until it is done. That may be before it returns.</summary>
    private void WaitFor(Func<Task> work)
    {
        _waits = true;
        _ = WaitForAsync(work);
    }

    private async Task WaitForAsync(Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            _hasEnded = true;
            _error = error;
            _isEndDue = true;
        }
        _waits = false;
        link.Wake();
    }

    /// <summary>False when there is no whole message, or nothing more is to be read for now.</summary>
    private bool Next(ref ReadOnlySequence<byte> buffer)
    {
        var isOpen = _state == State.Open;
        var kind = _frames.Read(ref buffer, out var message);
        switch (kind)
        {
            case FrameResult.NeedMore:
                return false;
            case FrameResult.Text when isOpen:
                _discardsInput = !connection.Inbound.AddText(this, message.Data);
                return true;
            case FrameResult.Binary when isOpen:
                _discardsInput = !connection.Inbound.AddBinary(this, message.Data);
                return true;
            case FrameResult.Text when message.Data.SequenceEqual("2probe"u8):
                WaitFor(ProbeAsync);
                return true;
            case FrameResult.Text when message.Data.StartsWith("5"u8): // some clients send data with it
                WaitFor(UpgradeAsync);
                return true;
            case FrameResult.Ping when isOpen:
                connection.Outbound.AppendPong(message.Data);
                return true;
            case FrameResult.Ping:
                AnswerPing([0x8A, (byte)message.Data.Length, .. message.Data]);
                return true;
            case FrameResult.Pong:
                return true;
            case FrameResult.Close:
                _peerClosed = true;
                if (isOpen)
                    connection.Outbound.Close(message.CloseCode == 1005 ? 0 : message.CloseCode);
                Fail(DisconnectReason.TransportClose, null);
                return false;
            case FrameResult.Error:
                if (isOpen)
                    connection.Outbound.Close(_frames.ErrorCode);
                Fail(DisconnectReason.TransportError, _frames.ErrorText);
                return false;
            default: // anything else on a WebSocket that probes (E-75)
                Fail(DisconnectReason.TransportError, "invalid upgrade packet");
                return false;
        }
    }

    private void Fail(DisconnectReason reason, string? description)
    {
        _discardsInput = true;
        if (_state == State.Probing)
            _refused = true;
        else
            connection.Inbound.EndOfRead(); // what came before the end is delivered before it
        connection.Fail(this, reason, description);
    }

    private void AnswerPing(byte[] pong) => WaitFor(() => AnswerProbeAsync(pong));

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
        if (await AnswerAsync(reply).ConfigureAwait(false))
        {
            _state = State.Open;
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

    /// <summary>Nothing that comes now is handled; a close frame is what is waited for.</summary>
    private void AwaitClose(ref ReadOnlySequence<byte> bytes)
    {
        if (_peerClosed)
            bytes = bytes.Slice(bytes.End); // left where it is, it would be offered without end
        while (!_peerClosed && _frames.Read(ref bytes, out _) is not FrameResult.NeedMore and var kind)
        {
            _peerClosed = kind is FrameResult.Close;
            if (_peerClosed || kind is FrameResult.Error)
                bytes = bytes.Slice(bytes.End);
            if (kind is FrameResult.Error)
                break;
        }
        if (_peerClosed)
            _peerEnd!.TrySetResult();
    }
}
