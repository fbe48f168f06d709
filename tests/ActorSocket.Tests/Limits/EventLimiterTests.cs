using System.Diagnostics.Metrics;
using System.Text.Json;
using System.Threading.RateLimiting;
using ActorSocket.Limits;
using ActorSocket.Sockets;

namespace ActorSocket.Tests.Limits;

/// <summary>How often clients may send events, and what happens to those that are too many.</summary>
public sealed class EventLimiterTests : ServerTest
{
    private static readonly TokenBucketRateLimiterOptions TwoForEver = new()
    {
        TokenLimit = 2,
        TokensPerPeriod = 1,
        ReplenishmentPeriod = TimeSpan.FromHours(1),
    };

    [Fact]
    public async Task What_is_too_much_is_answered_with_an_error_that_says_when_to_try_again()
    {
        var (_, session, webSocket) = await JoinAsync(static limits => limits.AddGlobalLimiter(PerSocket));
        session.Send("421[\"echo\",1]");
        session.Send("42[\"echo\",2]");
        Assert.Equal("431[1]", await webSocket.NextAsync());
        session.Send("422[\"echo\",3]");
        var answer = await webSocket.NextAsync();
        Assert.StartsWith("432[", answer, StringComparison.Ordinal);
        var error = JsonElement.Parse(answer.AsSpan(3).ToString())[0].GetProperty("error");
        Assert.Equal("Too many events", error.GetProperty("message").GetString());
        Assert.Equal("RATE_LIMITED", error.GetProperty("code").GetString());
        Assert.InRange(error.GetProperty("data").GetProperty("retryAfter").GetDouble(), 1, 3600);
    }

    [Fact]
    public async Task Each_socket_has_its_own_and_takes_it_along_when_it_leaves()
    {
        var (server, first, firstSocket) = await JoinAsync(static limits => limits
            .AddGlobalLimiter(PerSocket)
            .AddGlobalLimiter(static e => RateLimitPartition.GetTokenBucketLimiter((e.Socket, e.Name), static _ => TwoForEver)));
        var (second, secondSocket) = await ConnectAsync(server);
        foreach (var (session, webSocket) in ((TestSession, FakeWebSocket)[])[(first, firstSocket), (second, secondSocket)])
        {
            session.Send("421[\"echo\",1]");
            session.Send("422[\"echo\",2]");
            Assert.Equal("431[1]", await webSocket.NextAsync());
            Assert.Equal("432[2]", await webSocket.NextAsync());
        }
        var limiter = (EventLimiter)server.Namespaces.GetOrAdd("/", server).Gate!;
        Assert.Equal(4, limiter.Count);

        first.Send("41");
        Assert.Equal(2, await EventuallyAsync(() => limiter.Count, static count => count < 4));
    }

    [Fact]
    public async Task A_limiter_that_nobody_uses_is_dropped_when_it_is_full_again()
    {
        var (server, session, webSocket) = await JoinAsync(static limits => limits.AddGlobalLimiter(static e =>
            RateLimitPartition.GetFixedWindowLimiter(
                EventPartition.OfAddress(e),
                static _ => new FixedWindowRateLimiterOptions { PermitLimit = 1, Window = TimeSpan.FromTicks(1) })));
        session.Send("421[\"echo\",1]");
        Assert.Equal("431[1]", await webSocket.NextAsync());
        var limiter = (EventLimiter)server.Namespaces.GetOrAdd("/", server).Gate!;
        Assert.Equal(1, limiter.Count);
        for (var i = 0; i < 100; i++)
            Clock.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(1, limiter.Count); // a sweep has seen it to be full less than ten seconds ago
        for (var i = 0; i < 10; i++)
            Clock.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(0, limiter.Count);
    }

    [Fact]
    public async Task A_window_that_is_over_lets_the_next_event_through()
    {
        var (_, session, webSocket) = await JoinAsync(static limits => limits.AddGlobalLimiter(static e =>
            RateLimitPartition.GetFixedWindowLimiter(
                e.Socket,
                static _ => new FixedWindowRateLimiterOptions { PermitLimit = 1, Window = TimeSpan.FromTicks(1) })));
        for (var i = 0; i < 5; i++)
        {
            session.Send($"42{i}[\"echo\",{i}]");
            Assert.Equal($"43{i}[{i}]", await webSocket.NextAsync());
        }
    }

