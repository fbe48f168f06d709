using ActorSocket.Recovery;
using System.Collections.Concurrent;
using Akka.Actor;
using ActorSocket.Diagnostics;
using ActorSocket.Hosting;
using ActorSocket.Namespaces;
using ActorSocket.Sessions;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Clustering;

/// <summary>
/// Copies this node's recovery logs to one other node, a few times a second and off the way of a message: what the node's clients come back to when it is gone. What it
/// has not yet copied when it crashes is lost, and clients that have seen it get a new socket; a node that leaves has copied everything.
/// </summary>
internal sealed class RecoveryReplicator(ServerServices server, ClusterNode node) : UntypedActor, IWithTimers
{
    private const int AtOnce = 1000;
    private const int FailuresToReport = 10;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, long> _positions = new(StringComparer.Ordinal); // by namespace: what the replica has
    private readonly HashSet<(Peer Keeper, string Namespace)> _stale = []; // replicas that get no more, until their keepers have dropped them
    private readonly List<TaskCompletionSource> _flushes = [];
    private readonly List<TaskCompletionSource> _flushing = []; // for them all that there is is on its way
    private Peer? _target;
    private bool _isCopying;
    private int _failures; // one after the other

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Completes when the replica has everything that was logged before.</summary>
    internal sealed record Flush(TaskCompletionSource Done) : ILocalMessage;

    private sealed class CopyDue : ILocalMessage { public static readonly CopyDue Instance = new(); }

    private sealed class SweepDue : ILocalMessage { public static readonly SweepDue Instance = new(); }

    private sealed record Copied(bool Fitted, IReadOnlyDictionary<string, long> Positions) : ILocalMessage;

    private sealed record Dropped((Peer Keeper, string Namespace) Stale, bool IsConfirmed) : ILocalMessage;

    public static Props Props(ServerServices server, ClusterNode node) => Akka.Actor.Props.Create(() => new RecoveryReplicator(server, node));

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
                _flushes.Add(m.Done);
                Copy();
                break;
            case SweepDue:
                node.Replicas.Sweep();
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
        Retire(target);
        var changes = new List<(string Namespace, ReplicaChanges Changes)>();
        foreach (var ns in server.Namespaces.All)
        {
            if (target is null)
                ns.Recovery?.StopReplicating();
            else if (ns.Recovery?.TakeChanges(_positions.GetValueOrDefault(ns.Name, -1), ns.All.Snapshot, AtOnce) is { } change)
                changes.Add((ns.Name, change));
        }
        if (changes.Count == 0)
        {
            Complete(_flushes);
            return;
        }
        if (changes.TrueForAll(static copy => copy.Changes.Events.Count < AtOnce && copy.Changes.Sockets.Count < AtOnce))
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
            _stale.RemoveWhere(stale => stale.Keeper == target); // what it has is replaced
            _target = target;
            _positions.Clear();
        }
        foreach (var name in _positions.Keys.Where(name => !server.Namespaces.TryGet(name, out _)).ToArray())
        {
            _positions.Remove(name);
            _stale.Add((target!, name));
        }
        if (_stale.Count > before)
            DropStale();
    }

    private void DropStale()
    {
        _stale.RemoveWhere(stale => Array.IndexOf(node.Peers.All, stale.Keeper) < 0);
        foreach (var stale in _stale)
            _ = DropAsync(stale).PipeTo(Self);
    }

    private async Task<Dropped> DropAsync((Peer Keeper, string Namespace) stale)
    {
        var (answers, _) = await node.Requests.AskAsync<Replicated>(stale.Keeper.Alone, request => new DropReplica(request, stale.Namespace), node.Options.RequestTimeout, default).ConfigureAwait(false);
        return new Dropped(stale, answers.Count > 0);
    }

    private async Task<Copied> CopyAsync(Peer target, List<(string Namespace, ReplicaChanges Changes)> changes)
    {
        var copied = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (ns, change) in changes)
        {
            var (answers, _) = await node.Requests.AskAsync<Replicated>([target], request => new Replicate(request, ns, change, server.Json), node.Options.RequestTimeout, default).ConfigureAwait(false);
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
            server.Log.ReplicaFails(_target?.Tag ?? "");
        foreach (var (ns, position) in m.Positions)
            _positions[ns] = position;
        if (m.Fitted)
            Complete(_flushing);
        _flushes.AddRange(_flushing);
        _flushing.Clear();
        if (_flushes.Count > 0)
            Copy();
    }

    /// <summary>The next node in the order of their tags: each has one other's replica, on the average.</summary>
    private Peer? Successor()
    {
        var peers = node.Peers.All;
        return peers.Where(peer => string.CompareOrdinal(peer.Tag, node.Tag) > 0).MinBy(static peer => peer.Tag, StringComparer.Ordinal) ?? peers.MinBy(static peer => peer.Tag, StringComparer.Ordinal);
    }
}

/// <summary>The recovery logs of other nodes that this node has a copy of.</summary>
/// <remarks>Any thread.</remarks>
internal sealed class ReplicaStore(ServerServices server)
{
    private readonly ConcurrentDictionary<(string Tag, string Namespace), RecoveryLog> _logs = new();
    private readonly ConcurrentDictionary<string, long> _goneAt = new(StringComparer.Ordinal);

    public bool Apply(string tag, string ns, ReplicaChanges changes)
    {
        if (server.Options.ConnectionStateRecovery is not { } options)
            return true; // of no use here
        if (changes.Begins)
            _logs[(tag, ns)] = new RecoveryLog(options, tag, server.Time);
        return _logs.TryGetValue((tag, ns), out var log) && log.Apply(changes);
    }

    /// <summary>Another node has the replica now.</summary>
    public void Drop(string tag, string ns)
    {
        foreach (var key in _logs.Keys.Where(key => key.Tag == tag && (ns.Length == 0 || key.Namespace == ns)))
            _logs.TryRemove(key, out _);
    }

    /// <summary>Gives a socket of a node that is gone, or is taken to be: its client is here, so it is not there any more.</summary>
    /// <param name="claim">Of the client.</param>
    /// <param name="tag">The node; without one, any that has left.</param>
    /// <param name="ns">The namespace.</param>
    /// <param name="owner">The node that it was.</param>
    public LostSocket? Take(RecoveryClaim claim, string tag, string ns, out string owner)
    {
        owner = tag;
        if (tag.Length > 0)
            return Find(tag, ns)?.Take(claim, out _, ages: _goneAt.ContainsKey(tag));
        foreach (var (gone, _) in _goneAt)
        {
            owner = gone;
            if (Find(gone, ns)?.Take(claim, out _) is { } lost)
                return lost;
        }
        return null;
    }

    public RecoveryLog? Find(string tag, string ns) => _logs.GetValueOrDefault((tag, ns));

    /// <summary>A node is gone: its clients come to the others now.</summary>
    public void OwnerGone(string tag)
    {
        if (server.Options.ConnectionStateRecovery is null)
            return;
        _goneAt[tag] = server.Time.GetTimestamp();
        foreach (var ((owner, _), log) in _logs)
        {
            if (owner == tag)
                log.StartWaiting();
        }
    }

    /// <summary>Forgets what nobody can recover any more.</summary>
    public void Sweep()
    {
        foreach (var (tag, at) in _goneAt)
        {
            if (server.Time.GetElapsedTime(at) <= server.Options.ConnectionStateRecovery?.MaxDisconnectionDuration)
                continue;
            _goneAt.TryRemove(tag, out _);
            foreach (var key in _logs.Keys.Where(key => key.Tag == tag))
                _logs.TryRemove(key, out _);
        }
    }
}
