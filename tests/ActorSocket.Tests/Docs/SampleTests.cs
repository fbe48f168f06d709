using System.Net.WebSockets;
using System.Security.Claims;
using System.Text;
using System.Text.Json;
using ActorSocket.Tests.Infrastructure;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

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
        await using var app = await ServeAsync(static io => SnippetTests.Method("docs/guide/entities.md", "\"north\"").Invoke(null, [io]));
        using var ada = await Client.ConnectAsync(app);
        using var eve = await Client.ConnectAsync(app);

        Assert.Equal("NO_ARENA", await eve.ErrorAsync("\"enter\",\"made up\""));
        Assert.Equal("NO_ARENA", await eve.ErrorAsync("\"enter\""));
        var player = Assert.Single(Players(await eve.AskAsync("\"enter\",\"north\"")));
        Assert.NotEqual(eve.Id, player, StringComparer.Ordinal);
        Assert.Contains(player, Players(await ada.AskAsync("\"enter\",\"north\"")), StringComparer.Ordinal);

        Assert.Single(Players(await eve.AskAsync("\"enter\",\"south\""))); // and is not in the first any more
        Assert.DoesNotContain(player, Players(await ada.AskAsync("\"enter\",\"north\"")), StringComparer.Ordinal);
    }

    private static string[] Players(string answer)
    {
        using var json = JsonDocument.Parse(answer);
        return [.. json.RootElement[0].EnumerateObject().Select(static player => player.Name)];
    }

    private static async Task<WebApplication> ServeAsync(Action<ActorSocketServer> sample)
    {
        var app = TestApplication.Build(static services => services.AddActorSocket());
        sample(app.MapActorSocket());
        await app.StartAsync();
        return app;
    }

    /// <summary>Whoever speaks the protocol, and nothing else that is polite.</summary>
    private sealed class Client(WebSocket webSocket) : IDisposable
    {
        private readonly byte[] _buffer = new byte[16_384];
        private int _asked;

        public string Id { get; private set; } = "";

        public static async Task<Client> ConnectAsync(WebApplication app)
        {
            var url = new Uri("http://localhost/socket.io/?EIO=4&transport=websocket");
            var client = new Client(await app.GetTestServer().CreateWebSocketClient().ConnectAsync(url, CancellationToken.None));
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
            var received = await webSocket.ReceiveAsync(_buffer.AsMemory(), CancellationToken.None).AsTask().WaitAsync(ServerTest.Patience);
            return Encoding.UTF8.GetString(_buffer, 0, received.Count);
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
