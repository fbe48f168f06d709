using Microsoft.AspNetCore.Mvc.Testing;
using Akka.Actor;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using Akka.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ActorSocket.Tests.Hosting;

public sealed class HostingTests
{
    [Fact]
    public async Task A_wrong_option_is_a_clear_start_up_error()
    {
        await using var app = TestApplication.Build(services => services.AddActorSocket(static o => o.PingInterval = TimeSpan.Zero));
        var error = Assert.Throws<OptionsValidationException>(() => app.MapActorSocket());
        Assert.Contains("ActorSocket:PingInterval is 00:00:00; it must be between", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mapping_without_adding_says_what_to_call()
    {
        await using var app = TestApplication.Build(static _ => { });
        var error = Assert.Throws<InvalidOperationException>(() => app.MapActorSocket());
        Assert.Contains("AddActorSocket", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_AddAkka_that_replaces_ours_is_a_start_up_error_that_names_the_way_out()
    {
        await using var app = TestApplication.Build(static services =>
        {
            services.AddActorSocket();
            services.AddAkka("mine", static _ => { });
        });
        app.MapActorSocket();
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => app.StartAsync());
        Assert.Contains("WithActorSocket", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_applications_own_actor_system_behaves_as_it_did_before()
    {
        string[] Read(ActorSystem system) =>
            Array.ConvertAll(
                [
                    "akka.log-dead-letters",
                    "akka.log-dead-letters-during-shutdown",
                    "akka.coordinated-shutdown.run-by-clr-shutdown-hook",
                    "akka.stdout-loglevel",
                    "akka.scheduler.tick-duration",
                ],
                (string path) => $"{path} {system.Settings.Config.GetString(path)}"
            );
        string[] alone,
            together;
        await using (var app = TestApplication.Build(static services => services.AddAkka("mine", static _ => { })))
        {
            await app.StartAsync();
            alone = Read(app.Services.GetRequiredService<ActorSystem>());
        }
        await using (var app = TestApplication.Build(static services =>
        {
            services.AddAkka("mine", static akka => akka.WithActorSocket());
            services.AddActorSocket();
        }))
        {
            app.MapActorSocket();
            await app.StartAsync();
            together = Read(app.Services.GetRequiredService<ActorSystem>());
        }
        Assert.Equal(alone, together);
        // its log is not filled by sessions that come and go
        Assert.True(typeof(Akka.Event.IDeadLetterSuppression).IsAssignableFrom(typeof(ActorSocket.Sessions.ILocalMessage)));
    }

    [Fact]
    public async Task Whoever_closes_the_server_again_waits_for_the_same_end()
    {
        await using var app = TestApplication.Build(static services =>
            services.AddActorSocket(static o => o.DrainTimeout = TimeSpan.FromSeconds(1))
        );
        var io = app.MapActorSocket();
        await app.StartAsync();
        await app.GetTestClient().GetAsync("/socket.io/?EIO=4&transport=polling"); // a session that does not come for its close
        using var impatient = new CancellationTokenSource();
        var cancelled = io.CloseAsync(impatient.Token);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        var first = io.CloseAsync();
        Assert.False(first.IsCompleted); // it goes on
        await io.CloseAsync().WaitAsync(ServerTest.Patience);
        Assert.True(first.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task The_server_lives_in_the_applications_own_actor_system()
    {
        await using var app = TestApplication.Build(static services =>
        {
            services.AddAkka("mine", static akka => akka.WithActorSocket());
            services.AddActorSocket();
        });
        app.MapActorSocket();
        await app.StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await app.GetTestClient().GetAsync("/socket.io/?EIO=4&transport=polling")).StatusCode);
    }

    [Fact]
    public async Task Several_servers_in_one_host_are_apart()
    {
        await using var app = TestApplication.Build(static services =>
        {
            services.AddActorSocket(static o => o.MaxHttpBufferSize = 2000);
            services.AddActorSocket(static o => o.MaxHttpBufferSize = 3000, "games");
        });
        var first = app.MapActorSocket();
        var second = app.MapActorSocket("/games", "games");
        await app.StartAsync();
        var client = app.GetTestClient();
        Assert.Contains(
            "\"maxPayload\":2000",
            await client.GetStringAsync("/socket.io/?EIO=4&transport=polling"),
            StringComparison.Ordinal
        );
        Assert.Contains("\"maxPayload\":3000", await client.GetStringAsync("/games/?EIO=4&transport=polling"), StringComparison.Ordinal);
        Assert.Equal((1, 1), (first.ConnectionCount, second.ConnectionCount));
        Assert.Same(first, app.Services.GetRequiredService<ActorSocketServer>());
        Assert.Same(second, app.Services.GetRequiredKeyedService<ActorSocketServer>("games"));
    }

    [Fact]
    public async Task The_test_server_offers_both_transports()
    {
        await using var app = TestApplication.Build(static services => services.AddActorSocket());
        app.MapActorSocket().OnConnection(static socket => socket.On("double", static (int n) => 2 * n));
        await app.StartAsync();
        using var webSocket = await app.GetTestServer()
            .CreateWebSocketClient()
            .ConnectAsync(new Uri("http://localhost/socket.io/?EIO=4&transport=websocket"), default);
        Assert.StartsWith("0{", await ReceiveAsync(webSocket), StringComparison.Ordinal);
        await SendAsync(webSocket, "40");
        Assert.StartsWith("40{", await ReceiveAsync(webSocket), StringComparison.Ordinal);
        await SendAsync(webSocket, """421["double",4]""");
        Assert.Equal("431[8]", await ReceiveAsync(webSocket));
    }

    [Fact]
    public async Task A_generic_host_runs_it()
    {
        using var host = new HostBuilder()
            .ConfigureWebHost(static web =>
                web.UseTestServer()
                    .ConfigureServices(static services => services.AddRouting().AddActorSocket())
                    .Configure(static app =>
                        app.UseRouting()
                            .UseEndpoints(static endpoints =>
                                endpoints.MapActorSocket().OnConnection(static socket => socket.Emit("hello"))
                            )
                    )
            )
            .Build();
        await host.StartAsync();
        using var webSocket = await host.GetTestServer()
            .CreateWebSocketClient()
            .ConnectAsync(new Uri("http://localhost/socket.io/?EIO=4&transport=websocket"), default);
        await ReceiveAsync(webSocket);
        await SendAsync(webSocket, "40");
        Assert.StartsWith("40{", await ReceiveAsync(webSocket), StringComparison.Ordinal);
        Assert.Equal("42[\"hello\"]", await ReceiveAsync(webSocket));
        await host.StopAsync();
    }

    [Fact]
    public async Task A_WebApplicationFactory_runs_an_application_by_polling_and_by_WebSocket()
    {
        await using var factory = new WebApplicationFactory<Program>(); // the lobby, as it is
        using var http = factory.CreateClient();
        const string handshake = "/socket.io/?EIO=4&transport=polling";
        var session = $"{handshake}&sid={(await http.GetStringAsync(handshake)).Split('"')[3]}";
        await http.PostAsync(session, new StringContent("40"));
        Assert.StartsWith("40{", await http.GetStringAsync(session), StringComparison.Ordinal);
        await http.PostAsync(session, new StringContent("420[\"ping?\"]"));
        Assert.Equal("430[true]", await http.GetStringAsync(session));
        await http.PostAsync(session, new StringContent("1"));

        using var webSocket = await factory
            .Server.CreateWebSocketClient()
            .ConnectAsync(new Uri("http://localhost/socket.io/?EIO=4&transport=websocket"), default);
        await ReceiveAsync(webSocket);
        await SendAsync(webSocket, "40");
        await ReceiveAsync(webSocket);
        await SendAsync(webSocket, "420[\"ping?\"]");
        Assert.Equal("430[true]", await ReceiveAsync(webSocket));
    }

    [Fact]
    public async Task Requests_services_and_actors_emit_with_the_server_that_is_injected()
    {
        const int each = 200;
        await using var app = TestApplication.Build(static services =>
        {
            services.AddActorSocket();
            services.AddHostedService<Announcer>();
        });
        var io = app.MapActorSocket();
        app.MapPost("/announce", static (ActorSocketServer server, int n) => server.Emit("request", n));
        await app.StartAsync();
        using var webSocket = await app.GetTestServer()
            .CreateWebSocketClient()
            .ConnectAsync(new Uri("http://localhost/socket.io/?EIO=4&transport=websocket"), default);
        await ReceiveAsync(webSocket);
        await SendAsync(webSocket, "40");
        await ReceiveAsync(webSocket);

        var actor = app.Services.GetRequiredService<ActorSystem>().ActorOf(Props.Create(() => new AnnouncingActor(io)));
        var service = app.Services.GetServices<IHostedService>().OfType<Announcer>().Single();
        using var http = app.GetTestClient();
        await Task.WhenAll(
            Task.Run(async () =>
            {
                for (var n = 0; n < each; n++)
                    (await http.PostAsync($"/announce?n={n}", null)).EnsureSuccessStatusCode();
            }),
            Task.Run(() => service.Announce(each)),
            Task.Run(() =>
            {
                for (var n = 0; n < each; n++)
                    actor.Tell(n);
            }));

        var got = new Dictionary<string, List<int>>(StringComparer.Ordinal) { ["request"] = [], ["service"] = [], ["actor"] = [] };
        for (var i = 0; i < 3 * each; i++)
        {
            var packet = System.Text.Json.JsonElement.Parse((await ReceiveAsync(webSocket))[2..]);
            got[packet[0].GetString()!].Add(packet[1].GetInt32());
        }
        Assert.All(got.Values, static numbers => Assert.Equal(Enumerable.Range(0, each), numbers)); // each emitter's own order
    }

    [Theory]
    [InlineData("/socket.io", HttpStatusCode.NotFound)]
    [InlineData("/SOCKET.IO/?EIO=4&transport=polling", HttpStatusCode.NotFound)]
    [InlineData("/socket.iox/?EIO=4&transport=polling", HttpStatusCode.NotFound)]
    [InlineData("/socket.io/anything?EIO=4&transport=polling", HttpStatusCode.OK)]
    public async Task The_path_is_matched_to_the_letter(string path, HttpStatusCode expected)
    {
        await using var app = TestApplication.Build(static services => services.AddActorSocket());
        app.MapActorSocket();
        await app.StartAsync();
        Assert.Equal(expected, (await app.GetTestClient().GetAsync(path)).StatusCode);
    }

    [Theory]
    [InlineData("/socket.io?EIO=4&transport=polling", HttpStatusCode.OK)]
    [InlineData("/socket.io/?EIO=4&transport=polling", HttpStatusCode.OK)]
    [InlineData("/socket.io/foo/bar/?EIO=4&transport=polling", HttpStatusCode.OK)]
    [InlineData("/socket.iox?EIO=4&transport=polling", HttpStatusCode.NotFound)]
    [InlineData("/socket.io?EIO=4&transport=pigeon", HttpStatusCode.BadRequest)]
    public async Task Without_AddTrailingSlash_the_bare_path_is_the_servers_too(string path, HttpStatusCode expected)
    {
        await using var app = TestApplication.Build(static services => services.AddActorSocket(static o => o.AddTrailingSlash = false));
        app.MapActorSocket();
        await app.StartAsync();
        Assert.Equal(expected, (await app.GetTestClient().GetAsync(path)).StatusCode);
    }

    [Fact]
    public async Task A_full_server_answers_503_and_says_when_to_come_again()
    {
        await using var app = TestApplication.Build(static services => services.AddActorSocket(static o => o.MaxConnections = 1));
        app.MapActorSocket();
        await app.StartAsync();
        var client = app.GetTestClient();
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/socket.io/?EIO=4&transport=polling")).StatusCode);
        var refused = await client.GetAsync("/socket.io/?EIO=4&transport=polling");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
    }

    [Fact]
    public async Task Stopping_tells_every_socket_and_ends_its_connection()
    {
        await using var app = TestApplication.Build(static services => services.AddActorSocket());
        var reason = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var io = app.MapActorSocket();
        io.OnConnection(socket => socket.OnDisconnect((Action<DisconnectReason>)(why => reason.TrySetResult(why.ToString()))));
        await app.StartAsync();
        using var webSocket = await app.GetTestServer()
            .CreateWebSocketClient()
            .ConnectAsync(new Uri("http://localhost/socket.io/?EIO=4&transport=websocket"), default);
        await ReceiveAsync(webSocket);
        await SendAsync(webSocket, "40");
        await ReceiveAsync(webSocket);
        var stopped = app.StopAsync();
        Assert.Equal("server shutting down", await reason.Task.WaitAsync(ServerTest.Patience));
        Assert.Equal(WebSocketMessageType.Close, (await webSocket.ReceiveAsync(new byte[10].AsMemory(), default)).MessageType);
        await stopped.WaitAsync(ServerTest.Patience);
        Assert.Equal(0, io.ConnectionCount);
    }

    internal sealed class Announcer(ActorSocketServer io) : BackgroundService
    {
        public void Announce(int count)
        {
            for (var n = 0; n < count; n++)
                io.Emit("service", n);
        }

        protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.CompletedTask;
    }

    private sealed class AnnouncingActor : ReceiveActor
    {
        public AnnouncingActor(ActorSocketServer io) => Receive<int>(n => io.Emit("actor", n));
    }

    private static async Task<string> ReceiveAsync(WebSocket webSocket)
    {
        var buffer = new byte[4096];
        var received = await webSocket.ReceiveAsync(buffer.AsMemory(), default).AsTask().WaitAsync(ServerTest.Patience);
        return Encoding.UTF8.GetString(buffer, 0, received.Count);
    }

    private static Task SendAsync(WebSocket webSocket, string text) =>
        webSocket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, default);
}
