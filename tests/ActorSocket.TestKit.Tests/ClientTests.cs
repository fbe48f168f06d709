using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ActorSocket.TestKit.Tests;

/// <summary>Clients by both transports: what they send, get, are asked, and how they come and go.</summary>
public sealed class ClientTests
{
    public static TheoryData<TestTransport> Transports => [TestTransport.WebSocket, TestTransport.Polling];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Events_and_acknowledgements_go_both_ways(TestTransport transport)
    {
        await using var server = await ActorSocketTestServer.StartAsync(map: static io => io.Of("/chat").OnConnection(static socket =>
        {
            socket.On("double", static (int n) => 2 * n);
            socket.On("say", (string text) => socket.Broadcast.Emit("said", text, 1));
            socket.On("ask", async (string question) => "she says " + await socket.EmitWithAckAsync<string>("question", question));
        }));
        var alice = await server.ConnectAsync("/chat", o => o.Transport = transport);
        var bob = await server.ConnectAsync("chat", o => o.Transport = transport);
        Assert.Equal(transport is TestTransport.WebSocket, alice.IsWebSocket);

        Assert.Equal(4, await alice.EmitWithAckAsync<int>("double", 2));
        alice.Emit("say", "hi");
        var said = await bob.ExpectAsync("said");
        Assert.Equal(("hi", 1), (said.As<string>(), said.As<int>(1)));
        await alice.ExpectNothingAsync();

        alice.On("question", static question => question.As<string>() + " yes");
        Assert.Equal("she says well? yes", await alice.EmitWithAckAsync<string>("ask", "well?"));
        var asked = bob.EmitWithAckAsync<string>("ask", "now?");
        var question = await bob.ExpectAsync("question");
        Assert.True(question.IsAckWanted);
        question.Ack("later");
        Assert.Equal("she says later", await asked);
        Assert.False(question.IsAckWanted);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Binary_goes_both_ways(TestTransport transport)
    {
        await using var server = await ActorSocketTestServer.StartAsync(map: static io => io.OnConnection(static socket =>
        {
            socket.On("reverse", (byte[] bytes) => bytes.Reverse().ToArray());
            socket.On("echo", (string name, byte[] first, byte[] second) => socket.Emit("echo", name, second, first));
        }));
        var client = await server.ConnectAsync(configure: o => o.Transport = transport);
        Assert.Equal([3, 2, 1], await client.EmitWithAckAsync<byte[]>("reverse", new byte[] { 1, 2, 3 }));
        client.Emit("echo", "two", new byte[] { 1 }, new byte[100_000]);
        var echo = await client.ExpectAsync("echo");
        Assert.Equal(100_000, echo.As<byte[]>(1)!.Length);
        Assert.Equal([1], echo.As<byte[]>(2));
    }

    [Fact]
    public async Task A_parser_of_the_server_is_the_clients_too()
    {
        await using var server = await ActorSocketTestServer.StartAsync(
            static services => services.AddActorSocket(static o => o.Parser = SocketIoParser.MessagePack),
            static io => io.Of("/x").OnConnection(static socket =>
            {
                socket.On("reverse", static (byte[] bytes) => bytes.Reverse().ToArray());
                socket.Emit("auth", socket.Handshake.Auth.GetProperty("token").GetString());
            }));
        var client = await server.ConnectAsync("/x", static o => o.Auth = new { token = "t" });
        Assert.Equal("t", await client.ExpectAsync<string>("auth"));
        Assert.Equal([2, 1], await client.EmitWithAckAsync<byte[]>("reverse", new byte[] { 1, 2 }));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_polling_client_upgrades_and_loses_nothing(TestTransport transport)
    {
        await using var server = await ActorSocketTestServer.StartAsync(map: static io => io.OnConnection(static socket =>
        {
            socket.On("count", static (int n) => n + 1);
        }));
        var client = await server.ConnectAsync(configure: o => o.Transport = transport);
        if (transport is TestTransport.WebSocket)
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => client.UpgradeAsync());
            return;
        }
        Assert.Equal("polling", client.Socket.Transport);
        Assert.Equal(1, await client.EmitWithAckAsync<int>("count", 0));
        await client.UpgradeAsync();
        Assert.True(client.IsWebSocket);
        Assert.Equal("websocket", client.Socket.Transport);
        Assert.Equal(2, await client.EmitWithAckAsync<int>("count", 1));
        client.Socket.Emit("late");
        await client.ExpectAsync("late");
        await client.ExpectNothingAsync();
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Who_loses_the_connection_gets_the_socket_back_with_what_was_missed(TestTransport transport)
    {
        var reasons = new List<string>();
        await using var server = await ActorSocketTestServer.StartAsync(
            static services => services.AddActorSocket(static o => o.ConnectionStateRecovery = new RecoveryOptions()),
            io => io.OnConnection(async socket =>
            {
                socket.OnDisconnect(reason => reasons.Add(reason.ToString()));
                if (!socket.Recovered)
                    await socket.JoinAsync("red");
            }));
        var client = await server.ConnectAsync(configure: o => o.Transport = transport);
        var id = client.Id;
        server.Io.To("red").Emit("news", 1);
        Assert.Equal(1, await client.ExpectAsync<int>("news"));

        await client.DropAsync();
        Assert.Equal(transport is TestTransport.Polling ? "transport error" : "transport close", Assert.Single(reasons));
        Assert.Equal("transport close", await client.ExpectDisconnectAsync());
        server.Io.To("red").Emit("news", 2);
        server.Io.To("red").Emit("news", 3);
        await client.ReconnectAsync();

        Assert.True(client.Recovered);
        Assert.Equal(id, client.Id);
        Assert.Contains("red", client.Socket.Rooms, StringComparer.Ordinal);
        Assert.Equal(2, await client.ExpectAsync<int>("news"));
        Assert.Equal(3, await client.ExpectAsync<int>("news"));
        await client.ExpectNothingAsync();

        await client.DisconnectAsync();
        Assert.Equal("client namespace disconnect", reasons.Last());
        await client.ReconnectAsync();
        Assert.False(client.Recovered);
        Assert.NotEqual(id, client.Id, StringComparer.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Volatile_events_are_dropped_for_who_does_not_poll(TestTransport transport)
    {
        await using var server = await ActorSocketTestServer.StartAsync(map: static io => io.OnConnection(static _ => { }));
        var client = await server.ConnectAsync(configure: o => o.Transport = transport);
        server.Io.Volatile.Emit("tick", 1);
        Assert.Equal(1, await client.ExpectAsync<int>("tick"));
        if (transport is TestTransport.WebSocket)
            return;
        await server.SettleAsync();
        client.Pause();
        server.Io.Emit("last"); // answers the poll that waits
        await client.ExpectAsync("last");
        server.Io.Volatile.Emit("tick", 2);
        server.Io.Emit("kept");
        client.Resume();
        await client.ExpectNextAsync("kept");
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Namespaces_share_a_connection_and_end_alone()
    {
        await using var server = await ActorSocketTestServer.StartAsync(map: static io =>
        {
            io.OnConnection(static _ => { });
            io.Of("/admin").Use(static (socket, next) => socket.Handshake.Auth.ValueKind == System.Text.Json.JsonValueKind.Object
                && socket.Handshake.Auth.TryGetProperty("key", out var key) && key.GetString() == "secret"
                    ? next()
                    : throw new ConnectErrorException("no entry", new { why = "key" }));
        });
        var client = await server.ConnectAsync();
        var refused = await Assert.ThrowsAsync<ExpectationException>(() => client.ConnectAsync("/admin"));
        Assert.Contains("no entry", refused.Message, StringComparison.Ordinal);
        var admin = await client.ConnectAsync("/admin", static o => o.Auth = new { key = "secret" });
        Assert.Equal(1, server.Io.ConnectionCount);
        server.Io.Of("/admin").Emit("hello");
        await admin.ExpectAsync("hello");
        await client.ExpectNothingAsync();

        await admin.Socket.DisconnectAsync();
        Assert.Equal("io server disconnect", await admin.ExpectDisconnectAsync("io server disconnect"));
        Assert.True(client.IsConnected);
        await client.DisconnectAsync();
        Assert.Equal(0, server.Io.ConnectionCount);

        var error = await server.ExpectConnectErrorAsync("/admin");
        Assert.Equal((null, "no entry"), (error.Status, error.Message));
        Assert.Equal("key", error.Data!.Value.GetProperty("why").GetString());
        Assert.Equal("Invalid namespace", (await server.ExpectConnectErrorAsync("/none")).Message);
        Assert.Equal(0, server.Io.ConnectionCount);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Requests_are_authenticated_by_their_headers(TestTransport transport)
    {
        await using var server = await ActorSocketTestServer.StartAsync(
            static services =>
            {
                services.AddAuthentication("test").AddScheme<AuthenticationSchemeOptions, TokenHandler>("test", null);
                services.AddAuthorization();
            },
            static io =>
            {
                io.RequireAuthorization();
                io.OnConnection(static socket => socket.Emit("you", socket.User.Identity!.Name, socket.Handshake.Query["room"].ToString()));
            });
        var refused = await server.ExpectConnectErrorAsync(configure: o => o.Transport = transport);
        Assert.Equal(401, refused.Status);
        var client = await server.ConnectAsync(configure: o =>
        {
            o.Transport = transport;
            o.Headers["X-Token"] = "Ada";
            o.Query["room"] = "a b";
        });
        var you = await client.ExpectAsync("you");
        Assert.Equal(("Ada", "a b"), (you.As<string>(), you.As<string>(1)));
    }

    [Fact]
    public async Task Errors_of_handlers_reach_who_asked()
    {
        await using var server = await ActorSocketTestServer.StartAsync(map: static io => io.OnConnection(static socket =>
        {
            socket.On("buy", (int count) => count < 3 ? count : throw new EventException("sold out", new { left = 2 }) { Code = "SOLD" });
        }));
        var client = await server.ConnectAsync();
        Assert.Equal(2, await client.EmitWithAckAsync<int>("buy", 2));
        var error = await Assert.ThrowsAsync<EventException>(() => client.EmitWithAckAsync<int>("buy", 3));
        Assert.Equal(("sold out", "SOLD"), (error.Message, error.Code));
        Assert.Equal(2, ((System.Text.Json.JsonElement)error.Data!).GetProperty("left").GetInt32());
    }

    private sealed class TokenHandler(
        IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            if (Request.Headers["X-Token"].ToString() is not { Length: > 0 } name)
                return Task.FromResult(AuthenticateResult.NoResult());
            var user = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, name)], "test"));
            return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(user, "test")));
        }
    }
}
