using System.Linq.Expressions;
using System.Reflection;
using ActorSocket.Sockets;

namespace ActorSocket.Entities;

/// <summary>One method, bound as an event handler is.</summary>
internal sealed class EntityMethod(MethodInfo method, HandlerBinder binder)
{
    private readonly Type _delegate = Expression.GetDelegateType([
        .. method.GetParameters().Select(static parameter => parameter.ParameterType),
        method.ReturnType,
    ]);

    public ValueTask InvokeAsync(RoomEntity entity, HandlerCall call)
    {
        var handler = method.IsStatic ? Delegate.CreateDelegate(_delegate, method) : Delegate.CreateDelegate(_delegate, entity, method);
        return binder.Bind(handler)(handler, call);
    }
}
