using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Sockets;

/// <summary>
/// One event with its key: whether it is handled, and what was answered. Lives on for who waits for it when the table forgets it.
/// </summary>
internal sealed class RememberedEvent(IdempotencyTable table, IdempotencyKey key, long beganAt, SocketJson json) : IAnswerSink
{
    // A handler that neither answers nor fails leaves its senders waiting; those of long ago have given up.
    private const int MaxWaiting = 16;

    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<bool> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Queue<(Ack Ack, long Bytes)> _waiting = new();
    private SocketArguments? _answer;
    private long _waitingBytes; // what the events of those hold; while the handler runs, the limits of their connections count it

    public IdempotencyKey Key => key;

    public long BeganAt => beganAt;

    /// <summary>Guarded by the table.</summary>
    public long Size { get; set; }

    public bool HasEnded => _ended.Task.IsCompleted;

    /// <summary>False when the handler failed and it is as if the event had not come.</summary>
    public Task<bool> Ended => _ended.Task;

    public bool IsWanted
    {
        get
        {
            lock (_gate)
                return _answer is null;
        }
    }

    /// <summary>Sends the answer to one who sent the event: now, or when there is one.</summary>
    public void AnswerTo(Ack ack, long bytes)
    {
        SocketArguments? answer;
        long before, after;
        lock (_gate)
        {
            before = CountedBytes;
            answer = _answer;
            if (answer is null)
            {
                if (_waiting.Count == MaxWaiting)
                    _waitingBytes -= _waiting.Dequeue().Bytes;
                _waiting.Enqueue((ack, bytes));
                _waitingBytes += bytes;
            }
            after = CountedBytes;
        }
        if (after != before)
            table.Grew(this, after - before);
        if (answer is not null)
            ack.Send(answer);
    }

    private long CountedBytes => HasEnded ? _waitingBytes : 0;

    public void Answer<TArgs>(in TArgs args)
        where TArgs : struct, IEventArguments
    {
        var answer = json.Capture(args);
        (Ack Ack, long Bytes)[] waiting;
        long growth = answer.HeldBytes;
        lock (_gate)
        {
            if (_answer is not null)
                return;
            _answer = answer;
            growth -= CountedBytes;
            waiting = [.. _waiting];
            _waiting.Clear();
            _waitingBytes = 0;
        }
        table.Grew(this, growth);
        foreach (var (ack, _) in waiting)
            ack.Send(answer);
    }

    /// <summary>The handler is done. One that answered before it failed has done what it was asked for.</summary>
    public void End(bool failed)
    {
        var forget = failed && IsWanted;
        if (forget)
            table.Forget(this);
        long counted;
        lock (_gate)
        {
            _ended.TrySetResult(!forget);
            counted = CountedBytes;
        }
        table.Grew(this, counted);
    }
}
