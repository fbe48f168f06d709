using System.Runtime.InteropServices;
using System.Security.Cryptography;
using ActorSocket.Entities;
using ActorSocket.Sockets;
using Akka.Actor;
using Akka.Persistence;

namespace ActorSocket.Persistence;

/// <summary>
/// The states of entities in a snapshot store of Akka.Persistence, whose actor is asked as a persistent actor would ask it. There are no
/// journals: an entity's state is all that counts, and what came before is deleted.
/// </summary>
#pragma warning disable CA1001 // a semaphore without a wait handle has nothing to dispose of
internal sealed class SnapshotEntityStore : IEntityStore
#pragma warning restore CA1001
{
    private const int MaxIdLength = 200; // a column has 255 characters in most databases

    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1); // Akka takes zero for no limit at all

    private readonly ServerServices _server;
    private readonly IActorRef _snapshots;
    private readonly TimeSpan _timeout;
    private readonly SemaphoreSlim _turns;

    /// <param name="server">The server whose entities they are.</param>
    /// <param name="system">Where the plug-in lives.</param>
    /// <param name="pluginId">Its name in the configuration.</param>
    /// <param name="timeout">For how long it may take, once it is asked.</param>
    /// <param name="atOnce">
    /// How many questions it gets at a time; the others wait. A file has one writer, and who finds it locked looks again after 150 ms.
    /// </param>
    public SnapshotEntityStore(ServerServices server, ActorSystem system, string pluginId, TimeSpan timeout, int atOnce)
    {
        _turns = new SemaphoreSlim(atOnce);
        _server = server;
        _snapshots = Akka.Persistence.Persistence.Instance.Apply(system).SnapshotStoreFor(pluginId);
        _timeout = timeout + TimeSpan.FromMilliseconds(500); // the plug-in's own is first, and says more
    }

    public async Task<StoredState?> LoadAsync(EntityKey key)
    {
        var load = new LoadSnapshot(IdOf(key), SnapshotSelectionCriteria.Latest, long.MaxValue);
        return await AskAsync(load, _timeout).ConfigureAwait(false) switch
        {
            LoadSnapshotResult { Snapshot: null } => null,
            LoadSnapshotResult { Snapshot: { Snapshot: byte[] bytes, Metadata.SequenceNr: var number } } => new StoredState(number, bytes),
            LoadSnapshotResult { Snapshot.Snapshot: var other } => throw Unknown(other),
            LoadSnapshotFailed m => throw m.Cause,
            var other => throw Unknown(other),
        };
    }

    public async Task SaveAsync(EntityKey key, StoredState state)
    {
        var save = new SaveSnapshot(new SnapshotMetadata(IdOf(key), state.Number, _server.Time.GetUtcNow().UtcDateTime), state.Bytes);
        switch (await AskAsync(save).ConfigureAwait(false))
        {
            case SaveSnapshotSuccess: break;
            case SaveSnapshotFailure m: throw m.Cause;
            case var other: throw Unknown(other);
        }
    }

    public async Task DeleteAsync(EntityKey key, long number)
    {
        switch (await AskAsync(new DeleteSnapshots(IdOf(key), new SnapshotSelectionCriteria(number))).ConfigureAwait(false))
        {
            case DeleteSnapshotsSuccess: break;
            case DeleteSnapshotsFailure m: throw m.Cause;
            case var other: throw Unknown(other);
        }
    }

    /// <param name="question">What the plug-in is asked.</param>
    /// <param name="patience">For all of it: who calls an entity waits for its state. Null: a save of many may wait for its turn.</param>
    private async Task<object> AskAsync(object question, TimeSpan? patience = null)
    {
        var since = _server.Time.GetTimestamp();
        if (!await _turns.WaitAsync(patience ?? Timeout.InfiniteTimeSpan).ConfigureAwait(false))
            throw new TimeoutException("The store does not answer.");
        try
        {
            var left = patience is { } limit ? limit - _server.Time.GetElapsedTime(since) : _timeout;
            return await _snapshots.Ask<object>(question, left > Shortest ? left : Shortest).ConfigureAwait(false);
        }
        catch (AskTimeoutException timeout)
        {
            throw new TimeoutException("The store does not answer.", timeout);
        }
        finally
        {
            _turns.Release();
        }
    }

    private static InvalidOperationException Unknown(object? answer) =>
        new($"The snapshot store said {answer?.GetType().Name ?? "nothing"}, which is not known here.");

    /// <summary>
    /// What a column does not take, or a database refuses, is known by its digest: else whoever makes up such ids has the circuit breaker
    /// open for all. No other id begins so.
    /// </summary>
    private string IdOf(EntityKey key)
    {
        var id = $"actorsocket/{_server.Name}/{key.Type}/{key.Id}";
        return id.Length <= MaxIdLength && !id.AsSpan().ContainsAnyInRange('\0', '\x1F')
            ? id
            : "actorsocket#" + Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes(id.AsSpan())));
    }
}
