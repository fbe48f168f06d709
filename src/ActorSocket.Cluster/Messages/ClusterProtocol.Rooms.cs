using ActorSocket.Protocol.Records;

namespace ActorSocket.Clustering;

/// <summary>Which rooms each node has (<see cref="OwnRooms{TPeer}"/>, <see cref="RoomExchange"/>).</summary>
internal static partial class ClusterProtocol
{
    /// <summary>
    /// A room has got its first member on the sender's node, or has lost its last one some time ago. A user with presence is such a room,
    /// too, in a namespace of its own that no client can have: a node that does not know presence takes it for one.
    /// </summary>
    /// <param name="Namespace">Its name; of users <see cref="UsersOf"/>.</param>
    /// <param name="Room">The room, or the user.</param>
    /// <param name="HasMembers">Whether there is anybody.</param>
    /// <param name="Devices">Of a user: how many sockets. Of a room 0.</param>
    internal readonly record struct RoomChange(string Namespace, string Room, bool HasMembers, int Devices = 0)
    {
        private const string Users = "users:"; // a namespace begins with a slash

        public static string UsersOf(string ns) => Users + ns;

        public bool IsUser => Namespace.StartsWith(Users, StringComparison.Ordinal);

        /// <summary>Of a user: the namespace that it is in.</summary>
        public string NamespaceOfUser => Namespace[Users.Length..];

        public static void Write(WireWriter wire, RoomChange change) =>
            wire.Text(change.Namespace).Text(change.Room).Flag(change.HasMembers).Number(change.Devices);

        public static RoomChange Read(ref WireReader wire) => new(wire.Text(), wire.Text(), wire.Flag(), (int)wire.Number());
    }

    /// <summary>Changes since the announcement before. Announcements are taken in order only; one that is missing is sent again.</summary>
    internal sealed record Announce(long Sequence, IReadOnlyList<RoomChange> Changes) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Sequence).Records(Changes, RoomChange.Write);

        public static Announce Read(ref WireReader wire) => new(wire.Number(), wire.Records(RoomChange.Read));
    }

    /// <summary>Asks how many of the node's sockets match.</summary>
    internal sealed record CountSockets(long Request, Target Target) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request).Record(Target, Target.Write);

        public static CountSockets Read(ref WireReader wire) => new(wire.Number(), wire.Record(Target.Read));
    }

    /// <summary>Answers <see cref="CountSockets"/>.</summary>
    internal sealed record CountSocketsReply(long Request, int Count) : IReply
    {
        public void Write(WireWriter wire) => wire.Number(Request).Number(Count);

        public static CountSocketsReply Read(ref WireReader wire) => new(wire.Number(), (int)wire.Number());
    }

    /// <summary>Asks for a page of the names of the node's rooms.</summary>
    /// <param name="Request">Its number.</param>
    /// <param name="Namespace">Where.</param>
    /// <param name="Prefix">What they begin with.</param>
    /// <param name="IsFirst">Whether it is the first page.</param>
    /// <param name="After">Else the last name of the page before.</param>
    /// <param name="Limit">How many at most.</param>
    internal sealed record ListRooms(long Request, string Namespace, string Prefix, bool IsFirst, string After, int Limit) : IClusterMessage
    {
        public void Write(WireWriter wire) =>
            wire.Number(Request).Text(Namespace).Text(Prefix).Flag(IsFirst).Text(After).Number(Limit);

        public static ListRooms Read(ref WireReader wire) =>
            new(wire.Number(), wire.Text(), wire.Text(), wire.Flag(), wire.Text(), (int)wire.Number());
    }

    /// <summary>Answers <see cref="ListRooms"/>.</summary>
    internal sealed record ListRoomsReply(long Request, string[] Rooms) : IReply
    {
        public void Write(WireWriter wire) => wire.Number(Request).Texts(Rooms);

        public static ListRoomsReply Read(ref WireReader wire) => new(wire.Number(), wire.Texts());
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
