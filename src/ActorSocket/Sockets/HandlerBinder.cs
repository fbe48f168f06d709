using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Reflection;
using System.Text.Json;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Sockets;

/// <summary>
/// Binds a delegate's parameters as minimal APIs do: what names a service of the event (<see cref="Ack"/>, <see cref="Socket"/>, the token,
/// all arguments) is given, everything else takes the next argument of the event. The call is compiled once per type of delegate; where
/// arguments are checked, by what attributes say, once per method.
/// </summary>
/// <param name="json">How arguments are read.</param>
/// <param name="shapes">By what arguments are checked; null: they are not.</param>
internal sealed class HandlerBinder(SocketJson json, ArgumentShapes? shapes = null)
{
    private readonly ConcurrentDictionary<(MethodInfo?, Type), HandlerInvoker> _invokers = new();

    /// <remarks>A socket's handlers are new delegates: which method they call is not looked up unless it matters.</remarks>
    public HandlerInvoker Bind(Delegate handler) => Bind(shapes is null ? null : handler.Method, handler.GetType());

    /// <summary>For delegates of this type that call this method.</summary>
    public HandlerInvoker Bind(MethodInfo? method, Type delegateType) =>
        _invokers.GetOrAdd((method, delegateType), static (key, binder) => binder.Compile(key.Item1, key.Item2), this);

    /// <summary>Fails as <see cref="Bind(Delegate)"/> would.</summary>
    public void Check(Type delegateType)
    {
        var signature = delegateType.GetMethod("Invoke")!;
        foreach (var parameter in signature.GetParameters())
        {
            if (parameter.ParameterType.IsByRef)
                throw new ArgumentException(
                    $"Parameter '{parameter.Name}' of an event handler is passed by reference; event arguments are values.",
                    nameof(delegateType)
                );
            if (TakesArgument(parameter.ParameterType))
                ThrowIfUnreadable(parameter.ParameterType);
        }
        ThrowIfUnwritable(signature.ReturnType);
    }

    /// <summary>
    /// Whether the serialiser knows a type at all is found out by an empty object: it may be of another shape, but it must not be
    /// impossible.
    /// </summary>
    private void ThrowIfUnreadable(Type type)
    {
        if (type == typeof(SocketArgument))
            return; // handed over as it came
        if (IsStream(type))
            type = type.GetGenericArguments()[0];
        Exception? reason = null;
        if (!type.IsByRefLike && !type.IsPointer)
        {
            try
            {
                if (json.Options.GetTypeInfo(type).PolymorphismOptions is not null)
                    return; // an empty object does not say which of its kinds it is
                JsonSerializer.Deserialize("{}"u8, type, json.Options);
                return;
            }
            catch (Exception error)
                when (error is NotSupportedException or InvalidOperationException && IsSerialisers(error.GetBaseException()))
            {
                reason = error;
            }
            catch (Exception)
            {
                return; // another shape, or a constructor or converter of the application's that wants more than nothing
            }
        }
        throw new ArgumentException(
            $"An event handler takes a {type}, which cannot be read from an event's argument. Services are had from the constructor of a "
            + "hub or from Socket.Services.",
            nameof(type),
            reason
        );
    }

    /// <summary>It wraps its own without having thrown them; a converter's were thrown by the application.</summary>
    private static bool IsSerialisers(Exception error) => error.Source?.StartsWith("System.Text.Json", StringComparison.Ordinal) != false;

    private static void ThrowIfUnwritable(Type result)
    {
        var value = result == typeof(void) || result == typeof(Task) || result == typeof(ValueTask) ? typeof(void) : ValueOf(result);
        if (
            value.IsByRefLike
            || value.IsPointer
            || value.IsAssignableTo(typeof(Delegate))
            || value.IsAssignableTo(typeof(MemberInfo))
            || value.IsAssignableTo(typeof(Task))
            || (value.IsGenericType && value.GetGenericTypeDefinition() == typeof(ValueTask<>))
        )
            throw new ArgumentException($"An event handler returns {result}, which cannot be sent as an acknowledgement.", nameof(result));
    }

    /// <summary>Whether an event with such a handler brings a stream, or is answered with one: only a client's can.</summary>
    public static bool HasStream(Type delegateType)
    {
        var signature = delegateType.GetMethod("Invoke")!;
        return Array.Exists(signature.GetParameters(), static one => IsStream(one.ParameterType))
            || (signature.ReturnType != typeof(void) && signature.ReturnType != typeof(Task) && signature.ReturnType != typeof(ValueTask)
                && ItemOf(ValueOf(signature.ReturnType)) is not null);
    }

