using System.Runtime.CompilerServices;
using System.Security.Claims;
using System.Threading.Channels;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ActorSocket.Tests.Hubs;

public sealed class HubTests
{
    [Fact]
    public async Task A_hub_handles_events_with_its_own_state_and_services()
    {
        await using var app = await StartAsync(static io => io.MapHub<CounterHub>());
        var first = await ConnectAsync(app);
        var second = await ConnectAsync(app);
        Assert.Equal("42[\"welcome\",\"a clerk\"]", await first.NextAsync());
        Assert.Equal("42[\"welcome\",\"a clerk\"]", await second.NextAsync());
        await first.SendAsync("420[\"add\",3]");
        Assert.Equal("430[3]", await first.NextAsync());
        await first.SendAsync("421[\"add\",4]");
        Assert.Equal("431[7]", await first.NextAsync());
        await second.SendAsync("422[\"add\",1]");
        Assert.Equal("432[1]", await second.NextAsync());
        await first.SendAsync("451-3[\"later\",\"x\",{\"_placeholder\":true,\"num\":0}]");
        await first.SendBytesAsync([1, 2]);
        Assert.Equal("433[\"x2\"]", await first.NextAsync());
    }

    [Fact]
    public async Task An_idempotent_method_runs_once_for_each_key()
    {
        await using var app = await StartAsync(static io => io.MapHub<CounterHub>());
        var client = await ConnectAsync(app, "Ada");
        await client.NextAsync();
        await client.SendAsync("420[\"add once\",5,\"k1\"]");
        Assert.Equal("430[5]", await client.NextAsync());
        await client.SendAsync("421[\"add once\",5,\"k1\"]");
        Assert.Equal("431[5]", await client.NextAsync());
        await client.SendAsync("422[\"add once\",5,\"k2\"]");
        Assert.Equal("432[10]", await client.NextAsync());
        await client.SendAsync("423[\"add once\",5]"); // no key: it cannot be told from another
        Assert.Equal("433[15]", await client.NextAsync());
        var again = await ConnectAsync(app, "Ada"); // as after a reconnection
        await again.NextAsync();
        await again.SendAsync("420[\"add once\",5,\"k2\"]");
        Assert.Equal("430[10]", await again.NextAsync());
        var other = await ConnectAsync(app, "Bob"); // keys are a user's own
        await other.NextAsync();
        await other.SendAsync("420[\"add once\",5,\"k2\"]");
        Assert.Equal("430[5]", await other.NextAsync());
    }

    [Fact]
    public async Task The_end_of_a_socket_ends_its_hub_and_its_scope_in_that_order()
    {
        await using var app = await StartAsync(static io => io.MapHub<CounterHub>());
        var clerk = app.Services.GetRequiredService<Ledger>();
        var client = await ConnectAsync(app);
        await client.NextAsync();
        await client.SendAsync("41");
        Assert.Equal(["hub told: client namespace disconnect", "hub disposed", "clerk disposed"], await clerk.EntriesAsync(3));
    }

    [Fact]
    public async Task Filters_run_around_the_handlers_and_may_drop_or_catch()
    {
        await using var app = await StartAsync(static io => io.UseEventFilter<Catcher>().MapHub<CounterHub>());
        var ledger = app.Services.GetRequiredService<Ledger>();
        var client = await ConnectAsync(app);
        await client.NextAsync();
        await client.SendAsync("420[\"add\",3]");
        Assert.Equal("430[3]", await client.NextAsync());
        await client.SendAsync("421[\"drop me\"]");
        await client.SendAsync("422[\"boom\"]");
        await client.SendAsync("423[\"add\",1]");
        Assert.Equal("433[4]", await client.NextAsync());
        Assert.Equal(
            ["before add", "after add", "before drop me", "before boom", "caught boom", "before add"],
            await ledger.EntriesAsync(6)
        );
    }

    [Fact]
    public async Task A_method_that_throws_answers_with_an_error()
    {
        await using var app = await StartAsync(static io => io.MapHub<CounterHub>());
        var client = await ConnectAsync(app);
        await client.NextAsync();
        await client.SendAsync("420[\"boom\"]");
        Assert.Equal("430[{\"error\":{\"message\":\"Internal server error\",\"code\":\"INTERNAL_ERROR\"}}]", await client.NextAsync());
        await client.SendAsync("421[\"refuse\",5]");
        Assert.Equal(
            "431[{\"error\":{\"message\":\"too much\",\"code\":\"LIMIT\",\"data\":{\"limit\":4}}}]",
            await client.NextAsync()
        );
        await client.SendAsync("422[\"add\",\"x\"]");
        Assert.Equal(
            "432[{\"error\":{\"message\":\"Argument 1 cannot be read as a whole number.\",\"code\":\"BAD_ARGUMENT\"}}]",
            await client.NextAsync()
        );
    }

