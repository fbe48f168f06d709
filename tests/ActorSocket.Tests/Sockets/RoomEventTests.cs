using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using ActorSocket.Hosting;
using ActorSocket.Sockets;

namespace ActorSocket.Tests.Sockets;

/// <summary>What applications hear of rooms, and how many are in them, on one node.</summary>
public sealed class RoomEventTests : ServerTest
{
    private static readonly Regex Pattern = new("^/room-\\d+$", RegexOptions.None, TimeSpan.FromSeconds(1));

    [Fact]
    public async Task What_happens_to_rooms_is_told_in_its_order_a_sockets_own_room_included()
    {
        var heard = Channel.CreateUnbounded<string>();
        var (socket, session, _) = await JoinAsync();
        Listen(socket.Namespace, heard);
        await socket.JoinAsync("red");
        await socket.JoinAsync("red"); // it is there
        await socket.LeaveAsync("red");
        await socket.LeaveAsync("red");
        await ExpectAsync(heard, "created red", $"joined red {socket.Id}", $"left red {socket.Id}", "deleted red");
        await socket.JoinAsync("blue");
        await ExpectAsync(heard, "created blue", $"joined blue {socket.Id}");
        await socket.LeaveAsync(socket.Id);
        await ExpectAsync(heard, $"left {socket.Id} {socket.Id}", $"deleted {socket.Id}");
        await socket.JoinAsync(socket.Id);
        await ExpectAsync(heard, $"created {socket.Id}", $"joined {socket.Id} {socket.Id}");
        session.Send("41");
        await ExpectAsync(
            heard,
            $"left {socket.Id} {socket.Id}",
            $"deleted {socket.Id}",
            $"left blue {socket.Id}",
            "deleted blue"
        );
    }

    [Fact]
    public async Task Whoever_connects_is_heard_of_and_a_broadcast_reaches_who_has_joined()
    {
        var server = NewServer();
        var io = new ActorSocketServer(server);
        var heard = Channel.CreateUnbounded<string>();
        Listen(io, heard);
        io.OnJoined((room, _) =>
        {
            if (room == "red")
                io.To(room).Emit("welcome");
        });
        io.OnConnection(static socket => socket.JoinAsync("red"));
        var (session, webSocket) = await ConnectAsync(server);
        Assert.Equal("42[\"welcome\"]", await webSocket.NextAsync());
        var id = SocketOf(session, server).Id;
        await ExpectAsync(heard, $"created {id}", $"joined {id} {id}", "created red", $"joined red {id}");
    }

    [Fact]
    public async Task A_handler_that_throws_or_hangs_holds_up_no_join_and_one_that_is_taken_off_hears_no_more()
    {
        var heard = new ConcurrentQueue<string>();
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var last = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (socket, _, _) = await JoinAsync();
        var ns = socket.Namespace;
        ns.OnJoined(static (_, _) => throw new InvalidOperationException("by the handler"));
        var off = ns.OnJoined((room, _) => heard.Enqueue("off " + room));
        ns.OnJoined(async (room, _) =>
        {
            entered.TrySetResult();
            await goOn.Task;
            heard.Enqueue(room);
            if (room == "3")
                last.SetResult();
        });
        await socket.JoinAsync("1");
        await entered.Task.WaitAsync(Patience);
        await socket.JoinAsync(["2", "3"]); // does not wait
        off.Dispose();
        goOn.SetResult();
        await last.Task.WaitAsync(Patience);
        Assert.Equal(["off 1", "1", "2", "3"], heard, StringComparer.Ordinal);
    }

