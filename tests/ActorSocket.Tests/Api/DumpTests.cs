using System.Net;
using System.Text.Json;
using ActorSocket.TestKit;
using Akka.Actor;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ActorSocket.Tests.Api;

/// <summary>What an operator sees of a server that hangs, each time while it does.</summary>
public sealed class DumpTests : IAsyncLifetime
{
    private readonly TaskCompletionSource _never = new();
    private readonly TaskCompletionSource _gate = new();
    private readonly TaskCompletionSource _blocked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebApplication _app = null!;
    private ActorSocketTestServer _server = null!;
    private HttpClient _http = null!;

    public async Task InitializeAsync()
    {
        _app = Build(static dump => dump.AllowAnonymous());
        var io = _app.Services.GetRequiredService<ActorSocketServer>();
        io.OnConnection(async socket =>
        {
            socket.On("wait", () => _never.Task);
            socket.On("block", () =>
            {
                _blocked.TrySetResult();
                _gate.Task.Wait();
            });
            await socket.JoinAsync("red");
        });
        io.Of("/slow").Use(async (_, next) =>
        {
            await _never.Task;
            await next();
        });
        await _app.StartAsync();
        _server = await ActorSocketTestServer.AttachAsync(_app.GetTestServer());
        _http = _app.GetTestClient();
    }

