using System.Text.Json;

namespace ActorSocket;

/// <summary>
/// A room, a game or whatever else has state, as one object for each id: it lives on one node of the cluster, wherever it is called from, and moves to another one when its
/// node leaves. Its <see cref="EventAttribute"/> methods are called by <see cref="RoomEntities{TEntity}"/>; they, its ticks and its start run one at a time, so its fields need no lock.
/// </summary>
/// <remarks>
/// Constructed by dependency injection in a scope of its own, when it is called for the first time. Map the class with
/// <c>io.MapEntities&lt;Lobby&gt;("lobby")</c>. When a node leaves, its entities hand their state over; when it crashes, they start anew elsewhere, from whatever
/// <see cref="OnStartedAsync"/> can find out.
/// </remarks>
public abstract class RoomEntity
{
    private Entities.EntityContext? _context;

    /// <summary>The id that it was called by.</summary>
    public string Id => Context.Id;

    /// <summary>The namespace that its class was mapped in.</summary>
    public Namespace Namespace => Context.Namespace;

    /// <summary>
    /// How often <see cref="OnTick"/> runs; zero, the default, for never. A tick that comes due while something else runs is left out: it is for what is to be sent at a
    /// steady rate, such as a game's positions, best by <c>Namespace.To(room).Volatile</c>.
    /// </summary>
    public virtual TimeSpan TickInterval => TimeSpan.Zero;

    internal Entities.EntityContext Context
    {
        get => _context ?? throw new InvalidOperationException("An entity has its id from OnStartedAsync on, not in its constructor.");
        set => _context = value;
    }

    /// <summary>Runs first; calls wait until it is done.</summary>
    /// <param name="handedOver">What <see cref="HandOver"/> of the one before said; null for a new entity, and after a crash.</param>
    public virtual Task OnStartedAsync(JsonElement? handedOver) => Task.CompletedTask;

    /// <summary>Runs every <see cref="TickInterval"/>.</summary>
    public virtual Task OnTick() => Task.CompletedTask;

    /// <summary>What the entity's successor on another node starts from: serialised as JSON. Null: nothing.</summary>
    public virtual object? HandOver() => null;

    /// <summary>Ends the entity once it has nothing more to do. The next call starts a new one.</summary>
    protected void Retire() => Context.Retire();
}

/// <summary>An entity's method threw, or there is none of that name.</summary>
/// <param name="message">What its exception said.</param>
public sealed class EntityCallException(string message) : Exception(message);
