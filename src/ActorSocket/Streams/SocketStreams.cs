using Akka;
using Akka.Streams;
using Akka.Streams.Dsl;

namespace ActorSocket;

/// <summary>
/// Sockets as the ends of Akka.Streams: a client's events as a <c>Source</c>, what is emitted as a <c>Sink</c>. For where a stream's
/// back-pressure is the point; a handler costs less.
/// </summary>
public static class SocketStreams
{
    /// <summary>
    /// The client's events of one name, in order. A stream that lags behind holds up the client's other events too, as a slow handler does,
    /// and then, by the limits of <see cref="EngineIoOptions.MaxInboundEvents"/> and <see cref="EngineIoOptions.MaxInboundBytes"/>, the
    /// client itself: nothing is dropped. Completes when the socket is disconnected, after the events that its client had sent before it
    /// left (<see cref="ActorSocketOptions.LastEventsTimeout"/>).
    /// </summary>
    /// <param name="socket">The client. Run the stream within <c>OnConnection</c>: it gets the events from then on.</param>
    /// <param name="eventName">As for <see cref="Socket.On(string, Delegate)"/>. Each run of the stream is a handler of its own.</param>
    /// <param name="bufferSize">How many events may wait for the stream, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bufferSize"/> is less than 1.</exception>
    public static Source<SocketEvent, NotUsed> EventSource(this Socket socket, string eventName, int bufferSize = 16)
    {
        ArgumentNullException.ThrowIfNull(socket);
        ArgumentNullException.ThrowIfNull(eventName);
        ArgumentOutOfRangeException.ThrowIfLessThan(bufferSize, 1);
        return Source.Queue<SocketEvent>(bufferSize, OverflowStrategy.Backpressure).MapMaterializedValue(queue =>
        {
            _ = new Subscription(socket, eventName, queue);
            return NotUsed.Instance;
        });
    }

    /// <summary>
    /// Emits each element as an event with one argument. The stream is not held up: use <see cref="AckedSink"/> for one client at its own
    /// pace.
    /// </summary>
    /// <param name="emitter">A socket, a namespace, rooms, volatile or not.</param>
    /// <param name="eventName">As for <c>Emit</c>.</param>
    public static Sink<T, Task<Done>> EventSink<T>(this IEventEmitter emitter, string eventName)
    {
        ArgumentNullException.ThrowIfNull(emitter);
        ArgumentNullException.ThrowIfNull(eventName);
        return Sink.ForEach<T>(element => emitter.Emit(eventName, new EventArguments<T>(element)));
    }

    /// <summary>
    /// Emits each element as an event with one argument and takes the next when the client has acknowledged it: the stream runs at the
    /// client's pace. Fails with <see cref="AckTimeoutException"/> or <see cref="SocketDisconnectedException"/>.
    /// </summary>
    /// <param name="client">
    /// The client, best with a limit to how long it may take for each:
    /// <c>socket.Timeout(TimeSpan.FromSeconds(5)).AckedSink&lt;int&gt;("step")</c>.
    /// </param>
    /// <param name="eventName">As for <c>Emit</c>.</param>
    /// <param name="inFlight">How many may wait for their acknowledgement at the same time, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="inFlight"/> is less than 1.</exception>
    public static Sink<T, Task<Done>> AckedSink<T>(this IAckEmitter client, string eventName, int inFlight = 1)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(eventName);
        ArgumentOutOfRangeException.ThrowIfLessThan(inFlight, 1);
        return Flow.Create<T>()
            .SelectAsync(inFlight, element => client.EmitWithAckCoreAsync<SocketArguments>(eventName, [element]))
            .ToMaterialized(Sink.Ignore<SocketArguments?>(), Keep.Right);
    }

    /// <summary>One run of an <see cref="EventSource"/>.</summary>
    private sealed class Subscription
    {
        private readonly ISourceQueueWithComplete<SocketEvent> _queue;
        private readonly Lock _gate = new();
        private Task _last = Task.CompletedTask; // the queue takes one offer at a time, and handlers may overlap (MaxConcurrentHandlers)

        public Subscription(Socket socket, string eventName, ISourceQueueWithComplete<SocketEvent> queue)
        {
            _queue = queue;
            var handler = socket.On(
                eventName,
                (SocketArguments arguments, Ack ack) => OfferAsync(new SocketEvent(socket, eventName, arguments, ack))
            );
            var end = socket.OnDisconnect(_ => CompleteAsync());
            _ = ForgetAsync(handler, end);
            if (socket.Disconnected.IsCancellationRequested) // before it was listened to
                _ = CompleteAsync();
        }

        private Task OfferAsync(SocketEvent e)
        {
            lock (_gate)
                return _last = OfferAfterAsync(_last, e);
        }

        private async Task OfferAfterAsync(Task last, SocketEvent e)
        {
            await last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                // An offer that crosses the stream's end may never be answered.
                await (await Task.WhenAny(_queue.OfferAsync(e), _queue.WatchCompletionAsync()).ConfigureAwait(false)).ConfigureAwait(false);
            }
            catch (Exception)
            {
                // The stream has ended, as the result may also say; who runs it is told why.
            }
        }

        private async Task CompleteAsync()
        {
            Task last;
            lock (_gate)
                last = _last;
            await last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _queue.Complete();
        }

        private async Task ForgetAsync(IDisposable handler, IDisposable end)
        {
            try
            {
                await _queue.WatchCompletionAsync().ConfigureAwait(false);
            }
            catch (Exception)
            {
                // Whoever runs the stream is told why it failed.
            }
            handler.Dispose();
            end.Dispose();
        }
    }
}
