using ActorSocket.Emitting;
using ActorSocket.Protocol.Records;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sockets;
using Akka.Event;

namespace ActorSocket.Clustering;

/// <summary>A message that crosses nodes. It writes itself; <see cref="ClusterSerializer"/> has the manifests and the readers.</summary>
internal interface IClusterMessage : IDeadLetterSuppression
{
    void Write(WireWriter wire);
}

/// <summary>
/// Everything that nodes tell each other. A field is added at the end only, of a message or of a record in it, and is zero or empty when an
/// older node wrote it; a message that a node does not know is counted and ignored. Whatever has more than one field of its own is a record
/// (<see cref="WireWriter.Record"/>).
/// </summary>
internal static partial class ClusterProtocol
{
    /// <summary>Raised when nodes of both versions could not work together; until then messages grow by fields at their end.</summary>
    public const int Version = 2; // 1: records had no length

    /// <summary>Answers, perhaps as one of several, what the receiver has asked under this number.</summary>
    internal interface IReply : IClusterMessage
    {
        long Request { get; }
    }

    // ---- Peers: who is there, and which rooms each has (PeerSupervisor, PeerActor)

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

    // ---- Emitting (PeerActor)

    /// <summary>Whom a message is for, on the node that receives it: a socket that is left out is known to its own node only.</summary>
    internal sealed record Target(string Namespace, string[]? Rooms, string[] Excluded)
    {
        public RoomSelection Selection => new(Rooms, Excluded, null);

        public static void Write(WireWriter wire, Target target) =>
            wire.Text(target.Namespace).Flag(target.Rooms is not null).Texts(target.Rooms ?? []).Texts(target.Excluded);

        public static Target Read(ref WireReader wire)
        {
            var name = wire.Text();
            var some = wire.Flag();
            var rooms = wire.Texts();
            return new Target(name, some ? rooms : null, wire.Texts());
        }
    }

    /// <summary>An event for the members that a node has, encoded as they get it.</summary>
    /// <param name="Target">Whom it is for.</param>
    /// <param name="Frame">The event.</param>
    /// <param name="IsVolatile">Whether it may be dropped.</param>
    /// <param name="Number">With connection state recovery: which of the sender's events in the namespace it is. Else 0.</param>
    internal sealed record Broadcast(Target Target, EncodedFrame Frame, bool IsVolatile, long Number) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Record(Target, Target.Write).Record(Frame, WriteFrame).Flag(IsVolatile).Number(Number);

