using System.Collections.Concurrent;
using ActorSocket.Recovery;
using ActorSocket.Sockets;

namespace ActorSocket.Clustering;

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
