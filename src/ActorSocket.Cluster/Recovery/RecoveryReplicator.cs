using ActorSocket.Recovery;
using ActorSocket.Sessions;
using Akka.Actor;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>
/// Copies this node's recovery logs to one other node, a few times a second and off the way of a message: what the node's clients come back
/// to when it is gone. What it has not yet copied when it crashes is lost, and clients that have seen it get a new socket; a node that
/// leaves has copied everything. So much at once, and the rest as soon as that is there.
/// </summary>
internal sealed class RecoveryReplicator(NodeServices node, ClusterRecovery recovery) : UntypedActor, IWithTimers
{
    private const int AtOnce = 1000;
    private const int FailuresToReport = 10;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, long> _positions = new(StringComparer.Ordinal); // by namespace: what the replica has
    // replicas that get no more, until their replica nodes have dropped them
    private readonly HashSet<(Peer Replica, string Namespace)> _stale = [];
    private readonly List<TaskCompletionSource> _flushes = [];
    private readonly List<TaskCompletionSource> _flushing = []; // for them all that there is is on its way
    private Peer? _target;
    private bool _isCopying;
    private bool _isWhole; // whether the last copy was of everything
    private long _copiedAt;
    private int _failures; // one after the other

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Completes when the replica has everything that was logged before.</summary>
    internal sealed record Flush(TaskCompletionSource Done) : ILocalMessage;

    private sealed class CopyDue : ILocalMessage { public static readonly CopyDue Instance = new(); }

    private sealed class SweepDue : ILocalMessage { public static readonly SweepDue Instance = new(); }

    private sealed record Copied(bool Fitted, IReadOnlyDictionary<string, long> Positions) : ILocalMessage;

    private sealed record Dropped((Peer Replica, string Namespace) Stale, bool IsConfirmed) : ILocalMessage;

    public static Props Props(NodeServices node, ClusterRecovery recovery) =>
        Akka.Actor.Props.Create(() => new RecoveryReplicator(node, recovery));

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(nameof(CopyDue), CopyDue.Instance, Interval);
        Timers.StartPeriodicTimer(nameof(SweepDue), SweepDue.Instance, SweepInterval);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case CopyDue: Copy(); break;
            case Copied m: OnCopied(m); break;
            case Flush m:
                _flushes.RemoveAll(static flush => flush.Task.IsCompleted); // who waited for it has given up
                _flushes.Add(m.Done);
                Copy();
                break;
            case SweepDue:
                recovery.Replicas.Sweep();
                DropStale();
                break;
            case Dropped { IsConfirmed: true } m: _stale.Remove(m.Stale); break;
            case Dropped: break;
            default: Unhandled(message); break;
        }
    }

    private void Copy()
    {
        if (_isCopying)
            return; // one at a time: a replica that is slow gets more at once
        var target = Successor();
        if (target is null && node.Peers.All.Length > 0)
            return; // nobody can be reached: what they have stays
        Retire(target);
        var now = node.Server.Time.GetTimestamp();
        var changes = new List<(string Namespace, ReplicaChanges Changes)>();
        foreach (var ns in node.Server.Namespaces.All)
        {
            if (target is null)
                ns.Recovery?.StopReplicating();
            else if (ns.Recovery?.TakeChanges(_positions.GetValueOrDefault(ns.Name, -1), ns.All.Snapshot, AtOnce) is { } change)
                changes.Add((ns.Name, change));
        }
        if (changes.Count == 0)
        {
            recovery.ReplicatedAt = now;
            Complete(_flushes);
            return;
        }
        (_copiedAt, _isWhole) = (now, changes.TrueForAll(static copy => copy.Changes.IsWhole));
        if (_isWhole)
        {
            _flushing.AddRange(_flushes);
            _flushes.Clear();
        }
        _isCopying = true;
        _ = CopyAsync(target!, changes).PipeTo(Self, failure: _ => new Copied(false, _positions));
    }

    private static void Complete(List<TaskCompletionSource> flushes)
    {
        foreach (var flush in flushes)
            flush.TrySetResult();
        flushes.Clear();
    }

    /// <summary>The old replica of a log that has a new one, or is no more, would answer for it as it was.</summary>
    private void Retire(Peer? target)
    {
        var before = _stale.Count;
        if (!ReferenceEquals(target, _target))
        {
            if (_target is not null)
                _stale.Add((_target, ""));
            _stale.RemoveWhere(stale => stale.Replica == target); // what it has is replaced
            _target = target;
            _positions.Clear();
        }
        foreach (var name in _positions.Keys.Where(name => !node.Server.Namespaces.TryGet(name, out _)).ToArray())
        {
            _positions.Remove(name);
            _stale.Add((target!, name));
        }
        if (_stale.Count > before)
            DropStale();
    }

    private void DropStale()
    {
        _stale.RemoveWhere(stale => Array.IndexOf(node.Peers.All, stale.Replica) < 0);
        foreach (var stale in _stale)
            _ = DropAsync(stale).PipeTo(Self);
    }

    private async Task<Dropped> DropAsync((Peer Replica, string Namespace) stale)
    {
        var (answers, _) = await node
            .Requests.AskAsync<ReplicateReply>(
                stale.Replica.Alone,
                request => new DropReplica(request, stale.Namespace),
                node.Options.RequestTimeout,
                default
            )
            .ConfigureAwait(false);
        return new Dropped(stale, answers.Count > 0);
    }

    private async Task<Copied> CopyAsync(Peer target, List<(string Namespace, ReplicaChanges Changes)> changes)
    {
        var copied = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (ns, change) in changes)
        {
            var (answers, _) = await node
                .Requests.AskAsync<ReplicateReply>(
                    [target],
                    request => new Replicate(request, ns, change, node.Server.Json),
                    node.Options.RequestTimeout,
                    default
                )
                .ConfigureAwait(false);
            if (answers is not [{ Fitted: true }])
                return new Copied(false, copied);
            copied[ns] = change.Position + change.Events.Count;
        }
        return new Copied(true, copied);
    }

    private void OnCopied(Copied m)
    {
        _isCopying = false;
        if (!m.Fitted)
            _positions.Clear(); // begin anew
        _failures = m.Fitted ? 0 : _failures + 1;
        if (_failures == FailuresToReport)
            node.Server.Log.ReplicaFails(_target?.Tag ?? "");
        foreach (var (ns, position) in m.Positions)
            _positions[ns] = position;
        if (m.Fitted)
            Complete(_flushing);
        if (m.Fitted && _isWhole)
            recovery.ReplicatedAt = _copiedAt;
        _flushes.AddRange(_flushing);
        _flushing.Clear();
        if (m.Fitted && (!_isWhole || _flushes.Count > 0)) // a failure waits for the next interval: it does not pass at once
            Copy();
    }

    /// <summary>
    /// The next node in the order of their tags, of those that can be reached: each has one other's replica, on the average.
    /// </summary>
    private Peer? Successor()
    {
        var peers = Array.FindAll(node.Peers.All, static peer => peer.IsReachable);
        return peers.Where(peer => string.CompareOrdinal(peer.Tag, node.Tag) > 0).MinBy(static peer => peer.Tag, StringComparer.Ordinal)
            ?? peers.MinBy(static peer => peer.Tag, StringComparer.Ordinal);
    }
}
