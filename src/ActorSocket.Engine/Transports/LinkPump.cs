using System.IO.Pipelines;
using System.Runtime.ExceptionServices;
using ActorSocket.EventLoops;

namespace ActorSocket.Transports;

/// <summary>Feeds a receiver from a link's pipe: where there is no event loop that has the connection's own bytes.</summary>
internal sealed class LinkPump(WebSocketLink link)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _rest;
    private bool _isWoken;

    /// <summary>Any thread.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            _isWoken = true;
            _rest?.TrySetResult();
        }
        link.Input.CancelPendingRead();
    }

    /// <summary>Until the receiver is over. Throws what is no mere end of the connection.</summary>
    public async Task RunAsync(IByteReceiver receiver)
    {
        ExceptionDispatchInfo? defect = null;
        receiver.OnWoken(); // it may have been before this began
        while (!receiver.IsOver)
        {
            if (!receiver.MayRead())
            {
                await RestAsync().ConfigureAwait(false);
                receiver.OnWoken();
                continue;
            }
            try
            {
                var read = await link.Input.ReadAsync().ConfigureAwait(false);
                if (read.IsCanceled)
                    receiver.OnWoken();
                Give(read, receiver);
            }
            catch (Exception error)
            {
                if (!WebSocketTransport.IsCut(error))
                    defect = ExceptionDispatchInfo.Capture(error);
                receiver.OnEnd(error);
            }
        }
        defect?.Throw();
    }

    private void Give(ReadResult read, IByteReceiver receiver)
    {
        var buffer = read.Buffer;
        var isGivenAll = false;
        try
        {
            if (!receiver.IsOver && receiver.MayRead())
            {
                receiver.OnBytes(ref buffer);
                isGivenAll = !receiver.IsOver && receiver.MayRead();
            }
        }
        finally
        {
            // What it does not take now must be seen by the next read without waiting for more.
            link.Input.AdvanceTo(buffer.Start, isGivenAll ? buffer.End : buffer.Start);
        }
        if (isGivenAll && read.IsCompleted)
            receiver.OnEnd(null);
    }

    private async Task RestAsync()
    {
        Task rest;
        lock (_gate)
        {
            if (_isWoken)
            {
                _isWoken = false;
                return;
            }
            rest = (_rest = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
        await rest.ConfigureAwait(false);
        lock (_gate)
        {
            _rest = null;
            _isWoken = false;
        }
    }
}
