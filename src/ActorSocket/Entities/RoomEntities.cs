using ActorSocket.Emitting;
using ActorSocket.Entities;
using ActorSocket.Protocol.SocketIo;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket;

/// <summary>The entities of one class: calls them by id, on whichever node they live.</summary>
/// <remarks>
/// Any thread. Arguments and results travel as JSON, at most 200 000 bytes each way. From one caller to one entity, calls arrive in order.
/// </remarks>
public sealed partial class RoomEntities<TEntity>
    where TEntity : RoomEntity
{
    private const int MostRetries = 1000;

    internal RoomEntities(Namespace ns, string type, EntityOptions options, Type? contract = null)
    {
        var server = ns.Services.Server;
        var create = ActivatorUtilities.CreateFactory<TEntity>([]);
        var kind = new EntityKind(
            type,
            ns,
            provider => create(provider, []),
            EntityKind.MethodsOf(typeof(TEntity), contract, server.Binder),
            options,
            typeof(IStatefulEntity).IsAssignableFrom(typeof(TEntity))
        );
        var entities = server.Entities;
        if (!entities.TryName(type, typeof(TEntity), out var taken))
            throw new ArgumentException(
                $"Entities of the name \"{type}\" are mapped already, for {taken.Name}: each class has a name of its own.",
                nameof(type)
            );
        // The actor system starts after the application is mapped.
        var region = new EntityRegion(entities, kind);
        entities.StartLater(() => _ = region.Started);
        Caller = new EntityCaller(ns, type, region, contract);
        entities.Add(type, Caller);
    }

    private RoomEntities(EntityCaller caller) => Caller = caller;

    internal EntityCaller Caller { get; }

    /// <summary>The same entities, with a limit to how long <c>InvokeAsync</c> waits for each answer.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative, or more than 24 days.</exception>
    public RoomEntities<TEntity> Timeout(TimeSpan timeout) => new(Caller.Within(EmitFlags.None.Within(timeout).Timeout!.Value));

    /// <summary>
    /// The same entities, with calls that are sent again where no answer comes within the limit, so many times: an entity whose node has
    /// gone lives elsewhere a while later, some 20 s after a crash. The method may run more than once, and after calls that were made
    /// later, so this is for what does no harm twice; a <see cref="TimeoutException"/> still says that all were in vain. 0 by default.
    /// </summary>
    /// <remarks>What is only sent (<c>Send</c>) is not sent again: nobody says that it has arrived.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">It is negative, or more than 1000.</exception>
    public RoomEntities<TEntity> Retries(int retries)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(retries);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(retries, MostRetries);
        return new RoomEntities<TEntity>(Caller.WithRetries(retries));
    }

    /// <summary>Calls a method of the entity with any number of arguments and waits for what it returns.</summary>
    /// <param name="id">Which entity. It is started if it is not there.</param>
    /// <param name="method">The name of one of its <see cref="EventAttribute"/> methods.</param>
    /// <param name="args">The method's arguments: each item of the list is one.</param>
    /// <param name="cancellationToken">Ends the wait; the call may still be carried out.</param>
    /// <exception cref="ArgumentException">An argument is a token or a delegate, or they are too long.</exception>
    /// <exception cref="EntityCallException">
    /// The entity could not start, or there are too many; the method threw, or there is none of that name; or what it returned is too long,
    /// or nothing where a <typeparamref name="T"/> that cannot be null was asked for.
    /// </exception>
    /// <exception cref="InvalidOperationException">The application has not started yet.</exception>
    /// <exception cref="TimeoutException">
    /// No answer within the limit (<see cref="Timeout"/>, or <c>ActorSocketClusterOptions.RequestTimeout</c>): its node may have gone, or
    /// the method takes too long.
    /// </exception>
    public async Task<T?> InvokeCoreAsync<T>(
        string id, string method, IReadOnlyList<object?> args, CancellationToken cancellationToken = default)
    {
        var result = await CallAsync(id, method, args, cancellationToken).ConfigureAwait(false);
        return Caller.Read<T>(result, method);
    }

    /// <summary>Calls a method of the entity with any number of arguments and waits until it is done, whatever it returns.</summary>
    /// <inheritdoc cref="InvokeCoreAsync{T}"/>
    public Task InvokeCoreAsync(string id, string method, IReadOnlyList<object?> args, CancellationToken cancellationToken = default) =>
        CallAsync(id, method, args, cancellationToken);

    /// <summary>
    /// Calls a method of the entity with any number of arguments without waiting for it. The call is lost when its node is.
    /// </summary>
    /// <param name="id">Which entity. It is started if it is not there.</param>
    /// <param name="method">The name of one of its <see cref="EventAttribute"/> methods.</param>
    /// <param name="args">The method's arguments: each item of the list is one.</param>
    /// <exception cref="ArgumentException">An argument is a token or a delegate, or they are too long.</exception>
    /// <exception cref="InvalidOperationException">The application has not started yet.</exception>
    public void SendCore(string id, string method, IReadOnlyList<object?> args)
    {
        Check(id, method, args);
        Caller.Send(id, method, new ArgumentList(args));
    }

    private Task<byte[]> CallAsync(string id, string method, IReadOnlyList<object?> args, CancellationToken cancellationToken)
    {
        Check(id, method, args);
        return Caller.CallAsync(id, method, new ArgumentList(args), cancellationToken);
    }

    private static void Check(string id, string method, IReadOnlyList<object?> args)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(args);
    }
}
