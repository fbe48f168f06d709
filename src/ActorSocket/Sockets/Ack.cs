using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sockets;

namespace ActorSocket;

/// <summary>
/// The acknowledgement of one event. A handler that takes an <c>Ack</c> parameter answers when and with what it likes; when the client
/// asked for none, sending does nothing. Only the first answer is sent.
/// </summary>
/// <remarks>May be used from any thread, also after the handler has returned.</remarks>
public class Ack
{
    private readonly Socket? _socket;
    private readonly SocketIoPacket? _packet;
    private readonly IAnswerSink? _sink;

    internal Ack(Socket? socket, SocketIoPacket packet, IAnswerSink? sink = null)
    {
        _socket = socket;
        _packet = packet;
        _sink = sink;
    }

    internal Ack(IAnswerSink sink) => _sink = sink;

    /// <summary>Whether the client asked for an acknowledgement and has not got one.</summary>
    public bool IsWanted => _sink?.IsWanted ?? _packet!.IsAckWanted;

    /// <summary>Acknowledges without arguments.</summary>
    public void Send() => SendArguments(default(EventArguments));

    /// <summary>Acknowledges with one argument. <see cref="SocketArguments"/> are spread.</summary>
    public void Send<T1>(T1 arg1) => SendArguments(new EventArguments<T1>(arg1));

    /// <summary>Acknowledges with two arguments.</summary>
    public void Send<T1, T2>(T1 arg1, T2 arg2) => SendArguments(new EventArguments<T1, T2>(arg1, arg2));

    /// <summary>Acknowledges with three arguments.</summary>
    public void Send<T1, T2, T3>(T1 arg1, T2 arg2, T3 arg3) => SendArguments(new EventArguments<T1, T2, T3>(arg1, arg2, arg3));

    /// <summary>Acknowledges with four arguments.</summary>
    public void Send<T1, T2, T3, T4>(T1 arg1, T2 arg2, T3 arg3, T4 arg4) =>
        SendArguments(new EventArguments<T1, T2, T3, T4>(arg1, arg2, arg3, arg4));

    /// <summary>Acknowledges with five arguments.</summary>
    public void Send<T1, T2, T3, T4, T5>(T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5) =>
        SendArguments(new EventArguments<T1, T2, T3, T4, T5>(arg1, arg2, arg3, arg4, arg5));

    /// <summary>Acknowledges with six arguments.</summary>
    public void Send<T1, T2, T3, T4, T5, T6>(T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6) =>
        SendArguments(new EventArguments<T1, T2, T3, T4, T5, T6>(arg1, arg2, arg3, arg4, arg5, arg6));

    /// <summary>Acknowledges with seven arguments.</summary>
    public void Send<T1, T2, T3, T4, T5, T6, T7>(T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6, T7 arg7) =>
        SendArguments(new EventArguments<T1, T2, T3, T4, T5, T6, T7>(arg1, arg2, arg3, arg4, arg5, arg6, arg7));

    /// <summary>Acknowledges with eight arguments.</summary>
    public void Send<T1, T2, T3, T4, T5, T6, T7, T8>(T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6, T7 arg7, T8 arg8) =>
        SendArguments(new EventArguments<T1, T2, T3, T4, T5, T6, T7, T8>(arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8));

    /// <summary>Acknowledges with any number of arguments: each item of the list is one.</summary>
    public void SendCore(IReadOnlyList<object?> args)
    {
        ArgumentNullException.ThrowIfNull(args);
        SendArguments(new ArgumentList(args));
    }

    internal void SendArguments<TArgs>(in TArgs args)
        where TArgs : struct, IEventArguments
    {
        if (_sink is not null)
        {
            _sink.Answer(args);
            return;
        }
        if (!_packet!.IsAckWanted || !_socket!.Connected)
            return;
        // Encoded first: an answer that cannot be is none, and the client is to hear of the error instead.
        var answer = _socket.Namespace.Services.Server.Packets.Ack(_socket.Namespace.Name, _packet.AckId, args);
        if (_packet.TryAcknowledge())
            _socket.Send(answer);
    }
}

/// <summary>The acknowledgement of one event, with an argument of a known type.</summary>
/// <typeparam name="T">What the client gets as the first acknowledgement argument.</typeparam>
public sealed class Ack<T> : Ack
{
    internal Ack(Socket? socket, SocketIoPacket packet, IAnswerSink? sink)
        : base(socket, packet, sink)
    {
    }

    /// <summary>Acknowledges.</summary>
    public void Send(T value) => Send<T>(value);
}
