using ActorSocket.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace ActorSocket.Tests.Sockets;

public sealed class ServerEventTests : ServerTest
{
    [Fact]
    public async Task On_one_node_nobody_hears_them_and_the_answers_are_none_at_once()
    {
        var io = new ActorSocketServer(NewServer());
        io.OnServerEvent("sync", static () => Assert.Fail("its own node does not hear it"));
        io.ServerSide.Emit("sync", 1, "x", (object?)null);
        Assert.Empty(await io.ServerSide.Timeout(TimeSpan.FromHours(1)).EmitWithAckAsync<int>("sync", 1).WaitAsync(Patience));
        Assert.Empty(await io.Of("/a").ServerSide.EmitWithAckAsync<int>("sync").WaitAsync(Patience));
    }

    [Theory]
    [InlineData("connect")]
    [InlineData("connection")]
    [InlineData("new_namespace")]
    public async Task Names_of_the_servers_own_events_are_reserved(string name)
    {
        var io = new ActorSocketServer(NewServer());
        Assert.StartsWith(
            $"\"{name}\" is a reserved event name",
            Assert.Throws<ArgumentException>(() => io.ServerSide.Emit(name)).Message,
            StringComparison.Ordinal
        );
        await Assert.ThrowsAsync<ArgumentException>(() => io.ServerSide.EmitWithAckAsync<int>(name));
        Assert.Throws<ArgumentException>(() => io.OnServerEvent(name, static () => { }));
    }

    [Fact]
    public async Task What_the_handler_returns_is_the_nodes_answer()
    {
        var ns = new ActorSocketServer(NewServer()).Of("/jobs");
        using var add = ns.OnServerEvent("add", static (int a, int b) => a + b);
        ns.OnServerEvent("later", static async (string text) =>
        {
            await Task.Yield();
            return new { Text = text };
        });
        ns.OnServerEvent("bytes", static (byte[] data, SocketArguments all) => data.Length + all.Count);
        Assert.Equal("[3]", await RaiseAsync(ns, "add", "[1,2]"));
        Assert.Equal("""[{"text":"ä"}]""", await RaiseAsync(ns, "later", """["ä"]"""));
        Assert.Equal("[4]", await RaiseAsync(ns, "bytes", """["AQID"]""")); // binary travels as base64
        add.Dispose();
        Assert.Null(await RaiseAsync(ns, "add", "[1,2]"));
    }

    [Fact]
    public async Task The_first_answer_counts_and_an_acknowledgement_may_come_before_the_handler_ends()
    {
        var ns = new ActorSocketServer(NewServer()).Of("/jobs");
        var forever = new TaskCompletionSource();
        ns.OnServerEvent("ask", static (Ack ack) =>
        {
            Assert.True(ack.IsWanted);
            ack.Send("first");
            Assert.False(ack.IsWanted);
            ack.Send("second");
        });
        ns.OnServerEvent("ask", () => forever.Task);
        Assert.Equal("""["first"]""", await RaiseAsync(ns, "ask", "[]"));
        ns.OnServerEvent("silent", static () => { });
        Assert.Null(await RaiseAsync(ns, "silent", "[]"));
        ns.OnServerEvent("fails", static int () => throw new InvalidOperationException("on purpose"));
        Assert.Null(await RaiseAsync(ns, "fails", "[]"));
        ns.OnServerEvent("wrong", static (int number) => number);
        Assert.Null(await RaiseAsync(ns, "wrong", """["no number"]"""));
        Assert.Throws<ArgumentException>(() => ns.OnServerEvent("socket", static (Socket socket) => { }));
        forever.SetResult();
    }

    [Fact]
    public async Task Who_has_taken_the_acknowledgement_may_answer_after_the_handler_has_ended()
    {
        var ns = new ActorSocketServer(NewServer()).Of("/jobs");
        Ack? taken = null;
        ns.OnServerEvent("later", (Ack ack) => { taken = ack; });
        var answer = RaiseAsync(ns, "later", "[]");
        Assert.False(answer.IsCompleted);
        taken!.Send(7);
        Assert.Equal("[7]", await answer);
        ns.OnServerEvent("fails", static void (Ack _) => throw new InvalidOperationException("on purpose"));
        Assert.Null(await RaiseAsync(ns, "fails", "[]"));
    }

    [Fact]
    public async Task A_templates_handlers_are_those_of_its_namespaces()
    {
        var io = new ActorSocketServer(NewServer());
        var template = io.OfDynamic(new Regex("^/room-\\d+$", RegexOptions.None, TimeSpan.FromSeconds(1)));
        template.OnServerEvent("name", static () => "template");
        Assert.Equal("""["template"]""", await RaiseAsync(io.Of("/room-1"), "name", "[]"));
        Assert.Throws<NotSupportedException>(() => template.ServerSide.Emit("name"));
    }

    [Fact]
    public async Task The_other_nodes_get_the_arguments_and_their_answers_come_back()
    {
        var peers = new TwoPeers();
        var server = NewServer();
        server.Adapter = peers;
        var io = new ActorSocketServer(server);
        io.Of("/jobs").ServerSide.Emit("run", 1, new { Name = "x" }, new byte[] { 1, 2, 3 });
        Assert.Equal("""/jobs run [1,{"name":"x"},"AQID"]""", peers.Published);
        Assert.Equal([7, 8], await io.ServerSide.EmitWithAckAsync<int>("load"));
        peers.Missing = 1;
        var error = await Assert.ThrowsAsync<AckTimeoutException>(() => io.ServerSide.EmitWithAckAsync<int>("load"));
        Assert.Equal("timeout reached: missing 1 responses", error.Message);
        Assert.Equal([7, 8], error.Responses.Select(static response => response[0].As<int>()));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            io.ServerSide.EmitWithAckAsync<int>("load", new CancellationToken(canceled: true))
        );
    }

    private static async Task<string?> RaiseAsync(Namespace ns, string eventName, string arguments) =>
        await ns.ServerEvents.RaiseAsync(eventName, Encoding.UTF8.GetBytes(arguments)).WaitAsync(Patience) is { } answer
            ? Encoding.UTF8.GetString(answer)
            : null;

    private sealed class TwoPeers : OtherNodes
    {
        public string? Published { get; private set; }

        public int Missing { get; set; }

        public override void Raise(string ns, string eventName, byte[] arguments, string trace) =>
            Published = $"{ns} {eventName} {Encoding.UTF8.GetString(arguments)}";

        public override Task<ServerEventAnswers> AskNodesAsync(
            string ns,
            string eventName,
            byte[] arguments,
            string trace,
            TimeSpan timeout,
            CancellationToken cancellationToken
        )
        {
            Assert.Equal(TimeSpan.FromSeconds(5), timeout);
            cancellationToken.ThrowIfCancellationRequested();
            return Task.FromResult(new ServerEventAnswers(["[7]"u8.ToArray(), "[8,\"more\"]"u8.ToArray()], Missing));
        }
    }
}
