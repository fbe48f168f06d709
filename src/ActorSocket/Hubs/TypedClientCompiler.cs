using System.Linq.Expressions;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Text.Json;
using ActorSocket.Emitting;

namespace ActorSocket.Hubs;

/// <summary>Makes what the generator did not: for interfaces that other classes cannot see, or that come as a type parameter.</summary>
internal static class TypedClientCompiler
{
    private const int MaxArguments = 8;

    private static readonly MethodInfo EmitMethod = typeof(IEventEmitter).GetMethod(nameof(IEventEmitter.Emit))!;
    private static readonly MethodInfo AskMethod = typeof(TypedClients).GetMethod(nameof(TypedClients.AskAsync))!;
    private static readonly Type[] ArgumentTypes =
    [
        typeof(EventArguments),
        typeof(EventArguments<>),
        typeof(EventArguments<,>),
        typeof(EventArguments<,,>),
        typeof(EventArguments<,,,>),
        typeof(EventArguments<,,,,>),
        typeof(EventArguments<,,,,,>),
        typeof(EventArguments<,,,,,,>),
        typeof(EventArguments<,,,,,,,>),
    ];

    private static readonly Lock Gate = new();
    private static readonly HashSet<string> OpenedTo = new(StringComparer.Ordinal);
    private static readonly AssemblyBuilder Assembly = AssemblyBuilder.DefineDynamicAssembly(
        new AssemblyName("ActorSocket.TypedClients"),
        AssemblyBuilderAccess.Run
    );
    private static readonly ModuleBuilder Module = Assembly.DefineDynamicModule("ActorSocket.TypedClients");
    private static readonly ConstructorInfo IgnoresAccessChecksTo = DefineIgnoresAccessChecksTo();

    public static Func<IEventEmitter, TClient> Compile<TClient>()
        where TClient : class
    {
        var contract = typeof(TClient);
        if (!contract.IsInterface)
            throw new InvalidOperationException($"{contract.Name} is no interface.");
        if (!RuntimeFeature.IsDynamicCodeSupported)
            throw new PlatformNotSupportedException(
                $"There is no generated class for {contract.Name}, and none can be made without a just-in-time compiler: call "
                + $"As<{contract.Name}>() with the interface itself, and let other classes see it."
            );
        lock (Gate)
        {
            OpenTo(contract.Assembly);
            OpenTo(typeof(TypedClientCompiler).Assembly);
            var type = Module.DefineType(
                $"{contract.FullName}+Typed{Module.GetTypes().Length}",
                TypeAttributes.Sealed | TypeAttributes.NotPublic,
                typeof(object),
                [contract]
            );
            var emitter = type.DefineField("_emitter", typeof(IEventEmitter), FieldAttributes.Private | FieldAttributes.InitOnly);
            DefineConstructor(type, emitter);
            foreach (var member in contract.GetInterfaces().Prepend(contract).SelectMany(static one => one.GetMembers()))
            {
                if (member is MethodInfo { IsSpecialName: true })
                    continue; // of a property or an event, which is told of below
                if (member is not MethodInfo method)
                    throw new InvalidOperationException($"{contract.Name}.{member.Name} is no method that an event could stand for.");
                DefineMethod(type, emitter, method);
            }
            var constructor = type.CreateType().GetConstructor([typeof(IEventEmitter)])!;
            var parameter = Expression.Parameter(typeof(IEventEmitter));
            return Expression.Lambda<Func<IEventEmitter, TClient>>(Expression.New(constructor, parameter), parameter).Compile();
        }
    }

