using Akka.Actor;

namespace ActorSocket.Sockets;

/// <summary>Waits for one client's acknowledgement.</summary>
internal sealed class SingleAck<T> : IAckSink
{
    private readonly TaskCompletionSource<T?> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Answered(Socket from, SocketArguments arguments)
    {
        try
        {
            _answer.TrySetResult(arguments.ToAnswer<T>());
        }
        catch (Exception error) // the client answered with something that is no T
        {
            _answer.TrySetException(error);
        }
    }

    public void Failed(Socket from, Exception error) => _answer.TrySetException(error);

    /// <summary>
    /// The time limit is kept here, where it is waited: it ends the wait also when there is no actor any more that could.
    /// </summary>
    public async Task<T?> WaitAsync(Socket socket, long id, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        // A socket that stopped before it was asked never answers; its token is the fence.
        using var gone = socket.Disconnected.UnsafeRegister(
            static state =>
            {
                var (self, socket) = ((SingleAck<T>, Socket))state!;
                self.Failed(socket, SocketOperator.NotConnected(socket));
            },
            (this, socket));
        try
        {
            return await _answer
                .Task.WaitAsync(timeout ?? Timeout.InfiniteTimeSpan, socket.Namespace.Services.Server.Time, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (TimeoutException late) when (!_answer.Task.IsFaulted)
        {
            socket.Actor.Tell(new SocketProtocol.AckForgotten(id));
            throw AckTimeoutException.OfClient(socket.Id, late);
        }
        catch (OperationCanceledException) when (!_answer.Task.IsFaulted)
        {
            socket.Actor.Tell(new SocketProtocol.AckForgotten(id));
            throw;
        }
    }
}
