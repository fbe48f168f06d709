using ActorSocket.Configuration;
using System.Reflection;
using Akka.Actor;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ActorSocket.Hosting;

namespace ActorSocket.Tests.Sockets;

/// <summary>What an application hands in to be called: it may be asynchronous, and it may throw; neither harms anything else.</summary>
public sealed class CallbackTests : ServerTest
{
    private static readonly string[] Configuring = ["configure"]; // refuse what is async void, since nothing could wait for it

    [Fact]
    public void No_async_lambda_binds_to_a_public_delegate_as_void()
    {
        var missing = new List<string>();
        foreach (var type in typeof(Socket).Assembly.GetExportedTypes())
        {
            const BindingFlags All = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
            foreach (
                var property in type.GetProperties(All)
                    .Where(static property => property.SetMethod is { IsPublic: true } && IsVoid(property.PropertyType))
            )
            {
                if (type.GetProperty(property.Name + "Async") is not { } twin || !ReturnsTask(twin.PropertyType))
                    missing.Add($"{type.Name}.{property.Name}");
            }
            foreach (
                var method in type.GetMethods(All)
                    .Concat<MethodBase>(type.GetConstructors())
                    .Where(static method => !method.IsSpecialName || method.IsConstructor)
            )
            {
                foreach (var parameter in method.GetParameters().Where(static parameter => IsVoid(parameter.ParameterType)))
                {
                    if (
                        !Configuring.Contains(parameter.Name)
                        && !type.GetMember(method.Name).OfType<MethodBase>().Any(other => IsTwin(method, other, parameter))
                    )
                        missing.Add($"{type.Name}.{method.Name}({parameter.Name})");
                }
            }
        }
        Assert.Empty(missing);

        static bool IsVoid(Type type) =>
            type.IsAssignableTo(typeof(Delegate)) && type.GetMethod("Invoke") is { } invoke && invoke.ReturnType == typeof(void);

        static bool ReturnsTask(Type type) =>
            type.GetMethod("Invoke")?.ReturnType is { } result && (result == typeof(Task) || result == typeof(ValueTask));

        static bool IsTwin(MethodBase method, MethodBase other, ParameterInfo parameter)
        {
            var (own, its) = (method.GetParameters(), other.GetParameters());
            return own.Length == its.Length
                && ReturnsTask(its[parameter.Position].ParameterType)
                && its[parameter.Position].ParameterType.GetMethod("Invoke")!.GetParameters().Length
                    == parameter.ParameterType.GetMethod("Invoke")!.GetParameters().Length;
        }
    }

