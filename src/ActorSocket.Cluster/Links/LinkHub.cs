using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using Akka.Actor;

namespace ActorSocket.Clustering;

/// <summary>
/// The WebSockets that two nodes share: each ends on one of them (the gateway) while its session lives on the other (its home). All their
/// bytes travel in batches, as <see cref="Delivery.Flusher"/> writes connections: what many links produce at a time is one message.
/// </summary>
/// <remarks>Any thread. Entry = home-bound flag and operation (1 byte), link (8 bytes), length (4 bytes), data.</remarks>
internal sealed class LinkHub : IThreadPoolWorkItem
{
    private const int EntryHeader = 13;
    private const int MaxSpare = 1024 * 1024;
    private const int Remembered = 16 * 1024; // answers: seconds of them, when there are many

    private readonly ConcurrentDictionary<(bool IsGateway, long Link), LinkEnd> _ends = new();
    private readonly Lock _gate = new();
    private ArrayBufferWriter<byte> _pending = new(1024);
    private ArrayBufferWriter<byte> _spare = new(1024);
    private IActorRef _receiver = ActorRefs.Nobody;
    private long[]? _left; // the last answers that have left: each request has its place, until a much later one takes it
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

    /// <summary>Called when something that the other node has told was lost.</summary>
    public Action BatchLost { get; set; } = static () => { };

    /// <summary>
    /// The client has the answer to a request that came in here. Told with the links' bytes: often, and soon; and again when asked.
    /// </summary>
    public void TellAnswerLeft(long request)
    {
        lock (_gate)
            (_left ??= new long[Remembered])[request % Remembered] = request;
        Append(isGateway: true, request, LinkOperation.AnswerLeft, []);
    }

    /// <summary>
    /// The word that an answer has left does not come: it may be lost. Told again if it has been told, else nothing follows. A node of an
    /// older version says nothing.
    /// </summary>
    public void AskAnswerLeft(long request) => Append(isGateway: false, request, LinkOperation.AskAnswerLeft, []);

    private void TellAgain(long request)
    {
        bool hasLeft;
        lock (_gate)
            hasLeft = request > 0 && _left?[request % Remembered] == request;
        if (hasLeft)
            TellAnswerLeft(request);
    }

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
    /// Takes a batch of the other node's. Remoting loses what was under way when a connection between nodes breaks, and goes on with the
    /// next: bytes are then missing in nobody knows which links, so all are cut, and their clients come back.
    /// </summary>
    /// <remarks>One at a time.</remarks>
    public void Receive(ClusterProtocol.LinkBatch batch)
    {
        if (batch.Number != (batch.Entries.Length == 0 ? _taken : _taken + 1))
        {
            foreach (var end in _ends.Values)
                end.Abort();
            BatchLost();
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
            else if (operation is LinkOperation.AskAnswerLeft)
                TellAgain(link);
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