    [Fact]
    public async Task A_filter_may_say_what_an_exception_means()
    {
        await using var app = await StartAsync(static io => io.UseEventFilter<Translator>().MapHub<CounterHub>());
        var client = await ConnectAsync(app);
        await client.NextAsync();
        await client.SendAsync("420[\"boom\"]");
        Assert.Equal("430[{\"error\":{\"message\":\"translated\"}}]", await client.NextAsync());
    }

    [Fact]
    public async Task Authorize_guards_the_class_and_its_events()
    {
        var errors = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await StartAsync(io =>
        {
            io.OnConnection(socket => { socket.OnError(error => errors.TrySetResult(error)); });
            io.MapHub<GuardedHub>();
        });
        var stranger = await OpenAsync(app, user: null);
        Assert.Equal("44{\"message\":\"Unauthorized\",\"data\":{\"code\":\"UNAUTHORIZED\"}}", await stranger.NextAsync());

        var user = await ConnectAsync(app, "Ada");
        await user.SendAsync("420[\"whoami\"]");
        Assert.Equal("430[\"Ada\"]", await user.NextAsync());
        await user.SendAsync("42[\"shut down\"]");
        await user.SendAsync("421[\"shut down\"]");
        Assert.Equal("431[{\"error\":{\"message\":\"Unauthorized\",\"code\":\"UNAUTHORIZED\"}}]", await user.NextAsync());
        await user.SendAsync("422[\"whoami\"]");
        Assert.Equal("432[\"Ada\"]", await user.NextAsync());
        Assert.IsType<UnauthorizedAccessException>(await errors.Task.WaitAsync(ServerTest.Patience));

        var root = await ConnectAsync(app, "root");
        await root.SendAsync("423[\"shut down\"]");
        Assert.Equal("433[true]", await root.NextAsync());
    }

    [Fact]
    public async Task A_method_may_return_a_sequence_and_take_one()
    {
        await using var app = await StartAsync(static io => io.MapHub<StreamingHub>());
        var client = await ConnectAsync(app);
        await client.SendAsync("420[\"countdown\",2]");
        Assert.Equal("430[{\"stream\":\"1\"}]", await client.NextAsync());
        await client.SendAsync("42[\"stream:pull\",\"1\",10]");
        Assert.Equal("42[\"stream:next\",\"1\",2]", await client.NextAsync());
        Assert.Equal("42[\"stream:next\",\"1\",1]", await client.NextAsync());
        Assert.Equal("42[\"stream:end\",\"1\"]", await client.NextAsync());
        await client.SendAsync("421[\"join\",{\"stream\":\"a\"}]");
        Assert.Equal("42[\"stream:pull\",\"a\",16]", await client.NextAsync());
        await client.SendAsync("42[\"stream:next\",\"a\",\"x\"]");
        await client.SendAsync("42[\"stream:next\",\"a\",\"y\"]");
        await client.SendAsync("42[\"stream:end\",\"a\"]");
        Assert.Equal("431[\"x y\"]", await client.NextAsync());
    }

    [Fact]
    public async Task Attributes_say_which_limits_hold_for_the_class_and_its_events()
    {
        await using var app = await StartAsync(static io => io
            .MapHub<LimitedHub>()
            .UseEventRateLimiter(static limits => limits
                .AddPolicy("two", static e => RateLimitPartition.GetConcurrencyLimiter("two", static _ => Permits(2)))
                .AddPolicy("none", static e => RateLimitPartition.GetConcurrencyLimiter("none", static _ => Permits(1)))
                .UsePolicy("two", "free")));
        var client = await ConnectAsync(app);
        for (var i = 0; i < 2; i++)
        {
            await client.SendAsync("421[\"classed\"]");
            Assert.Equal("431[1]", await client.NextAsync());
            var other = await ConnectAsync(app);
            await other.SendAsync("42[\"hold\"]"); // one of the two, for ever
            Assert.Equal("42[\"held\"]", await other.NextAsync());
        }
        await client.SendAsync("423[\"classed\"]");
        Assert.Equal("433[{\"error\":{\"message\":\"Too many events\",\"code\":\"RATE_LIMITED\"}}]", await client.NextAsync());
        await client.SendAsync("424[\"own\"]");
        Assert.Equal("434[2]", await client.NextAsync());
        await client.SendAsync("425[\"free\"]");
        Assert.Equal("435[3]", await client.NextAsync());

        static ConcurrencyLimiterOptions Permits(int number) => new() { PermitLimit = number };
    }

