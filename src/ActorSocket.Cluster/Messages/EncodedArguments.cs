using ActorSocket.Protocol.Records;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Clustering;

/// <summary>Arguments as they travel between nodes: a JSON array, and the attachments that stand in it as placeholders.</summary>
internal sealed record EncodedArguments(byte[] Json, byte[][] Attachments)
{
    public static EncodedArguments Of(SocketArguments arguments) => new(arguments.ToJsonArray(), arguments.Attachments);

    public SocketArguments ToArguments(SocketJson json) => json.FromJsonArray(Json, Attachments);

    public static void Write(WireWriter wire, EncodedArguments arguments) => wire.Bytes(arguments.Json).ByteArrays(arguments.Attachments);

    public static EncodedArguments Read(ref WireReader wire) => new(wire.Bytes(), wire.ByteArrays());
}
