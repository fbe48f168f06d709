using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace ActorSocket.WireHost;

/// <summary>Why each socket was disconnected, by its id.</summary>
internal sealed class DisconnectReasons
{
    private readonly ConcurrentDictionary<string, string> _byId = new(StringComparer.Ordinal);

    public void Add(string id, DisconnectReason reason) => _byId[id] = reason.ToString();

    public string? Find(string id) => _byId.GetValueOrDefault(id);
}

/// <summary>The handlers that each socket of each namespace has.</summary>
internal static partial class WireHandlers
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(400);

    public static void Map(ActorSocketServer io)
    {
        var reasons = new DisconnectReasons();
        Namespace[] namespaces = [io, io.Of("/custom"), io.Of("/refused"), io.Of("/slow"), io.OfDynamic(DynamicNames())];
        io.Of("/refused").Use((_, _) => throw new ConnectErrorException("refused", new { code = "E1", n = 7 }));
        io.Of("/slow").Use(async (_, next) =>
        {
            await Task.Delay(500); // slow is what it is for
            await next();
        });
        foreach (var ns in namespaces)
        {
            ns.OnConnection(socket => Add(socket, reasons));
            ns.OnServerEvent("last-reason", (string id) => reasons.Find(id));
        }
    }

    private static void Add(Socket socket, DisconnectReasons reasons)
    {
        var ns = socket.Namespace;
        socket.OnDisconnect(reason => reasons.Add(socket.Id, reason));
        socket.Emit("auth", socket.Handshake.Auth);

        socket.On("message", (SocketArguments args) => socket.Emit("message-back", args));
        socket.On("message-with-ack", (SocketArguments args, Ack ack) => ack.Send(args));
        AddRooms(socket, ns);
        socket.On("ask", async (SocketArgument payload) =>
        {
            var asked = AskAsync(() => socket.Timeout(Patience).EmitWithAckAsync<SocketArguments>("question", payload));
            socket.Emit("answered", await asked);
        });
        socket.On("ask-room", async (string room) =>
        {
            try
            {
                socket.Emit("answered", await ns.To(room).Timeout(Patience).EmitWithAckAsync<SocketArgument>("question"));
            }
            catch (AckTimeoutException timeout)
            {
                var responses = timeout.Responses.Select(static response => response.Count > 0 ? response[0] : default);
                socket.Emit("answered", new { error = "timeout", responses });
            }
        });
        socket.On("volatile", async (int count) =>
        {
            for (var i = 0; i < count; i++)
                socket.Volatile.Emit("vol", i);
            await Task.Delay(50, socket.Disconnected); // a volatile packet that is dropped says so to nobody
            socket.Emit("vol-done");
        });
        socket.On("burst", (int count) =>
        {
            for (var i = 0; i < count; i++)
                socket.Emit("b", i);
        });
        socket.On("binary", () => socket.Emit("blob", new { a = new byte[] { 1, 2, 3 }, b = new[] { new byte[] { 4 } }, c = "x" }));
        socket.On("kick", () => socket.DisconnectAsync());
        socket.On("kick-all", () => socket.DisconnectAsync(DisconnectScope.Connection));
        socket.On("later", (int milliseconds, SocketArguments args) => _ = LaterAsync(socket, milliseconds, args[1]));
        socket.On("boom", (Action)(() => throw new InvalidOperationException("boom")));
        socket.On("fetch", async () => (await ns.FetchSocketsAsync()).Select(static other => other.Id).Order(StringComparer.Ordinal));
        socket.On("info", () => new
        {
            address = socket.Handshake.Address,
            secure = socket.Handshake.Secure,
            xdomain = socket.Handshake.CrossDomain,
            url = socket.Handshake.Url,
            query = socket.Handshake.Query,
            transport = socket.Transport,
            recovered = socket.Recovered,
        });
        socket.On("last-reason", async (string id, Ack ack) => ack.Send(reasons.Find(id) ?? await FindElsewhereAsync(ns, id)));
    }

    /// <summary>In a cluster the socket may have been another node's.</summary>
    private static async Task<string?> FindElsewhereAsync(Namespace ns, string id) =>
        (await ns.ServerSide.EmitWithAckAsync<string>("last-reason", id)).FirstOrDefault(static reason => reason is not null);

    private static void AddRooms(Socket socket, Namespace ns)
    {
        TestHandlers.JoinAndLeave(socket);
        socket.On("rooms", () => socket.Rooms.Order(StringComparer.Ordinal));
        socket.On("broadcast", (string room, SocketArguments args) => ns.To(room).Emit("bcast", args[1]));
        socket.On("relay", (string room, SocketArguments args) => socket.To(room).Emit("bcast", args[1]));
        socket.On("all", (SocketArguments args) => ns.Emit("bcast", args));
        socket.On("others", (SocketArguments args) => socket.Broadcast.Emit("bcast", args));
        socket.On("two-rooms", (string[] rooms, string except, SocketArguments args) => ns.To(rooms).Except(except).Emit("bcast", args[2]));
    }

    private static async Task<object?> AskAsync(Func<Task<SocketArguments?>> ask)
    {
        try
        {
            return await ask() is { Count: > 0 } answer ? answer[0] : null;
        }
        catch (TimeoutException)
        {
            return new { error = "timeout" };
        }
    }

    private static async Task LaterAsync(Socket socket, int milliseconds, SocketArgument payload)
    {
        await Task.Delay(milliseconds); // as late as the client asks for
        socket.Emit("later", payload);
    }

    [GeneratedRegex(@"^/dyn-\d+$", RegexOptions.None, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex DynamicNames();
}
