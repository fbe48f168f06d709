using Akka.TestKit.Xunit2;

namespace ActorSocket.TestKit.Tests;

/// <summary>What failures say, and that nothing passes that should fail.</summary>
public sealed class ExpectationTests
{
    private static Task<ActorSocketTestServer> StartAsync() => ActorSocketTestServer.StartAsync(map: static io => io.OnConnection(socket =>
    {
        socket.On("echo", (string name, SocketArguments all) => socket.Emit(name, all.Skip(1).ToArray()));
        socket.On("silence", static () => { });
        socket.On("hang up", () => socket.DisconnectAsync());
        socket.On("later", async (string name) =>
        {
            for (var turn = 0; turn < 20; turn++)
                await Task.Yield();
            socket.Emit(name);
        });
    }));

    [Fact]
    public async Task A_failure_says_what_was_awaited_and_what_came_instead()
    {
        await using var server = await StartAsync();
        var alice = await server.ConnectAsync(configure: static o => o.Name = "alice");
        alice.Emit("echo", "first", 1);
        await alice.ExpectAsync("first");
        alice.Emit("echo", "second", new { text = "hi" });
        alice.Emit("echo", "third");
        await server.SettleAsync();
        server.Patience = TimeSpan.FromMilliseconds(200);
        var late = await Assert.ThrowsAsync<ExpectationException>(() => alice.ExpectAsync("fourth"));
        Assert.Equal(
            """
            alice (/) was to get "fourth"; it did not come within 0.2 s.
            What has come, and was not expected:
              second([{"text":"hi"}])
              third([])
            What was expected before: first([1])
            """,
            late.Message);
        var wrong = await Assert.ThrowsAsync<ExpectationException>(() => alice.ExpectNextAsync("third"));
        Assert.StartsWith("alice (/) was to get \"third\" next; something else came.", wrong.Message, StringComparison.Ordinal);
        await alice.ExpectNextAsync("second");
        await alice.ExpectNextAsync("third");
        var unanswered = await Assert.ThrowsAsync<ExpectationException>(() => alice.EmitWithAckAsync<int>("unheard-of"));
        Assert.Contains("acknowledgement of \"unheard-of\"; it did not come within", unanswered.Message, StringComparison.Ordinal);
        server.Patience = TimeSpan.FromSeconds(20);
        alice.Emit("silence");
        await alice.ExpectNothingAsync();
    }

    [Fact]
    public async Task Nothing_is_expected_in_vain()
    {
        await using var server = await StartAsync();
        var alice = await server.ConnectAsync();
        var bob = await server.ConnectAsync();
        for (var i = 0; i < 50; i++)
        {
            alice.Emit("later", "surprise");
            var failure = await Assert.ThrowsAsync<ExpectationException>(() => alice.ExpectNothingAsync());
            Assert.Contains("surprise()", failure.Message, StringComparison.Ordinal);
            await alice.ExpectNoneAsync("other");
            await Assert.ThrowsAsync<ExpectationException>(() => alice.ExpectNoneAsync("surprise"));
            await bob.ExpectNothingAsync();
            alice.Clear();
        }
    }

