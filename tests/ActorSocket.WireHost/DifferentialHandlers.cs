using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ActorSocket.WireHost;

/// <summary>
/// What tests/ActorSocket.ClientTests/node/differential-server.mjs does, line by line: random clients are let loose on both, and must see
/// the same.
/// </summary>
internal static partial class DifferentialHandlers
{
    private sealed record Target(string Via, string[] Rooms, string[] Except, bool Volatile);

    public static void Map(ActorSocketServer io)
    {
        var journal = new ConcurrentDictionary<string, ConcurrentQueue<object[]>>(StringComparer.Ordinal);
        io.OnConnection(socket => Handle(socket, journal));
        io.OfDynamic(Open()).OnConnection(socket => Handle(socket, journal));
        var guarded = io.OfDynamic(Guarded());
        guarded.Use(async (socket, next) =>
        {
            var token = socket.Handshake.Auth.TryGetProperty("token", out var given) ? given.GetString() : null;
            if (token != "good")
                throw new ConnectErrorException("not with this token", new { token, rooms = socket.Rooms.Count });
            await next();
        });
        guarded.OnConnection(socket => Handle(socket, journal));

        // Whoever watches begins and ends a sequence, and asks what became of its sockets.
        io.Of("/watch").OnConnection(socket =>
        {
            socket.On("begin", (string sequence) =>
            {
                journal[sequence] = new();
                return true;
            });
            socket.On("journal", (string sequence) => journal[sequence]);
            socket.On("end", (string sequence) => journal.TryRemove(sequence, out _));
        });
    }

    private static void Handle(Socket socket, ConcurrentDictionary<string, ConcurrentQueue<object[]>> journal)
    {
        var who = socket.Handshake.Auth.TryGetProperty("who", out var given) ? given.GetString()! : "";
        Note("connect");
        socket.OnDisconnecting(reason => Note("disconnecting", reason.ToString(), socket.Rooms.Count));
        socket.OnDisconnect(reason => Note("disconnect", reason.ToString(), socket.Rooms.Count));
        socket.Emit("welcome", socket.Handshake.Auth, socket.Rooms.Count);
        Listen(socket);
        Rooms(socket);
        Questions(socket);
        Endings(socket);

        void Note(params object[] what)
        {
            if (journal.TryGetValue(who.Split(' ')[0], out var lines))
                lines.Enqueue([socket.Id, who, socket.Namespace.Name, .. what]);
        }
    }

    private static void Listen(Socket socket)
    {
        var seen = new List<string>();
        socket.OnAny(happened => seen.Add(happened.Name));
        socket.Use(async (happened, next) =>
        {
            if (happened.Name == "forbidden")
                throw new InvalidOperationException("no forbidden");
            if (happened.Name == "rewritten")
                happened.SetArguments(["by the middleware", .. happened.Arguments.Skip(1).Cast<object?>()]);
            await next();
        });
        socket.OnError(error => socket.Emit("refused", error.Message));

        socket.On("echo", (SocketArguments all) => socket.Emit("echoed", all));
        socket.On("rewritten", (SocketArguments all) => socket.Emit("echoed", all));
        socket.On("message", (SocketArguments all) => socket.Send(all));
        socket.On("ask", (SocketArguments all, Ack ack) => ack.Send(all));
        socket.On("first", (SocketArguments all, Ack ack) => ack.Send(all[0]));
        socket.On("twice", (Ack ack) =>
        {
            ack.Send("one");
            ack.Send("two");
        });
        socket.On("silent", (Ack ack) => { _ = ack; });
        socket.Once("once", (SocketArguments all) => socket.Emit("happened once", all));
        socket.On("seen", () => seen);
        socket.On("listen", (string name) => { socket.On(name, (SocketArguments all) => socket.Emit("heard", name, all)); });
        socket.On("forget", (string name) => socket.Off(name));
    }

