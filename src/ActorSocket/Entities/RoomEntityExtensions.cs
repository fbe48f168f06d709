using ActorSocket.Configuration;
using ActorSocket.Entities;

namespace ActorSocket;

/// <summary>Maps classes of entities.</summary>
public static class RoomEntityExtensions
{
    /// <summary>Lets each id have an entity of this class. Every node of a cluster maps the same classes.</summary>
    /// <param name="ns">The namespace that the entities emit in.</param>
    /// <param name="type">A name for the class, the same on every node: letters, digits and dashes.</param>
    /// <param name="configure">Sets the limits of this class; they begin with those of <see cref="ActorSocketOptions.Entities"/>.</param>
    /// <exception cref="ArgumentException">The class has no <see cref="EventAttribute"/> method, the name has other characters or is taken,
    /// or a limit is out of range.</exception>
    public static RoomEntities<TEntity> MapEntities<TEntity>(this Namespace ns, string type, Action<EntityOptions>? configure = null)
        where TEntity : RoomEntity => new(ns, type, OptionsOf(ns, type, configure));

    /// <summary>
    /// Lets each id have an entity of this class, which is called by an interface that it implements:
    /// <c>lobbies.Get(id).JoinAsync(name)</c>. Every node of a cluster maps the same classes.
    /// </summary>
    /// <param name="ns">The namespace that the entities emit in.</param>
    /// <param name="type">A name for the class, the same on every node: letters, digits and dashes.</param>
    /// <param name="configure">Sets the limits of this class; they begin with those of <see cref="ActorSocketOptions.Entities"/>.</param>
    /// <exception cref="ArgumentException">Two methods have the same name, the class's name has other characters or is taken, or a limit
    /// is out of range.</exception>
    /// <exception cref="InvalidOperationException">The interface has a member that no call can stand for.</exception>
    public static RoomEntities<TEntity, TContract> MapEntities<TEntity, TContract>(
        this Namespace ns, string type, Action<EntityOptions>? configure = null)
        where TEntity : RoomEntity, TContract
        where TContract : class
    {
        var options = OptionsOf(ns, type, configure);
        var create = EntityContract.FactoryOf<TContract>();
        var byName = new RoomEntities<TEntity>(ns, type, options, typeof(TContract));
        return new RoomEntities<TEntity, TContract>(byName, byName.Caller, create);
    }

    private static EntityOptions OptionsOf(Namespace ns, string type, Action<EntityOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(ns);
        ArgumentException.ThrowIfNullOrEmpty(type);
        if (!type.All(static c => char.IsAsciiLetterOrDigit(c) || c == '-'))
            throw new ArgumentException($"\"{type}\" names a shard region: it has letters, digits and dashes.", nameof(type));
        var options = ns.Services.Server.Options.Entities.Copy();
        if (configure is not null)
            Callback.ThrowIfAsyncVoid(configure); // what it sets after its first await would come too late
        configure?.Invoke(options);
        foreach (var fault in options.Faults(""))
            throw new ArgumentException(fault, nameof(configure));
        return options;
    }
}