    [Fact]
    public async Task Who_is_disconnected_waits_no_longer()
    {
        await using var server = await StartAsync();
        server.Patience = TimeSpan.FromMinutes(1);
        var alice = await server.ConnectAsync();
        alice.Emit("hang up");
        var failure = await Assert.ThrowsAsync<ExpectationException>(() => alice.ExpectAsync("news"));
        Assert.EndsWith("Nothing else has come.\nIt is disconnected: io server disconnect.", failure.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ExpectationException>(() => alice.ExpectDisconnectAsync("transport close"));
        Assert.Throws<ExpectationException>(() => alice.Emit("echo"));
    }

    [Fact]
    public async Task A_failure_says_what_the_server_has_logged()
    {
        await using var server = await ActorSocketTestServer.StartAsync(map: static io => io.OnConnection(static socket =>
        {
            socket.On("double", (int n) => socket.Emit("doubled", 2 * n));
            socket.On("throw", static void () => throw new InvalidOperationException("a bug"));
        }));
        var alice = await server.ConnectAsync();
        alice.Emit("throw");
        alice.Emit("double", "two");
        await server.SettleAsync();
        server.Patience = TimeSpan.FromMilliseconds(200);
        var failure = await Assert.ThrowsAsync<ExpectationException>(() => alice.ExpectAsync("doubled"));
        Assert.Contains(
            "Error, ActorSocket: A handler of namespace / threw. InvalidOperationException: a bug",
            failure.Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "Debug, ActorSocket: A client of namespace / sent what is not taken: ",
            failure.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task An_argument_of_another_shape_is_shown()
    {
        await using var server = await StartAsync();
        var alice = await server.ConnectAsync();
        server.Io.Emit("count", "seven");
        var failure = await Assert.ThrowsAsync<ExpectationException>(() => alice.ExpectAsync<int>("count"));
        Assert.StartsWith("count(\"seven\") came, but its argument 1 cannot be read as a Int32", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_handler_that_blocks_is_named_as_the_cause()
    {
        using var release = new ManualResetEventSlim();
        await using var server = await ActorSocketTestServer.StartAsync(map: io => io.OnConnection(socket =>
        {
            socket.On("block", () => release.Wait());
        }));
        var alice = await server.ConnectAsync();
        alice.Emit("block");
        server.Patience = TimeSpan.FromSeconds(2);
        var failure = await Assert.ThrowsAsync<ExpectationException>(() => alice.ExpectNothingAsync());
        release.Set();
        Assert.Contains("Actors are still busy", failure.Message, StringComparison.Ordinal);
    }
}

/// <summary>What a room is told, and Akka.TestKit's own probes.</summary>
public sealed class ProbeTests : Akka.TestKit.Xunit2.TestKit
{
    [Fact]
    public async Task A_room_is_watched_whoever_is_in_it()
    {
        await using var server = await ActorSocketTestServer.StartAsync(map: static io =>
        {
            io.Of("/chat").OnConnection(static async socket =>
            {
                await socket.JoinAsync("red");
                socket.On("say", (string text) => socket.To("red").Emit("said", text));
                socket.On("ask", async () => await socket.To("red").Timeout(TimeSpan.FromSeconds(5)).EmitWithAckAsync<int>("sure?"));
            });
        });
        using var red = server.Room("/chat", "red");
        using var blue = server.Room("/chat", "blue");
        using var other = server.Room("red");
        var alice = await server.ConnectAsync("/chat");
        alice.Emit("say", "hi");
        Assert.Equal("hi", await red.ExpectAsync<string>("said"));
        server.Io.Of("/chat").To("red", "blue").Emit("both", new byte[] { 1 });
        server.Io.Of("/chat").To("red").Volatile.Emit("maybe");
        Assert.Equal([1], await red.ExpectAsync<byte[]>("both"));
        await red.ExpectAsync("maybe");
        await blue.ExpectAsync("both");
        await alice.EmitWithAckAsync<int[]>("ask");
        await red.ExpectAsync("sure?");
        server.Io.Of("/chat").Emit("all"); // to the namespace, not to its rooms
        await red.ExpectNothingAsync();
        await blue.ExpectNothingAsync();
        await other.ExpectNothingAsync();
        alice.Emit("say", "again");
        var failure = await Assert.ThrowsAsync<ExpectationException>(() => red.ExpectNothingAsync());
        Assert.StartsWith("Room \"red\" (/chat) was to get nothing.", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Probes_of_Akka_get_what_clients_and_rooms_get()
    {
        await using var server = await ActorSocketTestServer.StartAsync(map: io => io.OnConnection(async socket =>
        {
            await socket.JoinAsync("red");
            socket.On("say", (string text) => io.To("red").Emit("said", text));
        }));
        var alice = await server.ConnectAsync();
        using var red = server.Room("red");
        var (client, room) = (CreateTestProbe(), CreateTestProbe());
        alice.ForwardTo(client);
        red.ForwardTo(room);
        alice.Emit("say", "hi");
        Assert.Equal("hi", client.ExpectMsg<ReceivedEvent>(static e => e.Name == "said").As<string>());
        Assert.Equal("hi", room.ExpectMsg<ReceivedEvent>().As<string>());
    }

    [Fact]
    public async Task A_probe_may_be_the_actor_that_handles_a_socket()
    {
        var handler = CreateTestProbe();
        await using var server = await ActorSocketTestServer.StartAsync(map: io => io.OnConnection(socket => socket.ForwardTo(handler)));
        var alice = await server.ConnectAsync();
        var socket = handler.ExpectMsg<SocketMessages.Connected>().Socket;
        Assert.Equal(alice.Id, socket.Id);
        var asked = alice.EmitWithAckAsync<string>("move", 3);
        var move = handler.ExpectMsg<SocketMessages.Event>();
        Assert.Equal(("move", 3), (move.Name, move.Arguments[0].As<int>()));
        move.Ack!.Send("done");
        Assert.Equal("done", await asked);
        handler.Send(socket.Actor, new SocketMessages.Emit("board", [1, 2]));
        Assert.Equal(2, (await alice.ExpectAsync("board")).As<int>(1));
    }
}
