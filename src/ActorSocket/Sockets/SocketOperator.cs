using Akka.Actor;
using ActorSocket.Delivery;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sockets;

namespace ActorSocket;

/// <summary>One socket, with flags for what is emitted to it. Immutable; every call returns another.</summary>
public sealed class SocketOperator : IEventEmitter
{
    private readonly Socket _socket;
    private readonly EmitFlags _flags;

    internal SocketOperator(Socket socket, EmitFlags flags)
    {
        _socket = socket;
        _flags = flags;
    }

    /// <inheritdoc cref="Socket.Volatile"/>
    public SocketOperator Volatile => new(_socket, _flags with { Volatile = true });

    /// <inheritdoc cref="Socket.Compress"/>
    public SocketOperator Compress(bool compress) => new(_socket, _flags with { Compress = compress });

    /// <inheritdoc cref="Socket.Timeout"/>
    public SocketOperator Timeout(TimeSpan timeout) => new(_socket, _flags.Within(timeout));

    /// <inheritdoc cref="Socket.Broadcast"/>
    public BroadcastOperator Broadcast => new(_socket.Namespace, RoomSelection.Everyone.ExceptSocket(_socket), _flags);

    /// <inheritdoc cref="Socket.Local"/>
    public BroadcastOperator Local => Broadcast.Local;

    /// <inheritdoc cref="Socket.To"/>
    public BroadcastOperator To(params string[] rooms) => Broadcast.To(rooms);

    /// <inheritdoc cref="Socket.To"/>
    public BroadcastOperator In(params string[] rooms) => Broadcast.To(rooms);

    /// <inheritdoc cref="Socket.Except"/>
    public BroadcastOperator Except(params string[] rooms) => Broadcast.Except(rooms);

    /// <inheritdoc/>
    public void Emit<TArgs>(string eventName, in TArgs args)
        where TArgs : struct, IEventArguments
    {
        EmitFlags.ThrowIfReserved(eventName);
        if (_socket.IsOver || _socket.IsToldToGo)
            return;
        _socket.Namespace.Services.Emit(_socket, eventName, args, _flags);
    }

    /// <inheritdoc cref="Socket.EmitWithAckAsync{T}(string, CancellationToken)"/>
    public Task<T?> EmitWithAckAsync<T>(string eventName, CancellationToken cancellationToken = default) => Ask<T>(eventName, [], cancellationToken);

    /// <inheritdoc cref="Socket.EmitWithAckAsync{T}(string, CancellationToken)"/>
    public Task<T?> EmitWithAckAsync<T>(string eventName, object? arg1, CancellationToken cancellationToken = default) => Ask<T>(eventName, [arg1], cancellationToken);

    /// <inheritdoc cref="Socket.EmitWithAckAsync{T}(string, CancellationToken)"/>
    public Task<T?> EmitWithAckAsync<T>(string eventName, object? arg1, object? arg2, CancellationToken cancellationToken = default) =>
        Ask<T>(eventName, [arg1, arg2], cancellationToken);

    /// <inheritdoc cref="Socket.EmitWithAckAsync{T}(string, CancellationToken)"/>
    public Task<T?> EmitWithAckAsync<T>(string eventName, object? arg1, object? arg2, object? arg3, CancellationToken cancellationToken = default) =>
        Ask<T>(eventName, [arg1, arg2, arg3], cancellationToken);

    private Task<T?> Ask<T>(string eventName, object?[] args, CancellationToken cancellationToken) =>
        AskAsync<ArgumentList, T>(eventName, new ArgumentList(args), cancellationToken);

    internal Task<T?> AskAsync<TArgs, T>(string eventName, in TArgs args, CancellationToken cancellationToken)
        where TArgs : struct, IEventArguments
    {
        EmitFlags.ThrowIfReserved(eventName);
        if (!_socket.Connected || _socket.HasLeft)
            return Task.FromException<T?>(NotConnected(_socket));
        var services = _socket.Namespace.Services;
        var id = services.NextAckId();
        var packet = services.Server.Packets.Event(services.Name, eventName, id, args);
        var answer = new SingleAck<T>();
        // Told first: the mailbox then holds the question before any answer to it can arrive.
        _socket.Actor.Tell(new SocketProtocol.AckAsked(id, answer));
        _socket.Send(new EncodedFrame(packet, _flags.Compress), _flags.Volatile);
        return answer.WaitAsync(_socket, id, _flags.Timeout, cancellationToken);
    }

