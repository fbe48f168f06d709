using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading.RateLimiting;

namespace ActorSocket.WireHost;

/// <summary>
/// What the server of tests/ActorSocket.ClientTests does, in process there and here: small handlers that the client scripts combine.
/// Written as a user would write them.
/// </summary>
internal static partial class TestHandlers
{
    /// <summary>Where an event goes: <paramref name="Via"/> is socket, broadcast, server or in.</summary>
    internal sealed record Target(string Via, string[]? To, string[]? Except);

    internal sealed record Line(string Author, string Text, string[] Tags);

    internal sealed record OrderLine([Required, StringLength(20)] string? Item, [Range(1, 99)] int Count);

    internal sealed record Upload(string Name, byte[] Data, IReadOnlyList<ReadOnlyMemory<byte>> Parts);

    internal sealed record Inspected(string Name, int Length, int[] Lengths, string Sha256, ReadOnlyMemory<byte> First);

    public static void Configure(ActorSocketOptions options) =>
        options.AllowRequest = static (context, _) => ValueTask.FromResult(context.Request.Query.ContainsKey("refuse") ? "refused" : null);

    /// <param name="io">The server.</param>
    /// <param name="journal">Is told line by line what happens.</param>
    public static void Map(ActorSocketServer io, Action<string> journal)
    {
        foreach (var name in new[] { "/", "/lobby", "/strict", "/guarded", "/greeting", "/watched", "/filtered", "/shop", "/žluť-🙂" })
            io.Of(name).OnConnection(socket => Handle(io, socket, journal));
        io.OfDynamic(RoomNames()).OnConnection(socket => Handle(io, socket, journal));

        Guard(io.Of("/guarded"));
        Greet(io.Of("/greeting"));
        Watch(io.Of("/watched"));
        Filter(io.Of("/filtered"));
        Sell(io.Of("/shop"));
        SignIn(io.Of("/account"));
        Limit(io.Of("/limited"));
    }

    private static void Limit(Namespace ns) => ns
        .UseEventRateLimiter(static limits =>
        {
            limits.OnRejected = static rejected =>
            {
                if (rejected.Event.Name == "flood")
                    rejected.Refusal = EventRateLimitRefusal.Disconnect;
                return default;
            };
            limits.AddGlobalLimiter(static e => RateLimitPartition.GetTokenBucketLimiter(
                EventPartition.OfSocket(e),
                static _ => new() { TokenLimit = 3, TokensPerPeriod = 1, ReplenishmentPeriod = TimeSpan.FromHours(1) }));
        })
        .OnConnection(static socket => socket.On("add", (int a, int b) => a + b));

    /// <summary>By a token, which is to be renewed.</summary>
    private static void SignIn(Namespace ns) =>
        ns.UseAuthentication(static options => options.ExpiringNotice = TimeSpan.FromSeconds(1)).OnConnection(static socket =>
            socket.On("who", () => socket.User.Identity!.Name));

    private static void Handle(ActorSocketServer io, Socket socket, Action<string> journal)
    {
        journal($"{socket.Id} connect {socket.Namespace.Name}");
        socket.OnDisconnecting(reason =>
            journal($"{socket.Id} disconnecting {reason} {string.Join(',', socket.Rooms.Order(StringComparer.Ordinal))}")
        );
        socket.OnDisconnect(reason =>
        {
            if (socket.Rooms.Count > 0)
                journal($"{socket.Id} still has rooms");
            journal($"{socket.Id} disconnect {reason}");
        });

        About(io, socket);
        Events(socket);
        Binary(socket);
        Rooms(socket);
        Acknowledgements(socket, journal);
        Failures(socket);
        Streams(socket);

        socket.On(
            "kick",
            async (bool close) => await socket.DisconnectAsync(close ? DisconnectScope.Connection : DisconnectScope.Namespace)
        );
        socket.On("close connection", async () => await socket.CloseConnectionAsync());
        socket.On("farewell", async (int count) =>
        {
            for (var i = 0; i < count; i++)
                socket.Emit("bye", i);
            await socket.DisconnectAsync();
        });
    }

