namespace ActorSocket;

/// <summary>One message of a client of an Engine.IO server (official: the argument of the event <c>message</c>).</summary>
/// <param name="Text">A text message; null when it is a binary one.</param>
/// <param name="Data">A binary message, which nothing else uses; empty when it is a text.</param>
public readonly record struct EngineIoMessage(string? Text, ReadOnlyMemory<byte> Data)
{
    /// <summary>Whether it is a binary message.</summary>
    public bool IsBinary => Text is null;
}
