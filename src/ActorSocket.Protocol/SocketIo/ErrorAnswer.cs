namespace ActorSocket.Protocol.SocketIo;

/// <summary>
/// The one argument of an acknowledgement that says what went wrong: <c>{ error: { message, code, data } }</c>. Written by hand, so that an
/// application without JSON by reflection has it, too.
/// </summary>
internal readonly struct ErrorAnswer(string message, string? code, object? data) : IEventArguments
{
    public bool HasData => data is not null;

    public ErrorAnswer WithoutData() => new(message, code, null);

    public void Write(ArgumentWriter writer) => writer.WriteError(message, code, data);
}
