namespace ActorSocket.Sockets;

/// <summary>Who waits for a client's acknowledgement, or for those of several.</summary>
internal interface IAckSink
{
    void Answered(Socket from, SocketArguments arguments);

    void Failed(Socket from, Exception error);
}
