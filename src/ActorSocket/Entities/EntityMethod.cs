using System.Linq.Expressions;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using ActorSocket.Sockets;

namespace ActorSocket.Entities;

/// <summary>One method, bound as an event handler is.</summary>
internal sealed class EntityMethod
{
    private readonly IThrows[] _declared;
    private readonly Func<object, Delegate> _handlerOf;
    private readonly HandlerInvoker _invoke;

    /// <param name="method">The class's.</param>
    /// <param name="binder">Binds handlers.</param>
    /// <param name="contract">The interface's method that it implements; null for none.</param>
    public EntityMethod(MethodInfo method, HandlerBinder binder, MethodInfo? contract = null)
    {
        Method = method;
        // The closest class's first, in whichever order they are declared.
        var declared = contract?.GetCustomAttributes().OfType<IThrows>() ?? [];
        _declared = [.. declared.OrderByDescending(static one => DepthOf(one.Exception))];
        var type = Expression.GetDelegateType([
            .. method.GetParameters().Select(static parameter => parameter.ParameterType),
            method.ReturnType,
        ]);
        _handlerOf = method.IsStatic ? AlwaysOf(method.CreateDelegate(type)) : Compile(method, type);
        _invoke = binder.Bind(method, type);
    }

    public MethodInfo Method { get; }

    public ValueTask InvokeAsync(RoomEntity entity, HandlerCall call) => _invoke(_handlerOf(entity), call);

    /// <summary>Under which code an exception is declared; null for none.</summary>
    public string? CodeOf(Exception error) => Array.Find(_declared, declared => declared.Exception.IsInstanceOfType(error))?.Code;

    private static int DepthOf(Type? type) => type is null ? 0 : 1 + DepthOf(type.BaseType);

    private static Func<object, Delegate> AlwaysOf(Delegate handler) => _ => handler;

    /// <summary>What makes the delegate of one entity: as the compiler would, so without a search for each call.</summary>
    private static Func<object, Delegate> Compile(MethodInfo method, Type type)
    {
        if (!RuntimeFeature.IsDynamicCodeSupported)
            return entity => method.CreateDelegate(type, entity);
        var create = new DynamicMethod(method.Name, typeof(Delegate), [typeof(object)], typeof(EntityMethod).Module, skipVisibility: true);
        var il = create.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldftn, method); // the class's own, so nothing is overridden
        il.Emit(OpCodes.Newobj, type.GetConstructor([typeof(object), typeof(nint)])!);
        il.Emit(OpCodes.Ret);
        return create.CreateDelegate<Func<object, Delegate>>();
    }
}
