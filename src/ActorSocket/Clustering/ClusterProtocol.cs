using Akka.Event;
using ActorSocket.Delivery;
using ActorSocket.Protocol.EngineIo;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Recovery;

namespace ActorSocket.Clustering;

/// <summary>A message that crosses nodes. It writes itself; <see cref="ClusterSerializer"/> has the manifests and the readers.</summary>
internal interface IClusterMessage : IDeadLetterSuppression
{
    void Write(WireWriter wire);
}

/// <summary>
/// Everything that nodes tell each other. A field is added at the end only, and is zero or empty when an older node wrote the message; a message that a
/// node does not know is counted and ignored.
/// </summary>
internal static class ClusterProtocol
{
    /// <summary>Raised when nodes of both versions could not work together; until then messages grow by fields at their end.</summary>
    public const int Version = 1;

    // ---- Peers: who is there, and which rooms each has (RoomDirectory, PeerActor)

    /// <summary>A node introduces itself to another. <see cref="Parser"/>: frames are encoded once, so all nodes must speak to clients alike.</summary>
    /// <remarks><see cref="HasShards"/>: once they are there, others may find out where they are.</remarks>
    internal sealed record Hello(string Tag, int Version, string Parser, byte[] Key, bool HasShards) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Text(Tag).Number(Version).Text(Parser).Bytes(Key).Flag(HasShards);