    private static void DefineConstructor(TypeBuilder type, FieldBuilder emitter)
    {
        var il = type.DefineConstructor(MethodAttributes.Public, CallingConventions.HasThis, [typeof(IEventEmitter)]).GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Call, typeof(object).GetConstructor([])!);
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Stfld, emitter);
        il.Emit(OpCodes.Ret);
    }

    private static void DefineMethod(TypeBuilder type, FieldBuilder emitter, MethodInfo method)
    {
        var name = method.GetCustomAttribute<EventAttribute>()?.Name ?? JsonNamingPolicy.CamelCase.ConvertName(method.Name);
        EmitFlags.ThrowIfReserved(name);
        var parameters = Array.ConvertAll(method.GetParameters(), static parameter => parameter.ParameterType);
        var cancellable = parameters is [.., var last] && last == typeof(CancellationToken);
        var arguments = cancellable ? parameters[..^1] : parameters;
        var asks = method.ReturnType.IsGenericType && method.ReturnType.GetGenericTypeDefinition() == typeof(Task<>);
        if (method.IsGenericMethod || arguments.Length > MaxArguments || Array.Exists(arguments, static argument => argument.IsByRef))
            throw new InvalidOperationException(
                $"{method.DeclaringType!.Name}.{method.Name}: an event has at most {MaxArguments} arguments, each a value of a known type."
            );
        if (!asks && method.ReturnType != typeof(void) && method.ReturnType != typeof(Task))
            throw new InvalidOperationException(
                $"{method.DeclaringType!.Name}.{method.Name} returns {method.ReturnType.Name}; void, Task and Task<T> are what an event "
                + "can give."
            );

        var builder = type.DefineMethod(
            method.Name,
            MethodAttributes.Private | MethodAttributes.Virtual | MethodAttributes.Final | MethodAttributes.HideBySig,
            method.ReturnType,
            parameters
        );
        var il = builder.GetILGenerator();
        var packed = arguments.Length == 0 ? ArgumentTypes[0] : ArgumentTypes[arguments.Length].MakeGenericType(arguments);
        var local = il.DeclareLocal(packed);
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldfld, emitter);
        il.Emit(OpCodes.Ldstr, name);
        if (arguments.Length > 0)
        {
            for (var i = 1; i <= arguments.Length; i++)
                il.Emit(OpCodes.Ldarg, i);
            il.Emit(OpCodes.Newobj, packed.GetConstructor(arguments)!);
            il.Emit(OpCodes.Stloc, local);
        }
        il.Emit(OpCodes.Ldloca, local);
        if (asks)
        {
            if (cancellable)
                il.Emit(OpCodes.Ldarg, parameters.Length);
            else
                il.Emit(OpCodes.Call, typeof(CancellationToken).GetProperty(nameof(CancellationToken.None))!.GetMethod!);
            il.Emit(OpCodes.Call, AskMethod.MakeGenericMethod(packed, method.ReturnType.GetGenericArguments()[0]));
        }
        else
        {
            il.Emit(OpCodes.Callvirt, EmitMethod.MakeGenericMethod(packed));
            if (method.ReturnType == typeof(Task))
                il.Emit(OpCodes.Call, typeof(Task).GetProperty(nameof(Task.CompletedTask))!.GetMethod!);
        }
        il.Emit(OpCodes.Ret);
        type.DefineMethodOverride(builder, method);
    }

    /// <summary>Lets the classes made here see the application's internal interfaces, as the runtime's own proxies do.</summary>
    private static void OpenTo(Assembly assembly)
    {
        var name = assembly.GetName().Name!;
        if (OpenedTo.Add(name))
            Assembly.SetCustomAttribute(new CustomAttributeBuilder(IgnoresAccessChecksTo, [name]));
    }

    private static ConstructorInfo DefineIgnoresAccessChecksTo()
    {
        var type = Module.DefineType(
            "System.Runtime.CompilerServices.IgnoresAccessChecksToAttribute",
            TypeAttributes.Public | TypeAttributes.Sealed,
            typeof(Attribute)
        );
        var il = type.DefineConstructor(MethodAttributes.Public, CallingConventions.HasThis, [typeof(string)]).GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Call, typeof(Attribute).GetConstructor(BindingFlags.Instance | BindingFlags.NonPublic, [])!);
        il.Emit(OpCodes.Ret);
        type.SetCustomAttribute(new CustomAttributeBuilder(
            typeof(AttributeUsageAttribute).GetConstructor([typeof(AttributeTargets)])!, [AttributeTargets.Assembly],
            [typeof(AttributeUsageAttribute).GetProperty(nameof(AttributeUsageAttribute.AllowMultiple))!], [true]));
        return type.CreateType().GetConstructor([typeof(string)])!;
    }
}
