using ActorSocket.Diagnostics;
using ActorSocket.Protocol.SocketIo;
using Akka.Actor;

namespace ActorSocket.Entities;

/// <summary>Calls the entities of one class, wherever they live.</summary>
/// <param name="contract">The interface that says how they are called; null for none.</param>
/// <param name="limit">How long an answer may take; null: as long as a request to other nodes.</param>
/// <param name="retries">How often a call that was not answered in time is sent again.</param>
internal sealed class EntityCaller(
    Namespace ns, string type, EntityRegion region, Type? contract, TimeSpan? limit = null, int retries = 0)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1); // Akka takes zero for no limit at all

    public Namespace Namespace => ns;

    public string Type => type;

    public Type? Contract => contract;

    public EntityCaller Within(TimeSpan timeout) => new(ns, type, region, contract, timeout, retries);

    public EntityCaller WithRetries(int count) => new(ns, type, region, contract, limit, count);

    /// <summary>Packs the call at once, and gives what the method returned: a JSON array.</summary>
    public Task<byte[]> CallAsync<TArgs>(string id, string method, in TArgs args, CancellationToken cancellationToken)
        where TArgs : struct, IEventArguments => AskAsync(id, method, args, cancellationToken);

    public void Send<TArgs>(string id, string method, in TArgs args)
        where TArgs : struct, IEventArguments
    {
        using var activity = ActorSocketActivity.IsOn ? ActorSocketActivity.StartCall(type, method, wantsAnswer: false) : null;
        region.Started.Tell(Pack(id, method, args, wantsAnswer: false), ActorRefs.NoSender);
    }

    /// <exception cref="EntityCallException">It is nothing, where that cannot be.</exception>
    public T? Read<T>(byte[] result, string method)
    {
        if (result.Length > 0)
            return ns.Services.Server.Json.FromJsonArray(result).ToOwnAnswer<T>();
        return default(T) is null || typeof(T) == typeof(System.Text.Json.JsonElement) || typeof(T) == typeof(SocketArgument)
            ? SocketArguments.Empty.ToOwnAnswer<T>()
            : throw new EntityCallException($"\"{method}\" returned nothing, where {typeof(T)} was asked for.");
    }

    private async Task<byte[]> AskAsync<TArgs>(string id, string method, TArgs args, CancellationToken cancellationToken)
        where TArgs : struct, IEventArguments
    {
        using var activity = ActorSocketActivity.IsOn ? ActorSocketActivity.StartCall(type, method, wantsAnswer: true) : null;
        var call = Pack(id, method, args, wantsAnswer: true);
        var within = limit ?? ns.Services.Server.Adapter.RequestTimeout;
        var wait = within > Shortest ? within : Shortest;
        EntityAnswer? answer = null;
        for (var left = retries; answer is null; left--)
        {
            try
            {
                answer = await region.Started.Ask<EntityAnswer>(call, wait, cancellationToken).ConfigureAwait(false);
            }
            catch (AskTimeoutException) when (left > 0)
            {
                // Its node may have gone: the next one finds it where it lives by then.
            }
            catch (AskTimeoutException timeout)
            {
                activity?.Failed(timeout, refusal: null);
                var again = retries == 0 ? "" : $", nor any of {retries} times more";
                throw new TimeoutException($"The \"{type}\" did not answer \"{method}\" within {within}{again}.", timeout);
            }
        }
        if (answer.Error.Length > 0)
            activity?.SetTag("error.type", answer.Code.Length > 0 ? answer.Code : nameof(EntityCallException));
        if (answer.IsRefusal)
            throw new EntityCallException(answer.Error, RefusalOf(answer));
        return answer.Error.Length == 0 ? answer.Result : throw new EntityCallException(answer.Error);
    }

    /// <summary>What the method threw, as it has travelled.</summary>
    private EventException RefusalOf(EntityAnswer answer) =>
        new(answer.Error, answer.Result.Length > 0 ? ns.Services.Server.Json.FromJsonArray(answer.Result)[0] : null)
        {
            Code = answer.Code.Length > 0 ? answer.Code : null,
        };

    private EntityCall Pack<TArgs>(string id, string method, in TArgs args, bool wantsAnswer)
        where TArgs : struct, IEventArguments
    {
        var call = new EntityCall(id, method, ns.Services.Server.Json.ToJsonArray(args), wantsAnswer)
        {
            Trace = ActorSocketActivity.Current,
        };
        var most = ns.Services.Server.Entities.MaxBytes;
        return call.Bytes <= most
            ? call
            : throw new ArgumentException($"The call has {call.Bytes} bytes; an entity is called with at most {most}.", nameof(args));
    }
}
