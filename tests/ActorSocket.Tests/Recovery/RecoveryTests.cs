using System.Text.Json;
using Akka.Actor;
using ActorSocket.Hosting;

namespace ActorSocket.Tests.Recovery;

public sealed class RecoveryTests : RecoveryTest
{
    [Fact]
    public async Task A_client_that_comes_back_gets_its_socket_and_what_it_missed_before_the_connect()
    {
        var server = StartServer();
        var connections = new List<Socket>();
        var ns = server.Namespaces.GetOrAdd("/", server).Face;
        ns.OnConnection(connections.Add);
        var first = await JoinAsync(server);
        await first.Socket.JoinAsync("room");
        first.Socket.Data["name"] = "Ada";
        first.Socket.Emit("seen");
        var offset = await first.OffsetOfAsync("[\"seen\"");
        await ReadyAsync(first);
        first.Socket.Volatile.Emit("not kept");
        // the client takes its last text for an offset, so that is one: of the event before
        Assert.Equal($"42[\"not kept\",\"{offset}\"]", await first.WebSocket.NextAsync());
        await ReadyAsync(first);
        first.Socket.Volatile.Emit("not kept", 1);
        Assert.Equal("42[\"not kept\",1]", await first.WebSocket.NextAsync()); // and a number for none
        await LoseAsync(first);
        ns.To("room").Emit("missed", 1);
        ns.To("elsewhere").Emit("not for it");
        ns.Except("room").Emit("not for it");
        ns.Emit("missed", 2);
        ns.To(first.Socket.Id).Emit("missed", new byte[] { 3 });
        ns.Volatile.Emit("not kept");

        var (webSocket, session) = await OpenAsync(server);
        session.Send(Claim(first.Secret, offset));
        Assert.StartsWith("42[\"missed\",1,\"", await webSocket.NextAsync(), StringComparison.Ordinal);
        Assert.StartsWith("42[\"missed\",2,\"", await webSocket.NextAsync(), StringComparison.Ordinal);
        Assert.StartsWith("451-[\"missed\",{\"_placeholder\":true,\"num\":0},\"", await webSocket.NextAsync(), StringComparison.Ordinal);
        Assert.Equal("<03>", await webSocket.NextAsync());
        Assert.Equal($$"""40{"sid":"{{first.Socket.Id}}","pid":"{{first.Secret}}"}""", await webSocket.NextAsync());

        var again = Assert.Single(ns.Sockets);
        await HandledAsync(again.Actor);
        Assert.NotSame(first.Socket, again);
        Assert.Same(again, connections[^1]);
        Assert.True(again.Recovered);
        Assert.False(first.Socket.Recovered);
        Assert.Equal("Ada", again.Data["name"]);
        Assert.Contains("room", again.Rooms, StringComparer.Ordinal);
        ns.To("room").Emit("on");
        Assert.StartsWith("42[\"on\",\"", await webSocket.NextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_event_is_missed_or_doubled_however_often_a_client_comes_back_while_others_emit()
    {
        var server = StartServer();
        var ns = server.Namespaces.GetOrAdd("/", server).Face;
        var current = await JoinAsync(server);
        await current.Socket.JoinAsync("room");
        using var stop = new CancellationTokenSource();
        var emitted = 0;
        var expected = 0;
        var emitting = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                if (emitted - Volatile.Read(ref expected) < 2_000) // within what the log holds
                    ns.To("room").Emit("n", emitted++);
                Thread.Yield();
            }
        });

        var offset = "";
        for (var round = 0; round < 20; round++)
        {
            // Reads some, then loses the connection with the rest unread.
            for (var i = 0; i < 20; i++)
                offset = Check(await current.WebSocket.NextAsync());
            await LoseAsync(current);
            var (webSocket, session) = await OpenAsync(server);
            session.Send(Claim(current.Secret, offset));
            var text = await webSocket.NextAsync();
            for (; !text.StartsWith("40{", StringComparison.Ordinal); text = await webSocket.NextAsync())
                offset = Check(text);
            current = new Joined(Assert.Single(ns.Sockets), session, webSocket, current.Secret);
        }
        await stop.CancelAsync();
        await emitting.WaitAsync(Patience);
        while (expected < emitted)
            offset = Check(await current.WebSocket.NextAsync());
        Assert.True(current.WebSocket.WroteNothing);

