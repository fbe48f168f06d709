using ActorSocket.Diagnostics;
using ActorSocket.Emitting;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sockets;
using Akka.Actor;

namespace ActorSocket;

/// <summary>One socket, with flags for what is emitted to it. Immutable; every call returns another.</summary>
public sealed class SocketOperator : IAckEmitter
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
    public BroadcastOperator Broadcast => new(_socket.Namespace, Others, _flags);

    /// <inheritdoc cref="Socket.Local"/>
    public BroadcastOperator Local => Broadcast.Local;

    /// <inheritdoc cref="Socket.To"/>
    public BroadcastOperator To(params IEnumerable<string> rooms) => new(_socket.Namespace, Others.To(rooms), _flags);

    /// <inheritdoc cref="Socket.In"/>
    public BroadcastOperator In(params IEnumerable<string> rooms) => To(rooms);

    /// <inheritdoc cref="Socket.Except"/>
    public BroadcastOperator Except(params IEnumerable<string> rooms) => new(_socket.Namespace, Others.Except(rooms), _flags);

    private RoomSelection Others => RoomSelection.Everyone.ExceptSocket(_socket);

    /// <inheritdoc/>
    public void Emit<TArgs>(string eventName, in TArgs args)
        where TArgs : struct, IEventArguments => Emit(_socket, eventName, args, _flags);

    /// <summary>Without an operator for each event that has no flags.</summary>
    internal static void Emit<TArgs>(Socket socket, string eventName, in TArgs args, EmitFlags flags)
        where TArgs : struct, IEventArguments
    {
        EmitFlags.ThrowIfReserved(eventName);
        if (!socket.IsOver && !socket.IsToldToGo)
            socket.Namespace.Services.Emit(socket, eventName, args, flags);
    }

    /// <summary>
    /// Asks the client and waits for the first argument of its acknowledgement, within the limit of <see cref="Timeout"/>, if one is set.
    /// Official: <c>emitWithAck</c>.
    /// </summary>
    /// <exception cref="SocketDisconnectedException">The client went away meanwhile.</exception>
    /// <exception cref="InvalidOperationException">The middleware has not let it in yet.</exception>
    /// <inheritdoc/>
    public Task<T?> EmitWithAckCoreAsync<T>(string eventName, IReadOnlyList<object?> args, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(args);
        return AskAsync<ArgumentList, T>(eventName, new ArgumentList(args), cancellationToken);
    }

    internal Task<T?> AskAsync<TArgs, T>(string eventName, in TArgs args, CancellationToken cancellationToken)
        where TArgs : struct, IEventArguments
    {
        EmitFlags.ThrowIfReserved(eventName);
        if (!_socket.Connected || _socket.HasLeft)
            return Task.FromException<T?>(NotConnected(_socket));
        var services = _socket.Namespace.Services;
        var id = services.NextAckId();
        var answer = new SingleAck<T>();
        using (ActorSocketActivity.IsOn ? ActorSocketActivity.StartSend(services.MetricsName, eventName) : null)
        {
            var frame = new EncodedFrame(services.Server.Packets.Event(services.Name, eventName, id, args), _flags.Compress);
            // Told first: the mailbox then holds the question before any answer to it can arrive.
            _socket.Actor.Tell(new SocketProtocol.AckAsked(id, answer));
            _socket.Send(frame, _flags.Volatile);
        }
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
            sink.Failed(_socket, error);
            return;
        }
        var services = _socket.Namespace.Services;
        using var activity = ActorSocketActivity.IsOn ? ActorSocketActivity.StartSend(services.MetricsName, eventName) : null;
        var id = services.NextAckId();
        var frame = new EncodedFrame(services.Server.Packets.Event(services.Name, eventName, id, args), _flags.Compress);
        // Told first: the mailbox then holds the question before any answer to it can arrive.
        var question = new PendingAckCallback(_socket, id, sink);
        _socket.Actor.Tell(new SocketProtocol.AckAsked(id, question));
        _socket.Send(frame, _flags.Volatile);
        question.Bound(_flags.Timeout, services.Server.Time);
    }

    internal static Exception NotConnected(Socket socket) => socket.DisconnectedBecause is { } reason
        ? new SocketDisconnectedException(reason)
        : new InvalidOperationException("The socket is not connected yet, and so cannot acknowledge: ask it in OnConnection.");
}