    [Fact]
    public async Task A_hub_without_the_limits_that_it_names_lets_nobody_in()
    {
        await using var app = await StartAsync(static io => io.MapHub<LimitedHub>());
        Assert.Equal("41", await (await ConnectAsync(app)).NextAsync());
        var io = app.Services.GetRequiredService<ActorSocketServer>();
        Assert.Contains(
            "AddPolicy(\"two\"",
            Assert.Throws<InvalidOperationException>(() => io.UseEventRateLimiter(static _ => { })).Message,
            StringComparison.Ordinal
        );
        var other = io.Of("/other").UseEventRateLimiter(static _ => { });
        Assert.Contains("\"two\"", Assert.Throws<InvalidOperationException>(other.MapHub<LimitedHub>).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_namespace_can_be_guarded_by_policies()
    {
        await using var app = await StartAsync(static io => io.Of("/").RequireAuthorization("root only"));
        Assert.StartsWith("44{\"message\":\"Unauthorized\"", await (await OpenAsync(app, "Ada")).NextAsync(), StringComparison.Ordinal);
        await ConnectAsync(app, "root");
    }

    [Fact]
    public async Task A_hub_that_cannot_work_is_an_error_at_start_that_says_why()
    {
        await using var app = await StartAsync(static _ => { });
        var io = app.Services.GetRequiredService<ActorSocketServer>();
        Assert.Contains(
            "[Event(\"name\")]",
            Assert.Throws<ArgumentException>(() => io.MapHub<EmptyHub>()).Message,
            StringComparison.Ordinal
        );
        Assert.Contains("reserved", Assert.Throws<ArgumentException>(() => io.MapHub<ReservedHub>()).Message, StringComparison.Ordinal);
        Assert.Contains(
            "KeylessHub.Handle takes no argument \"nobody\"",
            Assert.Throws<ArgumentException>(() => io.MapHub<KeylessHub>()).Message,
            StringComparison.Ordinal
        );
        Assert.Contains("RefHub.Handle", Assert.Throws<ArgumentException>(() => io.MapHub<RefHub>()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clients_are_called_by_the_methods_of_an_interface()
    {
        var asked = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await StartAsync(io => io.OnConnection(async socket =>
        {
            await socket.JoinAsync("lobby");
            io.To("lobby").As<ILobbyClient>().Joined(socket.Id.Length, new Line("Ada", [1, 2]));
            socket.As<ILobbyClient>().Silence();
            await socket.Compress(false).As<ILobbyClient>().Renamed("new name");
            io.To(socket.Id).As<ILobbyClient>().Base(true);
            _ = AskAsync(socket);

            async Task AskAsync(Socket one) => asked.SetResult(await one.Timeout(TimeSpan.FromSeconds(10)).As<ILobbyClient>().Sum(1, 2));
        }));
        var client = await ConnectAsync(app);
        Assert.Equal("451-[\"joined\",28,{\"author\":\"Ada\",\"data\":{\"_placeholder\":true,\"num\":0}}]", await client.NextAsync());
        Assert.Equal("\u0001\u0002", await client.NextAsync());
        Assert.Equal("42[\"silence\"]", await client.NextAsync());
        Assert.Equal("42[\"renamed\",\"new name\"]", await client.NextAsync());
        Assert.Equal("42[\"base\",true]", await client.NextAsync());
        Assert.Equal("420[\"add up\",1,2]", await client.NextAsync());
        await client.SendAsync("430[3]");
        Assert.Equal(3, await asked.Task.WaitAsync(ServerTest.Patience));
    }

    [Fact]
    public async Task The_class_of_an_interface_is_the_compilers_where_it_can_see_it()
    {
        await using var app = await StartAsync(static _ => { });
        var io = app.Services.GetRequiredService<ActorSocketServer>();
        Assert.Same(typeof(HubTests).Assembly, io.As<ILobbyClient>().GetType().Assembly);
        Assert.Same(typeof(HubTests).Assembly, io.As<IGeneric<string>>().GetType().Assembly);
        Assert.True(io.As<IHidden>().GetType().Assembly.IsDynamic);
    }

    [Fact]
    public async Task Both_kinds_of_classes_emit_the_same()
    {
        await using var app = await StartAsync(static _ => { });
        var io = app.Services.GetRequiredService<ActorSocketServer>();
        var client = await ConnectAsync(app);
        IGeneric<string> generated = io.As<IGeneric<string>>();
        IHidden made = io.As<IHidden>();
        foreach (
            var call in new Action[]
            {
                () => generated.URLChanged("a"),
                () => made.URLChanged("a"),
                () => generated.@event(1, 2, 3, 4),
                () => made.@event(1, 2, 3, 4),
                () =>
                {
                    _ = generated.X();
                },
                () =>
                {
                    _ = made.X();
                },
            }
        )
            call();
        foreach (var expected in new[] { "[\"urlChanged\",\"a\"]", "[\"event\",1,2,3,4]", "[\"x\"]" })
        {
            Assert.Equal("42" + expected, await client.NextAsync());
            Assert.Equal("42" + expected, await client.NextAsync());
        }
    }

    [Fact]
    public async Task An_interface_that_events_cannot_stand_for_is_an_error_that_says_why()
    {
        await using var app = await StartAsync(static _ => { });
        var io = app.Services.GetRequiredService<ActorSocketServer>();
        Assert.Contains("no interface", Assert.Throws<InvalidOperationException>(() => io.As<string>()).Message, StringComparison.Ordinal);
        Assert.Contains(
            "IWithProperty.Name",
            Assert.Throws<InvalidOperationException>(() => io.As<IWithProperty>()).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "void, Task and Task<T>",
            Assert.Throws<InvalidOperationException>(() => io.As<IWithResult>()).Message,
            StringComparison.Ordinal
        );
        var several = Assert.Throws<NotSupportedException>(() =>
        {
            _ = io.As<ILobbyClient>().Sum(1, 2);
        });
        Assert.Contains("EmitWithAckAsync", several.Message, StringComparison.Ordinal);
    }

    private static async Task<WebApplication> StartAsync(Action<ActorSocketServer> map)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        builder.Services.AddActorSocket();
        builder.Services.AddSingleton<Ledger>();
        builder.Services.AddScoped<Clerk>();
        builder.Services.AddAuthorizationBuilder().AddPolicy("root only", static policy => policy.RequireUserName("root"));
        var app = builder.Build();
        app.Use((context, next) =>
        {
            if (context.Request.Query["user"] is [{ } user, ..])
                context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, user)], "test"));
            return next();
        });
        app.UseRouting();
        var io = app.MapActorSocket();
        map(io);
        await app.StartAsync();
        return app;
    }