        public static Hello Read(ref WireReader wire) => new(wire.Text(), (int)wire.Number(), wire.Text(), wire.Bytes(), wire.Flag());
    }

    /// <summary>A room has got its first member on the sender's node, or has lost its last one some time ago.</summary>
    internal readonly record struct RoomChange(string Namespace, string Room, bool HasMembers);

    /// <summary>Changes since the round before. Rounds are taken in order only; one that is missing is sent again.</summary>
    internal sealed record Announce(long Round, IReadOnlyList<RoomChange> Changes) : IClusterMessage
    {
        public void Write(WireWriter wire)
        {
            wire.Number(Round).Number(Changes.Count);
            foreach (var change in Changes)
                wire.Text(change.Namespace).Text(change.Room).Flag(change.HasMembers);
        }

        public static Announce Read(ref WireReader wire)
        {
            var round = wire.Number();
            var changes = new RoomChange[wire.Count()];
            for (var i = 0; i < changes.Length; i++)
                changes[i] = new RoomChange(wire.Text(), wire.Text(), wire.Flag());
            return new Announce(round, changes);
        }
    }

    /// <summary>Every round up to this one is in force on the sender's node: its broadcasts reach the rooms.</summary>
    internal sealed record Announced(long Round) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Round);

        public static Announced Read(ref WireReader wire) => new(wire.Number());
    }

    /// <summary>The sender lost sight of a node for a while and asks what it may have missed.</summary>
    internal sealed record SyncAsked : IClusterMessage
    {
        public void Write(WireWriter wire)
        {
        }

        public static SyncAsked Read(ref WireReader wire) => new();
    }

    /// <summary>The newest round, sent after all that were not acknowledged.</summary>
    internal sealed record SyncState(long Round) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Round);

        public static SyncState Read(ref WireReader wire) => new(wire.Number());
    }

    // ---- Emitting (PeerActor)

    /// <summary>Whom a message is for, on the node that receives it: a socket that is left out is known to its own node only.</summary>
    internal sealed record Target(string Namespace, string[]? Rooms, string[] Excluded)
    {
        public RoomSelection Selection => new(Rooms, Excluded, null);

        public void Write(WireWriter wire) => wire.Text(Namespace).Flag(Rooms is not null).Texts(Rooms ?? []).Texts(Excluded);

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
        public void Write(WireWriter wire)
        {
            Target.Write(wire);
            WriteFrame(wire, Frame);
            wire.Flag(IsVolatile).Number(Number);
        }

        public static Broadcast Read(ref WireReader wire) => new(Target.Read(ref wire), ReadFrame(ref wire), wire.Flag(), wire.Number());
    }

    /// <summary>The same, with an acknowledgement asked of each member. Acknowledgement ids are a node's own, so the frame has none yet.</summary>
    internal sealed record AskClients(long Request, Target Target, EncodedFrame Frame, bool IsVolatile, TimeSpan Timeout) : IClusterMessage
    {
        public void Write(WireWriter wire)
        {
            wire.Number(Request);
            Target.Write(wire);
            WriteFrame(wire, Frame);
            wire.Flag(IsVolatile).Number(Timeout.Ticks);
        }

        public static AskClients Read(ref WireReader wire) =>
            new(wire.Number(), Target.Read(ref wire), ReadFrame(ref wire), wire.Flag(), TimeSpan.FromTicks(wire.Number()));
    }

    /// <summary>So many clients of the sender's node were asked.</summary>
    internal sealed record ClientsAsked(long Request, int Count) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request).Number(Count);

        public static ClientsAsked Read(ref WireReader wire) => new(wire.Number(), (int)wire.Number());
    }

    /// <summary>One of them answered.</summary>
    internal sealed record ClientAnswered(long Request, EncodedArguments Arguments) : IClusterMessage
    {
        public void Write(WireWriter wire)
        {
            wire.Number(Request);
            Arguments.Write(wire);
        }

        public static ClientAnswered Read(ref WireReader wire) => new(wire.Number(), EncodedArguments.Read(ref wire));
    }

    /// <summary>Asks for the facts of the matching sockets.</summary>
    internal sealed record FetchSockets(long Request, Target Target) : IClusterMessage
    {
        public void Write(WireWriter wire)
        {
            wire.Number(Request);
            Target.Write(wire);
        }

        public static FetchSockets Read(ref WireReader wire) => new(wire.Number(), Target.Read(ref wire));
    }

    /// <summary>They are, each as <see cref="SocketFacts"/> writes itself.</summary>
    internal sealed record Fetched(long Request, byte[][] Sockets) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request).ByteArrays(Sockets);

        public static Fetched Read(ref WireReader wire) => new(wire.Number(), wire.ByteArrays());
    }

    internal enum SocketChange { Join, Leave, Disconnect, Close }

    /// <summary>Lets the matching sockets join or leave rooms, or go.</summary>
    internal sealed record ChangeSockets(long Request, Target Target, SocketChange Change, string[] Rooms) : IClusterMessage
    {
        public void Write(WireWriter wire)
        {
            wire.Number(Request);
            Target.Write(wire);
            wire.Number((int)Change).Texts(Rooms);
        }

        public static ChangeSockets Read(ref WireReader wire) => new(wire.Number(), Target.Read(ref wire), (SocketChange)wire.Number(), wire.Texts());
    }

    internal sealed record SocketsChanged(long Request) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request);

        public static SocketsChanged Read(ref WireReader wire) => new(wire.Number());
    }

    /// <summary>An event for the servers' own handlers (C-05); arguments are a JSON array. <see cref="Request"/> is 0 when no answer is wanted.</summary>
    internal sealed record ServerSideEvent(long Request, string Namespace, string EventName, byte[] Arguments) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request).Text(Namespace).Text(EventName).Bytes(Arguments);

        public static ServerSideEvent Read(ref WireReader wire) => new(wire.Number(), wire.Text(), wire.Text(), wire.Bytes());
    }

    /// <summary>What the node's handlers answered: a JSON array, or nothing.</summary>
    internal sealed record ServerSideAnswered(long Request, bool HasAnswer, byte[] Answer) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request).Flag(HasAnswer).Bytes(Answer);

        public static ServerSideAnswered Read(ref WireReader wire) => new(wire.Number(), wire.Flag(), wire.Bytes());
    }

    // ---- Connection state recovery: a client comes back by another node (RemoteContinuation)

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
                wire.Text(lost.Id).Text(lost.Secret).Texts(lost.Rooms).Bytes(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(lost.Data, Json!.Options));
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

    // ---- Entities (EntityActor)

    /// <summary>A call of an entity's method, by way of its shard region; arguments are a JSON array.</summary>
    internal sealed record CallEntity(string Id, string Method, byte[] Arguments, bool WantsAnswer) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Text(Id).Text(Method).Bytes(Arguments).Flag(WantsAnswer);

        public static CallEntity Read(ref WireReader wire) => new(wire.Text(), wire.Text(), wire.Bytes(), wire.Flag());
    }

    /// <summary>What it returned, a JSON array; or what went wrong.</summary>
    internal sealed record EntityAnswered(byte[] Result, string Error) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Bytes(Result).Text(Error);

        public static EntityAnswered Read(ref WireReader wire) => new(wire.Bytes(), wire.Text());
    }

    /// <summary>The state of an entity that leaves the sender's node.</summary>
    internal sealed record EntityState(long Request, string Type, string Id, byte[] Json) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request).Text(Type).Text(Id).Bytes(Json);

        public static EntityState Read(ref WireReader wire) => new(wire.Number(), wire.Text(), wire.Text(), wire.Bytes());
    }

    internal sealed record EntityStateTaken(long Request) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request);

        public static EntityStateTaken Read(ref WireReader wire) => new(wire.Number());
    }

    // ---- Sessions: requests that a load balancer sent to another node than the session's (SessionGateway, EngineSession)

    /// <summary>Something for the session with this id, wherever it lives. Answered with <see cref="RequestServed"/> or <see cref="RequestRefused"/>.</summary>
    internal interface ISessionRequest : IClusterMessage
    {
        string Sid { get; }

        long Request { get; }
    }

    /// <summary>What a request says of itself: the protocol revision, and the transport in its query.</summary>
    internal readonly record struct RequestQuery(bool IsRevision3, bool IsForWebSocket, string Jsonp)
    {
        /// <summary>Of a request that no client made.</summary>
        public static readonly RequestQuery None = new(false, false, "");

        public void Write(WireWriter wire) => wire.Flag(IsRevision3).Flag(IsForWebSocket).Text(Jsonp);

        public static RequestQuery Read(ref WireReader wire) => new(wire.Flag(), wire.Flag(), wire.Text());
    }

    /// <summary>A GET that waits for packets.</summary>
    internal sealed record PollRequest(string Sid, long Request, RequestQuery Query) : ISessionRequest
    {
        public void Write(WireWriter wire)
        {
            wire.Text(Sid).Number(Request);
            Query.Write(wire);
        }

        public static PollRequest Read(ref WireReader wire) => new(wire.Text(), wire.Number(), RequestQuery.Read(ref wire));
    }

    /// <summary>Its client has gone (E-47).</summary>
    internal sealed record PollCut(string Sid, long Request) : ISessionRequest
    {
        public void Write(WireWriter wire) => wire.Text(Sid).Number(Request);

        public static PollCut Read(ref WireReader wire) => new(wire.Text(), wire.Number());
    }

    /// <summary>The node where the client's connection ends is stopping: a poll is to be answered now, a WebSocket closed. Not answered.</summary>
    internal sealed record GatewayLeaves(string Sid, long Request, bool IsWebSocket) : ISessionRequest
    {
        public void Write(WireWriter wire) => wire.Text(Sid).Number(Request).Flag(IsWebSocket);

        public static GatewayLeaves Read(ref WireReader wire) => new(wire.Text(), wire.Number(), wire.Flag());
    }

    /// <summary>A POST whose body takes its time: another one meanwhile breaks the protocol (E-45). Answered only when it is refused.</summary>
    internal sealed record PostBegun(string Sid, long Request, RequestQuery Query) : ISessionRequest
    {
        public void Write(WireWriter wire)
        {
            wire.Text(Sid).Number(Request);
            Query.Write(wire);
        }

        public static PostBegun Read(ref WireReader wire) => new(wire.Text(), wire.Number(), RequestQuery.Read(ref wire));
    }

    /// <summary>A POST and its body. <see cref="HasBegun"/>: its <see cref="PostBegun"/> came before.</summary>
    internal sealed record PostRequest(string Sid, long Request, RequestQuery Query, bool IsOctetStream, bool HasBegun, byte[] Body) : ISessionRequest
    {
        public void Write(WireWriter wire)
        {
            wire.Text(Sid).Number(Request);
            Query.Write(wire);
            wire.Flag(IsOctetStream).Flag(HasBegun).Bytes(Body);
        }

        public static PostRequest Read(ref WireReader wire) => new(wire.Text(), wire.Number(), RequestQuery.Read(ref wire), wire.Flag(), wire.Flag(), wire.Bytes());
    }

    /// <summary>A POST that was cut (E-47) or was too long (E-46): nothing of it is delivered.</summary>
    internal sealed record PostFailed(string Sid, long Request, RequestQuery Query, bool HasBegun, bool WasCut) : ISessionRequest
    {
        public void Write(WireWriter wire)
        {
            wire.Text(Sid).Number(Request);
            Query.Write(wire);
            wire.Flag(HasBegun).Flag(WasCut);
        }

        public static PostFailed Read(ref WireReader wire) => new(wire.Text(), wire.Number(), RequestQuery.Read(ref wire), wire.Flag(), wire.Flag());
    }

    /// <summary>A method that no transport has.</summary>
    internal sealed record OtherRequest(string Sid, long Request, RequestQuery Query) : ISessionRequest
    {
        public void Write(WireWriter wire)
        {
            wire.Text(Sid).Number(Request);
            Query.Write(wire);
        }

        public static OtherRequest Read(ref WireReader wire) => new(wire.Text(), wire.Number(), RequestQuery.Read(ref wire));
    }

    /// <summary>A WebSocket that wants to become the session's transport. It stays on the node whose tag is <see cref="Gateway"/>; its bytes travel as <see cref="Link"/>.</summary>
    internal sealed record UpgradeRequest(string Sid, long Request, RequestQuery Query, string Gateway, long Link, WireForm Form, bool IsRefused) : ISessionRequest
    {
        public void Write(WireWriter wire)
        {
            wire.Text(Sid).Number(Request);
            Query.Write(wire);
            wire.Text(Gateway).Number(Link).Number((int)Form).Flag(IsRefused);
        }

        public static UpgradeRequest Read(ref WireReader wire) =>
            new(wire.Text(), wire.Number(), RequestQuery.Read(ref wire), wire.Text(), wire.Number(), (WireForm)wire.Number(), wire.Flag());
    }

    /// <summary>The session's answer: an HTTP status, and for a poll its payload.</summary>
    internal sealed record RequestServed(long Request, int Status, byte[] Body, bool IsOctetStream, bool MayCompress) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request).Number(Status).Bytes(Body).Flag(IsOctetStream).Flag(MayCompress);

        public static RequestServed Read(ref WireReader wire) => new(wire.Number(), (int)wire.Number(), wire.Bytes(), wire.Flag(), wire.Flag());
    }

    /// <summary>The session's answer: refused as the official server would.</summary>
    internal sealed record RequestRefused(long Request, EngineIoError Error) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Number(Request).Number((int)Error);

        public static RequestRefused Read(ref WireReader wire) => new(wire.Number(), (EngineIoError)wire.Number());
    }

    /// <summary>Bytes of the WebSockets that end on one of two nodes while their sessions live on the other; see <see cref="LinkHub"/>.</summary>
    internal sealed record LinkBatch(byte[] Entries) : IClusterMessage
    {
        public void Write(WireWriter wire) => wire.Bytes(Entries);

        public static LinkBatch Read(ref WireReader wire) => new(wire.Bytes());
    }

    // ---- Pieces

    private static void WriteFrame(WireWriter wire, EncodedFrame frame) => wire.Bytes(frame.Text).ByteArrays([.. frame.Attachments]).Flag(frame.Compress);

    private static EncodedFrame ReadFrame(ref WireReader wire) => EncodedFrame.Of(wire.Span(), wire.ByteArrays(), wire.Flag());

    private static void WriteEvents(WireWriter wire, IReadOnlyList<LoggedEvent> events)
    {
        wire.Number(events.Count);
        foreach (var logged in events)
        {
            var selection = logged.Selection;
            wire.Flag(selection.Rooms is not null).Texts(selection.Rooms ?? []).Texts(selection.Excluded).Text(selection.ExcludedSocket?.Id ?? selection.ExcludedId ?? "");
            WriteFrame(wire, logged.Frame);
            wire.Text(logged.Emitter).Number(logged.Number);
        }
    }

    private static LoggedEvent[] ReadEvents(ref WireReader wire)
    {
        var events = new LoggedEvent[wire.Count()];
        for (var i = 0; i < events.Length; i++)
        {
            var some = wire.Flag();
            var rooms = wire.Texts();
            var selection = new RoomSelection(some ? rooms : null, wire.Texts(), null, wire.Text() is { Length: > 0 } id ? id : null);
            events[i] = new LoggedEvent(ReadFrame(ref wire), selection, wire.Text(), wire.Number(), 0);
        }
        return events;
    }

    private static void WritePositions(WireWriter wire, IReadOnlyDictionary<string, long> positions)
    {
        wire.Number(positions.Count);
        foreach (var (tag, number) in positions)
            wire.Text(tag).Number(number);
    }

    private static Dictionary<string, long> ReadPositions(ref WireReader wire)
    {
        var positions = new Dictionary<string, long>(StringComparer.Ordinal);
        for (var left = wire.Count(); left > 0; left--)
            positions[wire.Text()] = wire.Number();
        return positions;
    }
}

/// <summary>Arguments as they travel between nodes: still encoded.</summary>
internal sealed record EncodedArguments(byte[] Json, int[] Ranges, byte[][] Attachments)
{
    public static EncodedArguments Of(SocketArguments arguments) => new(arguments.Json, arguments.Ranges, arguments.Attachments);

    public SocketArguments ToArguments(SocketJson json) => new(Json, Ranges, Attachments, json);

    public void Write(WireWriter wire)
    {
        wire.Bytes(Json).Number(Ranges.Length);
        foreach (var at in Ranges)
            wire.Number(at);
        wire.ByteArrays(Attachments);
    }

    public static EncodedArguments Read(ref WireReader wire)
    {
        var json = wire.Bytes();
        var ranges = new int[wire.Count()];
        for (var i = 0; i < ranges.Length; i++)
            ranges[i] = (int)wire.Number();
        return new EncodedArguments(json, ranges, wire.ByteArrays());
    }
}
