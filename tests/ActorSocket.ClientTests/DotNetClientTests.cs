using System.Text.Json;
using System.Threading.Channels;
using ActorSocket.ClientTests.Infrastructure;
using SocketIOClient;
using SocketIOClient.Transport;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>SocketIOClient 3.0.6 from NuGet, in this process.</summary>
public sealed class DotNetClientTests(ITestOutputHelper output)
{
    private static readonly byte[] Bytes = [0, 1, 2, 255];
    private static readonly string[] Blue = ["blue"];

    [Theory]
    [EachTransport]
    public async Task It_connects_with_auth_query_and_headers(string mode)
    {
        await using var server = await RealServer.StartAsync(output);
        using var client = await ConnectAsync(server, mode, "/", options =>
        {
            options.Auth = new { token = "t" };
            options.Query = [new("room", "blue")];
            options.ExtraHeaders = new() { ["X-Test"] = "yes" };
        });

        var me = await AskAsync(client, "whoami");
        Assert.Equal(client.Id, me.GetProperty("id").GetString());
        Assert.Equal(mode == "polling" ? "polling" : "websocket", me.GetProperty("transport").GetString());
        if (mode != "upgrade") // this client opens a second session instead of upgrading its first, which then waits for its time-out
            Assert.Equal(1, server.Io.ConnectionCount);
        var handshake = await AskAsync(client, "handshake");
        Assert.Equal("t", handshake.GetProperty("auth").GetProperty("token").GetString());
        Assert.Equal("blue", handshake.GetProperty("query").GetProperty("room").GetString());
        Assert.Equal("yes", handshake.GetProperty("headers").GetProperty("x-test").GetString());
    }

    [Theory]
    [EachTransport]
    public async Task Events_keep_their_order_both_ways(string mode)
    {
        await using var server = await RealServer.StartAsync(output);
        using var client = await ConnectAsync(server, mode);
        var echoes = Listen(client, "echo");
        for (var i = 0; i < 200; i++)
            await client.EmitAsync("echo", i, "žluťoučký 🙂", new { n = i });

        for (var i = 0; i < 200; i++)
        {
            var echo = await NextAsync(echoes, $"echo {i}");
            Assert.Equal(i, echo.GetValue<int>());
            Assert.Equal("žluťoučký 🙂", echo.GetValue<string>(1));
            Assert.Equal(i, echo.GetValue<JsonElement>(2).GetProperty("n").GetInt32());
        }
    }

    [Theory]
    [EachTransport]
    public async Task Acknowledgements_go_both_ways(string mode)
    {
        await using var server = await RealServer.StartAsync(output);
        using var client = await ConnectAsync(server, mode);
        client.On("question", response => _ = response.CallbackAsync($"asked {response.GetValue<string>()}"));

        Assert.Equal(42, (await AskAsync(client, "add", 2, 40)).GetInt32());
        Assert.Equal("asked colour", (await AskAsync(client, "ask me", "colour")).GetString());
    }

    [Theory]
    [EachTransport]
    public async Task An_event_that_fails_is_answered_with_an_error(string mode)
    {
        await using var server = await RealServer.StartAsync(output);
        using var client = await ConnectAsync(server, mode);
        var bought = new TaskCompletionSource<SocketIOResponse>(TaskCreationOptions.RunContinuationsAsynchronously);
        await client.EmitAsync("buy", response => bought.TrySetResult(response), 3);
        var response = await bought.Task.WaitForAsync("the error");
        var sold = response.GetValue<JsonElement>().GetProperty("error");
        Assert.Equal("sold out", sold.GetProperty("message").GetString());
        Assert.Equal("SOLD_OUT", sold.GetProperty("code").GetString());
        Assert.Equal(2, sold.GetProperty("data").GetProperty("left").GetInt32());
        Assert.Equal([[1, 2]], response.InComingBytes);

        var wrong = (await AskAsync(client, "add", "no number", 1)).GetProperty("error");
        Assert.Equal("Argument 1 cannot be read as a whole number.", wrong.GetProperty("message").GetString());
        Assert.Equal("BAD_ARGUMENT", wrong.GetProperty("code").GetString());
        var boom = (await AskAsync(client, "boom later")).GetProperty("error");
        Assert.Equal("Internal server error", boom.GetProperty("message").GetString());
        Assert.Equal("INTERNAL_ERROR", boom.GetProperty("code").GetString());
    }

