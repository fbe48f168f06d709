using System.Net;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ActorSocket.Tests.Hosting;

/// <summary>The endpoint is mapped as any of ASP.NET Core's: in groups, at the root, with parameters.</summary>
public sealed class MappingTests
{
    private const string Query = "?EIO=4&transport=polling";

    [Theory]
    [InlineData("/api", "/socket.io", "/api/socket.io/")]
    [InlineData("/api/v1", "socket.io/", "/api/v1/socket.io/")]
    [InlineData("/api", "/", "/api/")]
    [InlineData("/api", "", "/api/")]
    [InlineData("/{tenant}", "/sio", "/acme/sio/")]
    [InlineData("/t-{tenant}", "/a/{room}/sio", "/t-acme/a/red/sio/")]
    [InlineData("", "/", "/")]
    [InlineData("", "", "/")]
    [InlineData("", "/{tenant}/sio", "/acme/sio/")]
    [InlineData("", "/{tenant:regex(^a)}/sio", "/acme/sio/")]
    [InlineData("", "/söcket", "/s%C3%B6cket/")]
    [InlineData("", "/a b", "/a%20b/")]
    public async Task It_is_served_in_groups_at_the_root_and_behind_parameters_by_every_transport(string group, string pattern, string path)
    {
        await using var app = await StartAsync(app =>
            (group.Length == 0 ? (IEndpointRouteBuilder)app : app.MapGroup(group)).MapActorSocket(pattern)
        );
        using var http = app.GetTestClient();
        var open = await http.GetStringAsync(path + Query);
        Assert.StartsWith("0{", open, StringComparison.Ordinal);
        var session = $"{path}{Query}&sid={open.Split('"')[3]}";
        Assert.Equal("ok", await (await http.PostAsync(session, new StringContent("40"))).Content.ReadAsStringAsync());
        Assert.StartsWith("40{", await http.GetStringAsync(session), StringComparison.Ordinal);
        Assert.Equal("{\"code\":0,\"message\":\"Transport unknown\"}", await (await http.GetAsync(path)).Content.ReadAsStringAsync());
        var bundle = await http.GetAsync(path + "socket.io.min.js");
        Assert.Equal((HttpStatusCode.OK, "application/javascript"), (bundle.StatusCode, bundle.Content.Headers.ContentType?.MediaType));
        using var webSocket = await app.GetTestServer()
            .CreateWebSocketClient()
            .ConnectAsync(new Uri($"http://localhost{path}?EIO=4&transport=websocket"), default);
        var buffer = new byte[1024];
        var got = await webSocket.ReceiveAsync(buffer, CancellationToken.None).WaitAsync(ServerTest.Patience);
        Assert.StartsWith("0{", Encoding.UTF8.GetString(buffer, 0, got.Count), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api", "/socket.io", "/API/socket.io/")]
    [InlineData("/api", "/socket.io", "/api/SOCKET.IO/")]
    [InlineData("/api", "/socket.io", "/api/socket.io")]
    [InlineData("/api", "/socket.io", "/socket.io/")]
    [InlineData("/api", "/", "/api")]
    [InlineData("", "/{tenant}/sio", "/acme/SIO/")]
    [InlineData("", "/{tenant}/sio", "/acme/sio")]
    [InlineData("", "/{tenant}/sio", "/sio/")]
    public async Task The_whole_path_is_matched_to_the_letter(string group, string pattern, string path)
    {
        await using var app = await StartAsync(app =>
            (group.Length == 0 ? (IEndpointRouteBuilder)app : app.MapGroup(group)).MapActorSocket(pattern)
        );
        Assert.Equal(HttpStatusCode.NotFound, (await app.GetTestClient().GetAsync(path + Query)).StatusCode);
    }

    [Theory]
    [InlineData("/api", "/socket.io", "/api/socket.io")]
    [InlineData("/api", "/", "/api")]
    [InlineData("", "/{tenant}/sio", "/acme/sio")]
    public async Task Without_AddTrailingSlash_the_bare_path_is_the_servers_too(string group, string pattern, string path)
    {
        await using var app = await StartAsync(
            app => (group.Length == 0 ? (IEndpointRouteBuilder)app : app.MapGroup(group)).MapActorSocket(pattern),
            static o => o.AddTrailingSlash = false
        );
        Assert.StartsWith("0{", await app.GetTestClient().GetStringAsync(path + Query), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_parameters_stand_for_is_in_the_handshake()
    {
        var handshake = new TaskCompletionSource<Handshake>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await StartAsync(app =>
        {
            var io = app.MapGroup("/{Tenant}").MapActorSocket("/games/{game}/sio");
            io.OnConnection(socket => { handshake.SetResult(socket.Handshake); });
            return io;
        });
        using var http = app.GetTestClient();
        const string path = "/acme%20ltd/games/go/sio/";
        var open = await http.GetStringAsync(path + Query);
        await http.PostAsync($"{path}{Query}&sid={open.Split('"')[3]}", new StringContent("40"));
        var known = await handshake.Task.WaitAsync(ServerTest.Patience);
        Assert.Equal([("Tenant", "acme ltd"), ("game", "go")], known.RouteValues.Select(static pair => (pair.Key, pair.Value)).Order());
        Assert.Equal("go", known.RouteValues["GAME"]);
    }

    [Fact]
    public async Task At_the_root_it_takes_what_no_other_endpoint_does()
    {
        await using var app = await StartAsync(static app =>
        {
            app.MapGet("/hello", static () => "hello");
            return app.MapActorSocket("/");
        });
        using var http = app.GetTestClient();
        Assert.Equal("hello", await http.GetStringAsync("/hello"));
        Assert.StartsWith("0{", await http.GetStringAsync("/anything" + Query), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_conventions_of_a_group_apply_and_one_server_may_be_mapped_twice()
    {
        await using var app = await StartAsync(static app =>
        {
            app.MapGroup("/guarded").RequireHost("game.example").MapActorSocket("/sio");
            return app.MapActorSocket("/open");
        });
        using var http = app.GetTestClient();
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("/guarded/sio/" + Query)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("http://game.example/guarded/sio/" + Query)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/open/" + Query)).StatusCode);
    }

    [Theory]
    [InlineData("/{tenant?}", "tenant")]
    [InlineData("/sio/{room=lobby}", "room")]
    [InlineData("/sio/{**all}", "all")]
    [InlineData("/sio/{*all}", "all")]
    [InlineData("/sio/{", "{")]
    public async Task A_path_that_cannot_be_mapped_is_refused_where_it_is_mapped_and_says_why(string pattern, string what)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddActorSocket();
        await using var app = builder.Build();
        var error = Assert.Throws<InvalidOperationException>(() => app.MapActorSocket(pattern));
        Assert.StartsWith($"A Socket.IO server cannot be mapped to '", error.Message, StringComparison.Ordinal);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/{tenant?}", "tenant")]
    [InlineData("/{tenant=acme}", "tenant")]
    public async Task A_groups_prefix_that_cannot_be_told_from_what_stands_behind_it_fails_the_start(string prefix, string what)
    {
        var error = await Assert.ThrowsAnyAsync<InvalidOperationException>(() =>
            StartAsync(app => app.MapGroup(prefix).MapActorSocket("/sio"))
        );
        Assert.StartsWith("A Socket.IO server cannot be mapped to '", error.Message, StringComparison.Ordinal);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_endpoint_that_cannot_be_made_is_not_the_starts_concern()
    {
        await using var app = await StartAsync(app =>
        {
            app.MapGet("/broken", static () => "").Finally(static _ => throw new InvalidOperationException("not ours"));
            return app.MapActorSocket("/sio");
        });
    }

    private static async Task<WebApplication> StartAsync(
        Func<WebApplication, ActorSocketServer> map,
        Action<ActorSocketOptions>? options = null
    )
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Services.Configure<RouteOptions>(static routes =>
            routes.SetParameterPolicy<Microsoft.AspNetCore.Routing.Constraints.RegexInlineRouteConstraint>("regex")
        );
        builder.Logging.ClearProviders();
        builder.Services.AddActorSocket(options);
        var app = builder.Build();
        map(app);
        await app.StartAsync();
        return app;
    }
}
