using System.Reflection;
using System.Text.Json;

namespace ActorSocket.Entities;

/// <summary>What the methods of a contract are called on the wire: the generator has the same rule.</summary>
internal static class EntityContract
{
    private const string Async = nameof(Async);

    public static string NameOf(MethodInfo method)
    {
        if (method.GetCustomAttribute<EventAttribute>() is { } named)
            return named.Name;
        var name = method.Name.EndsWith(Async, StringComparison.Ordinal) && method.Name.Length > Async.Length
            ? method.Name[..^Async.Length]
            : method.Name;
        return JsonNamingPolicy.CamelCase.ConvertName(name);
    }

    /// <summary>The class that the generator wrote.</summary>
    /// <exception cref="InvalidOperationException">It wrote none.</exception>
    public static Func<EntityTarget, TContract> FactoryOf<TContract>()
        where TContract : class =>
        TypedEntities.Contract<TContract>.Factory
        ?? throw new InvalidOperationException(
            $"There is no generated class for {typeof(TContract).Name}: it is to be an interface which other classes of the assembly can "
            + "see, with what it declares by [Throws], which a message makes; whose methods are not generic, have at most eight arguments "
            + "and a CancellationToken, none by reference, and return nothing, Task, ValueTask, or one of these with a result; and "
            + "MapEntities is to name it, not a type parameter."
        );
}
