using ActorSocket.Protocol.Records;

namespace ActorSocket.Clustering;

/// <summary>Which rooms each node has (<see cref="OwnRooms{TPeer}"/>, <see cref="RoomExchange"/>).</summary>
internal static partial class ClusterProtocol
{
    /// <summary>A room has got its first member on the sender's node, or has lost its last one some time ago.</summary>
    internal readonly record struct RoomChange(string Namespace, string Room, bool HasMembers)
    {
        public static void Write(WireWriter wire, RoomChange change) =>
            wire.Text(change.Namespace).Text(change.Room).Flag(change.HasMembers);

        public static RoomChange Read(ref WireReader wire) => new(wire.Text(), wire.Text(), wire.Flag());
    }

    /// <summary>Changes since the announcement before. Announcements are taken in order only; one that is missing is sent again.</summary>
    internal sealed record Announce(long Sequence, IReadOnlyList<RoomChange> Changes) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Sequence).Records(Changes, RoomChange.Write);

        public static Announce Read(ref WireReader wire) => new(wire.Number(), wire.Records(RoomChange.Read));
    }

    /// <summary>Every announcement up to this one is in force on the sender's node: its broadcasts reach the rooms.</summary>
    internal sealed record AnnounceReply(long Sequence) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Sequence);

        public static AnnounceReply Read(ref WireReader wire) => new(wire.Number());
    }

    /// <summary>
    /// The sender may not know all rooms of the receiver's: it asks until it is told. A new number for each time it has come to doubt, so
    /// that an answer from before is not taken for one to this.
    /// </summary>
    internal sealed record RoomSyncRequest(long Ask) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Ask);

        public static RoomSyncRequest Read(ref WireReader wire) => new(wire.Number());
    }

    /// <summary>
    /// Answers <see cref="RoomSyncRequest"/>: the sequence of the sender's newest announcement. A receiver that has taken it, and all
    /// before it, knows every room of the sender's. <paramref name="Ask"/> is the request's; 0 for the one that a node's first <see
    /// cref="Hello"/> stands for.
    /// </summary>
    internal sealed record RoomSyncReply(long Sequence, long Ask) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Sequence).Number(Ask);

        public static RoomSyncReply Read(ref WireReader wire) => new(wire.Number(), wire.Number());
    }
}
