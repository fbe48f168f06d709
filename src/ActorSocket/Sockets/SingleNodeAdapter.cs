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
    private static readonly Task<(FailedSockets, IReadOnlyList<string>)> Nobody =
        Task.FromResult<(FailedSockets, IReadOnlyList<string>)>((FailedSockets.None, []));

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

    public Task<(IReadOnlyList<SocketDetails> Found, IReadOnlyList<string> Missing)> FetchAsync(
        NamespaceServices ns, RoomSelection selection, TimeSpan timeout, CancellationToken cancellationToken) =>
        Task.FromResult<(IReadOnlyList<SocketDetails>, IReadOnlyList<string>)>(([], []));

    public Task<(int Count, IReadOnlyList<string> Missing)> CountAsync(
        NamespaceServices ns, RoomSelection selection, TimeSpan timeout, CancellationToken cancellationToken) =>
        Task.FromResult<(int, IReadOnlyList<string>)>((0, []));

    public Task<(IReadOnlyList<string> Rooms, IReadOnlyList<string> Missing)> ListRoomsAsync(
        NamespaceServices ns, string prefix, string? after, int limit, TimeSpan timeout, CancellationToken cancellationToken) =>
        Task.FromResult<(IReadOnlyList<string>, IReadOnlyList<string>)>(([], []));

    public void TellDevices(string ns, string user, int devices)
    {
    }

    public Task<(FailedSockets Failed, IReadOnlyList<string> Missing)> ChangeAsync(
        NamespaceServices ns, RoomSelection selection, SocketChange change, string[] rooms, TimeSpan timeout,
        CancellationToken cancellationToken) =>
        Nobody;

    public Task<SocketRestore?> FindAsync(NamespaceServices ns, RecoveryClaim claim) => NotFound;

    public void Raise(string ns, string eventName, byte[] arguments, string trace)
    {
    }

    public Task<ServerEventAnswers> AskNodesAsync(
        string ns,
        string eventName,
        byte[] arguments,
        string trace,
        TimeSpan timeout,
        CancellationToken cancellationToken
    ) =>
        cancellationToken.IsCancellationRequested
            ? Task.FromCanceled<ServerEventAnswers>(cancellationToken)
            : Task.FromResult(ServerEventAnswers.None);
}