    private static bool IsStream(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IAsyncEnumerable<>);

    /// <summary>Of a sequence, what its elements are; null of anything else.</summary>
    private static Type? ItemOf(Type value) =>
        Array.Find([value, .. value.GetInterfaces()], IsStream)?.GetGenericArguments()[0];

    private static Type ValueOf(Type result)
    {
        ReturnMethod(result, out var value);
        return value;
    }

    private HandlerInvoker Compile(MethodInfo? method, Type delegateType)
    {
        Check(delegateType);
        var signature = delegateType.GetMethod("Invoke")!;
        var handler = Expression.Parameter(typeof(Delegate), "handler");
        var call = Expression.Parameter(typeof(HandlerCall), "call");
        var next = 0;
        var parameters = signature.GetParameters();
        // What bears attributes is the method's. Its first one may be bound already, or be what the delegate takes first (an open one's).
        var written = method?.GetParameters() ?? parameters;
        var shift = written.Length - parameters.Length;
        var arguments = Array.ConvertAll(parameters, parameter =>
        {
            var position = parameter.Position + shift;
            return BindParameter(parameter, position < 0 ? parameter : written[position], call, ref next);
        });
        Expression body = Expression.Invoke(Expression.Convert(handler, delegateType), arguments);
        var result = signature.ReturnType;
        if (result == typeof(void))
            body = Expression.Block(body, Expression.Default(typeof(ValueTask)));
        else if (result == typeof(Task))
            body = Expression.Call(typeof(HandlerCall), nameof(HandlerCall.FromTask), null, body);
        else if (result != typeof(ValueTask))
            body = Return(call, body);
        return Expression.Lambda<HandlerInvoker>(body, handler, call).Compile();
    }

    private static MethodCallExpression Return(ParameterExpression call, Expression body)
    {
        var method = ReturnMethod(body.Type, out var value);
        if (ItemOf(value) is not { } item)
            return Expression.Call(call, method, [value], body);
        return method switch
        {
            nameof(HandlerCall.ReturnTask) => Expression.Call(call, nameof(HandlerCall.ReturnStreamTask), [value, item], body),
            nameof(HandlerCall.ReturnValueTask) => Expression.Call(call, nameof(HandlerCall.ReturnStreamValueTask), [value, item], body),
            _ => Expression.Call(call, nameof(HandlerCall.ReturnStream), [item], body),
        };
    }

    private static string ReturnMethod(Type result, out Type value)
    {
        var generic = result.IsGenericType ? result.GetGenericTypeDefinition() : null;
        if (generic == typeof(Task<>) || generic == typeof(ValueTask<>))
        {
            value = result.GetGenericArguments()[0];
            return generic == typeof(Task<>) ? nameof(HandlerCall.ReturnTask) : nameof(HandlerCall.ReturnValueTask);
        }
        if (result.IsAssignableTo(typeof(Task)))
        {
            // The state machine of an async lambda has a type of its own only behind Task<T>.
            value = result.BaseType!.GetGenericArguments()[0];
            return nameof(HandlerCall.ReturnTask);
        }
        value = result;
        return nameof(HandlerCall.Return);
    }

    /// <summary>Whether a parameter of this type takes an argument of the event, not one of its services.</summary>
    public static bool TakesArgument(Type type) =>
        type != typeof(Ack)
        && !(type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Ack<>))
        && type != typeof(Socket)
        && type != typeof(CancellationToken)
        && type != typeof(SocketArguments);

    private Expression BindParameter(ParameterInfo parameter, ParameterInfo written, ParameterExpression call, ref int next)
    {
        var type = parameter.ParameterType;
        if (type == typeof(Ack))
            return Expression.Call(call, nameof(HandlerCall.Ack), null);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Ack<>))
            return Expression.Call(call, nameof(HandlerCall.TypedAck), type.GetGenericArguments());
        if (type == typeof(Socket))
            return Expression.Property(call, nameof(HandlerCall.Socket));
        if (type == typeof(CancellationToken))
            return Expression.Property(call, nameof(HandlerCall.Over));
        if (type == typeof(SocketArguments))
            return Expression.Property(call, nameof(HandlerCall.Arguments));
        var index = Expression.Constant(next++);
        if (IsStream(type))
            return Expression.Call(call, nameof(HandlerCall.Stream), type.GetGenericArguments(), index);
        return shapes is not null && ArgumentValidator.For(shapes, written, type) is { } validator
            ? Expression.Call(call, nameof(HandlerCall.ValidArgument), [type], index, Expression.Constant(validator))
            : Expression.Call(call, nameof(HandlerCall.Argument), [type], index);
    }
}
