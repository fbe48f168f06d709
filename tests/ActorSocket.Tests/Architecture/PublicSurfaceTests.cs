using System.Linq.Expressions;
using System.Reflection;

namespace ActorSocket.Tests.Architecture;

/// <summary>What the compiler makes of a call: a token is never taken for an argument.</summary>
public sealed class PublicSurfaceTests : ServerTest
{
    private static IEnumerable<MethodInfo> PublicMethods =>
        typeof(ActorSocketServer)
            .Assembly.GetExportedTypes()
            .SelectMany(static type =>
                type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
            );

    [Fact]
    public void Nothing_takes_any_number_of_arguments_but_as_a_list()
    {
        foreach (var method in PublicMethods)
        {
            if (method.GetParameters() is not [.., var last])
                continue;
            var isSpread =
                last.IsDefined(typeof(ParamArrayAttribute))
                || last.IsDefined(typeof(System.Runtime.CompilerServices.ParamCollectionAttribute));
            Assert.False(
                isSpread && last.ParameterType.ToString().Contains("System.Object", StringComparison.Ordinal),
                $"{method.DeclaringType}.{method.Name}"
            );
        }
    }

    [Fact]
    public void Whatever_waits_for_somebody_takes_a_token_last()
    {
        // by the library, not by applications
        string[] called =
        [
            "OnConnectedAsync", "OnDisconnectedAsync", "OnStartedAsync", "OnTickAsync", "IEventFilter.InvokeAsync",
            "OnJoinedAsync", "OnLostAsync", "OnReturnedAsync", "OnLeftAsync", "OnReservedAsync",
        ];
        var missing = PublicMethods
            .Where(static method =>
                method.ReturnType.IsAssignableTo(typeof(Task)) || method.ReturnType.Name.StartsWith("ValueTask", StringComparison.Ordinal)
            )
            .Where(static method => method.GetParameters() is not [.., var last] || last.ParameterType != typeof(CancellationToken))
            .Where(method =>
                !Array.Exists(called, name => $"{method.DeclaringType!.Name}.{method.Name}".EndsWith(name, StringComparison.Ordinal))
            );
        Assert.Empty(missing.Select(static method => $"{method.DeclaringType!.Name}.{method.Name}"));
    }

    [Fact]
    public void What_returns_a_task_is_called_so()
    {
        var wrong = PublicMethods.Where(static method =>
            !method.IsSpecialName
            && (method.ReturnType.IsAssignableTo(typeof(Task)) || method.ReturnType.Name.StartsWith("ValueTask", StringComparison.Ordinal))
                != method.Name.EndsWith("Async", StringComparison.Ordinal)
        );
        Assert.Empty(wrong.Select(static method => $"{method.DeclaringType!.Name}.{method.Name}"));
    }

    [Fact]
    public void A_limit_is_set_by_Timeout_and_by_no_parameter()
    {
        var wrong = PublicMethods.Where(static method =>
            method.Name != "Timeout"
            && !method.IsSpecialName
            && method.GetBaseDefinition() == method // what is overridden is looked at there
            && method
                .GetParameters()
                .Any(static one => (Nullable.GetUnderlyingType(one.ParameterType) ?? one.ParameterType) == typeof(TimeSpan))
        );
        Assert.Equal("RoomEntity.OnTickAsync", Assert.Single(wrong.Select(static method => $"{method.DeclaringType!.Name}.{method.Name}")));
    }

    [Fact]
    public void No_parameter_is_a_bare_boolean()
    {
        var wrong = PublicMethods.Where(static method =>
            method.Name != "Compress"
            && !method.IsSpecialName
            && method.GetParameters().Any(static one => one.ParameterType == typeof(bool))
        );
        Assert.Empty(wrong.Select(static method => $"{method.DeclaringType!.Name}.{method.Name}"));
    }

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
            one => one.InvokeCoreAsync<int>("id", "m", new object?[] { 1, 2, 3, 4 }, token),
        ];
        Expression<Func<RemoteSocketOperator, Task>>[] questions =
        [
            one => one.EmitWithAckAsync<int>("q", token),
            one => one.EmitWithAckAsync<int>("q", 1, token),
            one => one.EmitWithAckAsync<int>("q", 1, "2", token),
            one => one.EmitWithAckAsync<int>("q", 1, "2", 3.0, token),
            one => one.EmitWithAckCoreAsync<int>("q", new object?[] { 1, 2, 3, 4 }, token),
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
            () => socket.EmitCore("e", [1, 2, token]),
            () => socket.Namespace.Emit("e", token),
            () => socket.Namespace.ServerSide.Emit("e", 1, token),
            () => remote.Emit("e", token),
            () => socket.Send(token),
        ];
        foreach (var call in calls)
            Assert.Contains("CancellationToken", Assert.Throws<ArgumentException>(call).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() => remote.Timeout(Patience).EmitWithAckCoreAsync<int>("q", [1, 2, 3, 4, token]));
        Assert.True(webSocket.WroteNothing);
    }

    internal sealed class Nothing : RoomEntity;
}
