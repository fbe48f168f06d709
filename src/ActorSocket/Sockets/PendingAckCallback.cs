using Akka.Actor;

namespace ActorSocket.Sockets;

/// <summary>
/// A question whose answer nobody awaits: it is called back once, by the socket's actor in its turn, or by the socket's end, when there may
/// be no actor to do so.
/// </summary>
internal sealed class PendingAckCallback(Socket socket, long id, IAckSink sink) : IAckSink
{
    private ITimer? _overdue;
    private CancellationTokenRegistration _gone;
    private int _isSettled;

    public void Bound(TimeSpan? timeout, TimeProvider time)
    {
        if (timeout is { } limit)
            _overdue = time.CreateTimer(static state => ((PendingAckCallback)state!).Overdue(), this, limit, Timeout.InfiniteTimeSpan);
        _gone = socket.Disconnected.UnsafeRegister(static state => ((PendingAckCallback)state!).Gone(), this);
        if (Volatile.Read(ref _isSettled) != 0)
            Release();
    }

    public void Answered(Socket from, SocketArguments arguments)
    {
        if (Settle())
            sink.Answered(from, arguments);
    }

    public void Failed(Socket from, Exception error)
    {
        if (Settle())
            sink.Failed(from, error);
    }

    private void Overdue() => socket.Actor.Tell(new SocketProtocol.AckOverdue(id));

    private void Gone() => Failed(socket, SocketOperator.NotConnected(socket));

    private bool Settle()
    {
        if (Interlocked.Exchange(ref _isSettled, 1) != 0)
            return false;
        Release();
        return true;
    }

    private void Release()
    {
        _overdue?.Dispose();
        _gone.Unregister();
    }
}
