using ActorSocket.Emitting;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Recovery;
using ActorSocket.Sockets;
using Akka.Actor;

namespace ActorSocket.Tests.Infrastructure;

/// <summary>Other nodes without a cluster: they have nothing and say nothing, but for what a test lets them.</summary>
internal class OtherNodes : IClusterAdapter
{
    private static readonly SingleNodeAdapter Nobody = SingleNodeAdapter.Instance;

    public TimeSpan RequestTimeout => Nobody.RequestTimeout;

    public bool TakeOnSockets => true;

    public IReadOnlyList<PeerState> PeerStates => [];

    public void Start(IActorContext root)
    {
    }

    public Task LeaveAsync(IActorRef root, CancellationToken cancellationToken) => Nobody.LeaveAsync(root, cancellationToken);

    public Task TakenAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public virtual Task AnnounceAsync(string ns, string room) => Task.CompletedTask;

    public virtual void Withdraw(string ns, string room)
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
        NamespaceServices ns,
        RoomSelection selection,
        string eventName,
        IReadOnlyList<object?> args,
        EmitFlags flags,
        TimeSpan timeout,
        BroadcastAck answers
    ) => null;

    public Task<(IReadOnlyList<SocketDetails> Found, IReadOnlyList<string> Missing)> FetchAsync(
        NamespaceServices ns,
        RoomSelection selection,
        TimeSpan timeout,
        CancellationToken cancellationToken
    ) => Nobody.FetchAsync(ns, selection, timeout, cancellationToken);

    public Task<(int Count, IReadOnlyList<string> Missing)> CountAsync(
        NamespaceServices ns,
        RoomSelection selection,
        TimeSpan timeout,
        CancellationToken cancellationToken
    ) => Nobody.CountAsync(ns, selection, timeout, cancellationToken);

    public Task<(IReadOnlyList<string> Rooms, IReadOnlyList<string> Missing)> ListRoomsAsync(
        NamespaceServices ns,
        string prefix,
        string? after,
        int limit,
        TimeSpan timeout,
        CancellationToken cancellationToken
    ) => Nobody.ListRoomsAsync(ns, prefix, after, limit, timeout, cancellationToken);

    public void TellDevices(string ns, string user, int devices)
    {
    }

    public Task<(FailedSockets Failed, IReadOnlyList<string> Missing)> ChangeAsync(
        NamespaceServices ns,
        RoomSelection selection,
        SocketChange change,
        string[] rooms,
        TimeSpan timeout,
        CancellationToken cancellationToken
    ) => Nobody.ChangeAsync(ns, selection, change, rooms, timeout, cancellationToken);

    public virtual Task<SocketRestore?> FindAsync(NamespaceServices ns, RecoveryClaim claim) => Nobody.FindAsync(ns, claim);

    public virtual void Raise(string ns, string eventName, byte[] arguments, string trace)
    {
    }

    public virtual Task<ServerEventAnswers> AskNodesAsync(
        string ns,
        string eventName,
        byte[] arguments,
        string trace,
        TimeSpan timeout,
        CancellationToken cancellationToken
    ) => Nobody.AskNodesAsync(ns, eventName, arguments, trace, timeout, cancellationToken);
}