        string Check(string text)
        {
            using var json = JsonDocument.Parse(text[2..]);
            Assert.Equal(expected++, json.RootElement[1].GetInt32());
            return json.RootElement[2].GetString()!;
        }
    }

    [Theory]
    [InlineData("""{"pid":"SECRETx","offset":"OFFSET"}""")] // a secret that is not its
    [InlineData("""{"pid":"","offset":"OFFSET"}""")]
    [InlineData("""{"pid":7,"offset":"OFFSET"}""")]
    [InlineData("""{"pid":"SECRET","offset":7}""")]
    [InlineData("""{"pid":"SECRET","offset":"of nothing"}""")]
    [InlineData("""{"offset":"OFFSET"}""")]
    public async Task A_claim_that_cannot_be_met_makes_a_new_socket(string auth)
    {
        var server = StartServer();
        var first = await JoinAsync(server);
        first.Socket.Emit("seen");
        var offset = await first.OffsetOfAsync("[\"seen\"");
        await LoseAsync(first);
        var (webSocket, session) = await OpenAsync(server);
        session.Send(
            "40" + auth.Replace("SECRET", first.Secret, StringComparison.Ordinal).Replace("OFFSET", offset, StringComparison.Ordinal)
        );
        var joined = await JoinedAsync(server, webSocket, session);
        Assert.False(joined.Socket.Recovered);
        Assert.NotEqual(first.Id, joined.Id, StringComparer.Ordinal);
        Assert.NotEqual(first.Secret, joined.Secret, StringComparer.Ordinal);
        Assert.True(first.Secret.Length >= 20 && first.Secret != first.Id, "it cannot be guessed");
    }

    [Fact]
    public async Task Without_the_option_a_claim_is_nothing_and_nothing_is_added_to_events()
    {
        var server = NewServer();
        server.Namespaces.GetOrAdd("/", server).Face.OnConnection(static socket => socket.Emit("hello"));
        var (webSocket, session) = await OpenAsync(server);
        session.Send(Claim("secret", "offset"));
        Assert.Matches("^40{\"sid\":\"[^\"]+\"}$", await webSocket.NextAsync());
        Assert.Equal("42[\"hello\"]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task A_socket_is_given_back_once()
    {
        var server = StartServer();
        var first = await JoinAsync(server);
        first.Socket.Emit("seen");
        var offset = await first.OffsetOfAsync("[\"seen\"");
        await LoseAsync(first);
        var second = await ComeBackAsync(server, first.Secret, offset);
        Assert.Equal(first.Socket.Id, second.Id);
        await LoseAsync(second);
        var claimedTwice = await ComeBackAsync(server, "somebody else's", offset);
        Assert.NotEqual(first.Socket.Id, claimedTwice.Id, StringComparer.Ordinal);
        Assert.NotEqual("somebody else's", claimedTwice.Secret, StringComparer.Ordinal);
        Assert.Equal(first.Socket.Id, (await ComeBackAsync(server, second.Secret, offset)).Id);
        var third = await ComeBackAsync(server, second.Secret, "nonsense");
        Assert.NotEqual(first.Socket.Id, third.Id, StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_client_that_comes_back_before_its_loss_was_noticed_ends_its_old_connection()
    {
        var server = StartServer();
        var reason = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        server
            .Namespaces.GetOrAdd("/", server)
            .Face.OnConnection(socket =>
                socket.OnDisconnect(why =>
                {
                    reason.TrySetResult(why.ToString());
                })
            );
        var first = await JoinAsync(server);
        first.Socket.Emit("seen");
        var offset = await first.OffsetOfAsync("[\"seen\"");
        var second = await ComeBackAsync(server, first.Secret, offset);
        Assert.Equal(first.Socket.Id, second.Id);
        Assert.Equal("transport close", await reason.Task.WaitAsync(Patience));
        Assert.Equal("close", await first.WebSocket.NextAsync());
        Assert.False(first.Socket.Connected);
        Assert.Same(second.Socket, Assert.Single(server.Namespaces.GetOrAdd("/", server).Face.Sockets));
    }

    [Theory]
    [InlineData(3, true)]
    [InlineData(4, false)]
    public async Task More_events_than_the_log_holds_make_a_new_socket(int missed, bool recovered)
    {
        var server = StartServer(static o => o.ConnectionStateRecovery = new RecoveryOptions { MaxEvents = 3 });
        var first = await JoinAsync(server);
        first.Socket.Emit("seen");
        var offset = await first.OffsetOfAsync("[\"seen\"");
        await LoseAsync(first);
        for (var i = 0; i < missed; i++)
            server.Namespaces.GetOrAdd("/", server).Face.Emit("missed", i);
        Assert.Equal(recovered, (await ComeBackAsync(server, first.Secret, offset)).Id == first.Socket.Id);
    }

    [Fact]
    public async Task What_is_forgotten_while_the_client_is_let_in_makes_a_new_socket_on_the_same_connection()
    {
        var server = StartServer(static o => o.ConnectionStateRecovery = new RecoveryOptions { MaxEvents = 3, SkipMiddlewares = false });
        var main = server.Namespaces.GetOrAdd("/", server).Face;
        var first = await JoinAsync(server);
        first.Socket.Emit("seen");
        var offset = await first.OffsetOfAsync("[\"seen\"");
        await LoseAsync(first);
        var forgets = true;
        main.Use((_, next) =>
        {
            for (var i = 0; forgets && i < 4; i++)
                main.Emit("missed", i);
            forgets = false;
            return next();
        });
        var second = await ComeBackAsync(server, first.Secret, offset);
        Assert.NotEqual(first.Socket.Id, second.Id, StringComparer.Ordinal);
        Assert.NotEqual(first.Secret, second.Secret, StringComparer.Ordinal);
        Assert.False(second.Socket.Recovered);
        Assert.Same(second.Socket, Assert.Single(main.Sockets));
        main.Emit("after");
        Assert.StartsWith("42[\"after\"", await second.WebSocket.NextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_a_socket_that_was_not_let_in_no_end_is_raised()
    {
        var server = StartServer(static o => o.ConnectionStateRecovery = new RecoveryOptions { MaxEvents = 3, SkipMiddlewares = false });
        var main = server.Namespaces.GetOrAdd("/", server).Face;
        var first = await JoinAsync(server);
        first.Socket.Emit("seen");
        var offset = await first.OffsetOfAsync("[\"seen\"");
        await LoseAsync(first);
        Socket? notLetIn = null;
        var raised = 0;
        main.Use((socket, next) =>
        {
            if (notLetIn is not null)
                return next();
            notLetIn = socket;
            socket.OnDisconnecting(_ => { raised++; });
            socket.OnDisconnect(_ => { raised++; });
            for (var i = 0; i < 4; i++)
                main.Emit("missed", i);
            return next();
        });
        await ComeBackAsync(server, first.Secret, offset);
        Watch(notLetIn!.Actor);
        await FishForMessageAsync<Terminated>(m => m.ActorRef.Equals(notLetIn.Actor), Patience);
        Assert.Equal(0, raised);
    }

    /// <summary>The client would be cut as one that does not read, come back, and be cut again.</summary>
    [Theory]
    [InlineData(1024, 1000)]
    [InlineData(100_000, 10)]
    public async Task More_than_may_wait_for_a_client_makes_a_new_socket(int bytes, int packets)
    {
        var server = StartServer(o => (o.MaxOutboundBytes, o.MaxOutboundPackets) = (bytes, packets));
        var main = server.Namespaces.GetOrAdd("/", server).Face;
        var first = await JoinAsync(server);
        first.Socket.Emit("seen");
        var offset = await first.OffsetOfAsync("[\"seen\"");
        await LoseAsync(first);
        for (var i = 0; i < 10; i++)
            main.Emit("missed", new string('x', 200));
        var session = await OpenAsync(server, webSocket: null);
        session.Send(Claim(first.Secret, offset));
        Assert.StartsWith("40{\"sid\"", await session.PollAsync(), StringComparison.Ordinal);
        var again = Assert.Single(main.Sockets);
        Assert.NotEqual(first.Id, again.Id, StringComparer.Ordinal);
        main.Emit("after");
        Assert.StartsWith("42[\"after\"", await session.PollAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_is_refused_may_try_again()
    {
        var server = StartServer(static o => o.ConnectionStateRecovery = new RecoveryOptions { SkipMiddlewares = false });
        var main = server.Namespaces.GetOrAdd("/", server).Face;
        var isRefused = false;
        main.Use((_, next) => isRefused ? throw new ConnectErrorException("not now") : next());
        var first = await JoinAsync(server);
        first.Socket.Emit("seen");
        var offset = await first.OffsetOfAsync("[\"seen\"");
        await LoseAsync(first);
        main.Emit("missed");
        isRefused = true;
        var (webSocket, session) = await OpenAsync(server);
        session.Send(Claim(first.Secret, offset));
        Assert.Equal("44{\"message\":\"not now\"}", await webSocket.NextAsync());
        isRefused = false;
        session.Send(Claim(first.Secret, offset));
        Assert.StartsWith("42[\"missed\"", await webSocket.NextAsync(), StringComparison.Ordinal);
        Assert.Equal(first.Id, (await JoinedAsync(server, webSocket, session)).Id);
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(3, false)]
    public async Task More_lost_sockets_than_the_limit_forget_the_oldest(int lost, bool recovered)
    {
        var server = StartServer(static o => o.ConnectionStateRecovery = new RecoveryOptions { MaxSockets = 2 });
        var all = new List<Joined>();
        for (var i = 0; i < lost; i++)
            all.Add(await JoinAsync(server));
        all[0].Socket.Emit("seen");
        var offset = await all[0].OffsetOfAsync("[\"seen\"");
        foreach (var one in all)
            await LoseAsync(one);
        Assert.Equal(recovered, (await ComeBackAsync(server, all[0].Secret, offset)).Id == all[0].Socket.Id);
    }

    [Theory]
    [InlineData(120, true)]
    [InlineData(121, false)]
    public async Task A_lost_socket_waits_for_as_long_as_the_option_says(int seconds, bool recovered)
    {
        var time = new ManualTime();
        var server = StartServer(time: time);
        var first = await JoinAsync(server);
        first.Socket.Emit("seen");
        var offset = await first.OffsetOfAsync("[\"seen\"");
        await LoseAsync(first);
        time.Seconds += seconds;
        Assert.Equal(recovered, (await ComeBackAsync(server, first.Secret, offset)).Id == first.Socket.Id);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 2)]
    public async Task Middleware_is_passed_by_when_the_option_says_so(bool skip, int runs)
    {
        var server = StartServer(o => o.ConnectionStateRecovery = new RecoveryOptions { SkipMiddlewares = skip });
        var ran = 0;
        server.Namespaces.GetOrAdd("/", server).Face.Use((_, next) =>
        {
            ran++;
            return next();
        });
        var first = await JoinAsync(server);
        first.Socket.Emit("seen");
        var offset = await first.OffsetOfAsync("[\"seen\"");
        await LoseAsync(first);
        Assert.Equal(first.Socket.Id, (await ComeBackAsync(server, first.Secret, offset)).Id);
        Assert.Equal(runs, ran);
    }

    [Fact]
    public async Task What_the_middleware_emits_to_a_recovered_socket_comes_once()
    {
        var server = StartServer(static o => o.ConnectionStateRecovery = new RecoveryOptions { SkipMiddlewares = false });
        server.Namespaces.GetOrAdd("/", server).Face.Use(static (socket, next) =>
        {
            socket.Emit("from the middleware");
            return next();
        });
        var (webSocket, session) = await OpenAsync(server);
        session.Send("40");
        Assert.StartsWith("42[\"from the middleware\",\"", await webSocket.NextAsync(), StringComparison.Ordinal);
        var first = await JoinedAsync(server, webSocket, session);
        first.Socket.Emit("seen");
        var offset = await first.OffsetOfAsync("[\"seen\"");
        await LoseAsync(first);
        server.Namespaces.GetOrAdd("/", server).Face.Emit("missed");
        (webSocket, session) = await OpenAsync(server);
        session.Send(Claim(first.Secret, offset));
        Assert.StartsWith("42[\"from the middleware\",\"", await webSocket.NextAsync(), StringComparison.Ordinal);
        Assert.StartsWith("42[\"missed\"", await webSocket.NextAsync(), StringComparison.Ordinal);
        Assert.StartsWith("40{", await webSocket.NextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_left_or_was_sent_away_does_not_recover()
    {
        var server = StartServer();
        foreach (var sentAway in (bool[])[true, false])
        {
            var first = await JoinAsync(server);
            first.Socket.Emit("seen");
            var offset = await first.OffsetOfAsync("[\"seen\"");
            Watch(first.Socket.Actor);
            if (sentAway)
                await first.Socket.DisconnectAsync();
            else
                first.Session.Send("41");
            await FishForMessageAsync<Terminated>(m => m.ActorRef.Equals(first.Socket.Actor), Patience);
            Assert.NotEqual(first.Socket.Id, (await ComeBackAsync(server, first.Secret, offset)).Id, StringComparer.Ordinal);
        }
    }
}
