namespace ActorSocket;

/// <summary>A packet as Engine.IO messages: a text one, binary ones, or a text one followed by binary ones.</summary>
/// <param name="Text">UTF-8, or null for none.</param>
/// <param name="Binary">Sent behind the text, in this order.</param>
public readonly record struct SocketIoParserMessages(byte[]? Text, IReadOnlyList<byte[]> Binary);
