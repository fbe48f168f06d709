using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.Tests.Entities;

/// <summary>What an entity's method throws, seen by who called it, and by the client whose handler did.</summary>
public sealed class EntityErrorTests
{
    [Fact]
    public async Task An_EventException_is_what_the_callers_exception_comes_from()
    {
        await using var app = await StartAsync();
        var shop = Entities(app);
        var error = await Assert.ThrowsAsync<EntityCallException>(() => shop.InvokeAsync("a", "buy", 3));
        Assert.Equal("sold out", error.Message);
        var refusal = Assert.IsType<EventException>(error.InnerException);
        Assert.Equal(("sold out", "SOLD_OUT"), (refusal.Message, refusal.Code));
        Assert.Equal(new Left(2, [7]), Assert.IsType<SocketArgument>(refusal.Data).As<Left>());

        refusal = await RefusalAsync("bare");
        Assert.Equal(("bare", null, null), (refusal.Message, refusal.Code, refusal.Data));
        Assert.Null((await RefusalAsync("unwritable")).Data);
        Assert.Equal("forwarded", (await RefusalAsync("forward")).Message);
        Assert.Equal(2001, (await RefusalAsync("long")).Message.Length); // as of any exception
        foreach (var method in (string[])["boom", "unknown", "much"])
            Assert.Null((await Assert.ThrowsAsync<EntityCallException>(() => shop.InvokeAsync("a", method))).InnerException);
        Assert.Equal(5, await shop.InvokeAsync<int>("a", "stock"));

        async Task<EventException> RefusalAsync(string method) => Assert.IsType<EventException>(
            (await Assert.ThrowsAsync<EntityCallException>(() => shop.InvokeAsync("a", method))).InnerException);
    }

    [Theory]
    [InlineData("buy", """[{"error":{"message":"sold out","code":"SOLD_OUT","data":{"count":2,"proof":"Bw=="}}}]""")]
    [InlineData("bare", """[{"error":{"message":"bare"}}]""")]
    [InlineData("boom", """[{"error":{"message":"Internal server error","code":"INTERNAL_ERROR"}}]""")]
    [InlineData("unknown", """[{"error":{"message":"Internal server error","code":"INTERNAL_ERROR"}}]""")]
    public async Task A_client_whose_handler_lets_it_pass_gets_what_the_entity_said(string method, string answer)
    {
        await using var app = await StartAsync();
        var client = await app.GetTestServer().CreateWebSocketClient().ConnectAsync(
            new Uri("http://localhost/socket.io/?EIO=4&transport=websocket"), default);
        var buffer = new byte[4096];
        Assert.StartsWith("0{", await NextAsync(), StringComparison.Ordinal);
        await SendAsync("40");
        Assert.StartsWith("40{", await NextAsync(), StringComparison.Ordinal);
        await SendAsync($"421[\"call\",\"{method}\"]");
        Assert.Equal("431" + answer, await NextAsync());

        Task SendAsync(string text) =>
            client.SendAsync(System.Text.Encoding.UTF8.GetBytes(text), System.Net.WebSockets.WebSocketMessageType.Text, true, default);

        async Task<string> NextAsync()
        {
            var received = await client.ReceiveAsync(buffer.AsMemory(), default).AsTask().WaitAsync(ServerTest.Patience);
            return System.Text.Encoding.UTF8.GetString(buffer, 0, received.Count);
        }
    }

    [Fact]
    public async Task It_is_logged_only_when_nobody_is_told()
    {
        using var log = new RecordedLog();
        await using var app = await StartAsync(log);
        var shop = Entities(app);
        await Assert.ThrowsAsync<EntityCallException>(() => shop.InvokeAsync("a", "bare"));
        Assert.DoesNotContain(log.Above(Microsoft.Extensions.Logging.LogLevel.Information), static line => line.Category == "ActorSocket");
        shop.Send("a", "bare");
        await shop.InvokeAsync("a", "stock"); // comes after it
        await Assert.ThrowsAsync<EntityCallException>(() => shop.InvokeAsync("a", "boom"));
        Assert.Equal(5, await shop.InvokeAsync<int>("a", "stock"));
        Assert.Equal(2, log.Above(Microsoft.Extensions.Logging.LogLevel.Information).Count(static line => line.Category == "ActorSocket"));
    }

    private static RoomEntities<Shop> Entities(WebApplication app) => app.Services.GetRequiredService<Mapped>().Shops!;

    private static async Task<WebApplication> StartAsync(RecordedLog? log = null)
    {
        var mapped = new Mapped();
        var app = TestApplication.Build(services =>
        {
            services.AddActorSocket();
            services.AddSingleton(mapped);
            if (log is not null)
                services.AddSingleton<Microsoft.Extensions.Logging.ILoggerProvider>(log);
        });
        var io = app.MapActorSocket();
        var shops = mapped.Shops = io.MapEntities<Shop>("shop");
        io.OnConnection(socket => { socket.On("call", (string method) => shops.InvokeAsync<int>("a", method, 3)); });
        await app.StartAsync();
        return app;
    }

    internal sealed class Mapped
    {
        public RoomEntities<Shop>? Shops { get; set; }
    }

    internal sealed record Left(int Count, byte[] Proof)
    {
        public bool Equals(Left? other) => other is not null && Count == other.Count && Proof.SequenceEqual(other.Proof);

        public override int GetHashCode() => Count;
    }

    internal sealed class Shop(Mapped mapped) : RoomEntity
    {
        [Event("buy")]
        public static int Buy(int count) => throw new EventException("sold out", new Left(count - 1, [7])) { Code = "SOLD_OUT" };

        [Event("bare")]
        public static async Task BareAsync()
        {
            await Task.Yield();
            throw new EventException("bare");
        }

        [Event("unwritable")]
        public static int Unwritable() => throw new EventException("unwritable", (Action)(static () => { }));

        [Event("long")]
        public static int Long() => throw new EventException(new string('x', 3000));

        [Event("much")]
        public static int Much() => throw new EventException("much", new byte[200_000]);

        [Event("boom")]
        public static int Boom() => throw new InvalidOperationException("secret", new EventException("not meant for it"));

        [Event("forward")]
        public Task<int> ForwardAsync() => mapped.Shops!.InvokeAsync<int>("b", "refuse");

        [Event("refuse")]
        public static int Refuse() => throw new EventException("forwarded");

        [Event("stock")]
        public static int Stock() => 5;
    }
}
