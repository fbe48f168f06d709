using System.Text;
using Akka.Actor;

namespace ActorSocket.TestKit;

/// <summary>
/// Events in the order they came, to be expected one by one: those of a client, or those that a probe sees. What is expected is taken out;
/// all else stays.
/// </summary>
/// <remarks>Any thread. Waits end after <see cref="ActorSocketTestServer.Patience"/>, which is real time.</remarks>
public abstract class EventInbox
{
    private const int Remembered = 20;

    private readonly Lock _gate = new();
    private readonly List<ReceivedEvent> _events = [];
    private readonly Queue<ReceivedEvent> _taken = new();
    private TaskCompletionSource _changed = NewSignal();
    private IActorRef? _forwardTo;

    private protected EventInbox(ActorSocketTestServer server) => Server = server;

    /// <summary>The server that it belongs to; of a client, the one that it connected to last.</summary>
    public ActorSocketTestServer Server { get; private protected set; }

    /// <summary>What has come and was not expected yet, in order.</summary>
    public IReadOnlyList<ReceivedEvent> Events
    {
        get
        {
            lock (_gate)
                return [.. _events];
        }
    }

    /// <summary>Whose events they are, for failures.</summary>
    private protected abstract string Owner { get; }

    /// <summary>Why nothing more can come; null while something can.</summary>
    private protected virtual string? End => null;

    /// <summary>Waits for an event of this name, whatever else comes before it, and takes it out.</summary>
    /// <exception cref="ExpectationException">It did not come in time, or nothing can come any more.</exception>
    public Task<ReceivedEvent> ExpectAsync(string eventName, CancellationToken cancellationToken = default) =>
        ExpectAsync(eventName, static _ => true, cancellationToken);

    /// <summary>Waits for an event of this name, and reads its first argument.</summary>
    /// <exception cref="ExpectationException">It did not come in time, or its argument is of another shape.</exception>
    public async Task<T> ExpectAsync<T>(string eventName, CancellationToken cancellationToken = default) =>
        (await ExpectAsync(eventName, cancellationToken).ConfigureAwait(false)).As<T>()!;

    /// <summary>Waits for an event of this name of which a condition holds, and takes it out.</summary>
    /// <exception cref="ExpectationException">It did not come in time, or nothing can come any more.</exception>
    public Task<ReceivedEvent> ExpectAsync(
        string eventName, Func<ReceivedEvent, bool> condition, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(eventName);
        ArgumentNullException.ThrowIfNull(condition);
        return TakeAsync(
            events => events.FindIndex(one => one.Name == eventName && condition(one)),
            $"\"{eventName}\"",
            cancellationToken
        );
    }

    /// <summary>Waits for the next event, which must be one of this name, and takes it out.</summary>
    /// <exception cref="ExpectationException">None came in time, or another one did.</exception>
    public async Task<ReceivedEvent> ExpectNextAsync(string eventName, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(eventName);
        return await TakeAsync(
            events =>
                events.Count == 0 ? -1
                : events[0].Name == eventName ? 0
                : throw Failure($"was to get \"{eventName}\" next; something else came."),
            $"\"{eventName}\"",
            cancellationToken
        ).ConfigureAwait(false);
    }

    /// <summary>
    /// Makes sure that there is nothing that was not expected: what clients have sent so far has been handled, and what was emitted has
    /// come. It does not wait for time to pass, nor for handlers that wait for something
    /// (<see cref="ActorSocketTestServer.SettleAsync"/>).
    /// </summary>
    /// <exception cref="ExpectationException">Something came.</exception>
    public async Task ExpectNothingAsync(CancellationToken cancellationToken = default)
    {
        await Server.SettleAsync(cancellationToken).ConfigureAwait(false);
        lock (_gate)
        {
            if (_events.Count > 0)
                throw Failure("was to get nothing.");
        }
    }

    /// <summary>As <see cref="ExpectNothingAsync"/>, for events of one name.</summary>
    /// <exception cref="ExpectationException">One came.</exception>
    public async Task ExpectNoneAsync(string eventName, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(eventName);
        await Server.SettleAsync(cancellationToken).ConfigureAwait(false);
        lock (_gate)
        {
            if (_events.Exists(one => one.Name == eventName))
                throw Failure($"was to get no \"{eventName}\".");
        }
    }

    /// <summary>Forgets what has come so far.</summary>
    public void Clear()
    {
        lock (_gate)
            _events.Clear();
    }

    /// <summary>
    /// Tells an actor each <see cref="ReceivedEvent"/> from now on, besides: a <c>TestProbe</c> of Akka.TestKit, say.
    /// </summary>
    public void ForwardTo(IActorRef actor)
    {
        ArgumentNullException.ThrowIfNull(actor);
        lock (_gate)
            _forwardTo = actor;
    }

    private protected void Add(ReceivedEvent one)
    {
        lock (_gate)
        {
            _events.Add(one);
            _forwardTo?.Tell(one, ActorRefs.NoSender);
        }
        Changed();
    }

    /// <summary>Lets those who wait look again.</summary>
    private protected void Changed()
    {
        TaskCompletionSource changed;
        lock (_gate)
            (changed, _changed) = (_changed, NewSignal());
        changed.TrySetResult();
    }

    /// <summary>Waits until something is so that <see cref="Changed"/> is called after.</summary>
    private protected async Task WaitUntilAsync(Func<bool> condition, Func<Exception> late, CancellationToken cancellationToken)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            Task changed;
            lock (_gate)
                changed = _changed.Task;
            if (condition())
                return;
            var left = Server.Patience - TimeProvider.System.GetElapsedTime(start);
            if (left <= TimeSpan.Zero)
                throw late();
            try
            {
                await changed.WaitAsync(left, TimeProvider.System, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // Once more: it may have come about in this moment.
            }
        }
    }

    /// <summary>Says who failed, in what, and what has come.</summary>
    internal ExpectationException Failure(string what, Exception? error = null)
    {
        var text = new StringBuilder($"{Owner} {what}\n");
        lock (_gate)
        {
            text.Append(_events.Count == 0 ? "Nothing else has come." : "What has come, and was not expected:");
            foreach (var one in _events)
                text.Append("\n  ").Append(one);
            if (_taken.Count > 0)
                text.Append("\nWhat was expected before: ").AppendJoin(", ", _taken);
        }
        if (End is { } end)
            text.Append('\n').Append(end);
        if (Server.Notes is { Count: > 0 } notes)
            text.Append("\nThe server has logged:\n  ").AppendJoin("\n  ", notes);
        return new ExpectationException(text.ToString(), error);
    }

    private async Task<ReceivedEvent> TakeAsync(Func<List<ReceivedEvent>, int> find, string what, CancellationToken cancellationToken)
    {
        ReceivedEvent? found = null;
        await WaitUntilAsync(
            () =>
            {
                lock (_gate)
                {
                    if (find(_events) is >= 0 and var index)
                    {
                        found = _events[index];
                        _events.RemoveAt(index);
                        _taken.Enqueue(found);
                        if (_taken.Count > Remembered)
                            _taken.Dequeue();
                        return true;
                    }
                }
                return End is null ? false : throw Failure($"was to get {what}; it did not come.");
            },
            () => Failure($"was to get {what}; it did not come within {Server.Patience.TotalSeconds:0.#} s."),
            cancellationToken
        ).ConfigureAwait(false);
        return found!;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