    private static async Task<Client> OpenAsync(WebApplication app, string? user = null)
    {
        var client = new Client(await app.GetTestServer().CreateWebSocketClient().ConnectAsync(
            new Uri("http://localhost/socket.io/?EIO=4&transport=websocket" + (user is null ? "" : "&user=" + user)), default));
        Assert.StartsWith("0{", await client.NextAsync(), StringComparison.Ordinal);
        await client.SendAsync("40");
        return client;
    }

    private static async Task<Client> ConnectAsync(WebApplication app, string? user = null)
    {
        var client = await OpenAsync(app, user);
        Assert.StartsWith("40{", await client.NextAsync(), StringComparison.Ordinal);
        return client;
    }

    internal sealed class StreamingHub : SocketHub
    {
        [Event("countdown")]
        public static async IAsyncEnumerable<int> Countdown(int from, [EnumeratorCancellation] CancellationToken token)
        {
            for (; from > 0; from--)
            {
                token.ThrowIfCancellationRequested();
                await Task.Yield();
                yield return from;
            }
        }

        [Event("join")]
        public static async Task<string> Join(IAsyncEnumerable<string> words) => string.Join(' ', await words.ToListAsync());
    }

    [EnableRateLimiting("two")]
    internal sealed class LimitedHub : SocketHub
    {
        [Event("hold")]
        public static Task Hold(Socket socket)
        {
            socket.Emit("held");
            return new TaskCompletionSource().Task;
        }

        [Event("classed")]
        public static int Classed() => 1;

        [Event("own"), EnableRateLimiting("none")]
        public static int Own() => 2;

        [Event("free"), DisableRateLimiting]
        public static int Free() => 3;
    }

    private sealed class Client(System.Net.WebSockets.WebSocket webSocket)
    {
        public Task SendAsync(string text) =>
            webSocket.SendAsync(System.Text.Encoding.UTF8.GetBytes(text), System.Net.WebSockets.WebSocketMessageType.Text, true, default);

        public Task SendBytesAsync(byte[] bytes) =>
            webSocket.SendAsync(bytes, System.Net.WebSockets.WebSocketMessageType.Binary, true, default);

