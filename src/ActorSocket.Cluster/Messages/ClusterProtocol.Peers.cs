using ActorSocket.Protocol.Records;

namespace ActorSocket.Clustering;

/// <summary>Who is there (<see cref="PeerSupervisor"/>, <see cref="PeerActor"/>).</summary>
internal static partial class ClusterProtocol
{
    /// <summary>
    /// A node introduces itself to another, until that one has confirmed its rooms. <see cref="Parser"/>: frames are encoded once, so all
    /// nodes must speak to clients alike.
    /// </summary>
    /// <remarks><see cref="HasShards"/>: once they are there, others may find out where they are; <see cref="PeerStatus"/> says so again
    /// and again.</remarks>
    /// <param name="Tag">What the node's ids begin with.</param>
    /// <param name="Version">The node's <see cref="ClusterProtocol.Version"/>.</param>
    /// <param name="Parser">What its clients speak.</param>
    /// <param name="Key">What its session ids are signed with.</param>
    /// <param name="HasShards">Whether its shards are there.</param>
    /// <param name="Uid">The process, of those that live at the address one after the other.</param>
    /// <param name="LinksUid">The actor that takes the links' bytes: the child "links" of the sender, and no other of that path.</param>
    internal sealed record Hello(string Tag, int Version, string Parser, byte[] Key, bool HasShards, long Uid, long LinksUid)
        : IClusterMessage
    {
        public void Write(WireWriter wire) =>
            wire.Text(Tag).Number(Version).Text(Parser).Bytes(Key).Flag(HasShards).Number(Uid).Number(LinksUid);

        public static Hello Read(ref WireReader wire) =>
            new(wire.Text(), (int)wire.Number(), wire.Text(), wire.Bytes(), wire.Flag(), wire.Number(), wire.Number());
    }

    /// <summary>
    /// What one node is to know of the other, told every few seconds whether or not it has changed, so that no single one of these must
    /// arrive. So many broadcasts has the sender sent to the receiver since they met: whoever has got fewer has lost some. And whether the
    /// sender's shards are there.
    /// </summary>
    internal sealed record PeerStatus(long Broadcasts, bool HasShards) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Broadcasts).Flag(HasShards);

        public static PeerStatus Read(ref WireReader wire) => new(wire.Number(), wire.Flag());
    }
}
