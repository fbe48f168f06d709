namespace ActorSocket.Protocol.SocketIo;

/// <summary>The arguments of an event, and behind them its offset .</summary>
internal readonly struct ArgumentsWithOffset<TArgs>(TArgs arguments, string offset) : IEventArguments
    where TArgs : struct, IEventArguments
{
    public void Write(ArgumentWriter writer)
    {
        arguments.Write(writer);
        writer.Write(offset);
    }
}
