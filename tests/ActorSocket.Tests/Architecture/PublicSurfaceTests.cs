using System.Linq.Expressions;
using System.Reflection;

namespace ActorSocket.Tests.Architecture;

/// <summary>What the compiler makes of a call: a token is never taken for an argument.</summary>
public sealed class PublicSurfaceTests : ServerTest
{
    private static IEnumerable<MethodInfo> PublicMethods => typeof(ActorSocketServer).Assembly.GetExportedTypes()
        .SelectMany(static type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly));

    [Fact]
    public void Whatever_waits_and_takes_any_number_of_arguments_takes_a_token_besides()
    {
        var found = 0;
        foreach (var method in PublicMethods.Where(static method => method.ReturnType.IsAssignableTo(typeof(Task)) || method.ReturnType.Name.StartsWith("ValueTask", StringComparison.Ordinal)))
        {
            if (method.GetParameters() is not [.. var leading, var last] || last.GetCustomAttribute<ParamArrayAttribute>() is null || last.ParameterType != typeof(object[]))
                continue;
            found++;
            for (var arguments = 0; arguments <= 3; arguments++)
                Assert.True(HasOverload(method, [.. leading.Select(static one => one.ParameterType), .. Enumerable.Repeat(typeof(object), arguments), typeof(CancellationToken)]), $"{method.DeclaringType}.{method.Name} has no overload with {arguments} arguments and a token.");
            Assert.True(HasOverload(method, [.. leading.Select(static one => one.ParameterType), typeof(object[]), typeof(CancellationToken)]), $"{method.DeclaringType}.{method.Name} has no overload with an array and a token.");
        }
        Assert.InRange(found, 2, int.MaxValue);
    }

    private static bool HasOverload(MethodInfo method, Type[] parameters) => method.DeclaringType!.GetMethods()
        .Any(other => other.Name == method.Name && other.GetParameters().Select(static one => one.ParameterType).SequenceEqual(parameters));

    [Fact]
    public void The_compiler_takes_a_token_for_one_with_any_number_of_arguments()
    {
        CancellationToken token = default;
        Expression<Func<RoomEntities<Nothing>, Task>>[] calls =
        [
            one => one.InvokeAsync<int>("id", "m", token),
            one => one.InvokeAsync<int>("id", "m", 1, token),
            one => one.InvokeAsync<int>("id", "m", 1, "2", token),
            one => one.InvokeAsync<int>("id", "m", 1, "2", 3.0, token),
            one => one.InvokeAsync<int>("id", "m", new object?[] { 1, 2, 3, 4 }, token),
        ];
        Expression<Func<RemoteSocketOperator, Task>>[] questions =
        [
            one => one.EmitWithAckAsync<int>("q", token),
            one => one.EmitWithAckAsync<int>("q", 1, token),
            one => one.EmitWithAckAsync<int>("q", 1, "2", token),
            one => one.EmitWithAckAsync<int>("q", 1, "2", 3.0, token),
            one => one.EmitWithAckAsync<int>("q", new object?[] { 1, 2, 3, 4 }, token),
        ];
        Expression<Func<Socket, Task>> socket = one => one.EmitWithAckAsync<int>("q", 1, "2", 3.0, token);
        Expression<Func<BroadcastOperator, Task>> broadcast = one => one.EmitWithAckAsync<int>("q", 1, "2", 3.0, token);
        foreach (var call in (LambdaExpression[])[.. calls, .. questions, socket, broadcast])
            Assert.Equal(typeof(CancellationToken), ((MethodCallExpression)call.Body).Method.GetParameters()[^1].ParameterType);
    }

    [Fact]
    public async Task A_token_that_was_taken_for_an_argument_is_refused_wherever_that_can_be()
    {
        CancellationToken token = default;
        var (socket, _, webSocket) = await JoinAsync();
        var remote = Assert.Single(await socket.Namespace.FetchSocketsAsync());
        Action[] calls =
        [
            () => socket.Emit("e", token),
            () => socket.Emit("e", 1, token),
            () => socket.EmitAll("e", [1, 2, token]),
            () => socket.Namespace.Emit("e", token),
            () => socket.Namespace.ServerSideEmit("e", 1, token),
            () => remote.Emit("e", token),
            () => socket.Send(token),
        ];
        foreach (var call in calls)
            Assert.Contains("CancellationToken", Assert.Throws<ArgumentException>(call).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() => remote.Timeout(Patience).EmitWithAckAsync<int>("q", 1, 2, 3, 4, token));
        Assert.True(webSocket.WroteNothing);
    }

    internal sealed class Nothing : RoomEntity;
}
