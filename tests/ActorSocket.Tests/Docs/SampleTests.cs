using System.Net.WebSockets;
using System.Security.Claims;
using System.Text;
using System.Text.Json;
using ActorSocket.Tests.Infrastructure;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ActorSocket.Tests.Docs;

/// <summary>
/// Samples of the guides, run as they stand there against clients that mean harm: who copies one gets what keeps it whole as well.
/// </summary>
public sealed class SampleTests
{
    [Fact]
    public async Task Rooms_nobody_speaks_into_a_room_without_being_in_it()
    {
        await using var app = await ServeAsync(io => SnippetTests.Method("docs/guide/rooms.md", "socket.On(\"say\"").Invoke(null, [io]));
        using var ada = await Client.ConnectAsync(app);
        using var eve = await Client.ConnectAsync(app);
        ada.Send("42[\"enter\",\"red\"]");
        ada.Send("42[\"say\",\"red\",\"I am in\"]");
        Assert.Equal("42[\"said\",\"I am in\"]", await ada.NextAsync());

        eve.Send("42[\"say\",\"red\",\"from outside\"]");
        eve.Send("42[\"enter\",\"red\"]");
        eve.Send($"42[\"say\",\"red\",\"{new string('x', 501)}\"]");
        eve.Send("42[\"say\",\"red\"]");
        eve.Send("42[\"say\",\"red\",\"from inside\"]");

        Assert.Equal("42[\"entered\",\"red\"]", await ada.NextAsync());
        Assert.Equal("42[\"said\",\"from inside\"]", await ada.NextAsync());
    }