    [Fact]
    public async Task An_event_that_is_dropped_is_not_answered()
    {
        var (_, session, webSocket) = await JoinAsync(static limits =>
        {
            limits.Refusal = EventRateLimitRefusal.Drop;
            limits.AddPolicy("few", PerSocket).UsePolicy("few", "echo");
        });
        for (var i = 0; i < 4; i++)
            session.Send($"42{i}[\"echo\",{i}]");
        session.Send("429[\"other\"]"); // has no policy
        Assert.Equal(["430[0]", "431[1]", "439[true]"], await NextAsync(webSocket, 3));
    }

    [Fact]
    public async Task A_client_may_be_disconnected_once_it_has_been_told()
    {
        var (_, session, webSocket) = await JoinAsync(static limits =>
        {
            limits.Refusal = EventRateLimitRefusal.Disconnect;
            limits.AddGlobalLimiter(static e =>
                RateLimitPartition.GetConcurrencyLimiter(e.Socket, static _ => new ConcurrencyLimiterOptions { PermitLimit = 1 }));
        }, static options => options.MaxConcurrentHandlers = 4);
        session.Send("421[\"never\"]");
        session.Send("422[\"echo\",1]");
        Assert.Equal("432[{\"error\":{\"message\":\"Too many events\",\"code\":\"RATE_LIMITED\"}}]", await webSocket.NextAsync());
        Assert.Equal("41", await webSocket.NextAsync());
    }