    private static void About(ActorSocketServer io, Socket socket)
    {
        socket.On("whoami", () => new
        {
            socket.Id,
            Namespace = socket.Namespace.Name,
            socket.Transport,
            socket.ConnectionId,
            socket.Rooms,
            Connections = io.ConnectionCount,
            Sockets = socket.Namespace.Sockets.Count,
        });
        socket.On("thread", () => Thread.CurrentThread.IsThreadPoolThread ? "pool" : Thread.CurrentThread.Name);
        socket.On("handshake", () => new
        {
            socket.Handshake.Auth,
            socket.Handshake.Query,
            socket.Handshake.Headers,
            socket.Handshake.Url,
            socket.Handshake.Secure,
            Address = socket.Handshake.Address.ToString(),
            socket.Handshake.Issued,
        });
    }

    private static void Events(Socket socket)
    {
        var collected = new ConcurrentQueue<int>();
        socket.On("echo", (SocketArguments all) => socket.Emit("echo", all));
        socket.On("echo", (JsonElement name, JsonElement number) =>
        {
            if (name.ValueKind is JsonValueKind.String && name.ValueEquals("tick"))
                socket.Emit("echo tick", number);
        });
        socket.On("name", (string name, int number) => socket.Emit(name, number));
        socket.On("collect", (int number) => collected.Enqueue(number));
        socket.On("collected", () => collected);
        socket.On("burst", (int count, string filler) =>
        {
            for (var i = 0; i < count; i++)
                socket.Emit("burst", i, filler);
        });
        socket.On("message", (SocketArguments all, string first, Ack ack) =>
        {
            if (!ack.IsWanted)
                socket.Send(all);
            else
                ack.Send("got", first);
        });
        socket.On("boom", () => { throw new InvalidOperationException("boom"); });
        socket.On("boom later", async () =>
        {
            await Task.Yield();
            throw new InvalidOperationException("boom later");
        });
        socket.On("typed", (int number) => socket.Emit("typed", number));
        socket.On("add", (int a, int b) => a + b);
        socket.On("line", (Line line) => line with { Text = line.Text.ToUpperInvariant(), Tags = [.. line.Tags, $"{line.Tags.Length}"] });
        socket.On("no answer value", (Ack ack) => ack.Send());
        socket.On("volatile burst", (int count) =>
        {
            socket.Emit("burst begins");
            for (var i = 0; i < count; i++)
                socket.Volatile.Emit("tick", i);
            socket.Emit("burst ends");
        });
        socket.On("volatile status", (string status) => socket.Volatile.Emit("status", status));
        socket.On("volatile tick", (int number) => socket.Volatile.Emit("tick", number));
    }

    private static void Binary(Socket socket) => socket.On("inspect", (Upload upload) => new Inspected(
        upload.Name,
        upload.Data.Length,
        [.. upload.Parts.Select(part => part.Length)],
        Convert.ToHexStringLower(SHA256.HashData(upload.Data)),
        upload.Parts[0]));

    public static void JoinAndLeave(Socket socket)
    {
        socket.On("join", async (string room, Ack ack) =>
        {
            await socket.JoinAsync(room);
            ack.Send();
        });
        socket.On("leave", async (string room, Ack ack) =>
        {
            await socket.LeaveAsync(room);
            ack.Send();
        });
    }

    private static void Rooms(Socket socket)
    {
        var all = socket.Namespace;
        JoinAndLeave(socket);
        socket.On("publish", (Target target, string name, SocketArgument payload) =>
        {
            Aim(socket, target).Emit(name, payload);
            return true;
        });
        socket.On("publish bytes", (Target target, string name, byte[] one, ReadOnlyMemory<byte> two) =>
            Aim(socket, target).Emit(name, one, two));
        socket.On("mixed", (int count, string room) =>
        {
            for (var i = 0; i < count; i++)
            {
                socket.Emit("direct", i);
                all.To(room).Emit("room", i);
                all.Emit("all", i);
            }
        });
        socket.On("fetch", async (string[] rooms) => (await InRooms(all, rooms).FetchSocketsAsync()).Select(one => one.Id).ToArray());
        socket.On("count", (string room) => all.CountAsync(room));
        socket.On("list", (string prefix) => all.RoomsAsync(prefix));
        socket.On("hear rooms", (string prefix) =>
        {
            IDisposable[] heard =
            [
                all.OnRoomCreated(room => Tell("create-room", room, "")),
                all.OnRoomDeleted(room => Tell("delete-room", room, "")),
                all.OnJoined((room, id) => Tell("join-room", room, id)),
                all.OnLeft((room, id) => Tell("leave-room", room, id)),
            ];
            socket.OnDisconnect(_ => Array.ForEach(heard, static one => one.Dispose()));
            return true;

            void Tell(string what, string room, string id)
            {
                if (room.StartsWith(prefix, StringComparison.Ordinal))
                    socket.Emit(what, room, id);
            }
        });
        Manage(socket);
    }

