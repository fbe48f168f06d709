using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace ActorSocket.Sessions;

/// <summary>The live sessions of this node by sid.</summary>
internal sealed class SessionTable
{
    private readonly ConcurrentDictionary<string, EngineConnection> _bySid = new(StringComparer.Ordinal);
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public ICollection<EngineConnection> All => _bySid.Values;

    public bool TryGet(string sid, [NotNullWhen(true)] out EngineConnection? connection) =>
        _bySid.TryGetValue(sid, out connection) && !connection.ExpireIfOverdue();

    public bool Has(EngineConnection connection) => _bySid.TryGetValue(connection.Sid, out var known) && ReferenceEquals(known, connection);

    /// <summary>Takes a place under the limit before anything is spent on the connection.</summary>
    public bool TryReserve(int limit)
    {
        if (Interlocked.Increment(ref _count) <= limit)
            return true;
        Interlocked.Decrement(ref _count);
        return false;
    }

    public void CancelReservation() => Interlocked.Decrement(ref _count);

    public bool TryAdd(EngineConnection connection) => _bySid.TryAdd(connection.Sid, connection);

    public void Remove(EngineConnection connection)
    {
        if (_bySid.TryRemove(KeyValuePair.Create(connection.Sid, connection)))
            Interlocked.Decrement(ref _count);
    }
}
