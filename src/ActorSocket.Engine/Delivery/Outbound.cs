using System.Buffers;
using ActorSocket.Protocol.EngineIo;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Delivery;

/// <summary>The limits of one connection's outbound queue.</summary>
internal sealed record OutboundLimits(int MaxBytes, int MaxPackets, int MaxPacketsPerPoll = int.MaxValue, int MaxBytesPerPoll = 1_000_000);

/// <summary>The outcome of <see cref="Outbound.TryPark"/>.</summary>
internal enum ParkResult { Parked, Overlap, NotPolling, Closed }

/// <summary>
/// What leaves one connection, in order. Any thread appends whole packets (a packet and its attachments are one append, never torn apart);
/// the flusher or the end of a handler's turn drains everything in one write. While the connection polls, it holds references to shared
/// frames; as a WebSocket, it holds their bytes. Bounded: a peer that does not read is reported to the owner and nothing more is taken.
/// </summary>
/// <remarks>Threads: every member may be called by any thread. One lock, held for copying only; the owner is called outside it.</remarks>
internal sealed class Outbound(IOutboundOwner owner, Flusher flusher, OutboundLimits limits)
{
    private const int UncorkAt = 64 * 1024;

    /// <summary>In place of a code: see <see cref="Close"/>.</summary>
    public const int NoCloseFrame = -1;

    [ThreadStatic] private static Outbound? _turn;
    [ThreadStatic] private static bool _turnWritable;

    private readonly Lock _gate = new();
    private Queue<EncodedFrame>? _frames = new();
    private Queue<EncodedFrame>? _urgent; // overtakes what waits; null when there is none
    private PollWaiter? _poll;
    private IOutboundSink? _sink;
    private WireForm _form;
    private byte[]? _pending;
    private int _pendingLength;
    private byte[]? _pong;
    private bool _pongQueued;
    private long _bytes;
    private int _packets;
    private int _dropped;
    private int _closeCode;
    private bool _dirty;
    private bool _flushing;
    private bool _closing;
    private bool _closed;
    private TaskCompletionSource? _drained;

    /// <summary>Whether a volatile packet would leave at once: something takes it, and nothing waits before it .</summary>
    public bool IsWritable
    {
        get
        {
            lock (_gate)
                return WritableNow();
        }
    }

    /// <summary>How many GETs have waited here, or were answered at once.</summary>
    public int Polls { get; private set; }

    /// <summary>Whether it ends, or has ended, without a close frame.</summary>
    public bool EndsInSilence => _closeCode == NoCloseFrame;

