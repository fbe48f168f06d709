using ActorSocket.Protocol.SocketIo;
using ActorSocket.Recovery;

namespace ActorSocket.Clustering;

/// <summary>Connection state recovery: a client comes back by another node (<see cref="RemoteContinuation"/>), perhaps after the end of its own (<see cref="RecoveryReplicator"/>).</summary>
internal static partial class ClusterProtocol
{
    /// <summary>A client asks for the socket that it lost on the node with this tag, which is the receiver, or one that the receiver has a replica of; given once.</summary>
    internal sealed record ClaimSocket(long Request, string Namespace, string Secret, long Offset, string Tag) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request).Text(Namespace).Text(Secret).Number(Offset).Text(Tag);

        public static ClaimSocket Read(ref WireReader wire) => new(wire.Number(), wire.Text(), wire.Text(), wire.Number(), wire.Text());
    }

    /// <summary>It is given; or, without an <see cref="Id"/>, it is not. Data is a JSON object.</summary>
    internal sealed record SocketGiven(long Request, string Id, string[] Rooms, byte[] Data) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request).Text(Id).Texts(Rooms).Bytes(Data);

        public static SocketGiven Read(ref WireReader wire) => new(wire.Number(), wire.Text(), wire.Texts(), wire.Bytes());
    }

    /// <summary>Asks for what a socket with this id and these rooms has missed, of all that came to the node with this tag.</summary>
    internal sealed record CollectMissed(long Request, string Namespace, string Tag, long Offset, string Id, string[] Rooms) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request).Text(Namespace).Text(Tag).Number(Offset).Text(Id).Texts(Rooms);

        public static CollectMissed Read(ref WireReader wire) => new(wire.Number(), wire.Text(), wire.Text(), wire.Number(), wire.Text(), wire.Texts());
    }

    /// <summary>The node with the tag <see cref="Gone"/> is no more: asks each of the others for what it emitted itself since these numbers, and for what it got of that node.</summary>
    internal sealed record CollectEmitted(long Request, string Namespace, string Gone, IReadOnlyDictionary<string, long> After, string Id, string[] Rooms) : IClusterMessage
    {
        public void Write(WireWriter wire)
        {
            wire.Number(Request).Text(Namespace).Text(Gone);
            WritePositions(wire, After);
            wire.Text(Id).Texts(Rooms);
        }

        public static CollectEmitted Read(ref WireReader wire) => new(wire.Number(), wire.Text(), wire.Text(), ReadPositions(ref wire), wire.Text(), wire.Texts());
    }

    /// <summary>The events, as the sender logged them, and how far it has seen each node's.</summary>
    internal sealed record Missed(long Request, bool IsComplete, IReadOnlyList<LoggedEvent> Events, IReadOnlyDictionary<string, long> Positions) : IClusterMessage
    {
        public void Write(WireWriter wire)
        {
            wire.Number(Request).Flag(IsComplete);
            WriteEvents(wire, Events);
            WritePositions(wire, Positions);
        }

        public static Missed Read(ref WireReader wire) => new(wire.Number(), wire.Flag(), ReadEvents(ref wire), ReadPositions(ref wire));
    }

    /// <summary>What has happened to a namespace's log on the sender's node since the last time (<see cref="RecoveryReplicator"/>).</summary>
    internal sealed record Replicate(long Request, string Namespace, ReplicaChanges Changes, SocketJson? Json) : IClusterMessage
    {
        public void Write(WireWriter wire)
        {
            wire.Number(Request).Text(Namespace).Flag(Changes.Begins).Number(Changes.Position);
            WriteEvents(wire, Changes.Events);
            wire.Number(Changes.Sockets.Count);
            foreach (var lost in Changes.Sockets)
                wire.Text(lost.Id).Text(lost.Secret).Texts(lost.Rooms).Bytes(SocketFacts.DataToBytes(lost.Data, Json!));
            wire.Texts(Changes.Gone);
            WritePositions(wire, Changes.Positions);
        }

        public static Replicate Read(ref WireReader wire)
        {
            var (request, ns, begins, position) = (wire.Number(), wire.Text(), wire.Flag(), wire.Number());
            var events = ReadEvents(ref wire);
            var sockets = new LostSocket[wire.Count()];
            for (var i = 0; i < sockets.Length; i++)
                sockets[i] = new LostSocket(wire.Text(), wire.Text(), wire.Texts(), SocketFacts.ReadData(wire.Span()), 0);
            return new Replicate(request, ns, new ReplicaChanges(begins, position, events, sockets, wire.Texts(), ReadPositions(ref wire)), null);
        }
    }

    /// <summary>Another node has the sender's replica from now on, of all namespaces or, with a <see cref="Namespace"/>, this one is gone: what the receiver has is not to be given to anybody.</summary>
    internal sealed record DropReplica(long Request, string Namespace) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request).Text(Namespace);

        public static DropReplica Read(ref WireReader wire) => new(wire.Number(), wire.Text());
    }

    /// <summary>Whether they fitted; else the replica must begin anew.</summary>
    internal sealed record Replicated(long Request, bool Fitted) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request).Flag(Fitted);

        public static Replicated Read(ref WireReader wire) => new(wire.Number(), wire.Flag());
    }

    /// <summary>Answered when everything that the receiver's node had emitted in the namespace is on its way to the sender.</summary>
    internal sealed record Fence(long Request, string Namespace) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request).Text(Namespace);

        public static Fence Read(ref WireReader wire) => new(wire.Number(), wire.Text());
    }

    internal sealed record Fenced(long Request) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request);

        public static Fenced Read(ref WireReader wire) => new(wire.Number());
    }
}
