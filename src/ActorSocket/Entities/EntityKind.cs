using System.Reflection;
using ActorSocket.Sockets;

namespace ActorSocket.Entities;

/// <summary>One class of entities: how to make one and what it can be asked.</summary>
internal sealed record EntityKind(
    string Type,
    Namespace Namespace,
    Func<IServiceProvider, RoomEntity> Create,
    IReadOnlyDictionary<string, EntityMethod> Methods,
    EntityOptions Options,
    bool IsStateful
)
{
    private int _count;

    /// <summary>How many live on this node, those included that start.</summary>
    public int Count => Volatile.Read(ref _count);

    public void Started() => Interlocked.Increment(ref _count);

    public void Stopped() => Interlocked.Decrement(ref _count);

    /// <param name="entity">The class.</param>
    /// <param name="contract">An interface that it implements, whose methods are called, too; null for none.</param>
    /// <param name="binder">Binds handlers.</param>
    public static Dictionary<string, EntityMethod> MethodsOf(Type entity, Type? contract, HandlerBinder binder)
    {
        var methods = new Dictionary<string, EntityMethod>(StringComparer.Ordinal);
        foreach (var type in contract is null ? [] : contract.GetInterfaces().Append(contract))
        {
            var map = entity.GetInterfaceMap(type);
            for (var i = 0; i < map.InterfaceMethods.Length; i++)
                Add(EntityContract.NameOf(map.InterfaceMethods[i]), map.TargetMethods[i], map.InterfaceMethods[i]);
        }
        foreach (
            var method in entity.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
        )
        {
            if (method.GetCustomAttribute<EventAttribute>() is { } named)
                Add(named.Name, method, null);
        }
        return methods.Values.Any(static method => method.Method.DeclaringType != typeof(RoomEntity))
            ? methods
            : throw new ArgumentException($"{entity.Name} can be asked nothing: put [Event(\"name\")] on its methods.", nameof(entity));

        void Add(string name, MethodInfo method, MethodInfo? declaration)
        {
            if (methods.TryGetValue(name, out var other) && other.Method.HasSameMetadataDefinitionAs(method))
                return; // by its contract and by its attribute
            if (!methods.TryAdd(name, new EntityMethod(method, binder, declaration)))
            {
                throw new ArgumentException(
                    $"{entity.Name} has two methods of the name \"{name}\", {other!.Method.Name} and {method.Name}: give one of them "
                    + "another, by [Event(\"name\")].",
                    nameof(entity)
                );
            }
        }
    }
}
