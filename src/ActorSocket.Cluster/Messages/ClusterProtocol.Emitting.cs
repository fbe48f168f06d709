using ActorSocket.Diagnostics;
using ActorSocket.Emitting;
using ActorSocket.Protocol.Records;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sockets;

namespace ActorSocket.Clustering;

/// <summary>What one node emits to the clients of another, and asks of its sockets (<see cref="LocalSockets"/>).</summary>
internal static partial class ClusterProtocol
{
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
    /// <param name="Trace">The trace that it is part of (<see cref="ActorSocketActivity.Current"/>); empty for none.</param>
    internal sealed record Broadcast(Target Target, EncodedFrame Frame, bool IsVolatile, long Number, string Trace) : IClusterMessage
    {
        public void Write(WireWriter wire) =>
            wire.Record(Target, Target.Write).Record(Frame, WriteFrame).Flag(IsVolatile).Number(Number).Text(Trace);

        public static Broadcast Read(ref WireReader wire) =>
            new(wire.Record(Target.Read), wire.Record(ReadFrame), wire.Flag(), wire.Number(), wire.Text());
    }

    /// <summary>
    /// As <see cref="Broadcast"/>, with an acknowledgement asked of each member. Acknowledgement ids are a node's own, so the frame has
    /// none yet.
    /// </summary>
    internal sealed record AskClients(long Request, Target Target, EncodedFrame Frame, bool IsVolatile, TimeSpan Timeout, string Trace)
        : IClusterMessage
    {
        public void Write(WireWriter wire) =>
            wire.Number(Request).Record(Target, Target.Write).Record(Frame, WriteFrame).Flag(IsVolatile).Number(Timeout.Ticks).Text(Trace);

        public static AskClients Read(ref WireReader wire) => new(
            wire.Number(), wire.Record(Target.Read), wire.Record(ReadFrame), wire.Flag(), TimeSpan.FromTicks(wire.Number()), wire.Text());
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

    /// <summary>Answers <see cref="ChangeSockets"/>: it is done, but for those. A node of an older version does not say of any.</summary>
    internal sealed record ChangeSocketsReply(long Request, FailedSockets Failed) : IReply
    {
        public void Write(WireWriter wire) => wire.Number(Request).Record(Failed, WriteFailed);

        public static ChangeSocketsReply Read(ref WireReader wire) => new(wire.Number(), wire.Record(ReadFailed));

        private static void WriteFailed(WireWriter wire, FailedSockets failed) =>
            wire.Number(failed.Count).Texts([.. failed.Ids]).Text(failed.Reason);

        private static FailedSockets ReadFailed(ref WireReader wire) => new((int)wire.Number(), wire.Texts(), wire.Text());
    }

    /// <summary>
    /// An event for the servers' own handlers (C-05); arguments are a JSON array. <see cref="Request"/> is 0 when no answer is wanted.
    /// </summary>
    internal sealed record ServerSideEvent(long Request, string Namespace, string EventName, byte[] Arguments, string Trace)
        : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request).Text(Namespace).Text(EventName).Bytes(Arguments).Text(Trace);

        public static ServerSideEvent Read(ref WireReader wire) => new(wire.Number(), wire.Text(), wire.Text(), wire.Bytes(), wire.Text());
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

    private static void WriteFrame(WireWriter wire, EncodedFrame frame) =>
        wire.Bytes(frame.Text).ByteArrays([.. frame.Attachments]).Flag(frame.Compress);

    private static EncodedFrame ReadFrame(ref WireReader wire) => EncodedFrame.Of(wire.Span(), wire.ByteArrays(), wire.Flag());
}
