using System.Text.Json;
using ActorSocket.Entities;

namespace ActorSocket;

/// <summary>
/// A room, a game or whatever else has state that is to outlive its process: <see cref="State"/> is loaded before its start, and saved when
/// it has changed. After a crash it starts again, on another node, with what was saved last.
/// </summary>
/// <remarks>
/// Needs a store: <c>AddActorSocket().AddPersistence()</c>. It is saved every <see cref="EntityOptions.SaveInterval"/>, when it moves, when
/// it retires, and by <see cref="SaveAsync"/>; a crash loses what was done since. What was not changed is not saved. Where the store cannot
/// be reached, an entity does not start, its calls fail with the reason, and it does not retire; one that lives goes on, and is saved when
/// the store is back.
/// </remarks>
/// <typeparam name="TState">What it keeps: written as JSON with <see cref="ActorSocketOptions.Json"/>.</typeparam>
public abstract class RoomEntity<TState> : RoomEntity, IStatefulEntity
    where TState : class, new()
{
    private TState? _state;

    /// <summary>What it keeps. There from <see cref="RoomEntity.OnStartedAsync"/> on, which learns where it came from.</summary>
    /// <exception cref="ArgumentNullException">It is set to null.</exception>
    /// <exception cref="InvalidOperationException">In the constructor.</exception>
    protected TState State
    {
        get => _state ?? throw new InvalidOperationException("An entity has its state from OnStartedAsync on, not in its constructor.");
        set => _state = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>
    /// Which shape <typeparamref name="TState"/> has; 1. To be raised with each change that an older state cannot be read with, which then
    /// goes through <see cref="Upgrade"/>.
    /// </summary>
    protected virtual int StateVersion => 1;

    /// <summary>Reads a state of an older version. As it is, one that JSON cannot read as the present one fails the start.</summary>
    /// <param name="state">As it was written.</param>
    /// <param name="version">Its <see cref="StateVersion"/>.</param>
    /// <param name="json">What it was written with: <see cref="ActorSocketOptions.Json"/>.</param>
    /// <exception cref="JsonException">It is something else.</exception>
    protected virtual TState Upgrade(JsonElement state, int version, JsonSerializerOptions json) =>
        state.Deserialize<TState>(json) ?? throw new JsonException("The state is null.");

    /// <summary>
    /// Saves the state as it is now, and waits until the store has it for good. Does nothing where it has it already. While the entity's
    /// method waits for it, nothing else of the entity runs.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait; it is saved nevertheless.</param>
    /// <exception cref="EntityStoreException">The store did not take it. What has changed is tried again with the next save.</exception>
    protected Task SaveAsync(CancellationToken cancellationToken = default) => Context.Saves!.SaveAsync().WaitAsync(cancellationToken);

    /// <summary>Ends the entity once it has nothing more to do, and deletes what it has saved. The next call starts a new one.</summary>
    protected void Delete() => Context.Delete();

    /// <summary>What it goes on with is its state.</summary>
    public sealed override object HandOver() => State;

    int IStatefulEntity.StateVersion => StateVersion;

    void IStatefulEntity.Load(KeptState? kept, JsonSerializerOptions json)
    {
        if (kept?.State is not { } state)
            _state = new TState();
        else if (kept.Version > StateVersion)
            throw new InvalidOperationException(
                $"its state has version {kept.Version}, and this node knows {StateVersion} at most: it was written by a newer one. It is "
                + "kept as it is."
            );
        else
            _state = kept.Version == StateVersion
                ? state.Deserialize<TState>(json) ?? throw new JsonException("The state is null.")
                : Upgrade(state, kept.Version, json);
    }

    byte[] IStatefulEntity.Write(JsonSerializerOptions json) => JsonSerializer.SerializeToUtf8Bytes(State, json);
}

/// <summary>An entity's state could not be loaded, saved or deleted: the store did not answer, or refused it.</summary>
/// <param name="message">What could not be done.</param>
/// <param name="innerException">What the store said.</param>
public sealed class EntityStoreException(string message, Exception? innerException = null) : Exception(message, innerException);