        public static Broadcast Read(ref WireReader wire) =>
            new(wire.Record(Target.Read), wire.Record(ReadFrame), wire.Flag(), wire.Number());
    }

    /// <summary>
    /// As <see cref="Broadcast"/>, with an acknowledgement asked of each member. Acknowledgement ids are a node's own, so the frame has
    /// none yet.
    /// </summary>
    internal sealed record AskClients(long Request, Target Target, EncodedFrame Frame, bool IsVolatile, TimeSpan Timeout) : IClusterMessage
    {
        public void Write(WireWriter wire) =>
            wire.Number(Request).Record(Target, Target.Write).Record(Frame, WriteFrame).Flag(IsVolatile).Number(Timeout.Ticks);

        public static AskClients Read(ref WireReader wire) =>
            new(wire.Number(), wire.Record(Target.Read), wire.Record(ReadFrame), wire.Flag(), TimeSpan.FromTicks(wire.Number()));
    }

    /// <summary>Answers <see cref="AskClients"/>, first: so many clients of the sender's node were asked.</summary>
    internal sealed record ClientsAskedReply(long Request, int Count) : IReply
    {
        public void Write(WireWriter wire) => wire.Number(Request).Number(Count);

        public static ClientsAskedReply Read(ref WireReader wire) => new(wire.Number(), (int)wire.Number());
    }

    /// <summary>
    /// These are some of them, to be named to who asked. Apart from <see cref="ClientsAskedReply"/>, which must arrive and so is short.
    /// </summary>
    internal sealed record ClientsNamedReply(long Request, string[] Sockets) : IReply
    {
        public void Write(WireWriter wire) => wire.Number(Request).Texts(Sockets);

        public static ClientsNamedReply Read(ref WireReader wire) => new(wire.Number(), wire.Texts());
    }

    /// <summary>One of them answered. A node of an older version does not say which.</summary>
    internal sealed record ClientAnswerReply(long Request, EncodedArguments Arguments, string Socket) : IReply
    {
        public void Write(WireWriter wire) => wire.Number(Request).Record(Arguments, EncodedArguments.Write).Text(Socket);

        public static ClientAnswerReply Read(ref WireReader wire) =>
            new(wire.Number(), wire.Record(EncodedArguments.Read), wire.Text());
    }

    /// <summary>One of them has left instead.</summary>
    internal sealed record ClientLeftReply(long Request, string Socket) : IReply
    {
        public void Write(WireWriter wire) => wire.Number(Request).Text(Socket);

        public static ClientLeftReply Read(ref WireReader wire) => new(wire.Number(), wire.Text());
    }

    /// <summary>Asks for the facts of the matching sockets.</summary>
    internal sealed record FetchSockets(long Request, Target Target) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request).Record(Target, Target.Write);

        public static FetchSockets Read(ref WireReader wire) => new(wire.Number(), wire.Record(Target.Read));
    }

    /// <summary>Answers <see cref="FetchSockets"/>: the sockets that match, each as <see cref="SocketDetails"/> writes itself.</summary>
    internal sealed record FetchSocketsReply(long Request, byte[][] Sockets) : IReply
    {
        public void Write(WireWriter wire) => wire.Number(Request).ByteArrays(Sockets);

        public static FetchSocketsReply Read(ref WireReader wire) => new(wire.Number(), wire.ByteArrays());
    }

    /// <summary>Lets the matching sockets join or leave rooms, or go.</summary>
    internal sealed record ChangeSockets(long Request, Target Target, SocketChange Change, string[] Rooms) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request).Record(Target, Target.Write).Number((int)Change).Texts(Rooms);

        public static ChangeSockets Read(ref WireReader wire) =>
            new(wire.Number(), wire.Record(Target.Read), (SocketChange)wire.Number(), wire.Texts());
    }

    /// <summary>Answers <see cref="ChangeSockets"/>: it is done.</summary>
    internal sealed record ChangeSocketsReply(long Request) : IReply
    {
        public void Write(WireWriter wire) => wire.Number(Request);

        public static ChangeSocketsReply Read(ref WireReader wire) => new(wire.Number());
    }

    /// <summary>
    /// An event for the servers' own handlers (C-05); arguments are a JSON array. <see cref="Request"/> is 0 when no answer is wanted.
    /// </summary>
    internal sealed record ServerSideEvent(long Request, string Namespace, string EventName, byte[] Arguments) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request).Text(Namespace).Text(EventName).Bytes(Arguments);

        public static ServerSideEvent Read(ref WireReader wire) => new(wire.Number(), wire.Text(), wire.Text(), wire.Bytes());
    }

    /// <summary>
    /// Answers <see cref="ServerSideEvent"/> with what the node's handlers answered: a JSON array, or nothing. A node that has not got the
    /// namespace is not concerned.
    /// </summary>
    internal sealed record ServerSideEventReply(long Request, bool HasAnswer, byte[] Answer, bool IsUnconcerned) : IReply
    {
        public void Write(WireWriter wire) => wire.Number(Request).Flag(HasAnswer).Bytes(Answer).Flag(IsUnconcerned);

        public static ServerSideEventReply Read(ref WireReader wire) => new(wire.Number(), wire.Flag(), wire.Bytes(), wire.Flag());
    }

    // ---- Pieces

    private static void WriteFrame(WireWriter wire, EncodedFrame frame) =>
        wire.Bytes(frame.Text).ByteArrays([.. frame.Attachments]).Flag(frame.Compress);

    private static EncodedFrame ReadFrame(ref WireReader wire) => EncodedFrame.Of(wire.Span(), wire.ByteArrays(), wire.Flag());
}

/// <summary>Arguments as they travel between nodes: a JSON array, and the attachments that stand in it as placeholders.</summary>
internal sealed record EncodedArguments(byte[] Json, byte[][] Attachments)
{
    public static EncodedArguments Of(SocketArguments arguments) => new(arguments.ToJsonArray(), arguments.Attachments);

    public SocketArguments ToArguments(SocketJson json) => json.FromJsonArray(Json, Attachments);

    public static void Write(WireWriter wire, EncodedArguments arguments) => wire.Bytes(arguments.Json).ByteArrays(arguments.Attachments);

    public static EncodedArguments Read(ref WireReader wire) => new(wire.Bytes(), wire.ByteArrays());
}