    /// <summary>Whether nothing waits for a poll.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_gate)
                return !HasFrames;
        }
    }

    /// <summary>How many packets wait to be written, and their bytes.</summary>
    public (int Packets, long Bytes) Waiting
    {
        get
        {
            lock (_gate)
                return (_packets, _bytes);
        }
    }

    /// <summary>Whether so much more may wait here, as far as can be said now.</summary>
    public bool HasRoomFor(int packets, long bytes)
    {
        lock (_gate)
            return _packets + packets <= limits.MaxPackets && _bytes + bytes <= limits.MaxBytes;
    }

    /// <summary>Whether a polling client waits with a GET.</summary>
    public bool HasParkedPoll
    {
        get
        {
            lock (_gate)
                return _poll is not null;
        }
    }

    /// <summary>
    /// Appends a packet. False when it was dropped: volatile and not writable, or the connection closes, or its limit is reached.
    /// </summary>
    /// <param name="frame">The packet.</param>
    /// <param name="isVolatile">Dropped when it cannot leave at once.</param>
    /// <param name="urgent">
    /// Leaves with the next poll or write, before whatever waits, and even while a handler's turn holds the connection's output together: a
    /// heartbeat, which a client that has much to fetch must not be given up for (E-93).
    /// </param>
    public bool Append(EncodedFrame frame, bool isVolatile = false, bool urgent = false)
    {
        if (frame.PacketCount == 0)
            return true; // a parser that writes nothing for a packet has nothing sent, as with the official server
        return Append(frame, default, frame.PacketCount, frame.Size, isVolatile, urgent);
    }

    /// <summary>
    /// The same of a packet that goes to nobody else: a WebSocket takes its bytes from where they were written, without a frame.
    /// </summary>
    public bool Append(EncodedPacket packet, bool compress = true, bool isVolatile = false)
    {
        // A connection that has become a WebSocket stays one.
        if (Volatile.Read(ref _sink) is null || !compress || packet.Attachments.Length > 0 || packet.Bytes.IsEmpty)
            return Append(new EncodedFrame(packet, compress), isVolatile);
        return Append(null, packet.Bytes, 1, packet.Bytes.Length, isVolatile, urgent: false);
    }

    private bool Append(EncodedFrame? frame, ReadOnlySpan<byte> bytes, int packets, int size, bool isVolatile, bool urgent)
    {
        var schedule = false;
        var overflow = false;
        lock (_gate)
        {
            if (_closing || _closed)
                return false;
            var inTurn = ReferenceEquals(_turn, this);
            if (isVolatile && !(inTurn ? _turnWritable : WritableNow()))
            {
                _dropped++; // reported by the next drain
            }
            else if (_packets > 0 && (_bytes + size > limits.MaxBytes || _packets + packets > limits.MaxPackets))
            {
                _closing = overflow = true;
            }
            else
            {
                if (inTurn)
                    _turnWritable = false;
                _packets += packets;
                if (frame is null)
                    CopyToPending(bytes);
                else
                    Store(frame, urgent);
                if (!inTurn || urgent || _pendingLength >= UncorkAt)
                    schedule = MarkDirty();
                isVolatile = false;
            }
        }
        if (overflow)
            owner.OnOverflow();
        if (schedule)
            flusher.Add(this);
        return !overflow && !isVolatile;
    }

    /// <summary>Answers a WebSocket ping; only the newest one matters (RFC 6455 §5.5.3), so that a flood costs no memory.</summary>
    public void AppendPong(ReadOnlySpan<byte> payload)
    {
        bool schedule;
        lock (_gate)
        {
            if (_closing || _closed || _sink is null)
                return;
            byte[] pong = [0x8A, (byte)payload.Length, .. payload];
            if (_pongQueued)
            {
                _pong = pong; // takes the place of those since the one that is queued
            }
            else
            {
                CopyToPending(pong);
                _pongQueued = true;
            }
            schedule = MarkDirty();
        }
        if (schedule)
            flusher.Add(this);
    }

    /// <summary>
    /// From here to <see cref="Uncork"/> what this thread appends is held together and leaves in one write; whether a volatile packet may
    /// leave is decided by what was so at the start. A handler that awaits something ends the turn for itself.
    /// </summary>
    public void Cork()
    {
        lock (_gate)
            _turnWritable = WritableNow();
        _turn = this;
    }

    /// <summary>Ends the turn and writes what it produced, on this thread.</summary>
    public void Uncork()
    {
        _turn = null;
        lock (_gate)
        {
            if (_dirty || _flushing || (_pendingLength == 0 && !HasFrames))
                return;
        }
        Flush();
    }

    /// <summary>Lets a GET wait for packets; it is answered at once when some are queued or the connection closes.</summary>
    public ParkResult TryPark(PollWaiter poll)
    {
        var report = default(Report);
        lock (_gate)
        {
            if (_closed)
                return ParkResult.Closed;
            if (_sink is not null)
                return ParkResult.NotPolling;
            if (_poll is not null)
                return ParkResult.Overlap;
            _poll = poll;
            Polls++;
            if (_closing || HasFrames)
                report = AnswerPoll();
        }
        Complete(report);
        return ParkResult.Parked;
    }

    /// <summary>Forgets a GET that was cut. False when it had been answered already.</summary>
    public bool Unpark(PollWaiter poll)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(_poll, poll))
                return false;
            _poll = null;
            return true;
        }
    }

    /// <summary>Answers a waiting GET with a noop (E-48, E-74), so that a client that wants to pause polling can.</summary>
    public void ReleasePoll()
    {
        lock (_gate)
        {
            if (_frames is null || HasFrames)
                return;
            _poll?.Complete(EncodedFrame.Noop);
            _poll = null;
        }
    }

    /// <summary>
    /// From now on everything goes to a WebSocket; what is queued leaves first, in order (E-74). False when the connection is closed.
    /// </summary>
    public bool SwitchTo(IOutboundSink sink, WireForm form)
    {
        lock (_gate)
        {
            if (_closed || _sink is not null)
                return false;
            _poll?.Complete(EncodedFrame.Noop);
            _poll = null;
            _sink = sink;
            _form = form;
            EncodedFrame[] queued = [.. _urgent ?? [], .. _frames!];
            _urgent = _frames = null;
            _bytes = 0;
            foreach (var frame in queued)
                CopyToPending(frame.WebSocketBytes(form));
            if (_closing) // E-79
            {
                AppendCloseFrame();
                _drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
        Flush();
        return true;
    }

    /// <summary>
    /// Closes after what is queued: a polling client gets its close packet with this GET or the next one (E-50), a WebSocket a close frame,
    /// without a status code as the official server's (E-102) unless <paramref name="code"/> is given. False when a polling client has no
    /// GET waiting.
    /// </summary>
    /// <param name="code">Of the close frame; 0 for none; <see cref="NoCloseFrame"/>, and the connection just ends.</param>
    public bool Close(int code = 0)
    {
        var polling = false; // what is queued takes this GET, so that the close waits for the next
        Report report;
        lock (_gate)
        {
            if (_closed || (_closing && _sink is not null && _drained is not null))
                return true;
            _closing = true;
            _closeCode = code;
            if (_sink is null)
            {
                if (_poll is null)
                    return false;
                report = AnswerPoll(waited: true);
                polling = !report.Closed;
            }
            else
            {
                AppendCloseFrame();
                _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                report = default;
            }
        }
        Complete(report);
        Flush();
        return !polling;
    }

    /// <summary>Completes when everything before and including the close frame has been written, or the connection is gone.</summary>
    public Task Drained
    {
        get
        {
            lock (_gate)
                return _closed || _drained is null ? Task.CompletedTask : _drained.Task;
        }
    }

    /// <summary>
    /// Drops what is queued and takes nothing more. A waiting GET is told to close (E-42, E-49) or, when the client closed, released
    /// (E-48).
    /// </summary>
    public void Abort(bool byClient = false)
    {
        lock (_gate)
        {
            if (_closed)
                return;
            _closed = true;
            _poll?.Complete(byClient ? EncodedFrame.Noop : EncodedFrame.Close);
            _poll = null;
            _urgent = _frames = null;
            _drained?.TrySetResult();
            if (!_flushing)
                ReturnPending();
        }
    }

    /// <summary>Writes what is pending. Called by the flusher and at the end of a turn.</summary>
    public void Flush()
    {
        while (true)
        {
            byte[] buffer;
            int length;
            IOutboundSink sink;
            Report report;
            lock (_gate)
            {
                _dirty = false;
                report = _sink is null && _poll is not null && HasFrames ? AnswerPoll() : new Report { Dropped = TakeDropped() };
                if (_sink is null || _flushing || _closed || !TakePending(out buffer, out length))
                {
                    if (_sink is not null && !_flushing)
                        _drained?.TrySetResult(); // it ends without a close frame
                    sink = null!;
                    buffer = [];
                    length = 0;
                }
                else
                {
                    sink = _sink;
                    _flushing = true;
                    report.Packets = _packets;
                    report.Bytes = length;
                    _packets = 0;
                }
            }
            Complete(report);
            if (sink is null)
                return;
            ValueTask write;
            try
            {
                write = sink.WriteAsync(buffer.AsMemory(0, length));
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                write = ValueTask.FromException(error);
            }
            if (!write.IsCompletedSuccessfully)
            {
                _ = FinishAsync(write, buffer, length);
                return;
            }
            if (!Written(buffer, length))
                return;
        }
    }

    private async Task FinishAsync(ValueTask write, byte[] buffer, int length)
    {
        try
        {
            await write.ConfigureAwait(false);
        }
        catch (Exception error)
        {
            // The peer is gone or the pipe was torn down under us: the read side reports the same, whoever is first wins.
            Abort();
            Written(buffer, length);
            owner.OnWriteFailed(error);
            return;
        }
        if (Written(buffer, length))
            Flush();
    }

    /// <summary>True when more came in while writing.</summary>
    private bool Written(byte[] buffer, int length)
    {
        ArrayPool<byte>.Shared.Return(buffer);
        lock (_gate)
        {
            _flushing = false;
            _bytes -= length;
            if (_closed)
                ReturnPending();
            else if (_pendingLength == 0 && _urgent is null && _pong is null)
                _drained?.TrySetResult();
            else
                return true;
            return false;
        }
    }

    /// <summary>Whether packets wait for a poll. (For a WebSocket, <see cref="_urgent"/> waits for what is being written.)</summary>
    private bool HasFrames => _urgent is not null || _frames is { Count: > 0 };

    private bool WritableNow() =>
        !_closing && !_closed && !_dirty && !_flushing && (_sink is null ? _poll is not null && !HasFrames : _pendingLength == 0);

    private bool MarkDirty()
    {
        var first = !_dirty;
        _dirty = true;
        return first;
    }

    private void AppendCloseFrame()
    {
        if (_closeCode == 0)
            CopyToPending([0x88, 0]);
        else if (_closeCode != NoCloseFrame)
            CopyToPending([0x88, 2, (byte)(_closeCode >> 8), (byte)_closeCode]);
    }

    private void Store(EncodedFrame frame, bool urgent)
    {
        if (urgent && (_sink is null || _pendingLength > 0))
        {
            _bytes += frame.Size;
            (_urgent ??= new Queue<EncodedFrame>(1)).Enqueue(frame);
        }
        else if (_sink is null)
        {
            _bytes += frame.Size;
            _frames!.Enqueue(frame);
        }
        else
        {
            CopyToPending(frame.WebSocketBytes(_form));
        }
    }

    /// <summary>
    /// Puts what is urgent before what is pending: all of it whole packets, so that nothing comes between one and its attachments.
    /// </summary>
    private void OvertakePending()
    {
        if (_urgent is not { } urgent)
            return;
        _urgent = null;
        var (overtaken, length) = (_pending, _pendingLength);
        _pending = null;
        _pendingLength = 0;
        foreach (var frame in urgent)
        {
            _bytes -= frame.Size; // counted again as it is copied
            CopyToPending(frame.WebSocketBytes(_form));
        }
        if (overtaken is null)
            return;
        _bytes -= length;
        CopyToPending(overtaken.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(overtaken);
    }

    private void CopyToPending(ReadOnlySpan<byte> bytes)
    {
        var needed = _pendingLength + bytes.Length;
        if (_pending is null)
        {
            _pending = ArrayPool<byte>.Shared.Rent(Math.Max(needed, 512));
        }
        else if (_pending.Length < needed)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, _pending.Length * 2));
            _pending.AsSpan(0, _pendingLength).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_pending);
            _pending = larger;
        }
        bytes.CopyTo(_pending.AsSpan(_pendingLength));
        _pendingLength = needed;
        _bytes += bytes.Length;
    }

    private bool TakePending(out byte[] buffer, out int length)
    {
        OvertakePending();
        _pongQueued = false;
        if (_pong is { } pong)
        {
            _pong = null;
            if (!_closing) // nothing may follow a close frame
                CopyToPending(pong);
        }
        buffer = _pending!;
        length = _pendingLength;
        if (length == 0)
            return false;
        _pending = null;
        _pendingLength = 0;
        return true;
    }

    private void ReturnPending()
    {
        if (_pending is not null)
            ArrayPool<byte>.Shared.Return(_pending);
        _pending = null;
        _pendingLength = 0;
        _pong = null;
    }

    /// <summary>
    /// Takes whole frames for the waiting GET: what is urgent, then all that is queued, within the bytes that a payload may have and the
    /// packets that this client takes: python-engineio refuses an answer of more than 16.
    /// </summary>
    private Report AnswerPoll(bool waited = false)
    {
        var report = new Report { Poll = _poll, Dropped = TakeDropped() };
        _poll = null;
        var answer = new List<EncodedFrame>();
        var room = limits.MaxBytesPerPoll;
        while (HasFrames)
        {
            var queue = _urgent ?? _frames!;
            var frame = queue.Peek();
            if (answer.Count > 0 && (report.Packets + frame.PacketCount > limits.MaxPacketsPerPoll || frame.PollingSize > room))
                break;
            answer.Add(queue.Dequeue());
            room -= frame.PollingSize;
            report.Packets += frame.PacketCount;
            report.Bytes += frame.Size;
            if (_urgent is { Count: 0 })
                _urgent = null;
        }
        _bytes -= report.Bytes;
        _packets -= report.Packets;
        // Never in one answer with what was queued: the JavaScript client handles a close packet at once and other packets a tick later, so
        // it would not see, say, the DISCONNECT before it. A GET that comes after the close gets a noop before it, as from the official
        // server.
        if (_closing && answer.Count == 0)
        {
            if (!waited)
                answer.Add(EncodedFrame.Noop);
            answer.Add(EncodedFrame.Close);
            _closed = report.Closed = true;
            _frames = null;
        }
        report.Frames = [.. answer];
        return report;
    }

    private int TakeDropped()
    {
        var dropped = _dropped;
        _dropped = 0;
        return dropped;
    }

    private void Complete(Report report)
    {
        if (report.Closed)
            owner.OnCloseDelivered(); // before the answer: once it is out, the session must be gone
        report.Poll?.Complete(report.Frames!);
        if (report.Dropped > 0)
            owner.OnVolatileDropped(report.Dropped);
        if (report.Packets > 0)
            owner.OnWritten(report.Packets, report.Bytes);
    }

    private struct Report
    {
        public PollWaiter? Poll;
        public EncodedFrame[]? Frames;
        public int Packets;
        public long Bytes;
        public int Dropped;
        public bool Closed;
    }
}
