using System.Text.Json;
using ActorSocket.Emitting;
using ActorSocket.Entities;
using ActorSocket.Protocol.SocketIo;
using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket;

/// <summary>The entities of one class: calls them by id, on whichever node they live.</summary>
/// <remarks>
/// Any thread. Arguments and results travel as JSON, at most 200 000 bytes each way. From one caller to one entity, calls arrive in order.
/// </remarks>
public sealed partial class RoomEntities<TEntity>
    where TEntity : RoomEntity
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1); // Akka takes zero for no limit at all

    private readonly Namespace _namespace;
    private readonly string _type;
    private readonly EntityRegion _region;
    private readonly TimeSpan? _limit;

    internal RoomEntities(Namespace ns, string type, EntityOptions options)
    {
        (_namespace, _type) = (ns, type);
        var server = ns.Services.Server;
        var create = ActivatorUtilities.CreateFactory<TEntity>([]);
        var kind = new EntityKind(
            type,
            ns,
            provider => create(provider, []),
            EntityKind.MethodsOf(typeof(TEntity), server.Binder),
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
        _region = new EntityRegion(entities, kind);
        entities.StartLater(() => _ = _region.Started);
    }

    private RoomEntities(RoomEntities<TEntity> of, TimeSpan limit)
    {
        (_namespace, _type, _region) = (of._namespace, of._type, of._region);
        _limit = limit;
    }

    /// <summary>The same entities, with a limit to how long <c>InvokeAsync</c> waits for each answer.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative, or more than 24 days.</exception>
    public RoomEntities<TEntity> Timeout(TimeSpan timeout) => new(this, EmitFlags.None.Within(timeout).Timeout!.Value);

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
        if (result.Length > 0)
            return _namespace.Services.Server.Json.FromJsonArray(result).ToOwnAnswer<T>();
        return default(T) is null || typeof(T) == typeof(JsonElement) || typeof(T) == typeof(SocketArgument)
            ? SocketArguments.Empty.ToOwnAnswer<T>()
            : throw new EntityCallException($"\"{method}\" returned nothing, where {typeof(T)} was asked for.");
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
    public void SendCore(string id, string method, IReadOnlyList<object?> args) =>
        _region.Started.Tell(Pack(id, method, args, wantsAnswer: false), ActorRefs.NoSender);

    private async Task<byte[]> CallAsync(string id, string method, IReadOnlyList<object?> args, CancellationToken cancellationToken)
    {
        var call = Pack(id, method, args, wantsAnswer: true);
        var limit = _limit ?? _namespace.Services.Server.Adapter.RequestTimeout;
        var wait = limit > Shortest ? limit : Shortest;
        EntityAnswer answer;
        try
        {
            answer = await _region.Started.Ask<EntityAnswer>(call, wait, cancellationToken).ConfigureAwait(false);
        }
        catch (AskTimeoutException timeout)
        {
            throw new TimeoutException($"The \"{_type}\" did not answer \"{method}\" within {limit}.", timeout);
        }
        if (answer.IsRefusal)
            throw new EntityCallException(answer.Error, RefusalOf(answer));
        return answer.Error.Length == 0 ? answer.Result : throw new EntityCallException(answer.Error);
    }

    /// <summary>What the method threw, as it has travelled.</summary>
    private EventException RefusalOf(EntityAnswer answer) =>
        new(answer.Error, answer.Result.Length > 0 ? _namespace.Services.Server.Json.FromJsonArray(answer.Result)[0] : null)
        {
            Code = answer.Code.Length > 0 ? answer.Code : null,
        };

    private EntityCall Pack(string id, string method, IReadOnlyList<object?> args, bool wantsAnswer)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(args);
        var call = new EntityCall(id, method, _namespace.Services.Server.Json.ToJsonArray(new ArgumentList(args)), wantsAnswer);
        var limit = _namespace.Services.Server.Entities.MaxBytes;
        return call.Bytes <= limit
            ? call
            : throw new ArgumentException(
                $"The call has {call.Bytes} bytes; an entity is called with at most {limit}.",
                nameof(args)
            );
    }
}
