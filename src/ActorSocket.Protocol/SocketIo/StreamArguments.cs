namespace ActorSocket.Protocol.SocketIo;

/// <summary>
/// The one argument of an acknowledgement that stands for a sequence: <c>{ stream: id }</c>. Written by hand, as an error is.
/// </summary>
internal readonly struct StreamReference(string id) : IEventArguments
{
    public void Write(ArgumentWriter writer) => writer.WriteStream(id);
}

/// <summary>A stream's id, and why it ended: <c>{ error: { message, code, data } }</c>.</summary>
internal readonly struct StreamFault(string id, ErrorAnswer error) : IEventArguments
{
    public void Write(ArgumentWriter writer)
    {
        writer.Write(id);
        error.Write(writer);
    }
}