        public async Task<string> NextAsync()
        {
            var buffer = new byte[4096];
            var received = await webSocket.ReceiveAsync(buffer.AsMemory(), default).AsTask().WaitAsync(ServerTest.Patience);
            return System.Text.Encoding.UTF8.GetString(buffer, 0, received.Count);
        }
    }

    /// <summary>What happened, in order.</summary>
    internal sealed class Ledger
    {
        private readonly Channel<string> _entries = Channel.CreateUnbounded<string>();

        public void Write(string entry) => _entries.Writer.TryWrite(entry);

        public async Task<string[]> EntriesAsync(int count)
        {
            var entries = new string[count];
            for (var i = 0; i < count; i++)
                entries[i] = await _entries.Reader.ReadAsync().AsTask().WaitAsync(ServerTest.Patience);
            return entries;
        }
    }

    internal sealed class Clerk(Ledger ledger) : IDisposable
    {
        public override string ToString() => "a clerk";

        public void Dispose() => ledger.Write("clerk disposed");
    }

    internal sealed class CounterHub(Clerk clerk, Ledger ledger) : SocketHub, IDisposable
    {
        private int _sum;

        public override Task OnConnectedAsync()
        {
            Socket.Emit("welcome", clerk.ToString());
            return Task.CompletedTask;
        }

        public override Task OnDisconnectedAsync(DisconnectReason reason)
        {
            ledger.Write("hub told: " + reason);
            return Task.CompletedTask;
        }

        [Event("add")]
        public int Add(int number) => _sum += number;

        [Event("add once"), Idempotent(nameof(key))]
        public int AddOnce(Socket socket, int number, string? key) => _sum += key == socket.Id ? 0 : number;

        [Event("later")]
        internal async Task<string> LaterAsync(string text, byte[] data, Socket socket, CancellationToken disconnected)
        {
            await Task.Yield();
            Assert.Same(Socket, socket);
            Assert.False(disconnected.IsCancellationRequested);
            return text + data.Length;
        }

        [Event("boom")]
        public static void Boom() => throw new InvalidOperationException("boom");

        [Event("refuse")]
        public static int Refuse(int number) =>
            number <= 4 ? number : throw new EventException("too much", new { Limit = 4 }) { Code = "LIMIT" };

        public void Dispose() => ledger.Write("hub disposed");
    }

    internal sealed class Translator : IEventFilter
    {
        public async Task InvokeAsync(SocketEvent e, Func<Task> next)
        {
            try
            {
                await next();
            }
            catch (InvalidOperationException error)
            {
                throw new EventException("translated", innerException: error);
            }
        }
    }

    internal sealed class Catcher(Ledger ledger) : IEventFilter
    {
        public async Task InvokeAsync(SocketEvent e, Func<Task> next)
        {
            ledger.Write("before " + e.Name);
            if (e.Name == "drop me")
                return;
            try
            {
                await next();
                ledger.Write("after " + e.Name);
            }
            catch (InvalidOperationException error)
            {
                ledger.Write("caught " + error.Message);
            }
        }
    }

    [Authorize]
    internal sealed class GuardedHub : SocketHub
    {
        [Event("whoami")]
        public string? WhoAmI() => Socket.User.Identity?.Name;

        [Event("shut down")]
        [Authorize("root only")]
        public bool ShutDown() => Socket.Connected;
    }

    internal sealed class EmptyHub : SocketHub;

    internal sealed class ReservedHub : SocketHub
    {
        [Event("connect")]
        public void Handle() => Socket.Send("never");
    }

    internal sealed class KeylessHub : SocketHub
    {
        [Event("e"), Idempotent("nobody")]
        public void Handle(int number) => Socket.Emit("never", number);
    }

    internal sealed class RefHub : SocketHub
    {
        [Event("e")]
        public void Handle(ref int number) => number += Socket.Id.Length;
    }

    internal interface IGeneric<in T>
    {
        void URLChanged(T to);

        void @event(int a, int b, int c, int d);

        Task X();
    }

    private interface IHidden : IGeneric<string>;

    internal interface IBaseClient
    {
        void Base(bool yes);
    }

    internal interface ILobbyClient : IBaseClient
    {
        void Joined(int number, Line line);

        void Silence();

        Task Renamed(string name);

        [Event("add up")]
        Task<int> Sum(int a, int b, CancellationToken cancellationToken = default);
    }

    internal sealed record Line(string Author, byte[] Data);

    internal interface IWithProperty
    {
        string Name { get; }
    }

    internal interface IWithResult
    {
        int Sum(int a, int b);
    }
}
