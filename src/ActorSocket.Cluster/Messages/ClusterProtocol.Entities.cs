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
    internal sealed record CallEntity(string Id, string Method, byte[] Arguments, bool WantsAnswer) : IEntityRequest
    {
        public CallEntity(EntityCall call)
            : this(call.Id, call.Method, call.Arguments, call.WantsAnswer)
        {
        }

        public EntityCall ToCall() => new(Id, Method, Arguments, WantsAnswer);

        public void Write(WireWriter wire) => wire.Text(Id).Text(Method).Bytes(Arguments).Flag(WantsAnswer);

        public static CallEntity Read(ref WireReader wire) => new(wire.Text(), wire.Text(), wire.Bytes(), wire.Flag());
    }

    /// <summary>An <see cref="EntityAnswer"/> as it travels.</summary>
    internal sealed record EntityAnswered(byte[] Result, string Error, bool IsRefusal, string Code) : IClusterMessage
    {
        public EntityAnswered(EntityAnswer answer)
            : this(answer.Result, answer.Error, answer.IsRefusal, answer.Code)
        {
        }

        public EntityAnswer ToAnswer() => new(Result, Error, IsRefusal, Code);

        public void Write(WireWriter wire) => wire.Bytes(Result).Text(Error).Flag(IsRefusal).Text(Code);

        public static EntityAnswered Read(ref WireReader wire) => new(wire.Bytes(), wire.Text(), wire.Flag(), wire.Text());
    }

    /// <summary>
    /// The node <see cref="Keeper"/> keeps what is left of an entity: it is to live on, wherever its shard is now. Repeated until a newer
    /// note comes.
    /// </summary>
    internal sealed record WakeEntity(string Id, string Keeper) : IEntityRequest
    {
        public void Write(WireWriter wire) => wire.Text(Id).Text(Keeper);

        public static WakeEntity Read(ref WireReader wire) => new(wire.Text(), wire.Text());
    }

    /// <summary>
    /// Tells the receiver to keep this note of an entity (<see cref="EntityLedger"/>), or, without <paramref name="Keep"/>, that whatever
    /// it has up to this is void. Repeated until it is confirmed.
    /// </summary>
    internal sealed record NoteEntity(long Number, EntityKey Key, EntityNote Note, bool Keep) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Number).Record(Key, EntityKey.Write).Record(Note, EntityNote.Write).Flag(Keep);

        public static NoteEntity Read(ref WireReader wire) =>
            new(wire.Number(), wire.Record(EntityKey.Read), wire.Record(EntityNote.Read), wire.Flag());
    }

    internal enum NoteOutcome { Done, NoRoom, Superseded }

    /// <summary>The note was taken, or has no room, or is older than what the sender has: that, without a state.</summary>
    internal sealed record EntityNoted(long Number, EntityKey Key, NoteOutcome Outcome, EntityNote Note) : IClusterMessage
    {
        public void Write(WireWriter wire) =>
            wire.Number(Number).Record(Key, EntityKey.Write).Number((int)Outcome).Record(Note, EntityNote.Write);

        public static EntityNoted Read(ref WireReader wire) =>
            new(wire.Number(), wire.Record(EntityKey.Read), (NoteOutcome)wire.Number(), wire.Record(EntityNote.Read));
    }

    /// <summary>
    /// An entity starts on the sender's node, which asks every other one what it knows of it. Repeated until it is answered.
    /// </summary>
    internal sealed record ClaimEntity(long Request, EntityKey Key) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request).Record(Key, EntityKey.Write);

        public static ClaimEntity Read(ref WireReader wire) => new(wire.Number(), wire.Record(EntityKey.Read));
    }

    /// <summary>
    /// The answer to <see cref="ClaimEntity"/>: the newest note here, or <see cref="EntityNote.None"/>. The note is kept until a
    /// <see cref="NoteEntity"/> makes it void.
    /// </summary>
    internal sealed record EntityClaimed(long Request, EntityNote Note) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request).Record(Note, EntityNote.Write);

        public static EntityClaimed Read(ref WireReader wire) => new(wire.Number(), wire.Record(EntityNote.Read));
    }
}
