using ActorSocket.Protocol.Records;

namespace ActorSocket.Clustering;

/// <summary>A piece of a long message. Pieces of one arrive in order.</summary>
internal sealed record Fragment(string Sid, long Request, int Index, int Count, string Manifest, byte[] Bytes)
    : ClusterProtocol.ISessionRequest
{
    public void Write(WireWriter wire) => wire.Text(Sid).Number(Request).Number(Index).Number(Count).Text(Manifest).Bytes(Bytes);

    public static Fragment Read(ref WireReader wire) =>
        new(wire.Text(), wire.Number(), (int)wire.Number(), (int)wire.Number(), wire.Text(), wire.Bytes());
}
