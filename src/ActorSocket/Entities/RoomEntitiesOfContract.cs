using ActorSocket.Entities;

namespace ActorSocket;

/// <summary>
/// The entities of one class by their contract, an interface that the class implements: <c>lobbies.Get(id).JoinAsync(name)</c> calls the
/// method of the one of that id, on whichever node it lives. The class behind the interface is written by the package's source generator.
/// </summary>
/// <remarks>Any thread. What is said of <see cref="RoomEntities{TEntity}"/> holds here, too.</remarks>
/// <typeparam name="TEntity">The entities' class.</typeparam>
/// <typeparam name="TContract">
/// The interface. Methods that return <see cref="Task"/>, <see cref="ValueTask"/> or one of a result wait for it, and throw what <see
/// cref="RoomEntities{TEntity}.InvokeCoreAsync{T}"/> throws, or what they declare (<see cref="ThrowsAttribute{TException}"/>); those that
/// return nothing are sent. Up to eight arguments, and a <see cref="CancellationToken"/> as the last parameter, which ends the wait and
/// does not travel. A method is called on the wire what its <see cref="EventAttribute"/> says, or its name in camel case without
/// <c>Async</c>.
/// </typeparam>
public sealed partial class RoomEntities<TEntity, TContract>
    where TEntity : RoomEntity, TContract
    where TContract : class
{
    private readonly EntityCaller _caller;
    private readonly Func<EntityTarget, TContract> _create;

    internal RoomEntities(RoomEntities<TEntity> byName, EntityCaller caller, Func<EntityTarget, TContract> create) =>
        (ByName, _caller, _create) = (byName, caller, create);

    /// <summary>The same, called by the names of their methods.</summary>
    public RoomEntities<TEntity> ByName { get; }

    /// <summary>The entity of this id. It is started by the first call, if it is not there.</summary>
    /// <exception cref="ArgumentException">The id is empty.</exception>
    public TContract Get(string id)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        return _create(new EntityTarget(_caller, id));
    }

    /// <summary>The same entities, with a limit to how long each call waits for its answer.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative, or more than 24 days.</exception>
    public RoomEntities<TEntity, TContract> Timeout(TimeSpan timeout) => With(ByName.Timeout(timeout));

    /// <inheritdoc cref="RoomEntities{TEntity}.Retries"/>
    public RoomEntities<TEntity, TContract> Retries(int retries) => With(ByName.Retries(retries));

    private RoomEntities<TEntity, TContract> With(RoomEntities<TEntity> byName) => new(byName, byName.Caller, _create);
}
