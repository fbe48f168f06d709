using ActorSocket.Emitting;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Recovery;
using Akka.Actor;

namespace ActorSocket.Sockets;

/// <summary>One node alone: there are no others.</summary>
internal sealed class SingleNodeAdapter : IClusterAdapter
{
    public static readonly SingleNodeAdapter Instance = new();

    private static readonly Task<SocketRestore?> NotFound = Task.FromResult<SocketRestore?>(null);
    private static readonly Task<int> NobodyMissing = Task.FromResult(0);

    public TimeSpan RequestTimeout { get; } = TimeSpan.FromSeconds(5);

    public bool TakeOnSockets => false;

    public IReadOnlyList<PeerState> PeerStates => [];

    public void Start(IActorContext root)
    {
    }

    public Task LeaveAsync(IActorRef root, CancellationToken cancellationToken)
    {
        root.Tell(PoisonPill.Instance);
        return Task.CompletedTask;
    }

    public Task TakenAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task AnnounceAsync(string ns, string room) => Task.CompletedTask;

    public void Withdraw(string ns, string room)
    {
    }

    public IReadOnlyList<IRemoteNode> Broadcast(
        NamespaceServices ns,
        RoomSelection selection,
        EncodedFrame frame,
        bool isVolatile,
        long number = 0
    ) => [];

    public IDisposable? AskClients(
        NamespaceServices ns, RoomSelection selection, string eventName, IReadOnlyList<object?> args, EmitFlags flags, TimeSpan timeout,
        BroadcastAck answers) => null;

    public Task<(IReadOnlyList<SocketDetails> Found, int Missing)> FetchAsync(
        NamespaceServices ns, RoomSelection selection, TimeSpan timeout, CancellationToken cancellationToken) =>
        Task.FromResult<(IReadOnlyList<SocketDetails>, int)>(([], 0));

    public Task<(int Count, int Missing)> CountAsync(
        NamespaceServices ns, RoomSelection selection, TimeSpan timeout, CancellationToken cancellationToken) => Task.FromResult((0, 0));

    public Task<(IReadOnlyList<string> Rooms, int Missing)> ListRoomsAsync(
        NamespaceServices ns, string prefix, string? after, int limit, TimeSpan timeout, CancellationToken cancellationToken) =>
        Task.FromResult<(IReadOnlyList<string>, int)>(([], 0));

    public void TellDevices(string ns, string user, int devices)
    {
    }

    public Task<int> ChangeAsync(
        NamespaceServices ns, RoomSelection selection, SocketChange change, string[] rooms, TimeSpan timeout,
        CancellationToken cancellationToken) =>
        NobodyMissing;

    public Task<SocketRestore?> FindAsync(NamespaceServices ns, RecoveryClaim claim) => NotFound;

    public void Raise(string ns, string eventName, byte[] arguments)
    {
    }

    public Task<ServerEventAnswers> AskNodesAsync(
        string ns,
        string eventName,
        byte[] arguments,
        TimeSpan timeout,
        CancellationToken cancellationToken
    ) =>
        cancellationToken.IsCancellationRequested
            ? Task.FromCanceled<ServerEventAnswers>(cancellationToken)
            : Task.FromResult(ServerEventAnswers.None);
}
