using ActorSocket.Emitting;
using ActorSocket.Protocol.Records;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Recovery;

namespace ActorSocket.Clustering;

/// <summary>
/// Connection state recovery: a client comes back by another node (<see cref="RemoteRestore"/>), perhaps after the end of its own
/// (<see cref="RecoveryReplicator"/>).
/// </summary>
internal static partial class ClusterProtocol
{
    /// <summary>
    /// A client asks for the socket that it lost on the node with this tag, which is the receiver, or one that the receiver has a replica
    /// of; given once. Without a tag: that it lost on the receiver, or on a node that has left.
    /// </summary>
    internal sealed record ClaimSocket(long Request, string Namespace, string Secret, long Offset, string Tag, string OffsetTag)
        : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request).Text(Namespace).Text(Secret).Number(Offset).Text(Tag).Text(OffsetTag);

        public static ClaimSocket Read(ref WireReader wire) =>
            new(wire.Number(), wire.Text(), wire.Text(), wire.Number(), wire.Text(), wire.Text());
    }

    /// <summary>
    /// Answers <see cref="ClaimSocket"/>. With an <see cref="Id"/>: the socket, its state as <see cref="LostSocket"/> writes it; it was
    /// lost in the log of the node with this tag, and its client has seen everything there up to the position. Without: the sender has not
    /// got it. With <see cref="IsOnItsWay"/>: it has it, ends the old connection first, and will answer again.
    /// </summary>
    internal sealed record ClaimSocketReply(
        long Request, string Id, string[] Rooms, byte[] State, string Tag, long Position, bool IsOnItsWay)
        : IReply
    {
        public void Write(WireWriter wire) =>
            wire.Number(Request).Text(Id).Texts(Rooms).Bytes(State).Text(Tag).Number(Position).Flag(IsOnItsWay);

        public static ClaimSocketReply Read(ref WireReader wire) =>
            new(wire.Number(), wire.Text(), wire.Texts(), wire.Bytes(), wire.Text(), wire.Number(), wire.Flag());
    }

    /// <summary>
    /// Whom a socket was given for (<see cref="ClaimSocketReply"/>) was not let in: it waits again in the log of the node with this tag,
    /// which is the receiver, or one that the receiver has a replica of.
    /// </summary>
    internal sealed record ReturnSocket(string Namespace, string Tag, LostSocket Lost, SocketJson? Json) : IClusterMessage
    {
        public void Write(WireWriter wire) =>
            wire.Text(Namespace).Text(Tag).Record(this, static (wire, m) => WriteLost(wire, m.Lost, m.Json!));

        public static ReturnSocket Read(ref WireReader wire) => new(wire.Text(), wire.Text(), wire.Record(ReadLost), null);
    }

    /// <summary>Asks for what a socket with this id and these rooms has missed, of all that came to the node with this tag.</summary>
    internal sealed record CollectMissed(long Request, string Namespace, string Tag, long Offset, string Id, string[] Rooms)
        : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request).Text(Namespace).Text(Tag).Number(Offset).Text(Id).Texts(Rooms);

        public static CollectMissed Read(ref WireReader wire) =>
            new(wire.Number(), wire.Text(), wire.Text(), wire.Number(), wire.Text(), wire.Texts());
    }

    /// <summary>
    /// The node with the tag <see cref="Gone"/> is no more: asks each of the others for what it emitted itself since these versions, and
    /// for what it got of that node.
    /// </summary>
    internal sealed record CollectEmitted(
        long Request,
        string Namespace,
        string Gone,
        IReadOnlyDictionary<string, long> Versions,
        string Id,
        string[] Rooms
    ) : IClusterMessage
    {
        public void Write(WireWriter wire) =>
            wire.Number(Request).Text(Namespace).Text(Gone).Records(Versions, VersionVector.Write).Text(Id).Texts(Rooms);

        public static CollectEmitted Read(ref WireReader wire) =>
            new(wire.Number(), wire.Text(), wire.Text(), VersionVector.Read(ref wire), wire.Text(), wire.Texts());
    }

    /// <summary>
    /// Answers <see cref="CollectMissed"/> and <see cref="CollectEmitted"/>: the events, as the sender logged them, and of each emitter the
    /// number of the last that it has got. With a whole log: what it has got by itself last (<see cref="OriginLog"/>).
    /// </summary>
    internal sealed record MissedEventsReply(
        long Request,
        bool IsComplete,
        IReadOnlyList<LoggedEvent> Events,
        IReadOnlyDictionary<string, long> Versions,
        byte[] Origins
    ) : IReply
    {
        public void Write(WireWriter wire) =>
            wire.Number(Request).Flag(IsComplete).Records(Events, WriteEvent).Records(Versions, VersionVector.Write).Bytes(Origins);

        public static MissedEventsReply Read(ref WireReader wire) =>
            new(wire.Number(), wire.Flag(), wire.Records(ReadEvent), VersionVector.Read(ref wire), wire.Bytes());
    }

    /// <summary>
    /// What has happened to a namespace's log on the sender's node since the last time (<see cref="RecoveryReplicator"/>).
    /// </summary>
    internal sealed record Replicate(long Request, string Namespace, ReplicaChanges Changes, SocketJson? Json) : IClusterMessage
    {
        public void Write(WireWriter wire) =>
            wire.Number(Request).Text(Namespace).Record(this, static (wire, m) => WriteChanges(wire, m.Changes, m.Json!));

        public static Replicate Read(ref WireReader wire) => new(wire.Number(), wire.Text(), wire.Record(ReadChanges), null);
    }

    /// <summary>
    /// Another node has the sender's replica from now on, of all namespaces or, with a <see cref="Namespace"/>, this one is gone: what the
    /// receiver has is not to be given to anybody.
    /// </summary>
    internal sealed record DropReplica(long Request, string Namespace) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request).Text(Namespace);

        public static DropReplica Read(ref WireReader wire) => new(wire.Number(), wire.Text());
    }

    /// <summary>
    /// Answers <see cref="Replicate"/> and <see cref="DropReplica"/>: whether the changes followed what the replica has; else it must begin
    /// anew.
    /// </summary>
    internal sealed record ReplicateReply(long Request, bool Fitted) : IReply
    {
        public void Write(WireWriter wire) => wire.Number(Request).Flag(Fitted);

        public static ReplicateReply Read(ref WireReader wire) => new(wire.Number(), wire.Flag());
    }

    /// <summary>Answered when everything that the receiver's node had emitted in the namespace is on its way to the sender.</summary>
    internal sealed record EmitBarrier(long Request, string Namespace) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request).Text(Namespace);

        public static EmitBarrier Read(ref WireReader wire) => new(wire.Number(), wire.Text());
    }

    /// <summary>Answers <see cref="EmitBarrier"/>: the node with this tag had emitted so many.</summary>
    internal sealed record EmitBarrierReply(long Request, string Tag, long Emitted) : IReply
    {
        public void Write(WireWriter wire) => wire.Number(Request).Text(Tag).Number(Emitted);

        public static EmitBarrierReply Read(ref WireReader wire) => new(wire.Number(), wire.Text(), wire.Number());
    }

    // ---- Pieces

    private static void WriteChanges(WireWriter wire, ReplicaChanges changes, SocketJson json) =>
        wire.Flag(changes.Begins)
            .Number(changes.Position)
            .Records(changes.Events, WriteEvent)
            .Records(changes.Sockets, (wire, lost) => WriteLost(wire, lost, json))
            .Texts(changes.Gone)
            .Records(changes.Versions, VersionVector.Write)
            .Bytes(changes.Origins);

    private static ReplicaChanges ReadChanges(ref WireReader wire) =>
        new(wire.Flag(), wire.Number(), wire.Records(ReadEvent), wire.Records(ReadLost), wire.Texts(), VersionVector.Read(ref wire))
        {
            Origins = wire.Bytes(),
        };

    private static void WriteLost(WireWriter wire, LostSocket lost, SocketJson json) =>
        wire.Text(lost.Id).Text(lost.Secret).Texts(lost.Rooms).Bytes(lost.StateToBytes(json));

    private static LostSocket ReadLost(ref WireReader wire) => LostSocket.Read(wire.Text(), wire.Text(), wire.Texts(), wire.Span());

    private static void WriteEvent(WireWriter wire, LoggedEvent logged) =>
        wire.Record(logged.Selection, WriteSelection)
            .Record(logged.Frame, WriteFrame)
            .Text(logged.Emitter)
            .Number(logged.Number)
            .Number(logged.At)
            .Number(logged.Origin);

    private static LoggedEvent ReadEvent(ref WireReader wire)
    {
        var selection = wire.Record(ReadSelection);
        return new LoggedEvent(wire.Record(ReadFrame), selection, wire.Text(), wire.Number(), wire.Number()) { Origin = wire.Number() };
    }

    private static void WriteSelection(WireWriter wire, RoomSelection selection) =>
        wire.Flag(selection.Rooms is not null)
            .Texts(selection.Rooms ?? [])
            .Texts(selection.Excluded)
            .Text(selection.ExcludedSocket?.Id ?? selection.ExcludedId ?? "");

    private static RoomSelection ReadSelection(ref WireReader wire)
    {
        var some = wire.Flag();
        var rooms = wire.Texts();
        return new RoomSelection(some ? rooms : null, wire.Texts(), null, wire.Text() is { Length: > 0 } id ? id : null);
    }
}