    [Theory]
    [EachTransport]
    public async Task Binary_comes_back_byte_identical(string mode)
    {
        await using var server = await RealServer.StartAsync(output);
        using var client = await ConnectAsync(server, mode);
        var echoes = Listen(client, "echo");
        foreach (var bytes in new[] { Bytes, [7], Enumerable.Range(0, 100_000).Select(i => (byte)i).ToArray() })
        {
            await client.EmitAsync("echo", bytes, new { name = "é", data = bytes });
            var echo = await NextAsync(echoes, "the binary echo");
            Assert.Equal(bytes, echo.GetValue<byte[]>());
            Assert.Equal([bytes, bytes], echo.InComingBytes);
        }
    }

    [Theory]
    [EachTransport]
    public async Task Rooms_reach_their_members(string mode)
    {
        await using var server = await RealServer.StartAsync(output);
        using var one = await ConnectAsync(server, mode);
        using var two = await ConnectAsync(server, mode);
        var (toOne, toTwo) = (Listen(one, "news"), Listen(two, "news"));
        await AskAsync(one, "join", "blue");
        await AskAsync(two, "join", "blue");

        await AskAsync(one, "publish", new { via = "socket", to = Blue }, "news", "not to me");
        await AskAsync(one, "publish", new { via = "server", to = Blue }, "news", "to both");

        Assert.Equal("to both", (await NextAsync(toOne, "the news")).GetValue<string>());
        Assert.Equal("not to me", (await NextAsync(toTwo, "the news")).GetValue<string>());
        Assert.Equal("to both", (await NextAsync(toTwo, "the news")).GetValue<string>());
    }

    [Theory]
    [EachTransport]
    public async Task A_namespace_is_its_own_place_and_may_refuse(string mode)
    {
        await using var server = await RealServer.StartAsync(output);
        using var lobby = await ConnectAsync(server, mode, "/lobby");
        Assert.Equal("/lobby", (await AskAsync(lobby, "whoami")).GetProperty("namespace").GetString());

        using var guarded = Create(server, mode, "/guarded", null);
        var refused = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        guarded.OnError += (_, message) => refused.TrySetResult(message);
        _ = guarded.ConnectAsync();
        Assert.Equal("Not authorized", await refused.Task.WaitForAsync("the refusal"));
    }

    [Theory]
    [EachTransport]
    public async Task It_signs_in_by_a_token_and_is_told_that_it_cannot(string mode)
    {
        await using var server = await RealServer.StartAsync(output);
        foreach (var token in (string[])["", "nonsense", "ada.0"])
        {
            using var refused = Create(server, mode, "/account", options => options.Auth = new { token });
            var told = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            refused.OnError += (_, message) => told.TrySetResult(message);
            _ = refused.ConnectAsync();
            Assert.Equal("Unauthorized", await told.Task.WaitForAsync("the refusal")); // this client shows no data with it
        }
        using var client = await ConnectAsync(server, mode, "/account", static options => options.Auth = new { token = "ada.60000" });
        Assert.Equal("ada", (await AskAsync(client, "who")).GetString());
    }

    [Theory]
    [EachTransport]
    public async Task Its_sign_in_is_renewed_without_reconnecting_or_ends(string mode)
    {
        await using var server = await RealServer.StartAsync(output);
        using var client = Create(server, mode, "/account", static options =>
        {
            options.Auth = new { token = "ada.2500" };
            options.Reconnection = false;
        });
        var (expiring, gone) = (Listen(client, "authentication_expiring"), Channel.CreateUnbounded<string>());
        client.OnDisconnected += (_, reason) => gone.Writer.TryWrite(reason);
        await client.ConnectAsync().WaitForAsync("ConnectAsync");
        Assert.Equal(1, (await NextAsync(expiring, "the notice")).GetValue<int>());
        var id = client.Id;
        Assert.True((await AskAsync(client, "authenticate", new { token = "ada.2500" })).GetProperty("expires").GetDateTimeOffset()
            > DateTimeOffset.UtcNow);
        var other = (await AskAsync(client, "authenticate", new { token = "eve.60000" })).GetProperty("error");
        Assert.Equal("UNAUTHENTICATED", other.GetProperty("code").GetString());
        Assert.Equal("other user", other.GetProperty("data").GetProperty("reason").GetString());

        Assert.Equal(1, (await NextAsync(expiring, "the second notice")).GetValue<int>());
        Assert.Equal((id, "ada"), (client.Id, (await AskAsync(client, "who")).GetString()));
        Assert.Equal("io server disconnect", await gone.Reader.ReadAsync().AsTask().WaitForAsync("the end"));
    }

