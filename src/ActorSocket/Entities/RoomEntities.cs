using ActorSocket.Entities;
using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket;

/// <summary>The entities of one class: calls them by id, on whichever node they live.</summary>
/// <remarks>Any thread. Arguments and results travel as JSON, at most 200 000 bytes each way. From one caller to one entity, calls arrive in order.</remarks>
public sealed class RoomEntities<TEntity>
    where TEntity : RoomEntity
{
    private readonly Namespace _namespace;
    private readonly Lazy<IActorRef> _region;

    internal RoomEntities(Namespace ns, string type, EntityOptions options)
    {
        _namespace = ns;
        var server = ns.Services.Server;
        var create = ActivatorUtilities.CreateFactory<TEntity>([]);
        var kind = new EntityKind(type, ns, provider => create(provider, []), EntityKind.MethodsOf(typeof(TEntity), server.Binder), options);
        var entities = server.Entities;
        if (!entities.TryName(type, typeof(TEntity), out var taken))
            throw new ArgumentException($"Entities of the name \"{type}\" are mapped already, for {taken.Name}: each class has a name of its own.", nameof(type));
        // The actor system starts after the application is mapped.
        _region = new Lazy<IActorRef>(() => entities.Start(kind));
        entities.StartLater(() => _ = _region.Value);
    }

    /// <summary>Calls a method of the entity and waits for what it returns.</summary>
    /// <param name="id">Which entity. It is started if it is not there.</param>
    /// <param name="method">The name of one of its <see cref="EventAttribute"/> methods.</param>
    /// <param name="args">The method's arguments.</param>
    /// <exception cref="EntityCallException">The entity could not start, or there are too many; the method threw, or there is none of that name; or what it returned is too long.</exception>
    /// <exception cref="TimeoutException">No answer within <c>ActorSocketClusterOptions.RequestTimeout</c>: its node may have gone, or the method takes too long.</exception>
    public Task<T?> InvokeAsync<T>(string id, string method, params object?[] args) => InvokeAsync<T>(id, method, args, CancellationToken.None);

    /// <inheritdoc cref="InvokeAsync{T}(string, string, object?[])"/>
    public Task<T?> InvokeAsync<T>(string id, string method, CancellationToken cancellationToken) => InvokeAsync<T>(id, method, [], cancellationToken);

    /// <inheritdoc cref="InvokeAsync{T}(string, string, object?[])"/>
    public Task<T?> InvokeAsync<T>(string id, string method, object? arg1, CancellationToken cancellationToken) => InvokeAsync<T>(id, method, [arg1], cancellationToken);

    /// <inheritdoc cref="InvokeAsync{T}(string, string, object?[])"/>
    public Task<T?> InvokeAsync<T>(string id, string method, object? arg1, object? arg2, CancellationToken cancellationToken) =>
        InvokeAsync<T>(id, method, [arg1, arg2], cancellationToken);

    /// <inheritdoc cref="InvokeAsync{T}(string, string, object?[])"/>
    public Task<T?> InvokeAsync<T>(string id, string method, object? arg1, object? arg2, object? arg3, CancellationToken cancellationToken) =>
        InvokeAsync<T>(id, method, [arg1, arg2, arg3], cancellationToken);

    /// <inheritdoc cref="InvokeAsync{T}(string, string, object?[])"/>
    public async Task<T?> InvokeAsync<T>(string id, string method, object?[] args, CancellationToken cancellationToken)
    {
        var json = _namespace.Services.Server.Json;
        var call = Pack(id, method, args, wantsAnswer: true);
        EntityAnswer answer;
        try
        {
            answer = await _region.Value.Ask<EntityAnswer>(call, _namespace.Services.Server.Adapter.RequestTimeout, cancellationToken).ConfigureAwait(false);
        }
        catch (AskTimeoutException timeout)
        {
            throw new TimeoutException($"The entity did not answer \"{method}\" in time.", timeout);
        }
        if (answer.Error.Length > 0)
            throw new EntityCallException(answer.Error);
        return json.FromJsonArray(answer.Result).ReadOwn<T>(0);
    }

    /// <summary>Calls a method of the entity without waiting for it. The call is lost when its node is.</summary>
    public void Send(string id, string method, params object?[] args) => _region.Value.Tell(Pack(id, method, args, wantsAnswer: false), ActorRefs.NoSender);

    private EntityCall Pack(string id, string method, object?[] args, bool wantsAnswer)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(args);
        var call = new EntityCall(id, method, _namespace.Services.Server.Json.ToJsonArray(new ArgumentList(args)), wantsAnswer);
        return call.Bytes <= EntityKind.MaxBytes
            ? call
            : throw new ArgumentException($"The call has {call.Bytes} bytes; an entity is called with at most {EntityKind.MaxBytes}.", nameof(args));
    }
}
