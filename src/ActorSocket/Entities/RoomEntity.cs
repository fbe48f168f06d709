using ActorSocket.Sockets;

namespace ActorSocket;

/// <summary>
/// A room, a game or whatever else has state, as one object for each id: it lives on one node of the cluster, wherever it is called from,
/// and moves to another one when its node leaves. Its <see cref="EventAttribute"/> methods are called by
/// <see cref="RoomEntities{TEntity}"/>; they, its ticks and its start run one at a time, so its fields need no lock.
/// </summary>
/// <remarks>
/// Constructed by dependency injection in a scope of its own, when it is called for the first time. Map the class with
/// <c>io.MapEntities&lt;Lobby&gt;("lobby")</c>. From then on it lives until it retires: when its node leaves, or its shard moves, it hands
/// its state over and goes on elsewhere by itself; when its node crashes, it starts anew elsewhere, and is told so.
/// </remarks>
public abstract class RoomEntity
{
    private Entities.EntityContext? _context;

    /// <summary>The id that it was called by.</summary>
    public string Id => Context.Id;

    /// <summary>The namespace that its class was mapped in.</summary>
    public Namespace Namespace => Context.Namespace;

    /// <summary>
    /// How often <see cref="OnTickAsync"/> runs; zero, the default, for never; a millisecond at least, and exact up to 128 times a second.
    /// Read once, after the start. Ticks are due at whole multiples of it, so a late one does not move those that follow. One that comes
    /// due while a call runs follows it, unless half the interval has passed by then: it is then left out, as is one that comes due while
    /// the one before runs. For what is to be sent at a steady rate, such as a game's positions, best by
    /// <c>Namespace.To(room).Volatile</c>.
    /// </summary>
    public virtual TimeSpan TickInterval => TimeSpan.Zero;

    internal Entities.EntityContext Context
    {
        get => _context ?? throw new InvalidOperationException("An entity has its id from OnStartedAsync on, not in its constructor.");
        set => _context = value;
    }

    /// <summary>
    /// Runs first; calls wait until it is done. When it throws, as when the constructor does, they fail with what it threw, what was handed
    /// over is kept, and the next call starts the entity again.
    /// </summary>
    /// <param name="start">Whether there was one before, and its state.</param>
    public virtual Task OnStartedAsync(EntityStart start) => Task.CompletedTask;

    /// <summary>Runs every <see cref="TickInterval"/>.</summary>
    /// <param name="elapsed">The time since the tick before began, or since the start: more than the interval when ticks were left
    /// out.</param>
    public virtual Task OnTickAsync(TimeSpan elapsed) => Task.CompletedTask;

    /// <summary>
    /// What the entity goes on with on another node: serialised as JSON with <see cref="ActorSocketOptions.Json"/>. Null: nothing. Called
    /// once nothing runs any more.
    /// </summary>
    public virtual object? HandOver() => null;

    /// <summary>Ends the entity once it has nothing more to do, with its state. The next call starts a new one.</summary>
    protected void Retire() => Context.Retire();
}

/// <summary>
/// An entity could not start, or its method threw, or there is none of that name, or what it returned is too long. Where the method threw
/// an <see cref="EventException"/>, that is the <see cref="Exception.InnerException"/>, from whichever node: a handler that lets this pass
/// answers its client with what the entity said, and with "Internal server error" in all other cases.
/// </summary>
/// <param name="message">What its exception said, or what is wrong.</param>
/// <param name="innerException">The method's <see cref="EventException"/>.</param>
public sealed class EntityCallException(string message, Exception? innerException = null) : Exception(message, innerException), IRefusal
{
    EventException? IRefusal.Refusal => InnerException as EventException;
}
