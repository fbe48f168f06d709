using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using ActorSocket.TestKit;
using Akka.Actor;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ActorSocket.Tests.Api;

/// <summary>The HTTP API, as a program in another language would use it, with clients who see what comes of it.</summary>
public sealed class ApiTests : IAsyncLifetime
{
    private static readonly string[] Both = ["blue", "green"];

    private WebApplication _app = null!;
    private ActorSocketTestServer _server = null!;
    private HttpClient _http = null!;

    public async Task InitializeAsync()
    {
        _app = Build(static api => api.RequireAuthorization());
        await _app.StartAsync();
        _server = await ActorSocketTestServer.AttachAsync(_app.GetTestServer());
        _http = _app.GetTestClient();
        _http.DefaultRequestHeaders.Add("X-Operator", "grace");
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task An_event_reaches_the_rooms_that_are_named()
    {
        var (ada, bob) = (await ConnectAsync("ada", "red"), await ConnectAsync("bob", "blue"));
        var sent = await PostAsync("emit", new { @event = "news", args = new object[] { 1, new { a = "b" } }, rooms = new[] { "red" } });
        Assert.Equal(HttpStatusCode.Accepted, sent.StatusCode);
        var news = await ada.ExpectAsync("news");
        Assert.Equal((1, """{"a":"b"}"""), (news.As<int>(0), news.As<JsonElement>(1).GetRawText()));
        await bob.ExpectNothingAsync();

        await PostAsync("emit", new { @event = "news", except = new[] { ada.Id }, @volatile = true });
        Assert.Empty((await bob.ExpectAsync("news")).Arguments);
        await ada.ExpectNothingAsync();
    }

    [Fact]
    public async Task Clients_are_asked_and_who_is_silent_is_counted()
    {
        var (ada, bob) = (await ConnectAsync("ada", "red"), await ConnectAsync("bob", "red"));
        ada.On("sum", static question => question.As<int>(0) + question.As<int>(1));
        bob.On("sum", static _ => 0);
        var answer = await PostAsync("ask", new { @event = "sum", args = new[] { 2, 3 }, rooms = new[] { "red" } });
        Assert.Equal([0, 5], (await JsonAsync(answer)).GetProperty("answers").EnumerateArray().Select(static n => n.GetInt32()).Order());

        bob.Off("sum");
        answer = await PostAsync("ask", new { @event = "sum", args = new[] { 2, 3 }, rooms = new[] { "red" }, timeoutMs = 50 });
        var problem = await ProblemAsync(answer, HttpStatusCode.GatewayTimeout);
        Assert.Equal(1, problem.GetProperty("missing").GetInt32());
        Assert.Equal(5, problem.GetProperty("answers").EnumerateArray().Single().GetInt32());
    }

    [Fact]
    public async Task Sockets_join_leave_and_are_disconnected()
    {
        var ada = await ConnectAsync("ada", "red");
        Assert.Equal(HttpStatusCode.NoContent, (await PostAsync("join", new { rooms = new[] { ada.Id }, targets = Both })).StatusCode);
        Assert.Superset((HashSet<string>)["red", "blue", "green"], ada.Socket.Rooms.ToHashSet(StringComparer.Ordinal));
        await PostAsync("leave", new { rooms = new[] { "green" }, targets = new[] { "blue" } });
        Assert.DoesNotContain("blue", ada.Socket.Rooms, StringComparer.Ordinal);
        Assert.Equal(HttpStatusCode.NoContent, (await PostAsync("disconnect", new { rooms = new[] { "green" } })).StatusCode);
        await ada.ExpectDisconnectAsync("io server disconnect");
    }

    [Fact]
    public async Task Sockets_are_listed_without_what_their_clients_have_shown()
    {
        var ada = await ConnectAsync("ada", "red");
        await ConnectAsync("bob", "red");
        ada.Socket.Data["level"] = 3;
        ada.Socket.Data["actor"] = ActorRefs.Nobody; // no JSON
        var answer = await _http.GetStringAsync("/api/io/sockets?room=red&limit=1");
        var sockets = JsonSerializer.Deserialize<JsonElement>(answer);
        Assert.Equal((1, 2), (sockets.GetProperty("sockets").GetArrayLength(), sockets.GetProperty("total").GetInt32()));
        Assert.DoesNotContain("secret", answer, StringComparison.Ordinal);

        answer = await _http.GetStringAsync($"/api/io/sockets?room={ada.Id}&data=true");
        var one = JsonSerializer.Deserialize<JsonElement>(answer).GetProperty("sockets").EnumerateArray().Single();
        Assert.Equal((ada.Id, 3), (one.GetProperty("id").GetString(), one.GetProperty("data").GetProperty("level").GetInt32()));
        Assert.Contains("red", one.GetProperty("rooms").EnumerateArray().Select(static room => room.GetString()), StringComparer.Ordinal);
    }

    [Fact]
    public async Task Rooms_sockets_and_users_are_counted()
    {
        await ConnectAsync("ada", "red");
        await ConnectAsync("bob", "red");
        await ConnectAsync("eve", "blue");
        Assert.Equal(2, (await GetAsync("count?room=red")).GetProperty("count").GetInt32());
        Assert.Equal(3, (await GetAsync("count")).GetProperty("count").GetInt32());
        Assert.Equal("""["blue","red"]""", (await GetAsync("rooms")).GetProperty("rooms").GetRawText());
        Assert.Equal("""["red"]""", (await GetAsync("rooms?prefix=r")).GetProperty("rooms").GetRawText());
        Assert.Equal("""["red"]""", (await GetAsync("rooms?after=blue")).GetProperty("rooms").GetRawText());

        var users = await GetAsync("users?limit=2");
        Assert.Equal((2, 3), (users.GetProperty("users").GetArrayLength(), users.GetProperty("online").GetInt32()));
        var ada = await GetAsync("users/ada");
        Assert.Equal((true, 1), (ada.GetProperty("isOnline").GetBoolean(), ada.GetProperty("devices").GetInt32()));
        await ProblemAsync(await _http.GetAsync(new Uri("/api/io/users/mallory", UriKind.Relative)), HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Entities_are_called_and_say_no_in_their_own_words()
    {
        Assert.Equal(3, (await JsonAsync(await PostAsync("entities/counter/a/add", new { args = new[] { 3 } }))).GetInt32());
        Assert.Equal(7, (await JsonAsync(await PostAsync("entities/counter/a/add", new { args = new[] { 4 } }))).GetInt32());

        var answer = await PostAsync("entities/counter/a/add", new { args = new[] { -1 } });
        var refused = await ProblemAsync(answer, HttpStatusCode.UnprocessableEntity);
        Assert.Equal(("Upwards only.", "DOWN"), (refused.GetProperty("detail").GetString(), refused.GetProperty("code").GetString()));
        await ProblemAsync(await PostAsync("entities/counter/a/nothing", new { }), HttpStatusCode.BadGateway);
        await ProblemAsync(await PostAsync("entities/nobody/a/add", new { }), HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("emit", """{"args":[1]}""", "event")]
    [InlineData("emit", """{"event":"e","rooms":[]}""", "rooms")]
    [InlineData("emit", """{"event":"e","namespace":"/misspelt"}""", "namespace")]
    [InlineData("ask", """{"event":"e","timeoutMs":0}""", "timeoutMs")]
    [InlineData("join", """{"rooms":["a"]}""", "targets")]
    [InlineData("emit", """{"event":"connect"}""", null)]
    [InlineData("emit", "no JSON", null)]
    [InlineData("disconnect", """{"room":"red"}""", null)]
    [InlineData("emit", """{"event":"e","exclude":["a"]}""", null)]
    [InlineData("join", """{"targets":[null]}""", "targets")]
    public async Task What_is_wrong_is_named(string path, string body, string? field)
    {
        using var content = new StringContent(body, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));
        var answer = await _http.PostAsync("/api/io/" + path, content);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        if (field is not null)
            Assert.NotEmpty((await JsonAsync(answer)).GetProperty("errors").GetProperty(field).EnumerateArray());
        Assert.False(_server.Io.Server.Namespaces.TryGet("/misspelt", out _));
    }

    [Fact]
    public async Task Who_has_not_signed_in_can_do_nothing()
    {
        var ada = await ConnectAsync("ada", "red");
        using var stranger = _app.GetTestClient();
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.PostAsJsonAsync("/api/io/emit", new { @event = "news" })).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync(new Uri("/api/io/sockets", UriKind.Relative))).StatusCode);
        await ada.ExpectNothingAsync();
    }

