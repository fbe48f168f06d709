using ActorSocket.Sockets;
using System.Text.Json;
using ActorSocket.Hosting;
using CsCheck;

namespace ActorSocket.Tests.Rooms;

/// <summary>
/// Rooms, unions and exceptions while others join, leave and broadcast: three threads at a time, each with sockets of its own. A
/// broadcast reaches a socket that was certainly meant all the while exactly once, one that certainly was not never, and any other once at
/// most; and all in the order in which one thread emitted them.
/// </summary>
public sealed class RoomModelTests : ServerTest
{
    private const int Threads = 3;
    private const int SocketsOfEach = 2;

    private static readonly string[] RoomNames = ["a", "b", "c"];

    private sealed record Step(int Kind, int Socket, string Room, string[]? To, string[] Except);

    private sealed record Span(long From, long To);

    private sealed record Emitted(int Number, int Thread, string[]? To, string[] Except, Socket? But, Span At);

    private static readonly Gen<string> Room = Gen.OneOfConst(RoomNames);

    private static readonly Gen<Step[][]> Scripts = Gen.Select(
            Gen.Int[0, 9],
            Gen.Int[0, SocketsOfEach - 1],
            Room,
            Gen.Bool,
            Room.Array[0, 3],
            Room.Array[0, 2]
        )
        .Select(static (kind, socket, room, all, to, except) => new Step(kind, socket, room, all ? null : to, except))
        .Array[1, 25]
        .Array[Threads];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whatever_joins_and_leaves_meanwhile_a_broadcast_reaches_whom_it_is_for(bool recovery) => await Scripts.SampleAsync(
        async scripts =>
        {
            var server = NewServer(o => o.ConnectionStateRecovery = recovery ? new RecoveryOptions() : null);
            await RunAsync(server, scripts);
        },
        iter: 40,
        threads: 1);

    private async Task RunAsync(ServerServices server, Step[][] scripts)
    {
        var ns = server.Namespaces.GetOrAdd("/", server).Face;
        var members = new Member[Threads * SocketsOfEach];
        for (var i = 0; i < members.Length; i++)
        {
            var webSocket = new FakeWebSocket();
            var session = await OpenAsync(server, webSocket);
            session.Send("40");
            Assert.StartsWith("40{", await webSocket.NextAsync(), StringComparison.Ordinal);
            members[i] = new Member(Assert.Single(ns.Sockets, socket => socket.Connection.Engine == session.Connection), webSocket);
        }
        long clock = 0;
        var numbers = 0;
        var emitted = await Task.WhenAll(scripts.Select((script, thread) => Task.Run(async () =>
        {
            var mine = new List<Emitted>();
            foreach (var step in script)
            {
                var member = members[(thread * SocketsOfEach) + step.Socket];
                var from = Interlocked.Increment(ref clock);
                switch (step.Kind)
                {
                    case < 3:
                        await member.Socket.JoinAsync(step.Room);
                        member.Changes.Add((step.Room, true, new Span(from, Interlocked.Increment(ref clock))));
                        break;
                    case < 5:
                        await member.Socket.LeaveAsync(step.Room);
                        member.Changes.Add((step.Room, false, new Span(from, Interlocked.Increment(ref clock))));
                        break;
                    default:
                        var number = Interlocked.Increment(ref numbers);
                        var but = step.Kind == 9 ? member.Socket : null;
                        var whom = but is null ? ns.Except(step.Except) : but.Except(step.Except);
                        (step.To is null ? whom : whom.To(step.To)).Emit("n", number);
                        mine.Add(new Emitted(number, thread, step.To, step.Except, but, new Span(from, Interlocked.Increment(ref clock))));
                        break;
                }
            }
            return mine;
        })));
        var all = emitted.SelectMany(static mine => mine).ToDictionary(static e => e.Number);
        ns.Emit("n", -1);
        foreach (var member in members)
            Check(member, await ReceivedAsync(member.WebSocket), all);
    }

    private static void Check(Member member, List<int> received, Dictionary<int, Emitted> all)
    {
        Assert.Equal(received.Count, received.Distinct().Count());
        foreach (var e in all.Values)
        {
            var isMeant = IsMeant(member, e);
            if (isMeant is { } certain)
                Assert.Equal(certain, received.Contains(e.Number));
        }
        for (var thread = 0; thread < Threads; thread++)
        {
            var ofThread = received.Where(number => all[number].Thread == thread).ToList();
            Assert.Equal(ofThread.Order(), ofThread);
        }
    }

    /// <summary>Null when it depends on who was faster.</summary>
    private static bool? IsMeant(Member member, Emitted e)
    {
        if (ReferenceEquals(e.But, member.Socket))
            return false;
        bool? isIn = e.To is null ? true : Any(e.To);
        var isOut = Any(e.Except);
        return isIn is false || isOut is true ? false : isIn is null || isOut is null ? null : true;

        bool? Any(string[] rooms)
        {
            var each = rooms.Select(room => member.IsIn(room, e.At)).ToList();
            return each.Contains(true) ? true : each.Contains(null) ? null : false;
        }
    }

    private static async Task<List<int>> ReceivedAsync(FakeWebSocket webSocket)
    {
        var received = new List<int>();
        while (true)
        {
            var number = JsonElement.Parse((await webSocket.NextAsync())[2..])[1].GetInt32();
            if (number < 0)
                return received;
            received.Add(number);
        }
    }

    private sealed record Member(Socket Socket, FakeWebSocket WebSocket)
    {
        public List<(string Room, bool IsIn, Span At)> Changes { get; } = [];

        /// <summary>Whether it was in the room all the while, or never; null when a change of it overlaps.</summary>
        public bool? IsIn(string room, Span at)
        {
            var isIn = false;
            foreach (var change in Changes)
            {
                if (change.Room != room)
                    continue;
                if (change.At.From > at.To)
                    break;
                if (change.At.To > at.From)
                {
                    if (change.IsIn != isIn)
                        return null;
                    continue;
                }
                isIn = change.IsIn;
            }
            return isIn;
        }
    }
}
