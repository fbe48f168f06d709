using System.ComponentModel;
using System.Runtime.ExceptionServices;
using ActorSocket.Entities;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket;

/// <summary>What the classes that the compiler generates for <c>MapEntities&lt;TEntity, TContract&gt;()</c> call.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class TypedEntities
{
    /// <summary>Has the interface implemented by a generated class from now on.</summary>
    public static void Register<TContract>(Func<EntityTarget, TContract> create)
        where TContract : class => Contract<TContract>.Factory = create;

    internal static class Contract<TContract>
        where TContract : class
    {
        public static Func<EntityTarget, TContract>? Factory { get; set; }
    }
}

/// <summary>One entity, as a generated class calls it.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class EntityTarget
{
    private readonly EntityCaller _caller;
    private readonly string _id;

    internal EntityTarget(EntityCaller caller, string id) => (_caller, _id) = (caller, id);

    /// <summary>Calls a method and waits for what it returns.</summary>
    /// <param name="method">Its name on the wire.</param>
    /// <param name="args">Its arguments.</param>
    /// <param name="declared">Gives the exception that the contract declares for a code, with its message; null for none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<T> InvokeAsync<TArgs, T>(
        string method, in TArgs args, Func<string, string, Exception?>? declared, CancellationToken cancellationToken)
        where TArgs : struct, IEventArguments =>
        ReadAsync<T>(_caller.CallAsync(_id, method, args, cancellationToken), method, declared);

    /// <summary>Calls a method and waits until it is done.</summary>
    /// <inheritdoc cref="InvokeAsync{TArgs, T}"/>
    public Task InvokeAsync<TArgs>(
        string method, in TArgs args, Func<string, string, Exception?>? declared, CancellationToken cancellationToken)
        where TArgs : struct, IEventArguments => TranslateAsync(_caller.CallAsync(_id, method, args, cancellationToken), declared);

    /// <summary>Calls a method and does not wait.</summary>
    public void Send<TArgs>(string method, in TArgs args)
        where TArgs : struct, IEventArguments => _caller.Send(_id, method, args);

    private async Task<T> ReadAsync<T>(Task<byte[]> call, string method, Func<string, string, Exception?>? declared) =>
        _caller.Read<T>(await TranslateAsync(call, declared).ConfigureAwait(false), method)!;

    private static async Task<byte[]> TranslateAsync(Task<byte[]> call, Func<string, string, Exception?>? declared)
    {
        try
        {
            return await call.ConfigureAwait(false);
        }
        catch (EntityCallException error)
            when (error.InnerException is EventException { Code: { } code } refusal && declared?.Invoke(code, refusal.Message) is { } own)
        {
            ExceptionDispatchInfo.Throw(own);
            throw;
        }
    }
}