    [Fact]
    public async Task An_application_that_does_not_say_who_may_does_not_start()
    {
        await using var app = Build(static _ => { });
        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await app.StartAsync();
            using var http = app.GetTestClient();
            await http.GetAsync(new Uri("/api/io/sockets", UriKind.Relative));
        });
        Assert.Contains(".RequireAuthorization", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenAPI_describes_each_request()
    {
        var document = JsonSerializer.Deserialize<JsonElement>(await _http.GetStringAsync("/openapi/v1.json"));
        var paths = document.GetProperty("paths");
        string[] expected =
        [
            "emit", "ask", "join", "leave", "disconnect", "sockets", "count", "rooms", "users", "users/{id}",
            "entities/{type}/{id}/{method}",
        ];
        foreach (var path in expected)
        {
            var operation = paths.GetProperty("/api/io/" + path).EnumerateObject().Single().Value;
            Assert.NotEmpty(operation.GetProperty("summary").GetString()!);
            Assert.True(operation.GetProperty("responses").TryGetProperty("400", out _), path);
        }
    }

    private static WebApplication Build(Action<IEndpointConventionBuilder> guard)
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        builder.Services.AddActorSocket();
        builder.Services.AddOpenApi();
        builder.Services.AddAuthentication("operator").AddScheme<AuthenticationSchemeOptions, OperatorScheme>("operator", null);
        builder.Services.AddAuthorization();
        builder.Services.AddActorSocketTestKit();
        var app = builder.Build();
        app.MapOpenApi();
        var io = app.MapActorSocket();
        io.UsePresence(static options => options.UserId = static socket => socket.Handshake.Auth.GetProperty("name").GetString());
        io.OnConnection(static async socket =>
        {
            if (socket.Handshake.Auth.TryGetProperty("room", out var room))
                await socket.JoinAsync(room.GetString()!);
        });
        io.MapEntities<Counter>("counter");
        guard(app.MapActorSocketApi());
        return app;
    }

    private Task<ActorSocketTestClient> ConnectAsync(string name, string room) => _server.ConnectAsync("/", options =>
    {
        options.Name = name;
        options.Auth = new { room, name, token = "secret" };
    });

    private async Task<JsonElement> GetAsync(string path) =>
        JsonSerializer.Deserialize<JsonElement>(await _http.GetStringAsync("/api/io/" + path));

    private Task<HttpResponseMessage> PostAsync(string path, object body) => _http.PostAsJsonAsync("/api/io/" + path, body);

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage answer) =>
        JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync());

    private static async Task<JsonElement> ProblemAsync(HttpResponseMessage answer, HttpStatusCode status)
    {
        Assert.Equal(status, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        return await JsonAsync(answer);
    }

    internal sealed class Counter : RoomEntity
    {
        private int _count;

        [Event("add")]
        public int Add(int n) => n >= 0 ? _count += n : throw new EventException("Upwards only.") { Code = "DOWN" };
    }
}
