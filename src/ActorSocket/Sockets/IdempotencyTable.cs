using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Sockets;

/// <summary>What makes an event the same as one that came before.</summary>
internal readonly record struct IdempotencyKey(string Scope, string EventName, string Key)
{
    public long Size => 2L * (Scope.Length + EventName.Length + Key.Length);
}

/// <summary>
/// The events with an idempotency key that one namespace remembers, or all that were made from one template (B-13), bounded in time, number and bytes.
/// </summary>
/// <remarks>Any thread. Old ones are removed when others come, and by a timer, which runs while there are any.</remarks>
internal sealed class IdempotencyTable(IdempotencyOptions options, SocketJson json, TimeProvider time)
{
    private const int EntryBytes = 200; // the objects of an entry, about
    private static readonly TimeSpan SweepGrain = TimeSpan.FromSeconds(1); // those that are due together go together

    private readonly Lock _gate = new();
    private readonly Dictionary<IdempotencyKey, LinkedListNode<RememberedEvent>> _byKey = [];
    private readonly LinkedList<RememberedEvent> _oldestFirst = new();
    private long _bytes;
    private ITimer? _sweep;
    private bool _isSweepDue;

    /// <summary>True when the event is new, and so the caller's to handle.</summary>
    public bool TryBegin(IdempotencyKey key, out RememberedEvent remembered)
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            while (_oldestFirst.First is { Value: { HasEnded: true } oldest } && time.GetElapsedTime(oldest.BeganAt, now) >= options.Window)
                Remove(oldest);
            if (_byKey.TryGetValue(key, out var known))
            {
                remembered = known.Value;
                if (!remembered.HasEnded || time.GetElapsedTime(remembered.BeganAt, now) < options.Window)
                    return false;
                Remove(remembered); // behind an older one that still runs
            }
            remembered = new RememberedEvent(this, key, now, json) { Size = key.Size + EntryBytes };
            _byKey[key] = _oldestFirst.AddLast(remembered);
            _bytes += remembered.Size;
            Bound();
            if (!_isSweepDue)
                SweepIn(options.Window);
            return true;
        }
    }

    public void Forget(RememberedEvent remembered)
    {
        lock (_gate)
            Remove(remembered);
    }

    public void Grew(RememberedEvent remembered, long bytes)
    {
        lock (_gate)
        {
            if (!Holds(remembered))
                return;
            remembered.Size += bytes;
            _bytes += bytes;
            Bound();
        }
    }

    /// <summary>How many are remembered.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _byKey.Count;
        }
    }

    private void SweepIn(TimeSpan window)
    {
        _isSweepDue = true;
        _sweep ??= time.CreateTimer(static table => ((IdempotencyTable)table!).Sweep(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _sweep.Change(window, Timeout.InfiniteTimeSpan);
    }

    private void Sweep()
    {
        lock (_gate)
        {
            _isSweepDue = false;
            var now = time.GetTimestamp();
            var next = options.Window;
            for (var node = _oldestFirst.First; node is not null;)
            {
                var (remembered, age) = (node.Value, time.GetElapsedTime(node.Value.BeganAt, now));
                node = node.Next;
                if (age < options.Window)
                {
                    next -= age;
                    break;
                }
                if (remembered.HasEnded)
                    Remove(remembered);
            }
            if (_byKey.Count > 0)
                SweepIn(next + SweepGrain);
        }
    }

    /// <summary>Forgets the oldest until the others fit; the newest too when it alone is too big to keep.</summary>
    private void Bound()
    {
        while ((_byKey.Count > options.MaxKeys || _bytes > options.MaxBytes) && _oldestFirst.First is { } oldest)
            Remove(oldest.Value);
    }

    private bool Holds(RememberedEvent remembered) => _byKey.TryGetValue(remembered.Key, out var node) && ReferenceEquals(node.Value, remembered);

    private void Remove(RememberedEvent remembered)
    {
        if (!Holds(remembered) || !_byKey.Remove(remembered.Key, out var node))
            return;
        _oldestFirst.Remove(node);
        _bytes -= remembered.Size;
    }
}

/// <summary>One event with its key: whether it is handled, and what was answered. Lives on for who waits for it when the table forgets it.</summary>
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

/// <summary>A handler that runs once for each key.</summary>
internal sealed class IdempotentHandler(Namespace ns, string eventName, string scope, Func<SocketArguments, string?> keyOf, HandlerInvoker invoke)
{
    private readonly string _scope = ns.Services.Parent is null ? scope : $"{ns.Name}\n{scope}"; // it shares its table with others

    public ValueTask InvokeAsync(Delegate handler, HandlerCall call) =>
        keyOf(call.Arguments) is { } key ? new ValueTask(InvokeOnceAsync(handler, call, new IdempotencyKey(_scope, eventName, key))) : invoke(handler, call);

    private async Task InvokeOnceAsync(Delegate handler, HandlerCall call, IdempotencyKey key)
    {
        while (true)
        {
            var isNew = ns.Idempotency.TryBegin(key, out var remembered);
            remembered.AnswerTo(call.Ack(), call.HeldBytes);
            if (isNew)
            {
                await RunAsync(handler, call, remembered).ConfigureAwait(false);
                return;
            }
            // One that failed while this one waited leaves its place to it.
            if (await remembered.Ended.ConfigureAwait(false))
                return;
        }
    }

    private async Task RunAsync(Delegate handler, HandlerCall call, RememberedEvent remembered)
    {
        var failed = true;
        try
        {
            await invoke(handler, call.AnsweredInto(remembered)).ConfigureAwait(false);
            failed = false;
        }
        finally
        {
            remembered.End(failed);
        }
    }
}
