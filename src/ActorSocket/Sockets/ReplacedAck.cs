using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Sockets;

/// <summary>Takes the first answer to an event for a middleware, as its client would have got it.</summary>
internal sealed class ReplacedAck(Socket socket, Func<SocketArguments, Task> answered) : IAnswerSink
{
    private bool _isAnswered;

    public bool IsWanted => !Volatile.Read(ref _isAnswered);

    public void Answer<TArgs>(in TArgs args)
        where TArgs : struct, IEventArguments
    {
        if (!IsWanted)
            return;
        var answer = socket.Namespace.Services.Server.Json.Capture(args); // first: an answer that cannot be encoded is none
        if (!Interlocked.Exchange(ref _isAnswered, true))
            _ = socket.CallBackAsync(() => answered(answer));
    }
}
