using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using Akka.Actor;

namespace ActorSocket.Clustering;

/// <summary>
/// The WebSockets that two nodes share: each ends on one of them (the gateway) while its session lives on the other (its home). All their bytes travel
/// in batches, as <see cref="Delivery.Flusher"/> writes connections: what many links produce at a time is one message.
/// </summary>
/// <remarks>Any thread. Entry = home-bound flag and operation (1 byte), link (8 bytes), length (4 bytes), data.</remarks>
internal sealed class LinkHub : IThreadPoolWorkItem
{
    private const int EntryHeader = 13;
    private const int MaxSpare = 1024 * 1024;

    private readonly ConcurrentDictionary<(bool IsGateway, long Link), LinkEnd> _ends = new();
    private readonly Lock _gate = new();
    private ArrayBufferWriter<byte> _pending = new(1024);
    private ArrayBufferWriter<byte> _spare = new(1024);
    private IActorRef _receiver = ActorRefs.Nobody;
    private bool _scheduled;
    private bool _closed;
    private long _lastLink;
    private long _told;
    private long _taken;

    /// <summary>The actor on the other node that takes the batches.</summary>
    public IActorRef Receiver
    {
        set => _receiver = value;
    }

    public int Count => _ends.Count;

    /// <summary>Called when the other node has passed on the answer to a request that came in there.</summary>
    public Action<long> AnswerLeft { get; set; } = static _ => { };

    /// <summary>The client has the answer to a request that came in here. Told with the links' bytes: often, and soon.</summary>
    public void TellAnswerLeft(long request) => Append(isGateway: true, request, LinkOperation.AnswerLeft, []);

    public int CountOf(bool isGateway) => _ends.Keys.Count(end => end.IsGateway == isGateway);

    /// <summary>A number for a link of which this node is the gateway.</summary>
    public long NextLink() => Interlocked.Increment(ref _lastLink);

    /// <summary>False when the other node is gone.</summary>
    public bool TryAdd(LinkEnd end)
    {
        lock (_gate)
            return !_closed && _ends.TryAdd((end.IsGateway, end.Link), end);
    }

    public void Remove(LinkEnd end) => _ends.TryRemove(KeyValuePair.Create((end.IsGateway, end.Link), end));

    public void Append(LinkEnd end, LinkOperation operation, ReadOnlySpan<byte> data) => Append(end.IsGateway, end.Link, operation, data);

    private void Append(bool isGateway, long link, LinkOperation operation, ReadOnlySpan<byte> data)
    {
        lock (_gate)
        {
            if (_closed)
                return;
            var entry = _pending.GetSpan(EntryHeader);
            entry[0] = (byte)((isGateway ? 0x80 : 0) | (int)operation);
            BinaryPrimitives.WriteInt64LittleEndian(entry[1..], link);
            BinaryPrimitives.WriteInt32LittleEndian(entry[9..], data.Length);
            _pending.Advance(EntryHeader);
            _pending.Write(data);
            if (_scheduled)
                return;
            _scheduled = true;
        }
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        ArrayBufferWriter<byte> taken;
        lock (_gate)
        {
            taken = _pending;
            _pending = _spare;
            _scheduled = false;
            // Under the lock, so that batches are told in the order in which they were filled.
            Tell(taken.WrittenSpan);
            _spare = taken.Capacity > MaxSpare ? new ArrayBufferWriter<byte>(1024) : taken; // a burst's buffer is not kept
            _spare.ResetWrittenCount();
        }
    }

    /// <summary>
    /// Takes a batch of the other node's. Remoting loses what was under way when a connection between nodes breaks, and goes on with the next: bytes are then missing in
    /// nobody knows which links, so all are cut, and their clients come back.
    /// </summary>
    /// <remarks>One at a time.</remarks>
    public void Receive(ClusterProtocol.LinkBatch batch)
    {
        if (batch.Number != (batch.Entries.Length == 0 ? _taken : _taken + 1))
        {
            foreach (var end in _ends.Values)
                end.Abort();
        }
        _taken = batch.Number;
        ReadOnlySpan<byte> entries = batch.Entries;
        while (entries.Length >= EntryHeader)
        {
            var isGateway = (entries[0] & 0x80) == 0; // what its home sent is for the gateway, and the other way round
            var operation = (LinkOperation)(entries[0] & 0x7F);
            var link = BinaryPrimitives.ReadInt64LittleEndian(entries[1..]);
            var length = BinaryPrimitives.ReadInt32LittleEndian(entries[9..]);
            if (length < 0 || length > entries.Length - EntryHeader)
                return;
            if (operation is LinkOperation.AnswerLeft)
                AnswerLeft(link);
            else if (_ends.TryGetValue((isGateway, link), out var end))
                end.Receive(operation, entries.Slice(EntryHeader, length));
            else if (operation is LinkOperation.Open or LinkOperation.Close)
                Append(isGateway, link, LinkOperation.Abort, []); // it was given up meanwhile, which the other side may not have heard
            entries = entries[(EntryHeader + length)..];
        }
    }

    /// <summary>Says how many batches there have been, so that one that was lost is noticed though none follows it.</summary>
    public void TellCount()
    {
        lock (_gate)
        {
            if (!_closed && _told > 0)
                _receiver.Tell(Packed.Of(new ClusterProtocol.LinkBatch([], _told)), ActorRefs.NoSender);
        }
    }

    /// <summary>The other node is gone, and every link with it.</summary>
    public void Close()
    {
        lock (_gate)
            _closed = true;
        foreach (var end in _ends.Values)
            end.Receive(LinkOperation.Abort, []);
    }

    private void Tell(ReadOnlySpan<byte> entries)
    {
        while (entries.Length > 0)
        {
            var length = 0;
            while (length < entries.Length)
            {
                var next = EntryHeader + BinaryPrimitives.ReadInt32LittleEndian(entries[(length + 9)..]);
                if (length > 0 && length + next > Packed.MaxBytes)
                    break;
                length += next;
            }
            _receiver.Tell(Packed.Of(new ClusterProtocol.LinkBatch(entries[..length].ToArray(), ++_told)), ActorRefs.NoSender);
            entries = entries[length..];
        }
    }
}

/// <summary>Takes the batches that another node sends: apart from its broadcasts, which take longer.</summary>
internal sealed class LinkReceiver(LinkHub hub) : UntypedActor
{
    public static Props Props(LinkHub hub) => Akka.Actor.Props.Create(() => new LinkReceiver(hub));

    protected override void OnReceive(object message)
    {
        if (message is ClusterProtocol.LinkBatch batch)
            hub.Receive(batch);
        else
            Unhandled(message);
    }
}

internal enum LinkOperation : byte { Open, Data, Credit, Close, Abort, AnswerLeft }

/// <summary>
/// One end of a link: bytes in both directions, in order, each direction with a window of bytes that may be under way, so that a slow reader holds up
/// the one who writes and not the node between.
/// </summary>
/// <remarks>Any thread; one at a time sends. What arrives goes to <paramref name="sink"/>, one piece after the other.</remarks>
internal sealed class LinkEnd(LinkHub hub, bool isGateway, long link, Func<ReadOnlyMemory<byte>, ValueTask> sink, Action<ReadOnlyMemory<byte>> opened)
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
