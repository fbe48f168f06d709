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

    public static Dictionary<string, EntityMethod> MethodsOf(Type entity, HandlerBinder binder)
    {
        var methods = new Dictionary<string, EntityMethod>(StringComparer.Ordinal);
        foreach (
            var method in entity.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
        )
        {
            if (method.GetCustomAttribute<EventAttribute>() is { } named)
                methods.Add(named.Name, new EntityMethod(method, binder));
        }
        return methods.Count > 0
            ? methods
            : throw new ArgumentException($"{entity.Name} can be asked nothing: put [Event(\"name\")] on its methods.", nameof(entity));
    }
}