    [Theory]
    [EachTransport]
    public async Task Both_sides_may_say_goodbye(string mode)
    {
        await using var server = await RealServer.StartAsync(output);
        using (var client = await ConnectAsync(server, mode))
        {
            var id = client.Id;
            await client.DisconnectAsync();
            await server.Journal.SeenAnyAsync([$"{id} disconnect client namespace disconnect", $"{id} disconnect transport close"]);
        }

        using (var client = await ConnectAsync(server, mode))
        {
            var gone = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            client.OnDisconnected += (_, reason) => gone.TrySetResult(reason);
            var id = client.Id;
            await client.EmitAsync("kick", false);
            Assert.Equal("io server disconnect", await gone.Task.WaitForAsync("the server's goodbye"));
            await server.Journal.SeenAsync($"{id} disconnect server namespace disconnect");
        }
    }

    [Theory]
    [EachTransport]
    public async Task It_comes_back_when_the_server_does(string mode)
    {
        await using var server = await RealServer.StartAsync(output, port: Ports.Free());
        using var client = await ConnectAsync(server, mode);
        var (downs, ups) = (Channel.CreateUnbounded<string>(), Channel.CreateUnbounded<string>());
        client.OnDisconnected += (_, reason) => downs.Writer.TryWrite(reason);
        client.OnConnected += (_, _) => ups.Writer.TryWrite(client.Id);
        var before = client.Id;

        await server.StopAsync();
        await downs.Reader.ReadAsync().AsTask().WaitForAsync("the client to notice that the server is gone");
        await server.StartAsync();

        Assert.NotEqual(before, await ups.Reader.ReadAsync().AsTask().WaitForAsync("the client to come back"));
        Assert.Equal(3, (await AskAsync(client, "add", 1, 2)).GetInt32());
    }

    private static SocketIO Create(RealServer server, string mode, string name, Action<SocketIOOptions>? configure)
    {
        var options = new SocketIOOptions
        {
            Transport = mode == "websocket" ? TransportProtocol.WebSocket : TransportProtocol.Polling,
            AutoUpgrade = mode == "upgrade",
            ReconnectionDelay = 100,
            ReconnectionDelayMax = 300,
        };
        configure?.Invoke(options);
        return new SocketIO(new Uri(server.Url, name), options);
    }

    private static async Task<SocketIO> ConnectAsync(
        RealServer server,
        string mode,
        string name = "/",
        Action<SocketIOOptions>? configure = null
    )
    {
        var client = Create(server, mode, name, configure);
        var connected = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        client.OnConnected += (_, _) => connected.TrySetResult();
        await client.ConnectAsync().WaitForAsync("ConnectAsync");
        await connected.Task.WaitForAsync($"the connection to {name}");
        return client;
    }

    private static async Task<JsonElement> AskAsync(SocketIO client, string name, params object[] arguments)
    {
        var answer = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        await client.EmitAsync(name, response => answer.TrySetResult(response.Count > 0 ? response.GetValue() : default), arguments);
        return await answer.Task.WaitForAsync($"the acknowledgement of {name}");
    }

    private static ChannelReader<SocketIOResponse> Listen(SocketIO client, string name)
    {
        var came = Channel.CreateUnbounded<SocketIOResponse>();
        client.On(name, response => came.Writer.TryWrite(response));
        return came.Reader;
    }

    private static Task<SocketIOResponse> NextAsync(ChannelReader<SocketIOResponse> reader, string what) =>
        reader.ReadAsync().AsTask().WaitForAsync(what);
}
