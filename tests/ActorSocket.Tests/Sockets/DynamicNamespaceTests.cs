using ActorSocket.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Akka.Actor;
using ActorSocket.Connections;
using ActorSocket.Hosting;

namespace ActorSocket.Tests.Sockets;

public sealed class DynamicNamespaceTests : ServerTest
{
    private static readonly Regex Pattern = new("^/room-\\d+$", RegexOptions.None, TimeSpan.FromSeconds(1));

    [Fact]
    public async Task Templates_are_asked_in_order_and_static_namespaces_win()
    {
        var server = NewServer();
        var io = new ActorSocketServer(server);
        io.Of("/room-1").OnConnection(static socket => socket.Emit("static"));
        io.OfDynamic(
                static (_, auth, token) =>
                    ValueTask.FromResult(auth.TryGetProperty("vip", out var vip) && vip.ValueKind is not JsonValueKind.False)
            )
            .OnConnection(static socket => socket.Emit("vip", socket.Namespace.Name));
        io.OfDynamic(Pattern).OnConnection(static socket => socket.Emit("pattern", socket.Namespace.Name));
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(server, webSocket);

        await AskAsync("40/room-1,", "40/room-1,{", "42/room-1,[\"static\"]");
        await AskAsync("40/room-2,", "40/room-2,{", "42/room-2,[\"pattern\",\"/room-2\"]");
        await AskAsync("40/room-3,{\"vip\":1}", "40/room-3,{", "42/room-3,[\"vip\",\"/room-3\"]");
        await AskAsync("40/elsewhere,", "44/elsewhere,{\"message\":\"Invalid namespace\"}");

        async Task AskAsync(string packet, params string[] answers)
        {
            session.Send(packet);
            foreach (var answer in answers)
                Assert.StartsWith(answer, await webSocket.NextAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_is_emitted_to_the_template_reaches_every_namespace_made_from_it()
    {
        var server = NewServer();
        var io = new ActorSocketServer(server);
        var template = io.OfDynamic(Pattern);
        var first = await JoinAsync(server, "/room-1");
        var second = await JoinAsync(server, "/room-2");
        template.Emit("all", 1);
        Assert.Equal("42/room-1,[\"all\",1]", await first.NextAsync());
        Assert.Equal("42/room-2,[\"all\",1]", await second.NextAsync());
        await template.SocketsJoinAsync("blue");
        template.To("blue").Emit("some");
        Assert.Equal("42/room-1,[\"some\"]", await first.NextAsync());
        Assert.Equal("42/room-2,[\"some\"]", await second.NextAsync());
        await Assert.ThrowsAsync<NotSupportedException>(() => template.FetchSocketsAsync());
        Assert.Empty(await template.Timeout(TimeSpan.FromSeconds(1)).EmitWithAckAsync<int>("ask"));
    }

    [Fact]
    public async Task A_namespace_made_in_code_has_the_handlers_of_the_pattern_it_fits()
    {
        var server = NewServer();
        var io = new ActorSocketServer(server);
        io.OfDynamic(Pattern).OnConnection(static socket => socket.Emit("pattern"));
        io.Of("room-7").OnConnection(static socket => socket.Emit("own"));
        var webSocket = await JoinAsync(server, "/room-7");
        Assert.Equal("42/room-7,[\"pattern\"]", await webSocket.NextAsync());
        Assert.Equal("42/room-7,[\"own\"]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task A_namespace_keeps_the_handlers_that_its_pattern_had_when_it_was_made()
    {
        var server = NewServer();
        var io = new ActorSocketServer(server);
        var template = io.OfDynamic(Pattern);
        template.OnConnection(static socket => socket.Emit("first"));
        await JoinAsync(server, "/room-1");
        template.OnConnection(static socket => socket.Emit("second"));
        template.Use(static (_, _) => throw new ConnectErrorException("closed"));
        var old = await JoinAsync(server, "/room-1");
        Assert.Equal("42/room-1,[\"first\"]", await old.NextAsync());
        template.Emit("fence");
        Assert.Equal("42/room-1,[\"fence\"]", await old.NextAsync());
        var session = await OpenAsync(server, old);
        session.Send("40/room-2,");
        Assert.Equal("44/room-2,{\"message\":\"closed\"}", await old.NextAsync());
    }

    [Fact]
    public async Task New_namespaces_are_announced()
    {
        var server = NewServer();
        var io = new ActorSocketServer(server);
        var announced = new List<string>();
        io.OnNewNamespace(ns => announced.Add(ns.Name));
        io.OfDynamic(Pattern);
        io.Of("/a");
        io.Of("/a");
        await JoinAsync(server, "/room-1");
        Assert.Equal(["/a", "/room-1"], announced);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_empty_one_is_removed_when_the_option_says_so_and_made_again_for_the_next_client(bool cleanup)
    {
        var server = NewServer(o =>
        {
            o.CleanupEmptyChildNamespaces = cleanup;
            o.MaxDynamicNamespaces = 1;
        });
        var io = new ActorSocketServer(server);
        io.OfDynamic(Pattern);
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(server, webSocket);
        session.Send("40/room-1,");
        Assert.StartsWith("40/room-1,{", await webSocket.NextAsync(), StringComparison.Ordinal);
        Assert.True(server.Namespaces.TryGet("/room-1", out var first));
        Watch(Assert.Single(first.Face.Sockets).Actor);
        session.Send("41/room-1,");
        await FishForMessageAsync<Terminated>(static _ => true, Patience);
        await HandledAsync(first.Actor);
        Assert.Equal(cleanup, !server.Namespaces.TryGet("/room-1", out _));

        // Who looked the old one up just before it went is sent to the new one; and there is room for one only.
        var connection = (ClientConnection)session.Connection.Consumer;
        connection.Namespaces.TryBegin("/room-1", out var attempt, out _);
        first.Actor.Tell(new ActorSocket.Connections.ConnectionEvents.ConnectSocket(connection, "/room-1", default, attempt));
        Assert.StartsWith("40/room-1,{", await webSocket.NextAsync(), StringComparison.Ordinal);
        session.Send("40/room-2,");
        Assert.Equal("44/room-2,{\"message\":\"Too many namespaces\"}", await webSocket.NextAsync());
        Assert.True(server.Namespaces.TryGet("/room-1", out var second));
        Assert.Equal(cleanup, !ReferenceEquals(first, second));
        if (!cleanup)
            return;
        Watch(first.Actor);
        Clock.Advance(TimeSpan.FromSeconds(10));
        await FishForMessageAsync<Terminated>(m => m.ActorRef.Equals(first.Actor), Patience);
    }

    [Fact]
    public async Task Namespaces_that_the_application_made_make_no_room_for_more_of_clients_than_the_limit()
    {
        var server = NewServer(static o =>
        {
            o.CleanupEmptyChildNamespaces = true;
            o.MaxDynamicNamespaces = 1;
        });
        var io = new ActorSocketServer(server);
        io.OfDynamic(Pattern);
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(server, webSocket);
        foreach (var name in (string[])["/room-7", "/room-8", "/room-9"])
            await JoinAndLeaveAsync(server, session, webSocket, io.Of(name).Name);
        session.Send("40/room-1,");
        Assert.StartsWith("40/room-1,{", await webSocket.NextAsync(), StringComparison.Ordinal);
        foreach (var name in (string[])["/room-2", "/room-3"])
        {
            session.Send($"40{name},");
            Assert.Equal($"44{name},{{\"message\":\"Too many namespaces\"}}", await webSocket.NextAsync());
        }
    }

    [Fact]
    public async Task At_the_limit_those_that_nobody_is_in_give_way_and_those_of_the_application_stay()
    {
        var server = NewServer(static o => o.MaxDynamicNamespaces = 3);
        var io = new ActorSocketServer(server);
        io.OfDynamic(Pattern);
        io.Of("/room-0");
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(server, webSocket);
        foreach (var name in (string[])["/room-0", "/room-1", "/room-2"])
            await JoinAndLeaveAsync(server, session, webSocket, name);
        await EnterAsync("/room-1"); // again
        await EnterAsync("/room-3");
        await EnterAsync("/room-4"); // in place of 2
        session.Send("40/room-5,");
        Assert.Equal("44/room-5,{\"message\":\"Too many namespaces\"}", await webSocket.NextAsync());
        Assert.Equal(
            ["/", "/room-0", "/room-1", "/room-3", "/room-4"],
            server.Namespaces.All.Select(static ns => ns.Name).Order(StringComparer.Ordinal),
            StringComparer.Ordinal
        );
        session.Send("41/room-1,");
        await EmptyAsync(server, "/room-1");
        await EnterAsync("/room-6");

        async Task EnterAsync(string name)
        {
            session.Send($"40{name},");
            Assert.StartsWith($"40{name},{{", await webSocket.NextAsync(), StringComparison.Ordinal);
        }
    }

    private static async Task JoinAndLeaveAsync(ServerServices server, TestSession session, FakeWebSocket webSocket, string ns)
    {
        session.Send($"40{ns},");
        Assert.StartsWith($"40{ns},{{", await webSocket.NextAsync(), StringComparison.Ordinal);
        session.Send($"41{ns},");
        await EmptyAsync(server, ns);
    }

    /// <summary>Completes when the namespace has noticed that its last socket is gone, and has told the root.</summary>
    private static async Task EmptyAsync(ServerServices server, string name)
    {
        if (!server.Namespaces.TryGet(name, out var ns))
            return;
        foreach (var socket in ns.Face.Sockets)
            await HandledAsync(socket.Actor).WaitAsync(Patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await HandledAsync(ns.Actor);
        await HandledAsync(server.Root);
    }

    private async Task<FakeWebSocket> JoinAsync(ServerServices server, string ns)
    {
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(server, webSocket);
        session.Send($"40{ns},");
        Assert.StartsWith($"40{ns},{{", await webSocket.NextAsync(), StringComparison.Ordinal);
        return webSocket;
    }
}
