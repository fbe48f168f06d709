namespace ActorSocket.Sockets;

/// <summary>Calls back with one client's acknowledgement.</summary>
/// <param name="socket">Whose.</param>
/// <param name="answered">The application's.</param>
/// <param name="isTold">Whether it is called with an error, too.</param>
internal sealed class AckCallback<T>(Socket socket, Func<Exception?, T?, Task> answered, bool isTold) : IAckSink
{
    public void Answered(Socket from, SocketArguments arguments)
    {
        T? answer;
        try
        {
            answer = arguments.ToAnswer<T>();
        }
        catch (Exception error) // the client answered with something that is no T
        {
            if (isTold)
                Failed(from, error);
            else
                socket.RaiseError(error);
            return;
        }
        _ = socket.CallBackAsync(() => answered(null, answer));
    }

    public void Failed(Socket from, Exception error)
    {
        if (isTold)
            _ = socket.CallBackAsync(() => answered(error, default));
    }
}
