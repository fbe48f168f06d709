using ActorSocket.Entities;
using ActorSocket.Protocol.Records;

namespace ActorSocket.Clustering;

internal static partial class ClusterProtocol
{
    /// <summary>What goes to an entity by way of its shard region.</summary>
    internal interface IEntityRequest : IClusterMessage
    {
        string Id { get; }
    }

    /// <summary>An <see cref="EntityCall"/> as it travels.</summary>
    internal sealed record CallEntity(string Id, string Method, byte[] Arguments, bool WantsAnswer, string Trace) : IEntityRequest
    {
        public CallEntity(EntityCall call)
            : this(call.Id, call.Method, call.Arguments, call.WantsAnswer, call.Trace)
        {
        }

        public EntityCall ToCall() => new(Id, Method, Arguments, WantsAnswer, Trace);

        public void Write(WireWriter wire) => wire.Text(Id).Text(Method).Bytes(Arguments).Flag(WantsAnswer).Text(Trace);

        public static CallEntity Read(ref WireReader wire) => new(wire.Text(), wire.Text(), wire.Bytes(), wire.Flag(), wire.Text());
    }

    /// <summary>An <see cref="EntityAnswer"/> as it travels.</summary>
    internal sealed record CallEntityReply(byte[] Result, string Error, bool IsRefusal, string Code) : IClusterMessage
    {
        public CallEntityReply(EntityAnswer answer)
            : this(answer.Result, answer.Error, answer.IsRefusal, answer.Code)
        {
        }

        public EntityAnswer ToAnswer() => new(Result, Error, IsRefusal, Code);

        public void Write(WireWriter wire) => wire.Bytes(Result).Text(Error).Flag(IsRefusal).Text(Code);

        public static CallEntityReply Read(ref WireReader wire) => new(wire.Bytes(), wire.Text(), wire.Flag(), wire.Text());
    }

    /// <summary>
    /// The node <see cref="Waker"/> has a record of an entity that nobody hosts: it is to live on, wherever its shard is now. Repeated
    /// until a newer record comes.
    /// </summary>
    internal sealed record WakeEntity(string Id, string Waker) : IEntityRequest
    {
        public void Write(WireWriter wire) => wire.Text(Id).Text(Waker);

        public static WakeEntity Read(ref WireReader wire) => new(wire.Text(), wire.Text());
    }

    /// <summary>
    /// Tells the receiver to store this record of an entity (<see cref="EntityLedger"/>), or, without <paramref name="Keep"/>, to drop
    /// whatever it has up to this one: it is void. Repeated until it is confirmed.
    /// </summary>
    internal sealed record StoreEntityRecord(long Number, EntityKey Key, EntityRecord Record, bool Keep) : IClusterMessage
    {
        public void Write(WireWriter wire) =>
            wire.Number(Number).Record(Key, EntityKey.Write).Record(Record, EntityRecord.Write).Flag(Keep);

        public static StoreEntityRecord Read(ref WireReader wire) =>
            new(wire.Number(), wire.Record(EntityKey.Read), wire.Record(EntityRecord.Read), wire.Flag());
    }

    internal enum RecordOutcome { Done, NoRoom, Superseded }

    /// <summary>The record was taken, or has no room, or is older than what the sender has: that, without a state.</summary>
    internal sealed record EntityRecordReply(long Number, EntityKey Key, RecordOutcome Outcome, EntityRecord Record) : IClusterMessage
    {
        public void Write(WireWriter wire) =>
            wire.Number(Number).Record(Key, EntityKey.Write).Number((int)Outcome).Record(Record, EntityRecord.Write);

        public static EntityRecordReply Read(ref WireReader wire) =>
            new(wire.Number(), wire.Record(EntityKey.Read), (RecordOutcome)wire.Number(), wire.Record(EntityRecord.Read));
    }

    /// <summary>
    /// An entity starts on the sender's node, which asks every other one what it knows of it. Repeated until it is answered.
    /// </summary>
    internal sealed record QueryEntity(long Request, EntityKey Key) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request).Record(Key, EntityKey.Write);

        public static QueryEntity Read(ref WireReader wire) => new(wire.Number(), wire.Record(EntityKey.Read));
    }

    /// <summary>
    /// Answers <see cref="QueryEntity"/>: the newest record here, or <see cref="EntityRecord.None"/>. The record is kept until a
    /// <see cref="StoreEntityRecord"/> makes it void.
    /// </summary>
    internal sealed record EntityQueryReply(long Request, EntityRecord Record) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request).Record(Record, EntityRecord.Write);

        public static EntityQueryReply Read(ref WireReader wire) => new(wire.Number(), wire.Record(EntityRecord.Read));
    }

    /// <summary>
    /// Entities of the sender's node watch a socket: the receiver says what it is there (<see cref="SocketSighting"/>), and each change.
    /// Repeated until it is answered, and now and then while nobody has the socket, since who does not have it forgets the watch.
    /// </summary>
    internal sealed record WatchSocket(long Watch, string Namespace, string SocketId) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Watch).Text(Namespace).Text(SocketId);

        public static WatchSocket Read(ref WireReader wire) => new(wire.Number(), wire.Text(), wire.Text());
    }

    /// <summary>Nobody watches it any more. Where this is lost, it is said again in answer to the next sighting.</summary>
    internal sealed record UnwatchSocket(long Watch, string SocketId) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Watch).Text(SocketId);

        public static UnwatchSocket Read(ref WireReader wire) => new(wire.Number(), wire.Text());
    }

    /// <summary>What a watched socket is on the sender's node. Repeated until it is confirmed.</summary>
    internal sealed record SocketSighting(long Watch, long Number, string SocketId, SocketPresence Presence) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Watch).Number(Number).Text(SocketId).Number((int)Presence);

        public static SocketSighting Read(ref WireReader wire) =>
            new(wire.Number(), wire.Number(), wire.Text(), (SocketPresence)wire.Number());
    }

    /// <summary>It was taken.</summary>
    internal sealed record SocketSightingReply(long Watch, long Number, string SocketId) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Watch).Number(Number).Text(SocketId);

        public static SocketSightingReply Read(ref WireReader wire) => new(wire.Number(), wire.Number(), wire.Text());
    }
}
