using ActorSocket.Sockets;

namespace ActorSocket.Api;

/// <summary>What a node is at, for the day something hangs. Read from what is there: an actor that hangs answers nothing.</summary>
/// <param name="At">When.</param>
/// <param name="Node">What the ids made here begin with.</param>
/// <param name="Process">The process.</param>
/// <param name="Connections">The clients.</param>
/// <param name="Namespaces">The namespaces, those with most sockets first.</param>
/// <param name="Entities">How many entities live here, by class.</param>
/// <param name="Peers">The other nodes that this one has met.</param>
/// <param name="Mailboxes">Actors that messages wait for, or that are at one, those with most first.</param>
internal sealed record NodeDump(
    DateTimeOffset At,
    string Node,
    ProcessDump Process,
    ConnectionsDump Connections,
    IReadOnlyList<NamespaceDump> Namespaces,
    IReadOnlyDictionary<string, int> Entities,
    IReadOnlyList<PeerState> Peers,
    IReadOnlyList<MailboxDump> Mailboxes
);

/// <summary>How busy the process is. <c>PendingWorkItems</c> that do not go down: threads of the pool are blocked.</summary>
internal sealed record ProcessDump(
    string Version,
    int Id,
    TimeSpan Uptime,
    TimeSpan ProcessorTime,
    int Threads,
    int PoolThreads,
    long PendingWorkItems,
    long CompletedWorkItems,
    long LockContentions,
    long WorkingSet,
    long ManagedHeap
);

/// <param name="Open">Connections on this node.</param>
/// <param name="Sockets">Sockets whose actors or last handlers run: those that connect, and those that end, too.</param>
/// <param name="Waiting">Those connections that something waits for, those for which most does first.</param>
internal sealed record ConnectionsDump(int Open, int Sockets, IReadOnlyList<ConnectionDump> Waiting);

/// <summary>A connection. Its id is a secret of the client's, and is not told.</summary>
/// <param name="Address">Where the client is.</param>
/// <param name="Transport">How it is connected.</param>
/// <param name="IsEnding">Whether it has ended, and waits for what is still to be done.</param>
/// <param name="EventsWaiting">Packets that have come in whose handlers have not ended.</param>
/// <param name="BytesWaiting">Their bytes.</param>
/// <param name="PacketsToSend">What the client has not taken yet.</param>
/// <param name="BytesToSend">Their bytes.</param>
/// <param name="IsPollWaiting">Whether a GET waits for something to be sent.</param>
/// <param name="AnswersOwed">Acknowledgements that the client owes.</param>
/// <param name="Connecting">Namespaces whose middleware is at work for it.</param>
/// <param name="Sockets">Its sockets.</param>
internal sealed record ConnectionDump(
    string Address,
    string Transport,
    bool IsEnding,
    int EventsWaiting,
    long BytesWaiting,
    int PacketsToSend,
    long BytesToSend,
    bool IsPollWaiting,
    int AnswersOwed,
    int Connecting,
    IReadOnlyList<SocketDump> Sockets
);

/// <param name="Id">Its id; empty for a client of Socket.IO 2, which is known by its connection's.</param>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Event">The event that a handler was called for last; null: none yet, or it is at <c>OnConnection</c>.</param>
/// <param name="HandlersAwaited">Handlers that have been called, and have not ended.</param>
/// <param name="AwaitedFor">For how long there has been at least one.</param>
/// <param name="Messages">What waits for its actor.</param>
/// <param name="At">The kind of message that its actor is at: in two dumps with the same event, a handler that blocks.</param>
internal sealed record SocketDump(
    string Id,
    string Namespace,
    string? Event,
    int HandlersAwaited,
    TimeSpan AwaitedFor,
    int Messages,
    string? At
);

/// <param name="Name">Its name.</param>
/// <param name="Sockets">Its sockets on this node.</param>
/// <param name="Rooms">Its rooms that have members here, sockets' own ones left out.</param>
/// <param name="UnannouncedRooms">Those of them that other nodes have not confirmed: who joins waits for it.</param>
/// <param name="Messages">What waits for its actor.</param>
/// <param name="LargestRooms">Those with most members.</param>
internal sealed record NamespaceDump(
    string Name,
    int Sockets,
    int Rooms,
    int UnannouncedRooms,
    int Messages,
    IReadOnlyList<RoomDump> LargestRooms
);

internal sealed record RoomDump(string Room, int Members);

/// <param name="Actor">Its class.</param>
/// <param name="Path">Where it is among the others; of a session's actor its parent, since its name is the session's id.</param>
/// <param name="Messages">How many wait.</param>
/// <param name="At">The kind of message that it is at; null: none.</param>
internal sealed record MailboxDump(string Actor, string Path, int Messages, string? At);
