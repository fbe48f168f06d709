using System.Diagnostics.CodeAnalysis;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Recovery;

/// <summary>What a socket continues, and how to find what its client has missed since.</summary>
internal abstract class SocketRestore(LostSocket lost)
{
    public LostSocket Lost => lost;

    /// <summary>
    /// Of a socket that was born on another node: completes when every node sends here what is for it, since its id does not say any more
    /// where it is. Null for others.
    /// </summary>
    public Task? Announced { get; set; }

    /// <summary>Called once the socket is in its rooms again and announced, before <see cref="TryGetMissed"/>.</summary>
    public virtual Task PrepareAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// What is to be sent before the CONNECT, in order; false when some of it is forgotten. Called under the log's gate: nothing is
    /// encoded here, and nothing waited for.
    /// </summary>
    public abstract bool TryGetMissed(IRecoverable socket, [NotNullWhen(true)] out List<EncodedFrame>? missed);

    /// <summary>Its client was not let in: it may ask again, or whose the socket is.</summary>
    public abstract void GiveBack();

    /// <summary>Where the socket begins in this node's log. Asked after <see cref="TryGetMissed"/>.</summary>
    public abstract RecoveryStart Start { get; }
}

/// <summary>A socket that was lost on this node.</summary>
/// <param name="log">Its namespace's.</param>
/// <param name="lost">The socket.</param>
/// <param name="noCopies">Completes when nobody has a copy of it that its client could be given again, or after a moment.</param>
internal sealed class LocalRestore(RecoveryLog log, LostSocket lost, Func<CancellationToken, Task> noCopies) : SocketRestore(lost)
{
    private bool _isTold;

    public override Task PrepareAsync(CancellationToken cancellationToken) => noCopies(cancellationToken);

    public override RecoveryStart Start => _isTold ? Lost.Start.Telling(Lost.Seen + 1) : Lost.Start;

    public override void GiveBack() => log.GiveBack(Lost);

    public override bool TryGetMissed(IRecoverable socket, [NotNullWhen(true)] out List<EncodedFrame>? missed)
    {
        missed = log.TryGetMissed(Lost.Seen, socket.Id, socket.CurrentRooms, out var events)
            ? events.ConvertAll(static logged => logged.Frame)
            : null;
        _isTold = missed is { Count: > 0 };
        return missed is not null;
    }
}