    internal Socket Socket => _socket;

    /// <summary>Asks the client; the sink hears of the answer, or of what came instead.</summary>
    internal void Ask<TArgs>(string eventName, in TArgs args, IAckSink sink)
        where TArgs : struct, IEventArguments
    {
        EmitFlags.ThrowIfReserved(eventName);
        if (!_socket.Connected || _socket.HasLeft)
        {
            var error = NotConnected(_socket);
            if (error is not SocketDisconnectedException)
                throw error;
            sink.Failed(error);
            return;
        }
        var services = _socket.Namespace.Services;
        var id = services.NextAckId();
        var packet = services.Server.Packets.Event(services.Name, eventName, id, args);
        // Told first: the mailbox then holds the question before any answer to it can arrive.
        var question = new Question(_socket, id, sink);
        _socket.Actor.Tell(new SocketProtocol.AckAsked(id, question));
        _socket.Send(new EncodedFrame(packet, _flags.Compress), _flags.Volatile);
        question.Bound(_flags.Timeout, services.Server.Time);
    }

    internal static Exception NotConnected(Socket socket) => socket.DisconnectedBecause is { } reason
        ? new SocketDisconnectedException(reason)
        : new InvalidOperationException("The socket is not connected yet, and so cannot acknowledge: ask it in OnConnection.");
}

/// <summary>Waits for one client's acknowledgement.</summary>
internal sealed class SingleAck<T> : IAckSink
{
    private readonly TaskCompletionSource<T?> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Answered(SocketArguments arguments)
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

    public void Failed(Exception error) => _answer.TrySetException(error);

    /// <summary>The time limit is kept here, where it is waited: it ends the wait also when there is no actor any more that could.</summary>
    public async Task<T?> WaitAsync(Socket socket, long id, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        // A socket that stopped before it was asked never answers; its token is the fence.
        using var gone = socket.Disconnected.UnsafeRegister(
            static state =>
            {
                var (self, socket) = ((SingleAck<T>, Socket))state!;
                self.Failed(SocketOperator.NotConnected(socket));
            },
            (this, socket));
        try
        {
            return await _answer.Task.WaitAsync(timeout ?? Timeout.InfiniteTimeSpan, socket.Namespace.Services.Server.Time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException late) when (!_answer.Task.IsFaulted)
        {
            socket.Actor.Tell(new SocketProtocol.AckForgotten(id));
            throw new TimeoutException("operation has timed out", late);
        }
        catch (OperationCanceledException) when (!_answer.Task.IsFaulted)
        {
            socket.Actor.Tell(new SocketProtocol.AckForgotten(id));
            throw;
        }
    }
}

/// <summary>A question whose answer nobody awaits: it is called back once, by the socket's actor in its turn, or by the socket's end, when there may be no actor to do so.</summary>
internal sealed class Question(Socket socket, long id, IAckSink sink) : IAckSink
{
    private ITimer? _overdue;
    private CancellationTokenRegistration _gone;
    private int _isSettled;

    public void Bound(TimeSpan? timeout, TimeProvider time)
    {
        if (timeout is { } limit)
            _overdue = time.CreateTimer(static state => ((Question)state!).Overdue(), this, limit, Timeout.InfiniteTimeSpan);
        _gone = socket.Disconnected.UnsafeRegister(static state => ((Question)state!).Gone(), this);
        if (Volatile.Read(ref _isSettled) != 0)
            Release();
    }

    public void Answered(SocketArguments arguments)
    {
        if (Settle())
            sink.Answered(arguments);
    }

    public void Failed(Exception error)
    {
        if (Settle())
            sink.Failed(error);
    }

    private void Overdue() => socket.Actor.Tell(new SocketProtocol.AckOverdue(id));

    private void Gone() => Failed(SocketOperator.NotConnected(socket));

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
