using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Sockets;

/// <summary>What a client reads: a handler's sequence, an element for each that it has asked for.</summary>
internal abstract class OutgoingStream(SocketIoPacket packet)
{
    /// <summary>The event that it answers.</summary>
    public SocketIoPacket Packet => packet;

    public abstract string Id { get; }

    /// <summary>The client can take so many more.</summary>
    public abstract void Ask(int count);

    /// <summary>The client wants no more.</summary>
    public abstract void Cancel();

    /// <summary>The client gets no more, and is told why.</summary>
    public abstract void Fail(Exception refusal);
}

/// <inheritdoc/>
/// <remarks>
/// The sequence is begun by the first question, and read by one at a time. It ends with its socket, whose client has left.
/// </remarks>
// a semaphore whose handle nobody asks for holds nothing; disposing it would break a question that comes at the end
#pragma warning disable CA1001
internal sealed class OutgoingStream<T>(
    StreamTable table, Socket socket, string id, IAsyncEnumerable<T> items, SocketIoPacket packet) : OutgoingStream(packet)
#pragma warning restore CA1001
{
    private const int MaxAsked = 1024; // at a time: more are not waited for together

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _asked = new(0);
    private CancellationTokenSource? _running;
    private bool _isCancelled;

    public override string Id => id;

    public override void Ask(int count)
    {
        lock (_gate)
        {
            var more = Math.Min(count, MaxAsked - _asked.CurrentCount);
            if (_isCancelled || more <= 0)
                return;
            _asked.Release(more);
            if (_running is not null)
                return;
            _running = CancellationTokenSource.CreateLinkedTokenSource(socket.Disconnected);
        }
        _ = RunAsync(_running);
    }

    public override void Cancel() => TryCancel();

    public override void Fail(Exception refusal)
    {
        if (TryCancel())
            Tell(refusal);
    }

    private bool TryCancel()
    {
        lock (_gate)
        {
            if (_isCancelled)
                return false;
            _isCancelled = true;
            _ = _running?.CancelAsync();
            if (_running is not null)
                return true;
        }
        table.Remove(this);
        return true;
    }

    private async Task RunAsync(CancellationTokenSource running)
    {
        var token = running.Token;
        try
        {
            var reading = items.GetAsyncEnumerator(token);
            await using (reading.ConfigureAwait(false))
            {
                do
                    await _asked.WaitAsync(token).ConfigureAwait(false);
                while (await SendNextAsync(reading).ConfigureAwait(false));
            }
            token.ThrowIfCancellationRequested();
            table.Emit(StreamTable.End, new EventArguments<string>(id));
        }
        catch (Exception) when (token.IsCancellationRequested)
        {
            // Nobody reads it any more; what its end throws is of no use to anybody.
        }
        catch (Exception error)
        {
            Tell(error);
            if (ErrorAnswers.RefusalOf(error) is not null)
                socket.ReportRefused(error, "refused");
            else
                socket.ReportHandlerError(error);
        }
        finally
        {
            lock (_gate)
                _isCancelled = true;
            table.Remove(this);
            running.Dispose();
        }
    }

    private async ValueTask<bool> SendNextAsync(IAsyncEnumerator<T> reading)
    {
        if (!await reading.MoveNextAsync().ConfigureAwait(false))
            return false;
        table.Emit(StreamTable.Next, new EventArguments<string, T>(id, reading.Current));
        return true;
    }

    private void Tell(Exception error)
    {
        var answer = ErrorAnswers.Of(error, socket.Namespace.Services.Server.Options.EnableDetailedErrors);
        try
        {
            table.Emit(StreamTable.Error, new StreamFault(id, answer));
        }
        catch (Exception) when (answer.HasData) // the application's object, or its converter
        {
            table.Emit(StreamTable.Error, new StreamFault(id, answer.WithoutData()));
        }
    }
}