    [Fact]
    public async Task What_waits_for_handlers_is_bounded()
    {
        var (socket, _, _) = await JoinAsync();
        var ns = socket.Namespace.Services;
        var (heard, entered) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var last = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        socket.Namespace.OnRoomCreated(async room =>
        {
            entered.TrySetResult();
            await goOn.Task;
            if (room == "last")
                last.TrySetResult();
            else
                heard++;
        });
        ns.RoomEvents.Created("first");
        await entered.Task.WaitAsync(Patience);
        for (var i = 0; i < RoomEvents.MaxWaiting + 100; i++)
            ns.RoomEvents.Created("room");
        goOn.SetResult();
        await Task.Run(async () =>
        {
            while (!last.Task.IsCompleted)
            {
                ns.RoomEvents.Created("last"); // as soon as there is room again
                await Task.Yield();
                if (Volatile.Read(ref heard) > RoomEvents.MaxWaiting)
                    break;
            }
        }).WaitAsync(Patience);
        ns.RoomEvents.Created("last");
        await last.Task.WaitAsync(Patience);
        Assert.Equal(RoomEvents.MaxWaiting + 1, heard);
    }

    [Fact]
    public async Task Handlers_of_a_template_hear_of_every_namespace_that_is_made_from_it()
    {
        var server = NewServer();
        var io = new ActorSocketServer(server);
        var template = io.OfDynamic(Pattern);
        var heard = Channel.CreateUnbounded<string>();
        template.OnRoomCreated(room => heard.Writer.TryWrite(room));
        template.OnConnection(static socket => socket.JoinAsync("in " + socket.Namespace.Name));
        var webSocket = new FakeWebSocket();
        var session = await OpenAsync(server, webSocket);
        foreach (var name in (string[])["/room-1", "/room-2"])
        {
            session.Send($"40{name},");
            await heard.Reader.ReadAsync().AsTask().WaitAsync(Patience); // its own
            Assert.Equal("in " + name, await heard.Reader.ReadAsync().AsTask().WaitAsync(Patience));
        }
        await Assert.ThrowsAsync<NotSupportedException>(() => template.CountAsync("red"));
        await Assert.ThrowsAsync<NotSupportedException>(() => template.RoomsAsync());
    }

    [Fact]
    public async Task Members_are_counted_and_rooms_are_listed_by_pages()
    {
        var (socket, _, _) = await JoinAsync();
        var ns = socket.Namespace;
        await socket.JoinAsync(["chat:b", "chat:a", "chat:c", "other"]);
        Assert.Equal(
            (1, 1, 1, 0, 1),
            (
                await ns.CountAsync(),
                await ns.CountAsync("chat:a"),
                await ns.CountAsync(socket.Id),
                await ns.CountAsync("nobody"),
                await ns.To("chat:a", "other").CountAsync()
            )
        );
        Assert.Equal((0, 0), (await ns.In("chat:a").Except("other").CountAsync(), await socket.To("chat:a").CountAsync()));
        Assert.Equal(["chat:a", "chat:b"], await ns.RoomsAsync("chat:", limit: 2));
        Assert.Equal(["chat:c"], await ns.RoomsAsync("chat:", after: "chat:b", limit: 2));
        Assert.Equal(["chat:a", "chat:b", "chat:c", "other"], await ns.RoomsAsync());
        await socket.LeaveAsync("chat:a");
        Assert.Equal(0, await ns.CountAsync("chat:a"));
        await Assert.ThrowsAsync<ArgumentNullException>(() => ns.CountAsync((string)null!));
    }

    private static void Listen(Namespace ns, Channel<string> heard)
    {
        ns.OnRoomCreated(room => Write($"created {room}"));
        ns.OnRoomDeleted(async room =>
        {
            await Task.Yield();
            Write($"deleted {room}");
        });
        ns.OnJoined((room, id) => Write($"joined {room} {id}"));
        ns.OnLeft((room, id) =>
        {
            Write($"left {room} {id}");
            return default(ValueTask);
        });

        void Write(string what) => heard.Writer.TryWrite(what);
    }

    private static async Task ExpectAsync(Channel<string> heard, params string[] expected)
    {
        foreach (var what in expected)
            Assert.Equal(what, await heard.Reader.ReadAsync().AsTask().WaitAsync(Patience));
    }
}