    [Fact]
    public async Task Rooms_a_room_that_is_not_for_everybody_is_joined_by_whom_the_server_lets_in()
    {
        ActorSocketServer? server = null;
        await using var app = await ServeAsync(io =>
        {
            server = io;
            Func<ClaimsPrincipal, string, Task<bool>> mayEnter = static (_, team) => Task.FromResult(team == "blue");
            SnippetTests.Method("docs/guide/rooms.md", "mayEnter").Invoke(null, [io, mayEnter]);
        });
        using var eve = await Client.ConnectAsync(app);

        Assert.Equal("FORBIDDEN", await eve.ErrorAsync("\"enter team\",\"red\""));
        eve.Send("42[\"enter team\",\"blue\"]");
        Assert.Equal("FORBIDDEN", await eve.ErrorAsync("\"enter team\"")); // behind it

        Assert.Equal("team:blue", Assert.Single(server!.Sockets).Rooms.Single(static room => room.Contains(':', StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Acks_less_than_nothing_is_not_bought_and_what_is_missing_is_no_fault_of_the_server()
    {
        await using var app = await ServeAsync(static io => SnippetTests.Method("docs/guide/acks.md", "var stock").Invoke(null, [io]));
        using var eve = await Client.ConnectAsync(app);

        Assert.Equal("BAD_COUNT", await eve.ErrorAsync("\"buy\",-5"));
        Assert.Equal("BAD_COUNT", await eve.ErrorAsync("\"buy\""));
        Assert.Equal("SOLD_OUT", await eve.ErrorAsync("\"buy\",8"));
        Assert.Equal("[0]", await eve.AskAsync("\"buy\",7"));
    }

    [Fact]
    public async Task Entities_a_client_plays_in_one_arena_that_there_is_as_itself()
    {
        await using var game = await RunningProgram.StartAsync("docs/guide/entities.md", "MapHub<ArenaHub>");
        using var ada = await Client.ConnectAsync(game.Server);
        using var eve = await Client.ConnectAsync(game.Server);

        Assert.Equal("NO_ARENA", await eve.ErrorAsync("\"join\",\"made up\",\"Eve\""));
        Assert.Equal("NO_ARENA", await eve.ErrorAsync("\"join\""));
        Assert.Equal("BAD_NAME", await eve.ErrorAsync("\"join\",\"north\",\"\""));
        var token = Text(await eve.AskAsync("\"join\",\"north\",\"Eve\""));
        Assert.Equal("SEAT_UNKNOWN", await ada.ErrorAsync("\"return\",\"north\",\"not a token\""));
        await ada.AskAsync("\"join\",\"north\",\"Ada\"");
        var whole = await ada.UntilAsync("\"name\":\"Eve\"");
        Assert.DoesNotContain(token, whole, StringComparison.Ordinal);
        Assert.DoesNotContain(eve.Id, whole, StringComparison.Ordinal);

        eve.Send("42[\"steer\",1000,0]"); // no faster than the rules allow, and nobody but herself
        await ada.UntilAsync("\"runners\":{\"1\":{\"x\":0.");
        await eve.AskAsync("\"join\",\"south\",\"Eve\""); // and is not in the first any more
        await ada.UntilAsync("\"runners\":{\"1\":null}");
    }

    [Fact]
    public async Task Entities_whoever_shows_a_token_plays_on_and_coins_are_picked_up()
    {
        await using var game = await RunningProgram.StartAsync("docs/guide/entities.md", "MapHub<ArenaHub>");
        using var ada = await Client.ConnectAsync(game.Server);
        using var place = JsonDocument.Parse(await ada.AskAsync("\"play\",\"Ada\""));
        var (id, token) = (place.RootElement[0].GetProperty("id"), place.RootElement[0].GetProperty("token"));
        await ada.AskAsync("\"join\",\"north\",\"Ada\""); // elsewhere meanwhile
        ada.Send($"42[\"return\",\"{id}\",\"{token}\"]");
        await ada.UntilAsync("\"map\":\"hill\"");
        await ada.UntilAsync("\"coins\":{\"");
        Assert.Contains("\"map\":\"hill\"", await ada.AskAsync("\"list\""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Entities_what_costs_much_is_refused_to_who_asks_for_it_without_a_pause()
    {
        await using var game = await RunningProgram.StartAsync("docs/guide/entities.md", "MapHub<ArenaHub>");
        using var ada = await Client.ConnectAsync(game.Server);
        await ada.AskAsync("\"join\",\"north\",\"Ada\"");
        using var eve = await Client.ConnectAsync(game.Server);
        for (var i = 0; i < 200; i++)
            eve.Send("42[\"play\",\"Eve\"]"); // each a seat that nobody else gets
        Assert.Equal("RATE_LIMITED", await eve.ErrorAsync("\"list\""));
        for (var i = 0; i < 200; i++)
            ada.Send("42[\"steer\",1,0]");
        await ada.UntilAsync("\"runners\":{\"1\":{\"x\":0."); // what was within the limit counts
    }

    private static string Text(string answer)
    {
        using var json = JsonDocument.Parse(answer);
        return json.RootElement[0].GetString()!;
    }

    private static async Task<WebApplication> ServeAsync(Action<ActorSocketServer> sample)
    {
        var app = TestApplication.Build(static services => services.AddActorSocket());
        sample(app.MapActorSocket());
        await app.StartAsync();
        return app;
    }

    /// <summary>A page's whole program, run until it is disposed of, without a port and a file.</summary>
    private sealed class RunningProgram(IServiceProvider services, Task running) : IAsyncDisposable
    {
        public TestServer Server => (TestServer)services.GetRequiredService<IServer>();

        public static async Task<RunningProgram> StartAsync(string page, string containing)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.UseTestServer();
            builder.Logging.ClearProviders();
            builder.Services.PostConfigure<ActorSocketPersistenceOptions>(static store => store.UseMemory());
            var started = new TaskCompletionSource<IServiceProvider>(TaskCreationOptions.RunContinuationsAsynchronously);
            builder.Services.AddHostedService(services => new Start(services, started));
            var running = (Task)SnippetTests.Method(page, containing).Invoke(null, [builder])!;
            await Task.WhenAny(started.Task, running).WaitAsync(ServerTest.Patience);
            if (running.IsCompleted)
                await running; // it says why it did not start
            return new RunningProgram(await started.Task, running);
        }

        public async ValueTask DisposeAsync()
        {
            services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
            await running.WaitAsync(ServerTest.Patience);
        }

        private sealed class Start(IServiceProvider services, TaskCompletionSource<IServiceProvider> started) : IHostedLifecycleService
        {
            public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

            public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

            public Task StartedAsync(CancellationToken cancellationToken)
            {
                started.SetResult(services);
                return Task.CompletedTask;
            }

            public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

            public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

            public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        }
    }

    /// <summary>Whoever speaks the protocol, and nothing else that is polite.</summary>
    private sealed class Client(WebSocket webSocket) : IDisposable
    {
        private readonly byte[] _buffer = new byte[16_384];
        private readonly Queue<string> _passed = [];
        private int _asked;

        public string Id { get; private set; } = "";

        public static Task<Client> ConnectAsync(WebApplication app) => ConnectAsync(app.GetTestServer());

        public static async Task<Client> ConnectAsync(TestServer server)
        {
            var url = new Uri("http://localhost/socket.io/?EIO=4&transport=websocket");
            var client = new Client(await server.CreateWebSocketClient().ConnectAsync(url, CancellationToken.None));
            Assert.StartsWith("0{", await client.NextAsync(), StringComparison.Ordinal);
            client.Send("40");
            using var connected = JsonDocument.Parse((await client.NextAsync())[2..]);
            client.Id = connected.RootElement.GetProperty("sid").GetString()!;
            return client;
        }

        public void Send(string packet) => _ = webSocket
            .SendAsync(Encoding.UTF8.GetBytes(packet), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

        public async Task<string> NextAsync()
        {
            while (true)
            {
                var receiving = webSocket.ReceiveAsync(_buffer.AsMemory(), CancellationToken.None).AsTask();
                var received = await receiving.WaitAsync(ServerTest.Patience);
                var packet = Encoding.UTF8.GetString(_buffer, 0, received.Count);
                if (packet != "2")
                    return packet;
                Send("3"); // a slow machine is no client that is gone
            }
        }

        /// <summary>What an event is answered with; other events that come meanwhile are passed over.</summary>
        public async Task<string> AskAsync(string arguments)
        {
            var id = ++_asked;
            Send($"42{id}[{arguments}]");
            while (true)
            {
                var packet = await NextAsync();
                if (packet.StartsWith($"43{id}[", StringComparison.Ordinal))
                    return packet[packet.IndexOf('[', StringComparison.Ordinal)..];
                _passed.Enqueue(packet);
            }
        }

        /// <summary>The next event that has this in it, also of those that were passed over; what came before it is gone.</summary>
        public async Task<string> UntilAsync(string text)
        {
            while (true)
            {
                if (!_passed.TryDequeue(out var packet))
                    packet = await NextAsync();
                if (packet.Contains(text, StringComparison.Ordinal))
                    return packet;
            }
        }

        /// <summary>The code of the error that it is answered with.</summary>
        public async Task<string?> ErrorAsync(string arguments)
        {
            var answer = await AskAsync(arguments);
            using var json = JsonDocument.Parse(answer);
            Assert.True(json.RootElement[0].TryGetProperty("error", out var error), answer);
            return error.GetProperty("code").GetString();
        }

        public void Dispose() => webSocket.Dispose();
    }
}
