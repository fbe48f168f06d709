using ActorSocket.Emitting;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Recovery;
using Akka.Actor;

namespace ActorSocket.Sockets;

/// <summary>
/// What a namespace wants of the other nodes that serve it. The cluster implements it; a node alone has <see cref="SingleNodeAdapter"/>, so
/// that nobody need ask which it is.
/// </summary>
/// <remarks>Any thread.</remarks>
internal interface IClusterAdapter
{
    /// <summary>How long a question waits for its answers unless it says so itself.</summary>
    TimeSpan RequestTimeout { get; }

    /// <summary>Whether a socket that is lost here may come back on another node: what it has must then be able to travel.</summary>
    bool TakeOnSockets { get; }

    /// <summary>Those that have been met.</summary>
    IReadOnlyList<PeerState> PeerStates { get; }

    /// <summary>Starts what reaches them.</summary>
    /// <param name="root">Whose children it is.</param>
    void Start(IActorContext root);

    /// <summary>
    /// The server has closed: what its clients may come back for is given to another node. A server alone ends its actors.
    /// </summary>
    Task LeaveAsync(IActorRef root, CancellationToken cancellationToken);

    /// <summary>
    /// A lost socket was taken back: completes when nobody has a copy of it that its client could be given again, or after a moment.
    /// </summary>
    Task TakenAsync(CancellationToken cancellationToken);

    /// <summary>
    /// A room has members here from now on. Completes when every node that can be reached sends here what is emitted to it.
    /// </summary>
    Task AnnounceAsync(string ns, string room);

    /// <summary>A room has no members here any more.</summary>
    void Withdraw(string ns, string room);

    /// <summary>Sends an encoded event to the nodes that may have sockets of the selection.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="selection">Whom it is for.</param>
    /// <param name="frame">The event.</param>
    /// <param name="isVolatile">Whether it may be dropped.</param>
    /// <param name="number">With connection state recovery: which of this node's events in the namespace it is; else 0.</param>
    /// <returns>Which ones those are.</returns>
    IReadOnlyList<IRemoteNode> Broadcast(
        NamespaceServices ns,
        RoomSelection selection,
        EncodedFrame frame,
        bool isVolatile,
        long number = 0
    );

    /// <summary>Asks the clients of other nodes. <paramref name="answers"/> is told how many nodes are asked before this returns.</summary>
    /// <returns>Dispose it when nobody waits any more.</returns>
    IDisposable? AskClients(
        NamespaceServices ns, RoomSelection selection, string eventName, IReadOnlyList<object?> args, EmitFlags flags, TimeSpan timeout,
        BroadcastAck answers);

    /// <summary>Finds the sockets of a selection on other nodes, and says which nodes did not answer in time.</summary>
    Task<(IReadOnlyList<SocketDetails> Found, IReadOnlyList<string> Missing)> FetchAsync(
        NamespaceServices ns,
        RoomSelection selection,
        TimeSpan timeout,
        CancellationToken cancellationToken
    );

    /// <summary>Counts the sockets of a selection on other nodes, and says which nodes did not answer in time.</summary>
    Task<(int Count, IReadOnlyList<string> Missing)> CountAsync(
        NamespaceServices ns, RoomSelection selection, TimeSpan timeout, CancellationToken cancellationToken);

    /// <summary>The pages that other nodes make of their rooms' names, likewise.</summary>
    Task<(IReadOnlyList<string> Rooms, IReadOnlyList<string> Missing)> ListRoomsAsync(
        NamespaceServices ns, string prefix, string? after, int limit, TimeSpan timeout, CancellationToken cancellationToken);

    /// <summary>
    /// Tells every other node, now or when they meet, how many devices a user has here. In the order in which it is called; it does not
    /// wait.
    /// </summary>
    void TellDevices(string ns, string user, int devices);

    /// <summary>Lets the sockets of a selection on other nodes join or leave rooms, or go.</summary>
    /// <returns>The sockets that did not, and the nodes that have not said in time that they are done.</returns>
    Task<(FailedSockets Failed, IReadOnlyList<string> Missing)> ChangeAsync(
        NamespaceServices ns, RoomSelection selection, SocketChange change, string[] rooms, TimeSpan timeout,
        CancellationToken cancellationToken);

    /// <summary>Finds a socket that its client lost on another node. Null when nobody gives it.</summary>
    Task<SocketRestore?> FindAsync(NamespaceServices ns, RecoveryClaim claim);

    /// <summary>Raises an event on every other node. Arguments are a JSON array (<see cref="SocketJson.ToJsonArray"/>).</summary>
    void Raise(string ns, string eventName, byte[] arguments, string trace);

    /// <summary>Likewise, and completes when all others have answered or the time is over. Cancelled, it throws.</summary>
    Task<ServerEventAnswers> AskNodesAsync(
        string ns,
        string eventName,
        byte[] arguments,
        string trace,
        TimeSpan timeout,
        CancellationToken cancellationToken
    );
}

/// <param name="Answers">A JSON array for each node that answered.</param>
/// <param name="Missing">How many did not, in time or at all.</param>
internal sealed record ServerEventAnswers(IReadOnlyList<byte[]> Answers, int Missing)
{
    public static readonly ServerEventAnswers None = new([], 0);
}
