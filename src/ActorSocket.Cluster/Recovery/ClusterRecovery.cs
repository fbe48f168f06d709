using ActorSocket.Recovery;
using ActorSocket.Sockets;
using Akka.Actor;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>
/// Connection state recovery, where clients come back by other nodes than their own: this node's logs are copied to another one, and what
/// other nodes ask of this one's logs and copies is answered. <see cref="RemoteClaim"/> is the one who asks.
/// </summary>
/// <remarks>Any thread.</remarks>
internal sealed class ClusterRecovery(NodeServices node)
{
    private static readonly TimeSpan TakenTimeout = TimeSpan.FromMilliseconds(500); // a client waits

    private static readonly TimeSpan BarrierTimeout = TimeSpan.FromSeconds(1); // likewise, and the question is short

    private static readonly Dictionary<string, long> Nothing = new(StringComparer.Ordinal);

    private IActorRef _replicator = ActorRefs.Nobody;
    private long _replicatedAt;

    /// <summary>Recovery logs of other nodes.</summary>
    public ReplicaStore Replicas { get; } = new(node.Server);

    /// <summary>Starts the copying, if this server recovers anything.</summary>
    public void Start(IActorContext root)
    {
        if (node.Server.Options.ConnectionStateRecovery is not null)
        {
            ReplicatedAt = node.Server.Time.GetTimestamp();
            _replicator = root.ActorOf(RecoveryReplicator.Props(node, this), "replicator");
        }
    }

    /// <summary>The replica has everything up to this time stamp.</summary>
    public long ReplicatedAt
    {
        get => Volatile.Read(ref _replicatedAt);
        set => Volatile.Write(ref _replicatedAt, value);
    }

    /// <summary>How much a crash would lose: the time since the replica was complete.</summary>
    public TimeSpan ReplicaAge => _replicator.IsNobody() ? TimeSpan.Zero : node.Server.Time.GetElapsedTime(ReplicatedAt);

    /// <summary>
    /// This node leaves: its clients find what they had on another one, and so their sockets. Completes when the replica node has
    /// everything, or after <see cref="ActorSocketClusterOptions.RequestTimeout"/>.
    /// </summary>
    public Task LeaveAsync(CancellationToken cancellationToken) => ReplicateAsync(node.Options.RequestTimeout, cancellationToken);

    /// <summary>
    /// Waits until the replica node knows that a socket was taken from this node's log: otherwise, should this node crash then, the copy
    /// would be given, too, and tell its client the same again. Not for long: a replica node that does not answer at once has most likely
    /// crashed itself.
    /// </summary>
    public Task TakenAsync(CancellationToken cancellationToken) => ReplicateAsync(TakenTimeout, cancellationToken);

    private async Task ReplicateAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (_replicator.IsNobody())
            return;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _replicator.Tell(new RecoveryReplicator.Flush(done));
        try
        {
            await done.Task.WaitAsync(timeout, node.Server.Time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Whoever waits does not depend on it.
        }
        finally
        {
            done.TrySetCanceled(CancellationToken.None); // nobody waits any more
        }
    }

    /// <summary>What is emitted here does not go to this node any more. Call before it is taken out of the peers.</summary>
    public void ForgetEmittingTo(string tag)
    {
        foreach (var ns in node.Server.Namespaces.All)
        {
            if (ns.Recovery is not { } log)
                continue;
            lock (log.Gate)
                log.NodeGone(tag);
        }
    }

    /// <summary>The namespace's actor answers for this node's own sockets: one may be connected still, and must end first.</summary>
    public void OnClaimSocket(Peer peer, ClaimSocket m)
    {
        var claim = new RecoveryClaim(m.Secret, m.OffsetTag, m.Offset);
        if (m.Tag == node.Tag && node.Server.Namespaces.TryGet(m.Namespace, out var ns) && ns.Recovery is not null && !ns.Actor.IsNobody())
        {
            peer.Tell(Packed.Of(new ClaimSocketReply(m.Request, "", [], [], "", 0, IsOnItsWay: true)));
            ns.Actor.Tell(new NamespaceProtocol.ClaimedElsewhere(claim, lost => _ = GiveAsync(peer, m.Request, lost)));
            return;
        }
        if (m.Tag.Length == 0 && LogOf(m.Namespace)?.Take(claim, out _) is { } lost)
            _ = GiveAsync(peer, m.Request, lost);
        else
            Give(peer, m.Request, Replicas.Take(claim, m.Tag, m.Namespace, out var owner), owner);
    }

