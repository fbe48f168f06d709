using System.Security.Cryptography;
using System.Text.Json;

namespace ActorSocket.Entities;

/// <summary>
/// Saves one entity's state, one save at a time: what comes while one is under way waits, and only the newest of it is saved.
/// </summary>
/// <remarks>
/// All that reads the entity is called by the entity's own code, or by its actor while none of that runs. The store answers on any thread.
/// </remarks>
internal sealed class EntitySaves(EntityKey key, EntityServices entities, IStatefulEntity entity, EntityContext context, int maxBytes)
{
    private readonly IEntityStore _store = entities.Store!;
    private readonly JsonSerializerOptions _json = context.Namespace.Services.Server.Json.Options;
    private readonly Lock _gate = new();
    private byte[]? _latest; // the digest of what the store has, or will have when all goes well
    private Save? _running;
    private Save? _next;
    private long _number; // this life's: the next one after each failure
    private bool _isAlone; // nothing of another life is stored
    private bool _isOver; // another life may have begun

    /// <summary>Whether a save is under way: one more would only wait.</summary>
    public bool IsSaving => Volatile.Read(ref _running) is not null;

    /// <summary>Whether the store may have something of this life.</summary>
    public bool HasSaved { get; private set; }

    /// <summary>Where it begins.</summary>
    /// <param name="number">The highest that there was.</param>
    /// <param name="generation">Of this life.</param>
    /// <param name="isSaved">The store has what the entity is now, or needs not have it.</param>
    public void Begin(long number, long generation, bool isSaved)
    {
        // Above those of all lives before, without asking for them: a generation is a clock's milliseconds or more. Not this node's clock
        // as well, which may be ahead of that of the node where the next life is.
        _number = Math.Max(
            number + 1,
            generation > 0 ? generation : context.Namespace.Services.Server.Time.GetUtcNow().ToUnixTimeMilliseconds()
        );
        _latest = isSaved ? DigestOf(entity.Write(_json)) : null;
    }

    /// <summary>Done when the store has the entity as it is now.</summary>
    /// <exception cref="EntityStoreException">It has not.</exception>
    public Task SaveAsync()
    {
        byte[] state;
        int version;
        try
        {
            (state, version) = (entity.Write(_json), entity.StateVersion);
        }
        catch (Exception error) // the application's class, or its converter
        {
            return Task.FromException(new EntityStoreException("The entity's state cannot be written as JSON: " + error.Message, error));
        }
        if (state.Length > maxBytes)
        {
            return Task.FromException(
                new EntityStoreException($"The entity's state has {state.Length} bytes; at most {maxBytes} are saved (MaxStateBytes).")
            );
        }
        var digest = DigestOf(state);
        lock (_gate)
        {
            if (_isOver)
                return Task.FromException(new EntityStoreException("The entity's state was not saved: it has ended, or moved."));
            if (_latest is not null && digest.AsSpan().SequenceEqual(_latest))
                return (_next ?? _running)?.Done.Task ?? Task.CompletedTask;
            _latest = digest;
            var stored = new StoredState(
                _number,
                KeptState.Write(version, _number, isSaved: true, context.Timers, context.SeatsToKeep(isHandOver: false), state)
            );
            if (_running is not null)
            {
                // Who waits for the one before gets more than that.
                _next = _next is null ? new Save(stored, NewTask()) : _next with { State = stored };
                return _next.Done.Task;
            }
            HasSaved = true;
            var save = _running = new Save(stored, NewTask());
            _ = RunAsync(save);
            return save.Done.Task;
        }
    }

    /// <summary>Deletes what was saved, once nothing is being saved.</summary>
    /// <exception cref="EntityStoreException">The store did not do it.</exception>
    public async Task DeleteAsync()
    {
        while (Volatile.Read(ref _running) is { } running) // and then the next one
            await running.Done.Task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            await _store.DeleteAsync(key, _number).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            throw new EntityStoreException("The entity's state was not deleted: " + error.Message, error);
        }
    }

    /// <summary>It ends here: what tasks of its own save later is not to be taken for the next life's, nor to undo a deletion.</summary>
    public void End()
    {
        lock (_gate)
            _isOver = true;
    }

    /// <summary>The entity as it is handed over.</summary>
    /// <exception cref="Exception">Its state cannot be written.</exception>
    public byte[] WriteHandOver()
    {
        var state = entity.Write(_json);
        lock (_gate)
        {
            var isSaved = _running is null && !context.IsDeleted && _latest is not null && DigestOf(state).AsSpan().SequenceEqual(_latest);
            var seats = context.SeatsToKeep(isHandOver: true);
            return KeptState.Write(entity.StateVersion, _number, isSaved, context.Timers, seats, state, isHandOver: true);
        }
    }

    private async Task RunAsync(Save save)
    {
        await Task.Yield(); // the caller holds the lock
        for (Save? current = save; current is not null;)
        {
            EntityStoreException? failure = null;
            try
            {
                await _store.SaveAsync(key, current.State).ConfigureAwait(false);
            }
            catch (Exception error)
            {
                failure = new EntityStoreException("The entity's state was not saved: " + error.Message, error);
            }
            var done = current.Done;
            if (failure is null && !_isAlone)
                _ = DeleteOlderAsync();
            lock (_gate)
            {
                if (failure is not null)
                {
                    // The store may take it yet, even after what is saved next, which is to count more.
                    _number++;
                    _isAlone = false;
                    if (_next is null)
                        _latest = null;
                    else
                        _next = _next with { State = _next.State with { Number = _number } };
                }
                (_running, _next) = (_next, null);
                current = _running;
            }
            if (failure is null)
                done.SetResult();
            else
                done.SetException(failure);
            _ = done.Task.Exception; // seen: who did not wait is not interested
        }
    }

    /// <summary>What other lives saved. Not waited for: they have lower numbers, and the next save tries again.</summary>
    private async Task DeleteOlderAsync()
    {
        _isAlone = true;
        try
        {
            await _store.DeleteAsync(key, _number - 1).ConfigureAwait(false);
        }
        catch (Exception)
        {
            _isAlone = false;
        }
    }

    private byte[] DigestOf(byte[] state)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        digest.AppendData(state);
        foreach (var timer in context.Timers)
            digest.AppendData(JsonSerializer.SerializeToUtf8Bytes(timer));
        if (context.SeatsToSave() is { } seats)
            digest.AppendData(JsonSerializer.SerializeToUtf8Bytes(seats));
        return digest.GetHashAndReset();
    }

    private static TaskCompletionSource NewTask() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed record Save(StoredState State, TaskCompletionSource Done);
}