    /// <summary>The sockets of rooms join or leave one, or are disconnected.</summary>
    internal static void Manage(Socket socket) => socket.On("manage", async (string what, string[] target, string room, Ack ack) =>
    {
        var those = InRooms(socket.Namespace, target);
        await (what switch
        {
            "join" => those.SocketsJoinAsync(room),
            "leave" => those.SocketsLeaveAsync(room),
            _ => those.DisconnectSocketsAsync(),
        });
        ack.Send();
    });

    /// <summary>No rooms at all: everybody, which is said by not calling <c>To</c>.</summary>
    internal static BroadcastOperator InRooms(Namespace all, string[] rooms) => rooms.Length == 0 ? all.Except() : all.In(rooms);

    private static BroadcastOperator Aim(Socket socket, Target target)
    {
        var rooms = target.To ?? [];
        var operation = target.Via switch
        {
            "socket" => socket.To(rooms),
            "broadcast" => socket.Broadcast,
            "in" => socket.Namespace.In(rooms),
            _ => InRooms(socket.Namespace, rooms),
        };
        return target.Except is { Length: > 0 } except ? operation.Except(except) : operation;
    }

    private static void Acknowledgements(Socket socket, Action<string> journal)
    {
        var tries = 0;
        socket.On("third time", (Ack ack) =>
        {
            if (++tries == 3)
                ack.Send(tries);
        });
        socket.On("ask", (SocketArguments all, Ack ack) => ack.Send(all));
        socket.On("twice", (Ack ack) =>
        {
            ack.Send("one");
            ack.Send("two");
        });
        socket.On("silent", (Ack ack) => { _ = ack; });
        socket.On("ask me", async (SocketArgument question) => await socket.EmitWithAckAsync<SocketArguments>("question", question));
        socket.On("ask me for bytes", async (byte[] bytes) => await socket.EmitWithAckAsync<byte[]>("give bytes", bytes));
        socket.On("ask me within", async (int milliseconds) =>
        {
            try
            {
                return await socket.Timeout(TimeSpan.FromMilliseconds(milliseconds)).EmitWithAckAsync<string>("question", milliseconds);
            }
            catch (TimeoutException e)
            {
                return e.GetType().Name;
            }
        });
        socket.On("ask me for ever", async () =>
        {
            try
            {
                await socket.EmitWithAckAsync<JsonElement>("question", 1);
            }
            catch (SocketDisconnectedException)
            {
                journal($"{socket.Id} gave up waiting");
            }
        });
        socket.On("ask all", async (int milliseconds, string question) =>
        {
            try
            {
                var all = socket.Namespace.Timeout(TimeSpan.FromMilliseconds(milliseconds));
                var answers = await all.EmitWithAckAsync<string>("question", question);
                return new { TimedOut = false, Answers = answers.Cast<object?>().ToArray() };
            }
            catch (AckTimeoutException e)
            {
                var answers = e.Responses.Select(static object? (response) => response[0].As<string>()).ToArray();
                return new { TimedOut = true, Answers = answers };
            }
        });
    }

    private static void Failures(Socket socket)
    {
        var bought = 0;
        socket.On("buy", object (int count) =>
        {
            bought++;
            throw new EventException("sold out", new { Left = count - 1, Proof = (byte[])[1, 2] }) { Code = "SOLD_OUT" };
        });
        socket.On("bought", () => bought);
        socket.On("checkout", ([MinLength(1)] OrderLine[] lines) => lines.Length);
    }