    [Fact]
    public void What_configures_is_not_async_since_what_it_sets_later_would_come_too_late()
    {
        var server = NewServer();
        var ns = server.Namespaces.GetOrAdd("/", server).Face;
#pragma warning disable MA0147 // that it is refused is what is tested
        Refused(() => ns.UseAuthentication(async _ => await Task.Yield()));
        Refused(() => ns.UseEventRateLimiter(async _ => await Task.Yield()));
        Refused(() => ns.UsePresence(async _ => await Task.Yield()));
        Refused(() => ns.MapEntities<Room>("room", async _ => await Task.Yield()));
        Refused(() => ns.MapEntities<Room, IRoom>("typed", async _ => await Task.Yield()));
#pragma warning restore MA0147

        static void Refused(Action configuring) =>
            Assert.Contains("async void", Assert.Throws<ArgumentException>(configuring).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exception_of_any_asynchronous_callback_of_a_socket_harms_nothing()
    {
        var called = new List<string>();
        var (_, session, webSocket) = await JoinAsync(socket =>
        {
            socket.OnDisconnecting(async _ => await ThrowLaterAsync("disconnecting"));
            socket.OnDisconnecting(_ => throw new InvalidOperationException("at once"));
            socket.OnDisconnect(async _ => await ThrowLaterAsync("disconnect"));
            socket.OnError(async _ => await ThrowLaterAsync("error"));
            socket.OnAnyOutgoing(async _ => await ThrowLaterAsync("outgoing"));
            socket.PrependAnyOutgoing(async _ => await ThrowLaterAsync("prepended"));
            socket.On("boom", (Action)(static () => throw new InvalidOperationException("boom")));
            socket.On("fine", () =>
            {
                socket.Emit("out");
                return 1;
            });
        });
        session.Send("""42["boom"]""");
        session.Send("""421["fine"]""");
        Assert.Equal("42[\"out\"]", await webSocket.NextAsync());
        Assert.Equal("431[1]", await webSocket.NextAsync());
        session.Send("41");
        session.Send("40");
        Assert.StartsWith("40{", await webSocket.NextAsync(), StringComparison.Ordinal);
        await AwaitAssertAsync(() => Assert.Equal(["disconnect", "disconnecting", "error", "outgoing", "prepended"], Sorted()), Patience);

        async Task ThrowLaterAsync(string which)
        {
            await Task.Yield();
            lock (called)
                called.Add(which);
            throw new InvalidOperationException(which);
        }

        List<string> Sorted()
        {
            lock (called)
                return [.. called.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        }
    }

    [Fact]
    public async Task A_guard_that_returns_a_ValueTask_guards()
    {
        var server = NewServer();
        new ActorSocketServer(server).OnConnection(static _ => FailAsync());
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(server, webSocket);
        session.Send("40");
        Assert.StartsWith("40{", await webSocket.NextAsync(), StringComparison.Ordinal);
        Assert.Equal("41", await webSocket.NextAsync());

        static async ValueTask FailAsync()
        {
            await Task.Yield();
            throw new InvalidOperationException("not you");
        }
    }

    [Fact]
    public async Task Rooms_are_there_until_an_asynchronous_disconnecting_handler_is_done()
    {
        var goes = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (rooms, disconnected) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var (socket, session, _) = await JoinAsync(socket =>
        {
            socket.OnDisconnecting(async _ =>
            {
                await goes.Task;
                rooms = socket.Rooms.Count;
            });
            socket.OnDisconnect(_ => disconnected.SetResult());
        });
        await socket.JoinAsync("a");
        session.Send("41");
        goes.SetResult();
        await disconnected.Task.WaitAsync(Patience);
        Assert.Equal(2, rooms);
    }

    [Fact]
    public async Task A_disconnecting_handler_that_never_ends_holds_up_the_disconnect_for_a_bounded_time()
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var disconnected = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (socket, session, _) = await JoinAsync(socket =>
        {
            socket.OnDisconnecting(async _ =>
            {
                entered.SetResult();
                await new TaskCompletionSource().Task;
            });
            socket.OnDisconnect(_ => disconnected.SetResult());
        });
        session.Send("41");
        await entered.Task.WaitAsync(Patience);
        await HandledAsync(socket.Actor);
        Assert.False(disconnected.Task.IsCompleted);
        Clock.Advance(new ActorSocketOptions().LastEventsTimeout);
        await disconnected.Task.WaitAsync(Patience);
    }

#pragma warning disable MA0147, MA0155 // that it is refused is what is tested
    [Fact]
    public async Task What_is_async_void_all_the_same_is_refused_where_it_is_handed_in()
    {
        var (socket, _, _) = await JoinAsync();
        Assert.Contains("async void", Assert.Throws<ArgumentException>(() => socket.On("x", AsyncVoid)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => socket.OnError((Action<Exception>)(async _ => await Task.Yield())));
        Assert.Throws<ArgumentException>(() => socket.OnDisconnecting((Action<DisconnectReason>)(async _ => await Task.Yield())));
        Assert.Throws<ArgumentException>(() => socket.Namespace.OnConnection((Action<Socket>)(async _ => await Task.Yield())));
        Assert.Throws<ArgumentException>(() => socket.Namespace.OnServerEvent("x", AsyncVoid));
        Assert.Throws<ArgumentException>(() =>
            new ServiceCollection().AddActorSocket((Action<ActorSocketOptions>)(async _ => await Task.Yield()))
        );
        var options = new ActorSocketOptions { OnHeaders = async _ => await Task.Yield() };
        Assert.Contains(
            "OnHeadersAsync",
            new ActorSocketOptionsValidator().Validate(null, options).FailureMessage!,
            StringComparison.Ordinal
        );
    }

    private static async void AsyncVoid() => await Task.Yield();
#pragma warning restore MA0147, MA0155

    [Fact]
    public async Task Header_callbacks_may_be_asynchronous_and_are_awaited()
    {
        var options = new ActorSocketOptions
        {
            OnHeaders = static context => context.Response.Headers["X-One"] = "1",
            OnHeadersAsync = static async context =>
            {
                await Task.Yield();
                context.Response.Headers["X-Two"] = "2";
            },
        };
        var context = new DefaultHttpContext();
        await options.RaiseHeadersAsync(context);
        Assert.Equal(("1", "2"), (context.Response.Headers["X-One"].ToString(), context.Response.Headers["X-Two"].ToString()));
    }

    [Theory]
    [InlineData("connect", "OnConnection")]
    [InlineData("connect_error", "OnConnectionError")]
    [InlineData("disconnect", "OnDisconnect")]
    [InlineData("disconnecting", "OnDisconnecting")]
    [InlineData("newListener", "reserved")]
    [InlineData("removeListener", "reserved")]
    public async Task A_handler_of_a_reserved_name_is_refused_with_the_method_to_use(string name, string instead)
    {
        var (socket, _, _) = await JoinAsync();
        Assert.Contains(instead, Assert.Throws<ArgumentException>(() => socket.On(name, () => { })).Message, StringComparison.Ordinal);
        Assert.Contains("reserved", Assert.Throws<ArgumentException>(() => socket.Emit(name)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_handler_that_cannot_be_bound_fails_when_it_is_registered()
    {
        var (socket, _, _) = await JoinAsync();
        Assert.Throws<ArgumentException>(() => socket.On("x", (IAsyncEnumerable<IServiceProvider> _) => { }));
        Assert.Throws<ArgumentException>(() => socket.On("x", CountAsync, new HandlerOptions { IdempotencyKey = static _ => "key" }));
        Assert.Throws<ArgumentException>(() => socket.On("x", (Stream _, IServiceProvider _) => { }));
        Assert.Throws<ArgumentException>(() => socket.On("x", (Action _) => { }));
        Assert.Throws<ArgumentException>(() => socket.On("x", (IActorRef _) => { }));
        Assert.Throws<ArgumentException>(() => socket.On("x", (Type _) => { }));
        Assert.Throws<ArgumentException>(() => socket.On("x", (ReadOnlySpan<byte> _) => { }));
        Assert.Throws<ArgumentException>(() => socket.On("x", () => typeof(int)));
        Assert.Throws<ArgumentException>(() => socket.Namespace.OnServerEvent("x", CountAsync));
        Assert.Throws<ArgumentException>(() => socket.Namespace.OnServerEvent("x", static () => Task.FromResult(CountAsync())));
        Assert.Throws<ArgumentException>(() => socket.Namespace.OnServerEvent("x", static (IAsyncEnumerable<int> _) => { }));
        socket.On(
            "y",
            (
                int _,
                string _,
                int[] _,
                Dictionary<string, int> _,
                IReadOnlyList<Guid> _,
                byte[] _,
                System.Text.Json.JsonElement _,
                object _,
                SocketArgument _,
                (int A, int B) _,
                DateTimeOffset? _,
                Line _,
                Stream _,
                DayOfWeek _
            ) => new[] { 1 }
        );
    }

    private static async IAsyncEnumerable<int> CountAsync()
    {
        await Task.Yield();
        yield return 1;
    }

    private sealed record Line(string Text, int Number);

    [Fact]
    public async Task A_callback_gets_the_answer_while_the_next_event_is_handled()
    {
        var (_, session, webSocket) = await JoinAsync(static socket =>
        {
            socket.On("ask", () => socket.Emit("question", 1, (int answer) => socket.Emit("got", answer)));
            socket.On("ask all", () => socket.Emit("question", answer => socket.Emit("got", answer.Count)));
            socket.On("ask later", () => socket.Emit("question", async (string answer) =>
            {
                await Task.Yield();
                socket.Emit("got", answer);
            }));
            socket.On("next", static () => "here");
        });
        session.Send("""42["ask"]""");
        Assert.Equal("420[\"question\",1]", await webSocket.NextAsync());
        session.Send("""427["next"]"""); // not held up
        Assert.Equal("437[\"here\"]", await webSocket.NextAsync());
        session.Send("430[5]");
        Assert.Equal("42[\"got\",5]", await webSocket.NextAsync());
        session.Send("""42["ask all"]""");
        Assert.Equal("421[\"question\"]", await webSocket.NextAsync());
        session.Send("431[1,2]");
        Assert.Equal("42[\"got\",2]", await webSocket.NextAsync());
        session.Send("""42["ask later"]""");
        Assert.Equal("422[\"question\"]", await webSocket.NextAsync());
        session.Send("""432["x"]""");
        Assert.Equal("42[\"got\",\"x\"]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task A_callback_with_a_time_limit_is_told_of_what_came_instead_of_an_answer()
    {
        var outcomes = new List<string>();
        var told = new SemaphoreSlim(0);
        var errors = 0;
        var (socket, session, webSocket) = await JoinAsync(socket => socket.OnError(_ => errors++));
        void Ask() => socket.Timeout(TimeSpan.FromSeconds(5)).Emit("question", (Exception? error, int answer) =>
        {
            outcomes.Add(error?.GetType().Name ?? $"{answer}");
            told.Release();
        });
        Ask();
        Assert.Equal("420[\"question\"]", await webSocket.NextAsync());
        session.Send("430[4]");
        Assert.True(await told.WaitAsync(Patience));
        Ask();
        Assert.Equal("421[\"question\"]", await webSocket.NextAsync());
        session.Send("431[\"no number\"]");
        Assert.True(await told.WaitAsync(Patience));
        Ask();
        Assert.Equal("422[\"question\"]", await webSocket.NextAsync());
        await HandledAsync(socket.Actor);
        Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.True(await told.WaitAsync(Patience));
        Ask();
        Assert.Equal("423[\"question\"]", await webSocket.NextAsync());
        session.Send("41");
        Assert.True(await told.WaitAsync(Patience));
        Assert.Equal(["4", "JsonException", "AckTimeoutException", "SocketDisconnectedException"], outcomes);
        Assert.Equal(0, errors);
    }

    [Fact]
    public async Task A_callback_that_throws_is_reported_and_the_socket_lives()
    {
        var reported = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        var (socket, session, webSocket) = await JoinAsync(socket =>
        {
            socket.OnError(reported.SetResult);
            socket.On("fine", static () => 1);
        });
        socket.Emit("question", (Action<int>)(static _ => throw new InvalidOperationException("late")));
        Assert.Equal("420[\"question\"]", await webSocket.NextAsync());
        session.Send("430[4]");
        Assert.Equal("late", (await reported.Task.WaitAsync(Patience)).Message);
        session.Send("""421["fine"]""");
        Assert.Equal("431[1]", await webSocket.NextAsync());
    }

    public interface IRoom
    {
        Task PingAsync();
    }

    private sealed class Room : RoomEntity, IRoom
    {
        public Task PingAsync() => Task.CompletedTask;
    }
}