    /// <summary>Gives a socket of this node's own; null for none.</summary>
    public async Task GiveAsync(Peer peer, long request, LostSocket? lost)
    {
        if (lost is not null)
            await TakenAsync(CancellationToken.None).ConfigureAwait(false);
        Give(peer, request, lost, node.Tag);
    }

    private void Give(Peer peer, long request, LostSocket? lost, string tag) =>
        peer.Tell(
            Packed.Of(
                new ClaimSocketReply(
                    request,
                    lost?.Id ?? "",
                    lost?.Rooms ?? [],
                    lost is null ? [] : lost.StateToBytes(node.Server.Json),
                    tag,
                    lost?.Seen ?? 0,
                    IsOnItsWay: false
                )
            )
        );

    /// <summary>Gives a socket back to who gave it; null for this node, which has the replica.</summary>
    public void GiveBack(Peer? giver, ReturnSocket m)
    {
        if (giver is null)
            OnReturnSocket(m);
        else
            giver.Tell(Packed.Of(m));
    }

    public void OnReturnSocket(ReturnSocket m) =>
        (m.Tag == node.Tag ? LogOf(m.Namespace) : Replicas.Find(m.Tag, m.Namespace))?.GiveBack(m.Lost);

    /// <summary>
    /// The asking node gets every event by now, but some that were on their way here may have been sent here only: they are waited for. A
    /// replica gets no more.
    /// </summary>
    public async Task OnCollectMissedAsync(Peer peer, CollectMissed m)
    {
        var isComplete = m.Tag != node.Tag || await EmitBarrierAsync(m.Namespace, node.Peers.All).ConfigureAwait(false);
        var missed = Collect(m);
        peer.Tell(Packed.Of(missed with { IsComplete = missed.IsComplete && isComplete }));
    }

    /// <summary>
    /// True when everything that these nodes had emitted in a namespace, and sent here, has arrived; false when one of them does not answer
    /// soon.
    /// </summary>
    public async Task<bool> EmitBarrierAsync(string ns, Peer[] peers, CancellationToken cancellationToken = default)
    {
        var (answers, missing) = await node
            .Requests.AskAsync<EmitBarrierReply>(
                peers,
                request => new EmitBarrier(request, ns),
                BarrierTimeout,
                cancellationToken,
                mayBeGone: true
            )
            .ConfigureAwait(false);
        if (LogOf(ns) is { } log)
        {
            lock (log.Gate)
                answers.ForEach(answer => log.Passed(answer.Tag, answer.Emitted));
        }
        return missing.Length == 0;
    }

    /// <summary>What a socket of this node's, or of one whose replica is here, has missed.</summary>
    public MissedEventsReply Collect(CollectMissed m)
    {
        var log = m.Tag == node.Tag ? LogOf(m.Namespace) : Replicas.Find(m.Tag, m.Namespace);
        if (log is null)
            return new MissedEventsReply(m.Request, false, [], Nothing, []);
        lock (log.Gate)
        {
            var isComplete = log.TryGetMissed(m.Offset, m.Id, m.Rooms, out var missed);
            return new MissedEventsReply(m.Request, isComplete, missed ?? [], log.Versions, log.OriginsOf(m.Id));
        }
    }

    /// <summary>What this node emitted after a node's end.</summary>
    public MissedEventsReply Collect(CollectEmitted m)
    {
        if (LogOf(m.Namespace) is not { } log)
            return new MissedEventsReply(m.Request, true, [], Nothing, []);
        lock (log.Gate)
        {
            var isComplete = log.TryGetEmitted(m.Versions, m.Gone, node.Peers.TryGet(m.Gone, out _), m.Id, m.Rooms, out var emitted);
            return new MissedEventsReply(
                m.Request,
                isComplete,
                emitted,
                new Dictionary<string, long>(StringComparer.Ordinal) { [node.Tag] = log.Versions[node.Tag] },
                []
            );
        }
    }

    private RecoveryLog? LogOf(string name) => node.Server.Namespaces.TryGet(name, out var ns) ? ns.Recovery : null;

    public void OnEmitBarrier(Peer peer, EmitBarrier m)
    {
        if (LogOf(m.Namespace) is not { } log)
        {
            peer.Tell(Packed.Of(new EmitBarrierReply(m.Request, node.Tag, 0)));
            return;
        }
        lock (log.Gate) // whoever emits holds it until the event has been told to every peer
            peer.Tell(Packed.Of(new EmitBarrierReply(m.Request, node.Tag, log.NextNumber - 1)));
    }
}