    private static void Rooms(Socket socket)
    {
        var all = socket.Namespace;
        TestHandlers.JoinAndLeave(socket);
        socket.On("rooms", () => socket.Rooms);
        socket.On(
            "publish",
            (Target target, SocketArguments args) => Aim(socket, target).EmitCore("published", [.. args.Skip(1).Cast<object?>()])
        );
        socket.On(
            "fetch",
            async (string[] rooms) =>
                (await TestHandlers.InRooms(all, rooms).FetchSocketsAsync()).Select(static one => new
                {
                    id = one.Id,
                    rooms = one.Rooms,
                    data = one.Data,
                })
        );
        TestHandlers.Manage(socket);
        socket.On("remember", (string key, JsonElement value) => socket.Data[key] = value);
    }

    private static void Questions(Socket socket)
    {
        // Not awaited by the handler, as the official server's callbacks are not.
        socket.On(
            "question me",
            (int milliseconds, SocketArguments args) =>
            {
                _ = AskAsync(milliseconds, [.. args.Skip(1).Cast<object?>()]);
            }
        );
        socket.On(
            "question room",
            (int milliseconds, string room, SocketArguments args) =>
            {
                _ = AskRoomAsync(milliseconds, room, [.. args.Skip(2).Cast<object?>()]);
            }
        );

        async Task AskAsync(int milliseconds, object?[] args)
        {
            try
            {
                var to = socket.Timeout(TimeSpan.FromMilliseconds(milliseconds));
                var answer = await (args.Length switch
                {
                    0 => to.EmitWithAckAsync<SocketArguments>("question"),
                    1 => to.EmitWithAckAsync<SocketArguments>("question", args[0]),
                    2 => to.EmitWithAckAsync<SocketArguments>("question", args[0], args[1]),
                    _ => to.EmitWithAckAsync<SocketArguments>("question", args[0], args[1], args[2]),
                });
                socket.Emit("answered", answer is { Count: > 0 } ? answer[0] : default);
            }
            catch (TimeoutException)
            {
                socket.Emit("answered", "timeout");
            }
        }

        async Task AskRoomAsync(int milliseconds, string room, object?[] args)
        {
            try
            {
                var to = socket.Namespace.To(room).Timeout(TimeSpan.FromMilliseconds(milliseconds));
                socket.Emit("answered by", "all", (await (args.Length switch
                {
                    0 => to.EmitWithAckAsync<SocketArguments>("question"),
                    1 => to.EmitWithAckAsync<SocketArguments>("question", args[0]),
                    2 => to.EmitWithAckAsync<SocketArguments>("question", args[0], args[1]),
                    _ => to.EmitWithAckAsync<SocketArguments>("question", args[0], args[1], args[2]),
                })).Select(static answer => answer![0]));
            }
            catch (AckTimeoutException timeout)
            {
                socket.Emit("answered by", "timeout", timeout.Responses.Select(static answer => answer[0]));
            }
        }
    }

    private static void Endings(Socket socket)
    {
        socket.On("kick", (bool close) =>
        {
            _ = socket.DisconnectAsync(close ? DisconnectScope.Connection : DisconnectScope.Namespace).AsTask();
        });
        socket.On("farewell", (string name) =>
        {
            socket.Emit(name, 1);
            _ = socket.DisconnectAsync().AsTask();
            socket.Emit(name, 2);
        });
        socket.On("many", (int count) =>
        {
            for (var i = 0; i < count; i++)
            {
                if (i % 3 == 0)
                    socket.Emit("one of many", i, new byte[] { (byte)i });
                else
                    socket.Emit("one of many", i, "text");
            }
        });
    }

    private static BroadcastOperator Aim(Socket socket, Target target)
    {
        var to = target.Via switch
        {
            "socket" => socket.To(target.Rooms),
            "broadcast" => socket.Broadcast,
            _ => TestHandlers.InRooms(socket.Namespace, target.Rooms),
        };
        if (target.Except.Length > 0)
            to = to.Except(target.Except);
        return target.Volatile ? to.Volatile : to;
    }

    [GeneratedRegex(@"^/d-\w+$", RegexOptions.None, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Open();

    [GeneratedRegex(@"^/guarded-\w+$", RegexOptions.None, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Guarded();
}
