using System.Buffers.Binary;

namespace ActorSocket.Clustering;

internal enum LinkOperation : byte { Open, Data, Credit, Close, Abort, AnswerLeft, AskAnswerLeft }

/// <summary>
/// One end of a link: bytes in both directions, in order, each direction with a window of bytes that may be under way, so that a slow
/// reader holds up the one who writes and not the node between.
/// </summary>
/// <remarks>Any thread; one at a time sends. What arrives goes to <paramref name="sink"/>, one piece after the other.</remarks>
internal sealed class LinkEnd(
    LinkHub hub,
    bool isGateway,
    long link,
    Func<ReadOnlyMemory<byte>, ValueTask> sink,
    Action<ReadOnlyMemory<byte>> opened
)
{
    public const int Window = 128 * 1024;
    private const int MaxPiece = 32 * 1024;

    private readonly Lock _gate = new();
    private readonly Queue<byte[]> _received = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _creditGranted;
    private int _credit = Window;
    private int _consumed;
    private bool _draining;
    private bool _peerClosed;
    private bool _closed;

    public bool IsGateway => isGateway;

    public long Link => link;

    /// <summary>Completes when the other end has closed and all it had sent was taken, or the link was cut.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Whether the link was cut.</summary>
    public bool WasAborted { get; private set; }

    public void Open(ReadOnlySpan<byte> terms) => hub.Append(this, LinkOperation.Open, terms);

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        lock (_gate)
        {
            ThrowIfClosed();
            if (_credit < bytes.Length || bytes.Length > MaxPiece)
                return new ValueTask(SendPiecesAsync(bytes));
            _credit -= bytes.Length;
        }
        hub.Append(this, LinkOperation.Data, bytes.Span);
        return default;
    }

    /// <summary>Nothing more is sent from here. The link is over when both ends have said so.</summary>
    public void Close() => End(LinkOperation.Close);

    /// <summary>Cuts the link.</summary>
    public void Abort()
    {
        End(LinkOperation.Abort);
        Cut();
    }

    public void Receive(LinkOperation operation, ReadOnlySpan<byte> data)
    {
        switch (operation)
        {
            case LinkOperation.Open: opened(data.ToArray()); break;
            case LinkOperation.Data: Enqueue(data.ToArray()); break;
            case LinkOperation.Close: Enqueue(null); break;
            case LinkOperation.Credit when data.Length == 4: Grant(BinaryPrimitives.ReadInt32LittleEndian(data)); break;
            case LinkOperation.Abort: Cut(); break;
        }
    }

    private async Task SendPiecesAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            int length;
            Task? granted = null;
            lock (_gate)
            {
                ThrowIfClosed();
                length = Math.Min(Math.Min(_credit, bytes.Length), MaxPiece);
                if (length > 0)
                    _credit -= length;
                else
                    granted = (_creditGranted ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
            if (granted is not null)
            {
                await granted.ConfigureAwait(false);
                continue;
            }
            hub.Append(this, LinkOperation.Data, bytes.Span[..length]);
            bytes = bytes[length..];
        }
    }

    private void ThrowIfClosed()
    {
        if (_closed || WasAborted)
            throw new IOException("The link to the other node is closed.");
    }

    private void Grant(int bytes)
    {
        lock (_gate)
        {
            _credit += bytes;
            WakeSender();
        }
    }

    /// <summary>To be called under the lock; the sender goes on elsewhere.</summary>
    private void WakeSender()
    {
        _creditGranted?.TrySetResult();
        _creditGranted = null;
    }

    private void Enqueue(byte[]? piece)
    {
        lock (_gate)
        {
            if (WasAborted || _peerClosed)
                return;
            if (piece is null)
                _peerClosed = true;
            else
                _received.Enqueue(piece);
            if (_draining)
                return;
            _draining = true;
        }
        _ = DrainAsync();
    }

    private async Task DrainAsync()
    {
        while (true)
        {
            byte[]? piece;
            bool over;
            lock (_gate)
            {
                _received.TryDequeue(out piece);
                if (piece is null)
                    _draining = false;
                over = piece is null && _peerClosed;
            }
            if (over)
                Over();
            if (piece is null)
                return;
            try
            {
                await sink(piece).ConfigureAwait(false);
            }
            catch (Exception) // the connection below is gone, whatever it says of it: the other end learns that the link is
            {
                Abort();
                return;
            }
            _consumed += piece.Length;
            if (_consumed < Window / 4)
                continue;
            var credit = new byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(credit, _consumed);
            _consumed = 0;
            hub.Append(this, LinkOperation.Credit, credit);
        }
    }

    private void End(LinkOperation how)
    {
        lock (_gate)
        {
            // A link that was closed may still be cut: the other end may be sending.
            if (WasAborted || (_closed && how is not LinkOperation.Abort))
                return;
            _closed = true;
            WakeSender();
        }
        hub.Append(this, how, []);
        if (_ended.Task.IsCompleted)
            hub.Remove(this);
    }

    private void Over()
    {
        _ended.TrySetResult();
        lock (_gate)
        {
            if (!_closed)
                return;
        }
        hub.Remove(this);
    }

    private void Cut()
    {
        lock (_gate)
        {
            WasAborted = true;
            _received.Clear();
            WakeSender();
        }
        hub.Remove(this);
        _ended.TrySetResult();
    }
}
