namespace ActorSocket.Sockets;

/// <summary>Who waits for a client's acknowledgement.</summary>
internal interface IAckSink
{
    void Answered(SocketArguments arguments);

    void Failed(Exception error);
}