    private static void Streams(Socket socket)
    {
        var ends = new ConcurrentQueue<string>();
        socket.On("count up", (int to, int boomAt) => CountAsync(to, boomAt));
        socket.On("sum", async (IAsyncEnumerable<int> numbers, int atMost) =>
        {
            var (sum, read) = (0, 0);
            await foreach (var number in numbers)
            {
                sum += number;
                if (++read == atMost)
                    break;
            }
            return sum;
        });
        socket.On("double", (IAsyncEnumerable<JsonElement> numbers) => DoubleAsync(numbers));
        socket.On("ends", () => ends);

        async IAsyncEnumerable<object> CountAsync(int to, int boomAt, [EnumeratorCancellation] CancellationToken token = default)
        {
            var sent = 0;
            try
            {
                for (; sent < to; sent++)
                {
                    if (sent % 3 == 0)
                        await Task.Yield();
                    token.ThrowIfCancellationRequested();
                    if (sent == boomAt)
                        throw new EventException("no more", new { sent }) { Code = "BOOM" };
                    yield return sent % 10 == 7 ? new { bytes = (byte[])[7] } : sent;
                }
            }
            finally
            {
                ends.Enqueue($"{sent} of {to}");
            }
        }

        static async IAsyncEnumerable<int> DoubleAsync(IAsyncEnumerable<JsonElement> numbers)
        {
            await foreach (var number in numbers)
                yield return 2 * number.GetInt32();
        }
    }

    private static void Guard(Namespace guarded)
    {
        guarded.Use(async (socket, next) =>
        {
            socket.Data["steps"] = new List<string> { "first" };
            await next();
        });
        guarded.Use(async (socket, next) =>
        {
            var steps = (List<string>)socket.Data["steps"]!;
            if (!socket.Handshake.Auth.TryGetProperty("token", out var token) || !token.ValueEquals("secret"))
                throw new ConnectErrorException("Not authorized", new { Code = "E1", RetryAfter = 5, Tried = steps });
            steps.Add("second");
            await next();
        });
        guarded.OnConnection(socket => { socket.On("steps", () => (List<string>)socket.Data["steps"]!); });
    }

    private static void Greet(Namespace greeting) => greeting.OnConnection(async socket =>
    {
        socket.Emit("welcome", 1);
        socket.Emit("detail", 2);
        await Task.Yield();
        socket.Emit("detail", 3);
        socket.Emit("done", 4);
    });

    private static void Watch(Namespace watched) => watched.OnConnection(socket =>
    {
        var seen = new List<string>();
        var sent = new ConcurrentQueue<string>();
        socket.OnAnyOutgoing(leaving => sent.Enqueue($"{leaving.Name} {leaving.Arguments.Count}"));
        socket.On("sent", () => sent.ToArray());
        socket.OnAny(happened => seen.Add($"any {happened.Name} {happened.Arguments.Count}"));
        socket.On("heard", (string what) =>
        {
            seen.Add($"handled {what}");
            return $"handled {what}";
        });
        socket.On("seen", () => seen);
    });

    private static void Filter(Namespace filtered) => filtered.OnConnection(socket =>
    {
        socket.Use(async (happened, next) =>
        {
            if (happened.Name == "forbidden")
                throw new InvalidOperationException("no forbidden");
            await next();
        });
        socket.Use((e, next) =>
        {
            if (e.Name == "wrapped" && e.Ack is { } ack)
            {
                e.SetArguments([.. e.Arguments.Reverse().Cast<object>()]);
                e.SetAck(answer => ack.Send(new { Result = answer[0], Of = "middleware" }));
            }
            return next();
        });
        socket.On("wrapped", (SocketArgument first, string second) => first);
        socket.OnError(error => socket.Emit("refused", error.Message));
        socket.On("allowed", (int number) => socket.Emit("allowed", number));
        socket.On("done", () => socket.Emit("done"));
    });

    /// <summary>Orders that are answered when one was sent a second time, whichever connection it came by.</summary>
    private static void Sell(Namespace shop)
    {
        int arrived = 0, placed = 0;
        var again = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var logged = new ConcurrentQueue<int>();
        shop.OnConnection(socket =>
        {
            socket.OnAny(e =>
            {
                if (e.Name == "order" && Interlocked.Increment(ref arrived) == 2)
                    again.TrySetResult();
            });
            socket.On(
                "order",
                async (string key) =>
                {
                    var number = Interlocked.Increment(ref placed);
                    socket.Emit("placing");
                    await again.Task;
                    return new { Number = number, Key = key };
                },
                new HandlerOptions { IdempotencyKey = static arguments => arguments[0].As<string>() });
            socket.On("orders", () => new { Placed = placed, Arrived = arrived });
            socket.On("log", (int number) => logged.Enqueue(number));
            socket.On("logged", () => logged.ToArray());
        });
    }

    [GeneratedRegex(@"^/room-\d+$", RegexOptions.None, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex RoomNames();
}
