using ActorSocket.Recovery;
using Akka.Actor;

namespace ActorSocket.Clustering;

/// <summary>Another node that runs this server, as everybody here sees it.</summary>
/// <param name="Tag">What its ids begin with.</param>
/// <param name="Receiver">The actor there that takes what this node sends: one, so that order is kept.</param>
/// <param name="Key">What its session ids are signed with.</param>
internal sealed record Peer(string Tag, IActorRef Receiver, byte[] Key, LinkHub Links) : IRemoteNode
{
    /// <summary>What Akka may hold for a node that does not take it: until it is downed, or back.</summary>
    private const long MaxBytesUnreachable = 32 * 1024 * 1024;

    private readonly PeerProbe _probe = new(Receiver.Path.Address);
    private TaskCompletionSource _unreachable = NewSignal();
    private long _bytesUnreachable;
    private Peer[]? _alone;
    private long _stream;
    private long _broadcasts;
    private int _unconfirmedAnnouncements;

    /// <summary>Just this one.</summary>
    public Peer[] Alone => _alone ??= [this];

    /// <summary>Whether this node does not know all rooms that have members there: it then gets every broadcast.</summary>
    public bool IsUnsynchronised { get; set; } = true;

    /// <summary>Announcements of rooms that it has not confirmed yet.</summary>
    public int UnconfirmedAnnouncements
    {
        get => Volatile.Read(ref _unconfirmedAnnouncements);
        set => Volatile.Write(ref _unconfirmedAnnouncements, value);
    }

    /// <summary>Whether it can be reached, as the failure detector says.</summary>
    public bool IsReachable => !WhenUnreachable.IsCompleted;

    public bool IsAway => IsProcessGone || !IsReachable;

    /// <summary>Completes when the failure detector takes it to be unreachable; a new one when it is reachable again.</summary>
    public Task WhenUnreachable => Volatile.Read(ref _unreachable).Task;

    public void SetReachable(bool reachable)
    {
        if (!reachable)
            _unreachable.TrySetResult();
        else if (_unreachable.Task.IsCompleted)
        {
            Interlocked.Exchange(ref _bytesUnreachable, 0);
            Volatile.Write(ref _unreachable, NewSignal());
        }
    }

    /// <summary>Tries whether its process is there. At most once a second, however many ask.</summary>
    public Task<PeerPresence> ProbeAsync(TimeProvider time) => _probe.TryAsync(time);

    /// <summary>Whether its process was found to have ended a moment ago: it is not waited for.</summary>
    public bool IsProcessGone => _probe.IsProcessGone;

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Address Address => Receiver.Path.Address;

    public void Tell(Packed message) => message.TellTo(Receiver, Interlocked.Increment(ref _stream), ActorRefs.Nobody);

    /// <summary>How many broadcasts it was sent.</summary>
    public long Broadcasts => Interlocked.Read(ref _broadcasts);

    /// <summary>
    /// Counted after it was sent, so that a count never says more than what goes before it. What is not sent counts too: it is lost.
    /// </summary>
    public void Send(Packed broadcast, bool isVolatile)
    {
        if (IsReachable || (!isVolatile && Interlocked.Add(ref _bytesUnreachable, broadcast.Bytes.Length) <= MaxBytesUnreachable))
            Tell(broadcast);
        CountBroadcast();
    }

    public void CountBroadcast() => Interlocked.Increment(ref _broadcasts);

    public bool Equals(Peer? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => Tag.GetHashCode(StringComparison.Ordinal);
}