    [Fact]
    public async Task The_application_may_decide_and_answer_by_itself()
    {
        var seen = new List<TimeSpan?>();
        var (_, session, webSocket) = await JoinAsync(limits =>
        {
            limits.AddGlobalLimiter(PerSocket);
            limits.OnRejected = rejected =>
            {
                seen.Add(rejected.RetryAfter);
                if (seen.Count == 1)
                    rejected.Event.Ack!.Send("not now", rejected.Event.Name);
                else
                    rejected.Refusal = EventRateLimitRefusal.Disconnect;
                return default;
            };
        });
        for (var i = 0; i < 4; i++)
            session.Send($"42{i}[\"echo\",{i}]");
        Assert.Equal(["430[0]", "431[1]", "432[\"not now\",\"echo\"]"], await NextAsync(webSocket, 3));
        Assert.StartsWith("433[{\"error\"", await webSocket.NextAsync(), StringComparison.Ordinal);
        Assert.Equal("41", await webSocket.NextAsync());
        Assert.All(seen, static after => Assert.True(after > TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task An_event_may_wait_for_its_turn_and_those_behind_it_wait_too()
    {
        var (_, session, webSocket) = await JoinAsync(static limits => limits.AddPolicy("slow", static e =>
            RateLimitPartition.GetTokenBucketLimiter(e.Socket, static _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = 1,
                TokensPerPeriod = 1,
                ReplenishmentPeriod = TimeSpan.FromMilliseconds(1),
                QueueLimit = 10,
            })).UsePolicy("slow", "echo"));
        for (var i = 0; i < 5; i++)
            session.Send($"42{i}[\"echo\",{i}]");
        session.Send("429[\"other\"]");
        var answers = new List<string>();
        for (var i = 0; i < 6; i++)
            answers.Add(await WithClockAsync(webSocket.NextAsync()));
        Assert.Equal(["430[0]", "431[1]", "432[2]", "433[3]", "434[4]", "439[true]"], answers);
    }

    [Fact]
    public async Task What_a_client_says_of_a_stream_that_it_reads_counts_and_too_much_ends_the_stream()
    {
        var (server, session, webSocket) = await JoinAsync(static limits => limits.AddGlobalLimiter(PerSocket));
        session.Send("421[\"count\"]");
        Assert.Equal("431[{\"stream\":\"1\"}]", await webSocket.NextAsync());
        session.Send("42[\"stream:pull\",\"1\",1]");
        Assert.Equal("42[\"stream:next\",\"1\",0]", await webSocket.NextAsync());
        session.Send("42[\"stream:pull\",\"1\",1]");
        Assert.Equal(
            "42[\"stream:error\",\"1\",{\"error\":{\"message\":\"Too many events\",\"code\":\"RATE_LIMITED\"}}]",
            await webSocket.NextAsync());
        var streams = Assert.Single(server.Namespaces.GetOrAdd("/", server).All.Snapshot).Streams!;
        Assert.Equal(0, await EventuallyAsync(() => streams.Count, static count => count == 0));

        session.Send("422[\"stream:pull\",\"1\",1]"); // a client with retries gets its answer, as of any event
        Assert.StartsWith("432[{\"error\":{\"message\":\"Too many events\"", await webSocket.NextAsync(), StringComparison.Ordinal);
        Assert.True(webSocket.WroteNothing);
    }

    [Fact]
    public async Task An_element_that_is_too_much_ends_its_stream_for_both_sides()
    {
        var (_, session, webSocket) = await JoinAsync(static limits => limits.AddGlobalLimiter(PerSocket));
        session.Send("421[\"sum\",{\"stream\":7}]");
        Assert.Equal("42[\"stream:pull\",7,16]", await webSocket.NextAsync());
        session.Send("42[\"stream:next\",7,1]");
        session.Send("42[\"stream:next\",7,2]");
        string[] told = [await webSocket.NextAsync(), await webSocket.NextAsync()];
        Assert.Equal(
            ["42[\"stream:cancel\",7]", "431[{\"error\":{\"message\":\"Too many events\",\"code\":\"RATE_LIMITED\"}}]"],
            told.Order(StringComparer.Ordinal),
            StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_fault_of_whoever_decides_on_a_limit_is_not_told_as_one_of_the_clients()
    {
        var (_, session, webSocket) = await JoinAsync(static limits => limits
            .AddPolicy<int>("broken", static _ => throw new InvalidOperationException("no database"))
            .UsePolicy("broken", "stream:next"));
        session.Send("421[\"sum\",{\"stream\":7}]");
        Assert.Equal("42[\"stream:pull\",7,16]", await webSocket.NextAsync());
        session.Send("422[\"stream:next\",7,1]");
        string[] told = [await webSocket.NextAsync(), await webSocket.NextAsync(), await webSocket.NextAsync()];
        Assert.Equal(
            [
                "42[\"stream:cancel\",7]",
                "431[{\"error\":{\"message\":\"Internal server error\",\"code\":\"INTERNAL_ERROR\"}}]",
                "432[{\"error\":{\"message\":\"Internal server error\",\"code\":\"INTERNAL_ERROR\"}}]",
            ],
            told.Order(StringComparer.Ordinal),
            StringComparer.Ordinal);
    }

    [Fact]
    public async Task What_ends_a_stream_does_so_though_it_is_too_much_and_whoever_does_not_stop_may_be_disconnected()
    {
        var (server, session, webSocket) = await JoinAsync(static limits =>
        {
            limits.Refusal = EventRateLimitRefusal.Disconnect;
            limits.AddPolicy("few", PerSocket).UsePolicy("few", "stream:cancel");
        });
        for (var i = 1; i <= 3; i++)
        {
            session.Send($"42{i}[\"count\"]");
            Assert.Equal($"43{i}[{{\"stream\":\"{i}\"}}]", await webSocket.NextAsync());
        }
        var streams = Assert.Single(server.Namespaces.GetOrAdd("/", server).All.Snapshot).Streams!;
        for (var i = 1; i <= 3; i++)
            session.Send($"42[\"stream:cancel\",\"{i}\"]");
        Assert.Equal("41", await webSocket.NextAsync());
        Assert.Equal(0, streams.Count);
    }

    [Fact]
    public async Task A_limit_to_how_many_handlers_run_does_not_count_what_one_of_them_waits_for()
    {
        var (_, session, webSocket) = await JoinAsync(static limits => limits.AddGlobalLimiter(static e =>
            RateLimitPartition.GetConcurrencyLimiter(
                e.Socket, static _ => new ConcurrencyLimiterOptions { PermitLimit = 1, QueueLimit = 5 })));
        session.Send("421[\"sum\",{\"stream\":7}]");
        Assert.Equal("42[\"stream:pull\",7,16]", await webSocket.NextAsync());
        session.Send("42[\"stream:next\",7,1]");
        session.Send("42[\"stream:next\",7,2]");
        session.Send("42[\"stream:end\",7]");
        Assert.Equal("431[3]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task Elements_may_wait_for_their_turn_and_keep_their_order()
    {
        var (_, session, webSocket) = await JoinAsync(static limits => limits.AddPolicy("slow", static e =>
            RateLimitPartition.GetTokenBucketLimiter(e.Socket, static _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = 1,
                TokensPerPeriod = 1,
                ReplenishmentPeriod = TimeSpan.FromMilliseconds(1),
                QueueLimit = 20,
            })).UsePolicy("slow", "stream:next", "stream:end"));
        session.Send("421[\"list\",{\"stream\":7}]");
        Assert.Equal("42[\"stream:pull\",7,16]", await webSocket.NextAsync());
        for (var i = 0; i < 7; i++)
            session.Send($"42[\"stream:next\",7,{i}]");
        session.Send("42[\"stream:end\",7]");
        session.Send("422[\"other\"]"); // waits for the handler, not for them
        Assert.Equal("431[\"0123456\"]", await WithClockAsync(webSocket.NextAsync()));
        Assert.Equal("432[true]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task Listeners_and_middleware_do_not_hear_of_what_is_refused()
    {
        var heard = new List<string>();
        var (_, session, webSocket) = await JoinAsync(static limits => limits.AddGlobalLimiter(PerSocket), onConnection: socket =>
        {
            socket.OnAny(e => heard.Add(e.Arguments[0].ToString()));
            socket.Use((e, next) => next());
        });
        session.Send("421[\"echo\",1]");
        session.Send("422[\"echo\",2]");
        session.Send("423[\"echo\",3]");
        Assert.Equal(["431[1]", "432[2]"], await NextAsync(webSocket, 2));
        Assert.StartsWith("433[{\"error\"", await webSocket.NextAsync(), StringComparison.Ordinal);
        Assert.Equal("1 2", string.Join(' ', heard));
    }

    [Fact]
    public async Task What_is_refused_is_counted()
    {
        var reasons = new List<string?>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, own) =>
        {
            if (instrument.Name == "actorsocket.server.refused_events")
                own.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) =>
        {
            lock (reasons)
                reasons.Add(Array.Find(tags.ToArray(), static tag => tag.Key == "actorsocket.reason").Value as string); // of others, null
        });
        listener.Start();
        var (_, session, webSocket) = await JoinAsync(static limits => limits.AddGlobalLimiter(PerSocket));
        for (var i = 0; i < 3; i++)
            session.Send($"42{i}[\"echo\",{i}]");
        await NextAsync(webSocket, 3);
        lock (reasons)
            Assert.Contains("limited", reasons, StringComparer.Ordinal);
    }

    [Fact]
    public async Task There_are_no_more_limiters_than_allowed()
    {
        var (_, session, webSocket) = await JoinAsync(static limits =>
        {
            limits.MaxPartitions = 3;
            limits.AddGlobalLimiter(static e => RateLimitPartition.GetTokenBucketLimiter(e.Name, static _ => TwoForEver));
        });
        for (var i = 0; i < 3; i++)
            session.Send($"42[\"made up {i}\"]");
        session.Send("421[\"echo\",1]");
        Assert.Equal("431[{\"error\":{\"message\":\"Too many events\",\"code\":\"RATE_LIMITED\"}}]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task Who_is_not_limited_takes_no_place()
    {
        var (server, session, webSocket) = await JoinAsync(static limits => limits.AddGlobalLimiter(static e =>
            e.Name == "free"
                ? RateLimitPartition.GetNoLimiter(e.Name)
                : RateLimitPartition.GetTokenBucketLimiter(e.Name, static _ => TwoForEver)));
        session.Send("421[\"free\"]");
        session.Send("422[\"echo\",1]");
        Assert.Equal("432[1]", await webSocket.NextAsync());
        Assert.Equal(1, ((EventLimiter)server.Namespaces.GetOrAdd("/", server).Gate!).Count);
    }

    [Fact]
    public void What_cannot_be_meant_is_refused_when_it_is_said()
    {
        var server = NewServer();
        var ns = server.Namespaces.GetOrAdd("/", server).Face;
        var options = new EventRateLimiterOptions();
        Assert.Contains("\"x\"", Assert.Throws<ArgumentException>(() => options.UsePolicy("x", "e")).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => options.AddPolicy("x", PerSocket).AddPolicy("x", PerSocket));
        Assert.Throws<ArgumentOutOfRangeException>(() => ns.UseEventRateLimiter(static limits => limits.MaxPartitions = 0));
        Assert.Same(ns, ns.UseEventRateLimiter(static _ => { }));
        Assert.Throws<InvalidOperationException>(() => ns.UseEventRateLimiter(static _ => { }));
    }

    [Theory]
    [InlineData("10.1.2.3", "10.1.2.3")]
    [InlineData("::ffff:10.1.2.3", "10.1.2.3")]
    [InlineData("2001:db8:1:2:3:4:5:6", "20010DB800010002")]
    [InlineData("2001:db8:1:2:ffff::1", "20010DB800010002")]
    public void An_address_of_IPv6_is_known_by_its_network(string address, string key)
    {
        var server = NewServer();
        var request = new ActorSocket.Sessions.HandshakeRequest(
            new Dictionary<string, string>(StringComparer.Ordinal),
            new Dictionary<string, string>(StringComparer.Ordinal),
            address,
            false,
            false,
            "/socket.io/",
            DateTimeOffset.UnixEpoch,
            new System.Security.Claims.ClaimsPrincipal()
        );
        var handshake = new Handshake(request, default, server.Json.Options);
        var socket = new Socket(server.Namespaces.GetOrAdd("/", server).Face, null!, "id", handshake);
        var e = new SocketEvent(socket, "e", SocketArguments.Empty, null);
        Assert.Equal(key, EventPartition.OfAddress(e));
        Assert.Equal(key, EventPartition.OfUser(e));
    }

    private static RateLimitPartition<Socket> PerSocket(SocketEvent e) =>
        RateLimitPartition.GetTokenBucketLimiter(EventPartition.OfSocket(e), static _ => TwoForEver);

    private async Task<(ServerServices Server, TestSession Session, FakeWebSocket WebSocket)> JoinAsync(
        Action<EventRateLimiterOptions> limit, Action<ActorSocketOptions>? configure = null, Action<Socket>? onConnection = null)
    {
        var server = NewServer(configure);
        var ns = server.Namespaces.GetOrAdd("/", server).Face;
        ns.UseEventRateLimiter(limit).OnConnection(socket =>
        {
            onConnection?.Invoke(socket);
            socket.On("echo", static (int number) => number);
            socket.On("other", static () => true);
            socket.On("never", static () => new TaskCompletionSource().Task);
            socket.On("count", static () => CountAsync());
            socket.On("sum", static async (IAsyncEnumerable<int> numbers) => await numbers.SumAsync());
            socket.On("list", static async (IAsyncEnumerable<int> numbers) => string.Concat(await numbers.ToListAsync()));
        });
        var (session, webSocket) = await ConnectAsync(server);
        return (server, session, webSocket);
    }

    private static async IAsyncEnumerable<int> CountAsync()
    {
        for (var i = 0; ; i++)
        {
            await Task.Yield();
            yield return i;
        }
    }

    private static async Task<string[]> NextAsync(FakeWebSocket webSocket, int count)
    {
        var all = new string[count];
        for (var i = 0; i < count; i++)
            all[i] = await webSocket.NextAsync();
        return all;
    }

    /// <summary>Lets the sweep run, which gives queues their permits, until the answer is there.</summary>
    private async Task<T> WithClockAsync<T>(Task<T> answer)
    {
        await EventuallyAsync(() =>
        {
            Clock.Advance(TimeSpan.FromMilliseconds(100));
            return answer.IsCompleted;
        }, static done => done);
        return await answer;
    }

    private static async Task<T> EventuallyAsync<T>(Func<T> look, Func<T, bool> isThere)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            var found = look();
            if (isThere(found))
                return found;
            await timer.WaitForNextTickAsync(patience.Token);
        }
    }
}