    public async Task DisposeAsync()
    {
        _never.TrySetResult();
        _gate.TrySetResult();
        _http.Dispose();
        await _server.DisposeAsync();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task A_handler_that_does_not_end_is_named_with_what_waits_for_it()
    {
        var (ada, _) = (await _server.ConnectAsync(), await _server.ConnectAsync());
        ada.Emit("wait");
        ada.Emit("next", 1);
        var dump = await UntilAsync(static dump => WaitingOf(dump).Any(static one => one.GetProperty("eventsWaiting").GetInt32() == 2));
        var connection = Assert.Single(WaitingOf(dump)); // nothing waits for the other
        var socket = connection.GetProperty("sockets").EnumerateArray().Single();
        Assert.Equal((ada.Id, "/", "wait"), (TextOf(socket, "id"), TextOf(socket, "namespace"), TextOf(socket, "event")));
        Assert.Equal(1, socket.GetProperty("handlersAwaited").GetInt32());
        Assert.Matches(@"^00:0\d:\d\d", TextOf(socket, "awaitedFor"));
        Assert.DoesNotContain(ada.Socket.ConnectionId, dump.GetRawText(), StringComparison.Ordinal); // the client's secret
        Assert.Equal(2, dump.GetProperty("connections").GetProperty("open").GetInt32());
    }

    [Fact]
    public async Task A_handler_that_blocks_its_thread_is_named()
    {
        var ada = await _server.ConnectAsync();
        ada.Emit("block");
        await _blocked.Task.WaitAsync(TimeSpan.FromSeconds(30));
        var dump = await DumpAsync();
        var socket = WaitingOf(dump).Single().GetProperty("sockets").EnumerateArray().Single();
        Assert.Equal(("block", "PacketsRead"), (TextOf(socket, "event"), TextOf(socket, "at")));
        Assert.Contains(MailboxesOf(dump), static actor => TextOf(actor, "actor") == "SocketActor");
    }

    [Fact]
    public async Task Middleware_that_does_not_end_is_seen()
    {
        var joining = _server.ConnectAsync("/slow");
        var dump = await UntilAsync(static dump => WaitingOf(dump).Any());
        Assert.Equal(1, WaitingOf(dump).Single().GetProperty("connecting").GetInt32());
        _never.TrySetResult();
        await joining;
        await UntilAsync(static dump => !WaitingOf(dump).Any());
    }

    [Fact]
    public async Task A_client_that_does_not_take_what_is_sent_is_seen()
    {
        var ada = await _server.ConnectAsync("/", static options => options.Transport = TestTransport.Polling);
        ada.Pause();
        var news = new string('x', 1000);
        var dump = await UntilAsync(dump =>
        {
            ada.Socket.Emit("news", news); // the poll that waits takes the first
            return WaitingOf(dump).Any(static one => one.GetProperty("bytesToSend").GetInt64() > 2000);
        });
        var connection = WaitingOf(dump).Single();
        Assert.Equal("polling", TextOf(connection, "transport"));
        Assert.True(connection.GetProperty("packetsToSend").GetInt32() >= 2);
        Assert.False(connection.GetProperty("isPollWaiting").GetBoolean());
    }

    [Fact]
    public async Task Mailboxes_of_the_applications_own_actors_are_among_them()
    {
        var system = _app.Services.GetRequiredService<ActorSystem>();
        using var reached = new ManualResetEventSlim();
        var actor = system.ActorOf(Props.Create(() => new Stuck(reached, _gate)), "stuck");
        for (var i = 0; i < 4; i++)
            actor.Tell("work");
        Assert.True(reached.Wait(TimeSpan.FromSeconds(30)));
        var stuck = MailboxesOf(await DumpAsync()).Single(static actor => TextOf(actor, "path") == "/user/stuck");
        Assert.Equal(("Stuck", 3, "String"), (TextOf(stuck, "actor"), stuck.GetProperty("messages").GetInt32(), TextOf(stuck, "at")));
    }

    [Fact]
    public async Task Rooms_and_the_process_are_described()
    {
        await _server.ConnectAsync();
        await _server.ConnectAsync();
        var dump = await DumpAsync();
        var main = dump.GetProperty("namespaces").EnumerateArray().First();
        Assert.Equal(("/", 2, 1), (TextOf(main, "name"), main.GetProperty("sockets").GetInt32(), main.GetProperty("rooms").GetInt32()));
        var red = main.GetProperty("largestRooms").EnumerateArray().Single();
        Assert.Equal(("red", 2), (TextOf(red, "room"), red.GetProperty("members").GetInt32()));
        Assert.Equal(Environment.ProcessId, dump.GetProperty("process").GetProperty("id").GetInt32());
        Assert.Empty(dump.GetProperty("peers").EnumerateArray());
        Assert.Equal(HttpStatusCode.BadRequest, (await _http.GetAsync(new Uri("/debug/io?top=0", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task An_application_that_does_not_say_who_may_see_it_does_not_start()
    {
        await using var app = Build(static _ => { });
        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await app.StartAsync();
            using var http = app.GetTestClient();
            await http.GetAsync(new Uri("/debug/io", UriKind.Relative));
        });
        Assert.Contains("to MapActorSocketDump", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_an_operator_sees_it()
    {
        await using var app = Build(static dump => dump.RequireAuthorization());
        await app.StartAsync();
        using var http = app.GetTestClient();
        using var refused = await http.GetAsync(new Uri("/debug/io", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Empty(await refused.Content.ReadAsStringAsync());
        http.DefaultRequestHeaders.Add("X-Operator", "grace");
        using var shown = await http.GetAsync(new Uri("/debug/io", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, shown.StatusCode);
    }

    private static WebApplication Build(Action<IEndpointConventionBuilder> guard)
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        builder.Services.AddActorSocket();
        builder.Services.AddAuthentication("operator").AddScheme<AuthenticationSchemeOptions, OperatorScheme>("operator", null);
        builder.Services.AddAuthorization();
        builder.Services.AddActorSocketTestKit();
        var app = builder.Build();
        app.MapActorSocket();
        guard(app.MapActorSocketDump());
        return app;
    }

    private async Task<JsonElement> UntilAsync(Func<JsonElement, bool> isSo)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            var dump = await DumpAsync();
            if (isSo(dump))
                return dump;
            await Task.Delay(10, patience.Token);
        }
    }

    private async Task<JsonElement> DumpAsync() => JsonSerializer.Deserialize<JsonElement>(await _http.GetStringAsync("/debug/io"));

    private static JsonElement.ArrayEnumerator WaitingOf(JsonElement dump) =>
        dump.GetProperty("connections").GetProperty("waiting").EnumerateArray();

    private static JsonElement.ArrayEnumerator MailboxesOf(JsonElement dump) => dump.GetProperty("mailboxes").EnumerateArray();

    private static string TextOf(JsonElement item, string property) => item.GetProperty(property).GetString()!;

    private sealed class Stuck(ManualResetEventSlim reached, TaskCompletionSource gate) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            reached.Set();
            gate.Task.Wait();
        }
    }
}
